"""What a room shares is used up by what is done in it, counted exactly, and by nothing else."""

from __future__ import annotations

import asyncio

from parley.limits.limiter import NOBODY, Kind, Who
from tests import lasting
from tests.people import Json
from tests.security import kept
from tests.security.conftest import TRUSTED, Guest, House, Open
from tests.security.room import done

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

SPOKEN = "/api/conversations/{}/messages"


async def members(
    house: House, room_id: str, count: int, transports: tuple[str, ...]
) -> list[Guest]:
    """So many who sit in it, each from an address of their own."""
    people = [
        house.guest(f"Member {number}", f"203.0.113.{number + 10}", transports)
        for number in range(count)
    ]
    await asyncio.gather(*(each.sits_down(room_id) for each in people))
    return people


async def sends(guest: Guest, room_id: str, **more: str) -> str:
    """Over REST: `ok`, or the code of the refusal."""
    _, reply = await guest.call("POST", SPOKEN.format(room_id), {"message": "Hi", **more})
    return "ok" if reply["success"] else str(reply["code"])


def codes(answers: list[Json]) -> set[str]:
    return {str(answer.get("code", "ok")) for answer in answers}


async def test_who_may_not_speak_silences_nobody(opened: Open, transports: tuple[str, ...]) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_messages="4/10s room") as house:
        ada = house.guest("Ada", "203.0.113.1")
        room_id = await ada.sits_down()
        people = await members(house, room_id, 3, transports)
        await done(ada, "PATCH", f"/api/conversations/{room_id}", {"read_only": True})
        for each in people:
            assert codes([await each.say(room_id, "Buy!") for _ in range(3)]) == {"read_only"}
            assert [await sends(each, room_id) for _ in range(3)] == ["read_only"] * 3
        for number in range(4):
            assert (await ada.say(room_id, str(number)))["ok"]
        assert (await ada.say(room_id, "Too much"))["code"] == "rate_limited"


async def test_what_was_said_before_is_not_counted_again(opened: Open) -> None:
    async with opened(limit_messages="3/10s room") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        for _ in range(3):
            assert (await ada.say(room_id, "Once", client_id="c-1"))["ok"]
            assert await sends(ada, room_id, client_id="c-1") == "ok"
        assert (await ada.say(room_id, "two"))["ok"]
        assert await sends(ada, room_id) == "ok"
        assert (await ada.say(room_id, "Too much"))["code"] == "rate_limited"


async def test_a_reaction_that_changes_nothing_is_not_counted(opened: Open) -> None:
    async with opened(limit_messages="4/10s room") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        said = await ada.say(room_id, "Once")
        event = {"room_id": room_id, "id": said["id"], "emoji": "👍"}
        path = f"{SPOKEN.format(room_id)}/{said['id']}/reactions/%F0%9F%91%8D"
        for on, method in ((True, "PUT"), (False, "DELETE")):
            for _ in range(3):
                assert (await ada.ask("react", {**event, "on": on}))["ok"]
                await done(ada, method, path)
        assert (await ada.ask("react", {**event, "emoji": "like", "on": True}))["code"]
        assert (await ada.ask("react", {**event, "on": True}))["ok"]
        assert (await ada.ask("react", {**event, "on": False}))["code"] == "rate_limited"
        assert (await ada.call("DELETE", path))[0] == 429


async def test_many_requests_at_once_are_counted_one_by_one(opened: Open) -> None:
    async with opened(limit_messages="7/10s room") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        answers = await asyncio.gather(*(sends(ada, room_id) for _ in range(30)))
        assert sorted(answers) == ["ok"] * 7 + ["rate_limited"] * 23


