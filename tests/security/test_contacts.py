"""Inviting by contact links: who is asked, who is let in, and what nobody learns by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.app import web_site
from parley.domain import contacts
from parley.storage.schema import contact_invites
from tests import lasting
from tests.people import Json, Person
from tests.security.conftest import Open, assert_too_much
from tests.security.room import People, done, refused, room_of, takes_link
from tests.security.test_accounts_only import gets_account
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

DONE = {"success": True}


async def with_link(who: Person) -> str:
    """An account, and its contact link."""
    await gets_account(who)
    made = await done(who, "POST", "/api/account/contact-link")
    link: str = made["contact_link"]
    return link


async def invites(who: Person) -> list[Json]:
    found: list[Json] = (await done(who, "GET", "/api/invites"))["invites"]
    return found


async def asks(ada: Person, path: str, contact: str) -> None:
    """Whatever becomes of it, the answer is the same."""
    assert await done(ada, "POST", f"{path}/invites", {"contact": contact}) == DONE


async def answers(who: Person, answer: str) -> Json:
    [invite] = await invites(who)
    return await done(who, "POST", f"/api/invites/{invite['id']}", {"answer": answer})


async def test_whoever_accepts_comes_in_though_it_is_locked(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada, visibility="unlisted")
    link = await with_link(ben)
    await done(ada, "PATCH", path, {"locked": True, "title": "Lake"})
    assert await refused(ben, "GET", path) == "locked"
    await asks(ada, path, link)
    [invite] = await invites(ben)
    assert (invite["by"], invite["title"]) == ("Ada", "Lake")
    # The way in is told to whoever accepts.
    assert room_id not in str(invite)
    assert await refused(ben, "GET", path) == "locked"
    accepted = await answers(ben, "accept")
    assert accepted["room_id"] == room_id
    assert await invites(ben) == []
    await ben.joins_over_rest(room_id)
    await done(ben, "POST", f"{path}/messages", {"message": "Here I am"})


async def test_it_is_on_all_devices_and_told_live(person: People) -> None:
    ada, ben, phone = person("Ada"), person("Ben"), person("Ben")
    _, path = await room_of(ada)
    [code, *_] = await gets_account(ben)
    made = await done(ben, "POST", "/api/account/contact-link")
    phone.token = (await done(phone, "POST", "/api/account/sign-in", {"code": code}))["token"]
    for who in (ben, phone):
        await who.connect(auth={"token": who.token})
        await who.ask("follow_mine", {})
    await asks(ada, path, made["contact_link"])
    for who in (ben, phone):
        await who.hears("invites_changed")
        assert len(await invites(who)) == 1
        who.heard.clear()
    await answers(phone, "accept")
    await ben.hears("invites_changed")
    assert (await ben.hears("mine_changed"))["conversation"]["role"] == "member"


async def test_the_answer_is_the_same_whatever_becomes_of_it(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    link = await with_link(ben)
    await asks(ada, path, "A" * 16)  # nobody's
    await asks(ada, path, link)
    await asks(ada, path, link)  # asked already
    assert len(await invites(ben)) == 1
    await answers(ben, "decline")
    await asks(ada, path, link)  # declined
    assert await invites(ben) == []
    cleos = await with_link(cleo)
    await cleo.joins_over_rest(room_id)
    await asks(ada, path, cleos)  # is there
    assert await invites(cleo) == []
    await done(ben, "DELETE", "/api/account/contact-link")
    await asks(ada, path, link)  # off
    own = await with_link(ada)
    await asks(ada, path, own)
    assert await invites(ada) == []
    acts = (await done(ada, "GET", f"{path}/acts"))["acts"]
    assert [(each["act"], each["about"]) for each in acts] == [("invited", "")] * 7


async def test_a_replaced_link_is_good_no_more(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    before = await with_link(ben)
    now = (await done(ben, "POST", "/api/account/contact-link"))["contact_link"]
    assert (await done(ben, "GET", "/api/account"))["account"]["contact_link"] == now
    await asks(ada, path, before)
    assert await invites(ben) == []
    await asks(ada, path, now)
    assert len(await invites(ben)) == 1


@pytest.mark.parametrize(
    "written",
    ["{link}", "  {link}/ ", "{code}", "{link}?a=b#c", "http://other.example/contact/{code}"],
)
async def test_a_link_is_read_as_people_paste_it(person: People, written: str) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    link = await with_link(ben)
    code = link.rsplit("/", 1)[1]
    await asks(ada, path, written.format(link=link, code=code))
    assert len(await invites(ben)) == 1


@pytest.mark.parametrize("contact", ["", "x", "A" * 17, "/contact/", "ä" * 16, "\ud800" * 16])
async def test_what_can_be_no_link_is_refused(person: People, contact: str) -> None:
    ada = person("Ada")
    _, path = await room_of(ada)
    assert await refused(ada, "POST", f"{path}/invites", {"contact": contact}) == "bad_request"


async def test_whoever_is_blocked_invites_nowhere_until_they_are_unblocked(
    person: People,
) -> None:
    ada, ben = person("Ada"), person("Ben")
    paths = [(await room_of(ada))[1] for _ in range(3)]
    link = await with_link(ben)
    for path in paths[:2]:
        await asks(ada, path, link)
    first, _ = await invites(ben)
    await done(ben, "POST", f"/api/invites/{first['id']}", {"answer": "block"})
    # With it, all that they asked goes.
    assert await invites(ben) == []
    await asks(ada, paths[2], link)
    assert await invites(ben) == []
    # Whoever gets an account is the same person.
    await gets_account(ada)
    await asks(ada, paths[2], link)
    assert await invites(ben) == []
    [blocked] = (await done(ben, "GET", "/api/account"))["account"]["blocked"]
    assert blocked["name"] == "Ada"
    await done(ben, "DELETE", f"/api/account/blocked/{blocked['id']}")
    await asks(ada, paths[2], link)
    assert len(await invites(ben)) == 1
    gone = f"/api/account/blocked/{blocked['id']}"
    assert await refused(ben, "DELETE", gone) == "not_found"


async def test_a_guest_who_was_blocked_brings_that_into_their_account(person: People) -> None:
    ada, ben, phone = person("Ada"), person("Ben"), person("Ada")
    _, path = await room_of(ada)
    link = await with_link(ben)
    await asks(ada, path, link)
    await answers(ben, "block")
    [code, *_] = await gets_account(phone)
    body = {"code": code, "bring": True}
    ada.token = (await done(ada, "POST", "/api/account/sign-in", body))["token"]
    room_id = await phone.starts()
    await phone.joins_over_rest(room_id)
    await asks(phone, f"/api/conversations/{room_id}", link)
    assert await invites(ben) == []


async def test_members_and_strangers_invite_nobody(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    link = await with_link(cleo)
    await ben.joins_over_rest(room_id)
    body = {"contact": link}
    assert await refused(ben, "POST", f"{path}/invites", body) == "forbidden"
    assert await refused(person("Zoe"), "POST", f"{path}/invites", body) == "token_required"
    assert await invites(cleo) == []


async def test_an_owner_without_a_name_or_after_the_end_invites_nobody(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    link = await with_link(ben)
    path = f"/api/conversations/{await ada.starts()}"
    body = {"contact": link}
    assert await refused(ada, "POST", f"{path}/invites", body) == "not_joined"
    await ada.joins_over_rest(path.rpartition("/")[2])
    await asks(ada, path, link)
    await done(ada, "POST", f"{path}/end")
    assert await refused(ada, "POST", f"{path}/invites", body) == "conversation_ended"
    # What was asked before leads nowhere any more.
    assert await invites(ben) == []


async def test_to_an_encrypted_conversation_nobody_is_invited_so(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    link = await with_link(ben)
    start = {"encrypted": True, "read_proof_hash": "A" * 43}
    made = await done(ada, "POST", "/api/conversations/create", start)
    ada.token = made["token"]
    path = f"/api/conversations/{made['room_id']}"
    status, reply = await ada.call("POST", f"{path}/invites", {"contact": link})
    assert (status, reply["code"]) == (409, "encrypted")
    assert "send them its link" in reply["error"]
    assert await invites(ben) == []


async def test_whoever_was_removed_is_not_asked_and_lets_nobody_in(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    link = await with_link(ben)
    await asks(ada, path, link)
    [invite] = await invites(ben)
    mine = await ben.joins_over_rest(room_id)  # by the link, as anybody
    assert await invites(ben) == []
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    answer = f"/api/invites/{invite['id']}"
    assert await refused(ben, "POST", answer, {"answer": "accept"}) == "not_found"
    await asks(ada, path, link)
    assert await invites(ben) == []


async def test_whoever_left_may_be_asked_again(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    link = await with_link(ben)
    await asks(ada, path, link)
    await answers(ben, "accept")
    await ben.joins_over_rest(room_id)
    await done(ben, "POST", f"{path}/leave")
    await asks(ada, path, link)
    assert len(await invites(ben)) == 1


async def test_an_invitation_is_its_accounts_alone_and_answered_once(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    _, path = await room_of(ada)
    await gets_account(cleo)
    await asks(ada, path, await with_link(ben))
    [invite] = await invites(ben)
    answer = f"/api/invites/{invite['id']}"
    for what in ("accept", "decline", "block"):
        assert await refused(cleo, "POST", answer, {"answer": what}) == "not_found"
    assert await refused(ada, "POST", answer, {"answer": "accept"}) == "account_required"
    assert await refused(ben, "POST", answer, {"answer": "maybe"}) == "bad_request"
    await answers(ben, "accept")
    assert await refused(ben, "POST", answer, {"answer": "decline"}) == "not_found"


async def test_of_one_person_few_wait_and_of_all_not_many(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    link = await with_link(ben)
    for _ in range(contacts.WAITING_FROM_ONE_MAX + 2):
        _, path = await room_of(ada)
        await asks(ada, path, link)
    assert len(await invites(ben)) == contacts.WAITING_FROM_ONE_MAX
    monkeypatch.setattr(contacts, "WAITING_MAX", contacts.WAITING_FROM_ONE_MAX + 1)
    for _ in range(3):
        _, path = await room_of(cleo)
        await asks(cleo, path, link)
    assert len(await invites(ben)) == contacts.WAITING_FROM_ONE_MAX + 1


async def test_what_is_over_keeps_no_others_from_asking(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    link = await with_link(ben)
    for _ in range(contacts.WAITING_FROM_ONE_MAX):
        _, path = await room_of(ada)
        await asks(ada, path, link)
        await done(ada, "POST", f"{path}/end")
    _, path = await room_of(ada)
    await asks(ada, path, link)
    assert len(await invites(ben)) == 1


@pytest.mark.parametrize("how", ["removed", "a member", "gone"])
async def test_who_owns_it_no_more_lets_nobody_in(person: People, how: str) -> None:
    ada, olga, ben = person("Ada"), person("Olga"), person("Ben")
    room_id, path = await room_of(ada)
    olgas = (await olga.joins_over_rest(room_id))["user_id"]
    await gets_account(olga)
    await done(ada, "POST", f"{path}/role", {"user_id": olgas, "role": "owner"})
    await asks(olga, path, await with_link(ben))
    [invite] = await invites(ben)
    if how == "removed":
        await done(ada, "POST", f"{path}/remove", {"user_id": olgas})
    elif how == "a member":
        await done(ada, "POST", f"{path}/role", {"user_id": olgas, "role": "member"})
    else:
        await done(olga, "DELETE", "/api/account", {"messages": "keep"})
    assert await invites(ben) == []
    answer = f"/api/invites/{invite['id']}"
    assert await refused(ben, "POST", answer, {"answer": "accept"}) == "not_found"


async def test_nobody_waits_for_ever(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    link = await with_link(ben)
    await asks(ada, path, link)
    [invite] = await invites(ben)
    monkeypatch.setattr(contacts, "LASTS", timedelta(0))
    assert await invites(ben) == []
    answer = f"/api/invites/{invite['id']}"
    assert await refused(ben, "POST", answer, {"answer": "accept"}) == "not_found"
    await asks(ada, path, link)
    monkeypatch.undo()
    [again] = await invites(ben)
    assert again["id"] != invite["id"]


async def test_with_the_account_all_of_it_goes(person: People, server: Running) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    link = await with_link(ben)

    def count(connection: sa.Connection) -> int:
        query = sa.select(sa.func.count()).select_from(contact_invites)
        return connection.execute(query).scalar_one()

    database = web_site(server.app).context.database
    before = await database.read(count)
    await asks(ada, path, link)
    assert await database.read(count) == before + 1
    await done(ben, "DELETE", "/api/account", {"messages": "delete"})
    await asks(ada, path, link)
    assert await database.read(count) == before


async def test_with_a_conversation_its_invitations_go(person: People, server: Running) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    await asks(ada, path, await with_link(ben))
    await done(ada, "DELETE", path)
    assert await invites(ben) == []


async def test_an_owner_by_a_link_invites_too(person: People) -> None:
    ada, ben, olga = person("Ada"), person("Ben"), person("Olga")
    room_id, path = await room_of(ada)
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(olga, made["url"])
    await olga.joins_over_rest(room_id)
    await asks(olga, path, await with_link(ben))
    [invite] = await invites(ben)
    assert invite["by"] == "Olga"


async def test_how_often_somebody_invites_is_limited_whatever_becomes_of_it(opened: Open) -> None:
    async with opened(limit_invites="2/1m session, 3/1m address") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        path = f"/api/conversations/{room_id}/invites"
        for contact in ("A" * 16, "B" * 16):
            status, _ = await ada.call("POST", path, {"contact": contact})
            assert status == 200
        status, reply = await ada.call("POST", path, {"contact": "C" * 16})
        assert status == 429
        assert_too_much(reply, 60.0)
