"""Answers that never arrive: whatever is repeated under its client_id is stored once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.effort import IS_EVERYTHING, times
from tests.faults.record import KINDS
from tests.faults.talk import NAMES, says_and_does, talk_at

SEED = 30
UNHEARD = 0.3
MESSAGES = times(120, full=10_000)
ROOMS_EACH = times(2, full=5)
WINDOW = 4
OFTEN = 30
"""Of so many of a kind some answers are lost, whatever is drawn."""


@pytest.mark.timeout(150)
async def test_what_is_said_and_done_with_every_third_answer_lost_is_stored_once_each(
    tmp_path: Path,
) -> None:
    draw = random.Random(SEED)
    async with talk_at(tmp_path / "data", note=f"seed {SEED}") as talk:
        for name in NAMES * ROOMS_EACH:
            await talk.opens(name, is_deaf=lambda: draw.random() < UNHEARD)
        await talk.all_in()
        each = MESSAGES // len(talk.clients)
        await asyncio.gather(*(says_and_does(client, each, WINDOW) for client in talk.clients))
        stored = await talk.is_kept()
        print(talk)
    # An answer to what was deleted meanwhile is refused.
    counts = talk.record.counts
    said = MESSAGES - counts["not_found"]
    assert sum(len(room.lines) for room in stored.values()) == said
    assert talk.record.acked == said > MESSAGES * 0.9
    assert counts["duplicates"] == counts["unheard"] > said * UNHEARD * 0.9
    # What was asked again though it was done is as it was asked.
    done = Counter(act.kind for act in talk.record.acts)
    again = Counter(act.kind for act in talk.record.acts if len(act.acks) > 1)
    assert len(again) > 2
    assert all(again[kind] for kind in KINDS if done[kind] >= OFTEN)
    assert not IS_EVERYTHING or min(done[kind] for kind in KINDS) >= OFTEN


async def test_a_message_repeated_after_a_restart_has_its_first_answer(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens("Ada")
        [ada] = talk.clients
        await talk.all_in()
        said = [ada.say(f"Message {number}") for number in range(20)]
        await ada.has_answers()
        talk.place.is_up.clear()
        talk.server.kill()
        await talk.server.ends()
        # She heard none of it.
        ada.unacked.update({message.client_id: message for message in said})
        await talk.server.start()
        talk.place.is_up.set()
        stored = await talk.is_kept()
    for message in said:
        first, second = message.acks
        assert (first.pop("duplicate"), second.pop("duplicate")) == (False, True)
        assert first == second
    assert [line.text for line in stored[room_id].lines] == [message.text for message in said]


@pytest.mark.long("tests/transport repeats one either way every time")
async def test_a_message_repeated_over_rest_has_its_first_answer(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens("Ada")
        [ada] = talk.clients
        await talk.all_in()
        said = ada.say("Over the socket")
        await ada.has_answers()
        again = await talk.call(
            "POST",
            f"/api/conversations/{room_id}/messages",
            {"message": said.text, "client_id": said.client_id},
            token=ada.token,
        )
        assert (again["status"], again["duplicate"]) == (201, True)
        assert (again["seq"], again["id"]) == (said.acks[0]["seq"], said.acks[0]["id"])
        await talk.is_kept()


async def test_a_message_repeated_after_the_ending_has_its_first_answer(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens("Ada", "Ben")
        _ada, ben = talk.clients
        await talk.all_in()
        said = ben.say("Just in time")
        await ben.has_answers()
        # The answer was lost with the line, and the conversation ended meanwhile.
        ben.unacked[said.client_id] = said
        ben.is_in = False
        await talk.ends(room_id)
        ben.cut()
        await talk.is_kept()
    assert [ack["duplicate"] for ack in said.acks] == [False, True]
    assert said.refusals == []