async def test_the_links_a_room_had_share_one_count(opened: Open) -> None:
    async with opened(limit_messages="6/10s room") as house:
        ada = house.guest("Ada")
        old = await ada.sits_down()
        replaced = await done(ada, "POST", f"/api/conversations/{old}/link")
        now = replaced["room_id"]
        rest = [sends(ada, link) for link in (old, now) for _ in range(8)]
        answers = await asyncio.gather(*rest)
        assert sorted(answers) == ["ok"] * 6 + ["rate_limited"] * 10
        for link in (old, now):
            assert (await ada.say(link, "Hm"))["code"] == "rate_limited"


async def test_strangers_take_nothing_of_a_room_even_for_a_moment(opened: Open) -> None:
    limits = {"limit_messages": "3/10s room", "limit_joins": "3/1m room"}
    async with opened(trusted_proxies=TRUSTED, **limits) as house:
        ada, mallory = house.guest("Ada"), house.guest("Mallory")
        room_id = await ada.sits_down()
        await mallory.starts()
        await done(ada, "PATCH", f"/api/conversations/{room_id}", {"locked": True})
        flood = [asyncio.create_task(sends(mallory, room_id)) for _ in range(40)]
        said = [asyncio.create_task(ada.say(room_id, str(number))) for number in range(3)]
        assert codes(await asyncio.gather(*said)) == {"ok"}
        assert set(await asyncio.gather(*flood)) == {"locked"}
        path = f"/api/conversations/{room_id}/join"
        joins = [mallory.call("POST", path, {}) for _ in range(40)]
        comes_back = [ada.call("POST", path, {}) for _ in range(2)]
        replies = await asyncio.gather(*joins, *comes_back)
        assert codes([reply for _, reply in replies[:40]]) == {"locked"}
        assert [status for status, _ in replies[40:]] == [200, 200]


async def test_a_knock_takes_nothing_of_a_room(opened: Open) -> None:
    async with opened(limit_joins="2/1m room") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        path = f"/api/conversations/{room_id}"
        await done(ada, "PATCH", path, {"knock": True})
        for number in range(4):
            knock = {"username": f"Kim {number}"}
            assert (await ben.call("POST", f"{path}/knock", knock))[0] == 200
        assert (await ada.call("POST", f"{path}/join", {}))[0] == 200


async def test_who_comes_in_by_a_passphrase_is_counted(opened: Open) -> None:
    async with opened(limit_joins="2/1m room") as house:
        ada, ben, cleo = (house.guest(name) for name in ("Ada", "Ben", "Cleo"))
        room_id = await ada.starts()
        path = f"/api/conversations/{room_id}"
        await done(ada, "PATCH", path, {"passphrase": "open sesame"})
        for each in (ben, cleo):
            await done(each, "POST", f"{path}/join", {"passphrase": "open sesame"})
        assert (await ada.call("POST", f"{path}/join", {}))[0] == 429


async def test_what_a_room_refuses_is_counted_for_nobody(opened: Open) -> None:
    async with opened(limit_messages="2/10s room, 3/1m session, 9/1m address") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        assert [await sends(ben, room_id) for _ in range(2)] == ["ok"] * 2
        assert [await sends(ada, room_id) for _ in range(9)] == ["rate_limited"] * 9
        house.clock.goes_on(10)
        assert [await sends(ada, room_id) for _ in range(2)] == ["ok"] * 2


async def test_a_use_that_came_to_nothing_is_given_back_exactly(opened: Open) -> None:
    async with opened(limit_messages="2/10s room") as house:
        limits, who = house.server.app.limits, Who(1, "")
        first = await limits.spend(Kind.MESSAGES, who, 7)
        house.clock.goes_on(1)
        second = await limits.spend(Kind.MESSAGES, who, 7)
        await limits.give_back(first)
        house.clock.goes_on(8)
        await limits.spend(Kind.MESSAGES, NOBODY, 7)
        await limits.give_back(first)  # what was given back is nobody else's to lose
        await limits.give_back(second)
        await limits.spend(Kind.MESSAGES, NOBODY, 7)
        house.clock.goes_on(9.5)
        await limits.charge(Kind.MESSAGES, NOBODY, 7)
