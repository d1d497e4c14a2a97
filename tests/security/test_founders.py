"""Who counts as having started a conversation, and how somebody else comes to."""

from __future__ import annotations

import pytest

from parley.app import web_site
from parley.domain import role_links
from parley.domain.admins import AT_COMMAND_LINE
from tests import lasting
from tests.people import Json, Person
from tests.security.room import People, done, refused, room_of, takes_link
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


async def with_ben(person: People, *, proven: bool = True) -> tuple[str, Person, Person, str]:
    """Ada's conversation, where Ben is, who has used his token: its path, and Ben's user_id."""
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    mine = await ben.joins_over_rest(room_id)
    if proven:
        await done(ben, "GET", "/api/mine")
    return path, ada, ben, mine["user_id"]


async def acts(who: Person, path: str) -> list[tuple[str, str, str]]:
    found = (await done(who, "GET", f"{path}/acts"))["acts"]
    return [(each["who"], each["act"], each["about"]) for each in found]


async def own_id(who: Person, path: str) -> str:
    people: list[Json] = (await done(who, "GET", f"{path}/participants"))["participants"]
    return next(str(each["user_id"]) for each in people if each["username"] == who.name)


async def test_the_founder_hands_over_and_stays_an_owner(person: People) -> None:
    path, ada, ben, ben_id = await with_ben(person)
    await ben.connect(auth={"token": ben.token})
    await ben.join(path.rpartition("/")[2])
    await done(ada, "POST", f"{path}/founder", {"user_id": ben_id})
    told = await ada.hears("role_changed")
    assert (told["user_id"], told["role"]) == (ben_id, "owner")
    assert (await acts(ben, path))[0] == ("Ada", "handed_over", "Ben")
    await done(ada, "PATCH", path, {"title": "Still an owner"})
    ada_id = await own_id(ada, path)
    assert await refused(ada, "POST", f"{path}/remove", {"user_id": ben_id}) == "forbidden"
    assert await refused(ada, "POST", f"{path}/founder", {"user_id": ada_id}) == "forbidden"
    # On the socket that Ben has he is an owner, too.
    assert (await ben.ask("change_conversation", {"room_id": path[-8:], "title": "Mine"}))["ok"]
    await done(ben, "POST", f"{path}/remove", {"user_id": ada_id})
    assert await refused(ada, "GET", path) == "conversation_not_found"


async def test_it_can_be_given_back(person: People) -> None:
    path, ada, ben, ben_id = await with_ben(person)
    await done(ada, "POST", f"{path}/founder", {"user_id": ben_id})
    await done(ben, "POST", f"{path}/founder", {"user_id": await own_id(ada, path)})
    await done(ada, "POST", f"{path}/remove", {"user_id": ben_id})


async def test_another_owner_hands_over_nothing(person: People) -> None:
    path, ada, _ben, ben_id = await with_ben(person)
    olga = person("Olga")
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(olga, made["url"])
    await olga.joins_over_rest(path.rpartition("/")[2])
    for user_id in (ben_id, await own_id(olga, path)):
        assert await refused(olga, "POST", f"{path}/founder", {"user_id": user_id}) == "forbidden"


async def test_who_was_removed_or_never_used_their_token_becomes_no_founder(
    person: People,
) -> None:
    path, ada, ben, ben_id = await with_ben(person, proven=False)
    assert await refused(ada, "POST", f"{path}/founder", {"user_id": ben_id}) == "bad_request"
    await done(ben, "GET", "/api/mine")
    await done(ada, "POST", f"{path}/remove", {"user_id": ben_id})
    assert await refused(ada, "POST", f"{path}/founder", {"user_id": ben_id}) == "bad_request"
    assert await refused(ada, "POST", f"{path}/founder", {"user_id": "nobody"}) == "not_found"


async def test_a_founder_without_a_name_cannot_hand_over(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    mine = await ben.joins_over_rest(room_id)
    await done(ben, "GET", "/api/mine")
    body = {"user_id": mine["user_id"]}
    assert await refused(ada, "POST", f"{path}/founder", body) == "not_joined"


@pytest.mark.parametrize("is_named", [True, False], ids=["a name", "no name"])
async def test_by_the_hosts_link_somebody_becomes_the_founder(
    person: People, server: Running, is_named: bool
) -> None:
    """As `parley owner-link --founder` makes it; tests/test_hosting.py runs that."""
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    if is_named:
        await ada.joins_over_rest(room_id)
    made = await web_site(server.app).context.database.write(
        lambda connection: role_links.make_link_of_host(
            connection, room_id, by=AT_COMMAND_LINE, is_founding=True
        )
    )
    code = made.code
    ben.token = (await done(ben, "POST", f"/api/links/{code}"))["token"]
    assert await refused(person("Cleo"), "POST", f"/api/links/{code}") == "not_found"
    await ben.joins_over_rest(room_id)
    outcome, _ = await ada.call("GET", f"{path}/manage")
    assert outcome == (200 if is_named else 403)
    if is_named:
        await done(ben, "POST", f"{path}/remove", {"user_id": await own_id(ada, path)})
