"""Making people owners and founders by who they are, stepping down, and whose right is whose."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
import pytest_asyncio

from parley.app import web_site
from parley.domain import role_links
from parley.domain.admins import AT_COMMAND_LINE
from tests import lasting
from tests.people import Json, Person
from tests.security.room import People, done, refused, room_of
from tests.security.test_accounts_only import gets_account
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


@dataclass
class Talk:
    """Ada's conversation, where Ben and Cleo are, who have used their tokens."""

    room_id: str
    path: str
    ada: Person
    ben: Person
    cleo: Person
    ids: dict[str, str]

    async def makes(self, who: Person, whom: Person, role: str) -> Json:
        return await done(who, "POST", f"{self.path}/role", self.body(whom, role))

    async def may_not(self, who: Person, whom: Person, role: str) -> str:
        return await refused(who, "POST", f"{self.path}/role", self.body(whom, role))

    def body(self, whom: Person, role: str) -> Json:
        return {"user_id": self.ids[whom.name], "role": role}

    async def removes(self, who: Person, whom: Person) -> Json:
        return await done(who, "POST", f"{self.path}/remove", {"user_id": self.ids[whom.name]})

    async def may_not_remove(self, who: Person, whom: Person) -> str:
        body = {"user_id": self.ids[whom.name]}
        return await refused(who, "POST", f"{self.path}/remove", body)

    async def owners(self) -> list[tuple[str, bool]]:
        """With whether each is a founder, by whoever can tell."""
        for who in (self.ada, self.ben, self.cleo):
            status, reply = await who.call("GET", f"{self.path}/manage")
            if status == 200:
                return [(each["username"], each["founder"]) for each in reply["owners"]]
        raise AssertionError("Nobody owns it.")


@pytest_asyncio.fixture(loop_scope="module")
async def talk(person: People) -> Talk:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    ids = {}
    for who in (ada, ben, cleo):
        ids[who.name] = (await who.joins_over_rest(room_id))["user_id"]
        await done(who, "GET", "/api/mine")
    return Talk(room_id, path, ada, ben, cleo, ids)


async def acts(who: Person, path: str) -> list[tuple[str, str, str]]:
    found = (await done(who, "GET", f"{path}/acts"))["acts"]
    return [(each["who"], each["act"], each["about"]) for each in found]


async def test_owners_make_owners_and_founders_alone_take_that_back(talk: Talk) -> None:
    await talk.ben.connect(auth={"token": talk.ben.token})
    await talk.ben.join(talk.room_id)
    await talk.makes(talk.ada, talk.ben, "owner")
    told = await talk.ada.hears("role_changed")
    assert (told["user_id"], told["role"]) == (talk.ids["Ben"], "owner")
    # On the socket that he has he is one, too.
    change = {"room_id": talk.room_id, "title": "Ben's"}
    assert (await talk.ben.ask("change_conversation", change))["ok"]
    await talk.makes(talk.ben, talk.cleo, "owner")
    assert await talk.may_not(talk.ben, talk.cleo, "member") == "forbidden"
    assert await talk.may_not_remove(talk.ben, talk.cleo) == "forbidden"
    await talk.makes(talk.ada, talk.ben, "member")
    assert (await talk.ben.ask("change_conversation", change))["code"] == "forbidden"
    assert await refused(talk.ben, "GET", f"{talk.path}/manage") == "forbidden"
    assert await talk.owners() == [("Ada", True), ("Cleo", False)]
    assert (await acts(talk.ada, talk.path))[:4] == [
        ("Ada", "made_member", "Ben"),
        ("Ben", "made_owner", "Cleo"),
        ("Ben", "changed_title", "Ben's"),
        ("Ada", "made_owner", "Ben"),
    ]


async def test_members_give_and_take_nothing(talk: Talk) -> None:
    for whom in (talk.ada, talk.ben, talk.cleo):
        for role in ("founder", "owner", "member"):
            assert await talk.may_not(talk.ben, whom, role) == "forbidden"
    assert await talk.owners() == [("Ada", True)]


async def test_what_is_so_already_changes_nothing(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "owner")
    before = await acts(talk.ada, talk.path)
    for whom, role in ((talk.ada, "founder"), (talk.ben, "owner"), (talk.cleo, "member")):
        await talk.makes(talk.ada, whom, role)
    assert await acts(talk.ada, talk.path) == before


