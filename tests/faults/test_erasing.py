"""An erasure that is broken off goes on, and keeps nobody from stopping the server."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.erasing import (
    ERASED,
    delete,
    erasing,
    fill,
    is_any_left,
    is_left,
    keeps_for_days,
    until_erased,
)
from tests.faults.talk import Talk, says, talk_at
from tests.people import PATIENCE_S

LONG = 100_000
"""So many are still being erased when the next call is answered."""
ENDS_WITHIN_S = 30.0
"""On a busy machine. tests/faults/test_promised_times.py holds it to the ten that are promised."""
ERASED_WITHIN_S = 240.0
"""It rests between its steps, and longer where others work too."""


async def _is_deleted(talk: Talk, room_id: str) -> bool:
    reply = await talk.call("GET", f"/api/conversations/{room_id}")
    assert reply["status"] in (200, 404), reply
    return bool(reply["status"] == 404)


async def _begins_to_erase(talk: Talk, folder: Path) -> tuple[str, int, asyncio.Task[object]]:
    """A long conversation, which nobody finds any more, and most of which is there still."""
    room_id = await talk.opens()
    number = await asyncio.to_thread(fill, folder, room_id, LONG)
    deleting: asyncio.Task[object] = asyncio.create_task(delete(talk, room_id))
    async with asyncio.timeout(PATIENCE_S):
        while not await _is_deleted(talk, room_id):
            pass
    assert is_any_left(folder, number)
    return room_id, number, deleting


async def _is_erased_after_a_start(talk: Talk, folder: Path, room_id: str, number: int) -> None:
    assert is_any_left(folder, number)
    await talk.server.start()
    talk.place.is_up.set()
    assert await _is_deleted(talk, room_id)
    async with asyncio.timeout(ERASED_WITHIN_S):
        await until_erased(folder, number)


@pytest.mark.long("tests/domain/test_erasing.py stops in the middle every time")
@pytest.mark.timeout(300)
async def test_what_a_kill_left_of_a_deleted_conversation_is_erased_after_the_next_start(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    async with talk_at(folder) as talk:
        await talk.opens("Ada")
        await talk.all_in()
        await says(talk.clients[0], 10)
        room_id, number, deleting = await _begins_to_erase(talk, folder)
        talk.place.is_up.clear()
        talk.server.kill()
        await talk.server.ends()
        await _is_erased_after_a_start(talk, folder, room_id, number)
        await deleting
        await talk.is_kept()


@pytest.mark.long("tests/domain/test_erasing.py stops in the middle every time")
@pytest.mark.timeout(300)
async def test_a_stop_in_the_middle_of_an_erasure_takes_no_longer_than_any_other(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    async with talk_at(folder) as talk:
        room_id, number, deleting = await _begins_to_erase(talk, folder)
        began = time.monotonic()
        talk.server.signal(signal.SIGTERM)
        assert await talk.server.ends() == 0
        assert time.monotonic() - began < ENDS_WITHIN_S
        await deleting
        assert "Traceback" not in talk.server.log.read_text()
        await _is_erased_after_a_start(talk, folder, room_id, number)


@pytest.mark.long("tests/domain/test_erasing.py stops in the middle every time")
@pytest.mark.timeout(300)
async def test_a_stop_while_outdated_messages_are_erased_takes_no_longer_than_any_other(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    async with talk_at(folder) as talk:
        room_id = await talk.opens()
        await keeps_for_days(talk, room_id, 7)
        number = await asyncio.to_thread(fill, folder, room_id, LONG, days_old=8)
        talk.server.kill()
        await talk.server.ends()
        await talk.server.start()  # it begins to erase them at once
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(is_left, folder, number, 1):
                pass
        talk.server.signal(signal.SIGTERM)
        began = time.monotonic()
        assert await talk.server.ends() == 0
        assert time.monotonic() - began < ENDS_WITHIN_S
        assert is_any_left(folder, number)
        await talk.server.start()
        async with asyncio.timeout(ERASED_WITHIN_S):
            await until_erased(folder, number)


@pytest.mark.long("a million messages")
@pytest.mark.timeout(3_600)
async def test_what_a_million_messages_cost_others_when_they_are_erased(tmp_path: Path) -> None:
    for line in await erasing(tmp_path / "data", ERASED):
        print(line, file=sys.stderr)
