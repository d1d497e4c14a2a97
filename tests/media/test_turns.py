"""Nobody waits for all that somebody else wants."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from parley.errors import Unavailable
from parley.media import Looked, Workshop
from parley.media.turns import Turns
from parley.media.workshop import MAX_WAITING, MAX_WAITING_OF_ONE
from tests.eventually import until
from tests.media.drawn import flag, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_those_who_wait_have_their_turns_one_after_the_other() -> None:
    turns, had = Turns(1), list[str]()

    async def work(whose: str) -> None:
        async with turns.turn(whose):
            had.append(whose)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(whose) for whose in "mmmmmabb"))
    assert "".join(had) == "mmabmbmm"
    assert not turns._lines


async def test_a_turn_that_nobody_waits_for_any_more_is_the_next_ones() -> None:
    turns, come = Turns(2), asyncio.Event()

    async def work(whose: str) -> str:
        async with turns.turn(whose):
            await come.wait()
            return whose

    works = [asyncio.ensure_future(work(whose)) for whose in "abcdef"]
    await asyncio.sleep(0)
    works[2].cancel()  # it waits
    works[0].cancel()  # it has its turn, which is the fourth one's now
    await asyncio.sleep(0)
    works[3].cancel()
    come.set()
    done = await asyncio.gather(*works, return_exceptions=True)
    assert [each for each in done if isinstance(each, str)] == ["b", "e", "f"]
    assert (turns._free, turns._lines) == (2, {})


async def test_one_who_sends_many_pictures_keeps_nobody_elses_waiting(
    tmp_path: Path, into: Path
) -> None:
    workshop, upload, done = Workshop(), tmp_path / "upload", list[str]()
    upload.write_bytes(saved(flag(), "PNG"))

    async def looks(whose: str) -> Looked:
        looked = await workshop.look(upload, "", into, whose=whose)
        done.append(whose)
        return looked

    try:
        many = [asyncio.ensure_future(looks("Mallory")) for _ in range(MAX_WAITING_OF_ONE + 1)]
        await until(lambda: workshop._waiting["Mallory"] == MAX_WAITING_OF_ONE)
        await looks("Ada")
        assert len(done) < 5
        found = await asyncio.gather(*many, return_exceptions=True)
        (refused,) = (each for each in found if isinstance(each, BaseException))
        assert isinstance(refused, Unavailable)
        assert refused.retry_after
        assert MAX_WAITING_OF_ONE * 5 <= MAX_WAITING
        assert not workshop._waiting
    finally:
        await workshop.close()