async def test_a_right_is_the_accounts_on_all_its_devices(talk: Talk, person: People) -> None:
    phone = person("Ben")
    [code, *_] = await gets_account(talk.ben)
    phone.token = (await done(phone, "POST", "/api/account/sign-in", {"code": code}))["token"]
    sockets = (talk.ben, phone)
    for who in sockets:
        await who.connect(auth={"token": who.token})
        await who.join(talk.room_id)
    await talk.makes(talk.ada, talk.ben, "owner")
    for number, who in enumerate(sockets):
        await who.hears("role_changed", lambda told: bool(told["role"] == "owner"))
        await done(who, "PATCH", talk.path, {"title": f"By device {number}"})
        change = {"room_id": talk.room_id, "title": f"By socket {number}"}
        assert (await who.ask("change_conversation", change))["ok"]
    mine = (await done(phone, "GET", "/api/mine"))["conversations"]
    assert [each["role"] for each in mine] == ["owner"]
    await talk.makes(talk.ada, talk.ben, "member")
    for who in sockets:
        await who.hears("role_changed", lambda told: bool(told["role"] == "member"))
        assert await refused(who, "PATCH", talk.path, {"title": "x"}) == "forbidden"
        change = {"room_id": talk.room_id, "title": "x"}
        assert (await who.ask("change_conversation", change))["code"] == "forbidden"


async def test_owners_alone_are_told_who_has_an_account(talk: Talk) -> None:
    await gets_account(talk.ben)
    managed = await done(talk.ada, "GET", f"{talk.path}/manage")
    assert managed["accounts"] == [talk.ids["Ben"]]
    assert [(each["username"], each["account"]) for each in managed["owners"]] == [("Ada", False)]
    told = await done(talk.cleo, "GET", talk.path)
    assert "account" not in str(told)
    people = await done(talk.cleo, "GET", f"{talk.path}/participants")
    assert "account" not in str(people)


