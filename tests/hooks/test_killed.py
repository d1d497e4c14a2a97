"""A server that is killed has told, or tells when it is back, all that it said was stored."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from tests import lasting
from tests.effort import times
from tests.faults.server import Server
from tests.hooks.receiver import Receiver
from tests.people import Person
from tests.security.room import done

pytestmark = lasting.in_one_loop

KILLS = times(2, full=20)
SEED = 37


@pytest.mark.long("it starts and kills servers; what a start finds in the log is tested otherwise")
async def test_whatever_was_acknowledged_is_told_in_its_order_after_a_kill(
    tmp_path: Path, receiver: Receiver
) -> None:
    flags = ("--hook-networks", "127.0.0.0/8")
    server, chance = Server(tmp_path / "data", *flags), random.Random(SEED)
    await server.start()
    ada = Person("Ada", server.url)
    try:
        room_id = await ada.starts()
        path = f"/api/conversations/{room_id}"
        await done(ada, "POST", f"{path}/webhooks", {"url": receiver.url})
        await ada.joins_over_rest(room_id)
        stored: list[str] = []
        for number in range(KILLS):
            talking = asyncio.create_task(says_on(ada, path, number, stored))
            await receiver.gets(number + 1 + chance.randrange(20))  # whenever in it
            server.kill()
            await server.ends()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            await server.start()
        await receiver.gets_all({*stored})
        first = list(dict.fromkeys(str(got.said["data"]["message"]) for got in receiver.got))
        assert [words for words in first if words in stored] == stored
        by_id = {got.id: got.said["data"]["message"] for got in receiver.got}
        assert sorted(by_id.values()) == sorted(first)
    finally:
        await ada.goes_home()
        await server.cleaned_up()


async def says_on(ada: Person, path: str, number: int, stored: list[str]) -> None:
    """Until the server is gone; `stored` gets what was acknowledged."""
    with contextlib.suppress(OSError):
        for count in range(10_000):
            words = f"{number}-{count}"
            if (await ada.call("POST", f"{path}/messages", {"message": words}))[0] == 201:
                stored.append(words)
