"""Where several own a conversation, each right is its holder's, and the founder's to take."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests import lasting
from tests.people import Person
from tests.security.room import People, done, refused, room_of, takes_link

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


@dataclass
class Owned:
    """Ada's conversation, which Olga and Otto own too, each by a link."""

    room_id: str
    path: str
    ada: Person
    olga: Person
    otto: Person
    links: dict[str, int]
    """The ids of the links by which they own it."""


@pytest_asyncio.fixture(loop_scope="module")
async def owned(person: People) -> Owned:
    ada, olga, otto = person("Ada"), person("Olga"), person("Otto")
    room_id, path = await room_of(ada)
    links = {}
    for who in (olga, otto):
        made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
        await takes_link(who, made["url"])
        links[who.name] = made["link"]["id"]
    return Owned(room_id, path, ada, olga, otto, links)


async def test_an_owner_takes_no_other_owners_right(owned: Owned) -> None:
    otto = await owned.otto.joins_over_rest(owned.room_id)
    link = f"{owned.path}/links/{owned.links['Otto']}"
    removal = {"user_id": otto["user_id"]}
    assert await refused(owned.olga, "DELETE", link) == "forbidden"
    assert await refused(owned.olga, "POST", f"{owned.path}/remove", removal) == "forbidden"
    await done(owned.otto, "PATCH", owned.path, {"title": "Still mine"})


async def test_owners_without_a_name_are_told_apart_in_the_list_of_acts(person: People) -> None:
    ada, olga = person("Ada"), person("Olga")
    path = f"/api/conversations/{await ada.starts()}"
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(olga, made["url"])
    await done(olga, "PATCH", path, {"locked": True})
    acts = (await done(ada, "GET", f"{path}/acts"))["acts"]
    assert [(each["who"], each["act"]) for each in acts] == [
        ("Another owner (no name yet)", "locked"),
        ("Another owner (no name yet)", "used_owner_link"),
        ("The owner", "made_link"),
    ]


async def test_an_owner_gives_up_their_own_right(owned: Owned) -> None:
    await done(owned.olga, "DELETE", f"{owned.path}/links/{owned.links['Olga']}")
    assert await refused(owned.olga, "GET", f"{owned.path}/manage") == "forbidden"


async def test_who_became_an_owner_after_joining_is_removed_by_the_founder_alone(
    owned: Owned, person: People
) -> None:
    ben = person("Ben")
    mine = await ben.joins_over_rest(owned.room_id)
    made = await done(owned.ada, "POST", f"{owned.path}/links", {"role": "owner"})
    await takes_link(ben, made["url"])
    removal = {"user_id": mine["user_id"]}
    assert await refused(owned.olga, "POST", f"{owned.path}/remove", removal) == "forbidden"
    await done(owned.ada, "POST", f"{owned.path}/remove", removal)


@pytest.mark.parametrize("is_removed", [False, True], ids=["revoked", "removed"])
async def test_who_owns_no_more_comes_back_by_no_link_they_made(
    owned: Owned, person: People, is_removed: bool
) -> None:
    olga = await owned.olga.joins_over_rest(owned.room_id)
    made = await done(owned.olga, "POST", f"{owned.path}/links", {"role": "owner"})
    if is_removed:
        await done(owned.ada, "POST", f"{owned.path}/remove", {"user_id": olga["user_id"]})
    else:
        await done(owned.ada, "DELETE", f"{owned.path}/links/{owned.links['Olga']}")
    code = made["url"].rsplit("/", 1)[1]
    for who in (owned.olga, person("Mallory")):
        assert await refused(who, "POST", f"/api/links/{code}") == "not_found"
    acts = (await done(owned.ada, "GET", f"{owned.path}/acts"))["acts"]
    revoked = [each for each in acts if each["act"] == "revoked_link"]
    assert [(each["who"], each["about"]) for each in revoked] == [
        ("Ada", "owner") for _ in range(1 if is_removed else 2)
    ]


async def test_an_owner_who_is_let_in_stays_an_owner_until_their_link_is_revoked(
    person: People,
) -> None:
    ada, olga = person("Ada"), person("Olga")
    _, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    asked = await done(olga, "POST", f"{path}/knock", {"username": "Olga"})
    olga.token = asked["token"]
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(olga, made["url"])
    assert (await ada.hears("knock_answered"))["id"] == asked["id"]
    assert (await done(ada, "GET", f"{path}/manage"))["waiting"] == []
    admit = {"admit": True}
    assert await refused(olga, "POST", f"{path}/knocks/{asked['id']}", admit) == "not_found"
    await done(olga, "PATCH", path, {"title": "Hers too"})
    await done(ada, "DELETE", f"{path}/links/{made['link']['id']}")
    assert await refused(olga, "PATCH", path, {"title": "Hers"}) == "knock_required"


async def test_who_comes_in_by_the_passphrase_waits_no_more(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    ben.token = (await done(ben, "POST", f"{path}/knock", {"username": "Ben"}))["token"]
    await done(ada, "PATCH", path, {"passphrase": "open sesame"})
    ben.token = (await done(ben, "POST", f"{path}/enter", {"passphrase": "open sesame"}))["token"]
    assert (await ada.hears("knock_answered"))["admitted"] is True
    assert (await done(ada, "GET", f"{path}/manage"))["waiting"] == []