async def test_several_founders_are_equals(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    await talk.makes(talk.ben, talk.cleo, "owner")
    await talk.makes(talk.ben, talk.cleo, "member")
    for one, other in ((talk.ada, talk.ben), (talk.ben, talk.ada)):
        for role in ("owner", "member"):
            assert await talk.may_not(one, other, role) == "forbidden"
        assert await talk.may_not_remove(one, other) == "forbidden"
    assert await talk.owners() == [("Ada", True), ("Ben", True)]
    await talk.makes(talk.ben, talk.cleo, "founder")
    assert await talk.may_not_remove(talk.ada, talk.cleo) == "forbidden"


async def test_owners_make_no_founders(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "owner")
    for whom in (talk.ben, talk.cleo):
        assert await talk.may_not(talk.ben, whom, "founder") == "forbidden"


@pytest.mark.parametrize("role", ["owner", "member"])
@pytest.mark.parametrize("is_first", [True, False], ids=["who started it", "who was made one"])
async def test_founders_step_down_but_the_last(talk: Talk, role: str, is_first: bool) -> None:
    assert await talk.may_not(talk.ada, talk.ada, role) == "bad_request"
    await talk.makes(talk.ada, talk.ben, "founder")
    goes, stays = (talk.ada, talk.ben) if is_first else (talk.ben, talk.ada)
    await talk.makes(goes, goes, role)
    still = [(stays.name, True), (goes.name, False)] if role == "owner" else [(stays.name, True)]
    assert sorted(await talk.owners()) == sorted(still)
    assert (await acts(stays, talk.path))[0] == (goes.name, "stepped_down", "")
    for lower in ("owner", "member"):
        assert await talk.may_not(stays, stays, lower) == "bad_request"
    # Nothing is left of what they had.
    assert await talk.may_not(goes, talk.cleo, "founder") == "forbidden"
    await talk.removes(stays, goes)


async def test_of_two_who_step_down_at_once_one_stays(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    outcomes = await asyncio.gather(
        *(
            who.call("POST", f"{talk.path}/role", talk.body(who, "member"))
            for who in (talk.ada, talk.ben)
        )
    )
    assert sorted(status for status, _ in outcomes) == [200, 400]
    assert [is_founder for _, is_founder in await talk.owners()] == [True]


async def test_an_owner_steps_down_and_their_links_go_with_it(talk: Talk, person: People) -> None:
    await talk.makes(talk.ada, talk.ben, "owner")
    made = await done(talk.ben, "POST", f"{talk.path}/links", {"role": "owner"})
    await talk.makes(talk.ben, talk.ben, "member")
    code = made["url"].rsplit("/", 1)[1]
    assert await refused(person("Mallory"), "POST", f"/api/links/{code}") == "not_found"
    assert await talk.owners() == [("Ada", True)]


async def test_a_founder_who_came_by_a_link_stays_one_without_it(
    talk: Talk, person: People
) -> None:
    olga = person("Olga")
    made = await done(talk.ada, "POST", f"{talk.path}/links", {"role": "owner"})
    link = f"{talk.path}/links/{made['link']['id']}"
    olga.token = (await done(olga, "POST", f"/api/links/{made['url'].rsplit('/', 1)[1]}"))["token"]
    talk.ids["Olga"] = (await olga.joins_over_rest(talk.room_id))["user_id"]
    await talk.makes(talk.ada, olga, "founder")
    await done(talk.ada, "DELETE", link)
    assert await talk.owners() == [("Ada", True), ("Olga", True)]
    await done(olga, "PATCH", talk.path, {"title": "Still"})


async def test_handing_over_leaves_the_other_founders(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    await done(talk.ben, "POST", f"{talk.path}/founder", {"user_id": talk.ids["Cleo"]})
    assert await talk.owners() == [("Ada", True), ("Ben", False), ("Cleo", True)]
    await done(talk.ada, "POST", f"{talk.path}/founder", {"user_id": talk.ids["Cleo"]})
    assert await talk.owners() == [("Ada", False), ("Ben", False), ("Cleo", True)]
    await talk.removes(talk.cleo, talk.ada)


async def test_whoever_cannot_be_known_gets_no_right(talk: Talk, person: People) -> None:
    dora = person("Dora")
    talk.ids["Dora"] = (await dora.joins_over_rest(talk.room_id))["user_id"]
    for role in ("owner", "founder"):
        assert await talk.may_not(talk.ada, dora, role) == "bad_request"
    await talk.removes(talk.ada, talk.cleo)
    assert await talk.may_not(talk.ada, talk.cleo, "owner") == "bad_request"
    body = {"user_id": "nobody", "role": "owner"}
    assert await refused(talk.ada, "POST", f"{talk.path}/role", body) == "not_found"
    for role in ("reader", "", "Owner"):
        assert await talk.may_not(talk.ada, talk.ben, role) == "bad_request"


async def test_by_the_hosts_link_somebody_is_the_only_founder(
    talk: Talk, server: Running, person: People
) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    made = await web_site(server.app).context.database.write(
        lambda connection: role_links.make_link_of_host(
            connection, talk.room_id, by=AT_COMMAND_LINE, is_founding=True
        )
    )
    talk.cleo.token = (await done(talk.cleo, "POST", f"/api/links/{made.code}"))["token"]
    await talk.cleo.joins_over_rest(talk.room_id)
    assert sorted(await talk.owners()) == [("Ada", False), ("Ben", False), ("Cleo", True)]
    for who in (talk.ada, talk.ben):
        await talk.removes(talk.cleo, who)


@pytest.mark.parametrize("is_first", [True, False], ids=["who started it", "who was made one"])
async def test_where_a_founder_deletes_their_account_the_others_are_left(
    talk: Talk, is_first: bool
) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    goes, stays = (talk.ada, talk.ben) if is_first else (talk.ben, talk.ada)
    await gets_account(goes)
    await done(goes, "DELETE", "/api/account", {"messages": "keep"})
    assert await talk.may_not(stays, stays, "owner") == "bad_request"
    await talk.makes(stays, talk.cleo, "founder")
    await talk.makes(stays, stays, "owner")
    founders = [name for name, is_founder in await talk.owners() if is_founder]
    assert founders == ["Cleo"]


async def test_a_guest_brings_what_they_founded_along(talk: Talk, person: People) -> None:
    """Somebody who is a founder as a guest is one on all devices, once they sign in."""
    phone = person("Ben")
    [code, *_] = await gets_account(phone)
    await talk.makes(talk.ada, talk.ben, "founder")
    body = {"code": code, "bring": True}
    talk.ben.token = (await done(talk.ben, "POST", "/api/account/sign-in", body))["token"]
    assert await talk.owners() == [("Ada", True), ("Ben", True)]
    await talk.makes(phone, talk.cleo, "founder")
    assert await talk.may_not_remove(talk.ada, talk.ben) == "forbidden"


async def test_whoever_was_left_the_only_founder_can_delete_their_account(talk: Talk) -> None:
    await talk.makes(talk.ada, talk.ben, "founder")
    for who in (talk.ada, talk.ben):
        await gets_account(who)
        await done(who, "DELETE", "/api/account", {"messages": "keep"})


async def test_owner_links_made_as_a_guest_go_with_the_right(talk: Talk, person: People) -> None:
    phone = person("Ben")
    [code, *_] = await gets_account(phone)
    await talk.makes(talk.ada, talk.ben, "owner")
    made = await done(talk.ben, "POST", f"{talk.path}/links", {"role": "owner"})
    body = {"code": code, "bring": True}
    talk.ben.token = (await done(talk.ben, "POST", "/api/account/sign-in", body))["token"]
    await talk.removes(talk.ada, talk.ben)
    path = f"/api/links/{made['url'].rsplit('/', 1)[1]}"
    assert await refused(person("Mallory"), "POST", path) == "not_found"
