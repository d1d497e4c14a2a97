"""Clients that are cut off and come back, at any moment, hold what everybody holds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.effort import times
from tests.faults.talk import Talk, says, talk_at, talks

SEED = 40
CUTS = times(4, full=40)
FURTHEST_APART = 25
"""Messages sent, or acknowledged, between two cuts, at most."""


@pytest.mark.parametrize(
    "transports",
    [
        pytest.param(("websocket",), marks=pytest.mark.long("beside polling it tells most")),
        pytest.param(("polling",), marks=pytest.mark.long("beside a WebSocket it tells most")),
        ("websocket", "polling"),
    ],
    ids="+".join,
)
async def test_whoever_is_cut_off_at_any_moment_comes_back_to_the_same_list(
    tmp_path: Path, transports: Sequence[str]
) -> None:
    draw = random.Random(SEED)
    async with talk_at(tmp_path / "data", note=f"seed {SEED}") as talk:
        # Two tabs each: where there are two ways, one tab goes either way.
        await talk.opens("Ada", "Ben", "Cleo", tabs=2, transports=transports)
        await talk.all_in()
        await _talk_with_cuts(talk, draw)
        await talk.is_kept()
    assert talk.record.counts["cuts"] == CUTS
    assert talk.record.counts["lines"] > CUTS / 2


async def _talk_with_cuts(talk: Talk, draw: random.Random) -> None:
    is_enough = asyncio.Event()

    def cut() -> None:
        talk.record.count("cuts")
        draw.choice(talk.clients).cut()
        arm()

    def arm() -> None:
        if talk.record.counts["cuts"] == CUTS:
            is_enough.set()
        else:
            kind = draw.choice(("sends", "acks"))
            talk.record.after(kind, draw.randint(1, FURTHEST_APART), cut)

    arm()
    async with asyncio.TaskGroup() as speakers:
        for client in talk.clients:
            speakers.create_task(talks(client, is_enough.is_set))


@pytest.mark.parametrize(
    "missed",
    [
        pytest.param(1, marks=pytest.mark.long("many tell most")),
        pytest.param(500, marks=pytest.mark.long("test_promised_times.py has as many")),
        pytest.param(501, marks=pytest.mark.long("tests/domain/test_states.py draws a lower line")),
    ],
)
async def test_however_much_somebody_missed_they_hold_what_a_newcomer_holds(
    tmp_path: Path, missed: int
) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens("Ada", "Ben", "Cleo")
        ada, ben, cleo = talk.clients
        await talk.all_in()
        await says(ada, 3)
        await talk.settles()
        await ben.stop()
        await says(ada, missed - missed // 2, window=200)
        await says(cleo, missed // 2, window=200)
        ben.start()
        await talk.is_kept()
        [newcomer] = await talk.joins(room_id, "Dora")
        newcomer.start()
        await talk.is_kept()
    assert ben.lines[-len(newcomer.lines) :] == newcomer.lines
    # Up to 500 changes come as such; who missed more starts afresh with the newest.
    assert ben.first == (1 if missed <= 500 else newcomer.first)


@pytest.mark.long("who is cut off has two tabs every time")
async def test_two_tabs_of_one_person_hold_the_same_and_each_keeps_its_order(
    tmp_path: Path,
) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada", "Ben", tabs=2, transports=("websocket", "polling"))
        await talk.all_in()
        await asyncio.gather(*(says(client, 50) for client in talk.clients))
        stored = await talk.is_kept()
    [room] = stored.values()
    assert len(room.lines) == 200
    assert len({line.user_id for line in room.lines}) == 2
