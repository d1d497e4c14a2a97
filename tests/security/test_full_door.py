"""Whoever fills a door with knocks keeps nobody out who knocks from elsewhere."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from parley.contract import WAITING_MAX
from tests.effort import some
from tests.security.conftest import TRUSTED, Guest, Open
from tests.security.room import done

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


async def knocks(who: Guest, room_id: str, way: str) -> bool:
    """Whether they wait now."""
    if way == "a form":
        url = f"{who.url}/conversation/{room_id}/knock"
        async with (
            aiohttp.ClientSession(headers=who.forwarded) as http,
            http.post(url, data={"username": who.name}, allow_redirects=False) as reply,
        ):
            return reply.status == 303
    if way == "a socket":
        await who.connect()
        return bool((await who.ask("knock", {"room_id": room_id, "username": who.name}))["ok"])
    path, knock = f"/api/conversations/{room_id}/knock", {"username": who.name}
    return (await who.call("POST", path, knock))[0] == 200


@pytest.mark.parametrize(
    "way", some(["a socket", "a form", "REST"], every=3, why="one tells most of it")
)
async def test_a_door_filled_from_one_address_is_open_to_others(opened: Open, way: str) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, last = house.guest("Ada"), house.guest("Last", HERE)
        room_id = await ada.starts()
        path = f"/api/conversations/{room_id}"
        await done(ada, "PATCH", path, {"knock": True})
        await ada.connect(auth={"token": ada.token})
        await ada.join(room_id)
        crowd = [house.guest(f"Kim {number}", HERE) for number in range(WAITING_MAX - 1)]
        assert all(await asyncio.gather(*(knocks(each, room_id, "REST") for each in crowd)))
        await last.connect()
        waits = await last.ask("knock", {"room_id": room_id, "username": "Last"})
        last.token = waits["token"]
        assert await knocks(house.guest("Sam", ELSEWHERE), room_id, way)
        assert not await knocks(house.guest("Late", HERE), room_id, way)
        for who in (last, ada):  # whoever waits is told, and whoever sees them wait
            told = await who.hears("knock_answered")
            assert told == {**told, "id": waits["id"], "admitted": False, "crowded_out": True}
        assert (await done(last, "GET", f"{path}/knock"))["state"] == "crowded_out"
        headers = last.forwarded | {"Cookie": f"parley_session={last.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{house.url}/conversation/{room_id}") as page,
        ):
            assert "your request was dropped" in await page.text()
