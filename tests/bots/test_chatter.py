"""Bots that answer each other are stopped; those that only report are not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from parley import contract
from parley.domain import chatter
from parley.storage.bots import Said
from tests import lasting
from tests.bots.talk import Talk
from tests.people import PATIENCE_S, Json, Person

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server

[(IN_A_ROW, WITHIN_S), (LONG_ROW, LONG_S)] = contract.BOTS_ALONE


async def says(talk: Talk, who: Person, text: str = "Hi", **more: str) -> Json:
    _, reply = await who.call("POST", f"{talk.path}/messages", {"message": text, **more})
    return reply


async def chat_until_stopped(talk: Talk, one: Person, other: Person) -> int:
    """How many messages two bots sent to each other in turns before one was refused."""
    for count in range(2 * IN_A_ROW):
        reply = await says(talk, (one, other)[count % 2])
        if not reply["success"]:
            assert reply["code"] == "bots_alone", reply
            assert 0 < reply["retry_after"] <= WITHIN_S
            return count
    raise AssertionError("nobody stopped them")


async def test_two_bots_that_answer_each_other_are_stopped(talk: Talk) -> None:
    one, _ = await talk.bot("One")
    other, _ = await talk.bot("Two")
    assert await chat_until_stopped(talk, one, other) == IN_A_ROW
    refused, reply = await one.call("POST", f"{talk.path}/messages", {"message": "Hi"})
    assert (refused, reply["code"]) == (429, "bots_alone")


async def test_they_go_on_once_somebody_speaks(talk: Talk) -> None:
    one, _ = await talk.bot("One")
    other, _ = await talk.bot("Two")
    await chat_until_stopped(talk, one, other)
    await talk.ben.say(talk.room_id, "Go on")
    assert (await says(talk, one))["success"]


async def test_it_is_said_on_a_socket_too(talk: Talk) -> None:
    one, _ = await talk.bot_on_socket("One")
    other, _ = await talk.bot("Two")
    await one.join(talk.room_id)
    await chat_until_stopped(talk, one, other)
    said = await one.say(talk.room_id, "Hi")
    assert said["code"] == "bots_alone"
    assert said["retry_after"] > 0


async def acts_of(talk: Talk) -> list[Json]:
    """What owners read of bots that were stopped."""
    _, reply = await talk.ada.call("GET", f"{talk.path}/acts")
    return [each for each in reply["acts"] if each["act"] == "stopped_bots"]


async def test_owners_read_which_bots_were_stopped_and_not_again_and_again(talk: Talk) -> None:
    one, _ = await talk.bot("One")
    other, _ = await talk.bot("Two")
    await chat_until_stopped(talk, one, other)
    await noted(talk)
    await talk.ben.say(talk.room_id, "Go on")
    await chat_until_stopped(talk, one, other)
    await says(talk, one)
    [act] = await acts_of(talk)
    assert (act["who"], act["about"]) == ("The server", "One, Two")
    manage = await talk.ada.send("GET", f"/conversation/{talk.room_id}/manage")
    assert "stopped bots that answered each other:" in manage.body.decode()


async def test_owners_read_it_of_bots_on_sockets_and_of_hooks(talk: Talk) -> None:
    one, _ = await talk.bot_on_socket("One")
    await one.join(talk.room_id)
    _, made = await talk.ada.call("POST", f"{talk.path}/hooks", {"name": "Alerts"})
    hook = made["url"].removeprefix(talk.url)
    for count in range(IN_A_ROW):
        if count % 2:
            assert (await one.say(talk.room_id, "Hi"))["ok"]
        else:
            assert (await talk.ada.send("POST", hook, b"Down")).status == 200
    said = await one.say(talk.room_id, "Hi")
    refused = await talk.ada.send("POST", hook, b"Down")
    assert (said["code"], refused.status) == ("bots_alone", 429)
    await noted(talk)
    [act] = await acts_of(talk)
    assert act["about"] == "Alerts, One"


async def noted(talk: Talk) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await acts_of(talk):
            pass


async def test_what_was_sent_before_is_still_answered(talk: Talk) -> None:
    one, _ = await talk.bot("One")
    other, _ = await talk.bot("Two")
    first = await says(talk, one, client_id="c-1")
    await chat_until_stopped(talk, other, one)
    again = await says(talk, one, client_id="c-1")
    assert (again["id"], again["duplicate"]) == (first["id"], True)


async def test_a_bot_that_reports_by_itself_is_not_stopped(talk: Talk) -> None:
    one, _ = await talk.bot("One")
    other, _ = await talk.bot("Two")
    for _ in range(IN_A_ROW + 2):
        assert (await says(talk, one))["success"]
    assert (await says(talk, other))["success"]


NOW = datetime(2026, 5, 1, tzinfo=UTC)


def said(user_id: str, ago_s: float) -> Said:
    return Said(user_id, True, NOW - timedelta(seconds=ago_s))


@pytest.mark.parametrize(
    ("apart_s", "count", "waits"),
    [
        (WITHIN_S / IN_A_ROW / 2, IN_A_ROW, True),
        (WITHIN_S / IN_A_ROW * 2, IN_A_ROW, False),
        (LONG_S / LONG_ROW / 2, LONG_ROW, True),
        (LONG_S / LONG_ROW * 2, LONG_ROW, False),
    ],
    ids=["quick", "slow", "slow and long", "slower"],
)
def test_slow_ones_are_stopped_later(apart_s: float, count: int, waits: bool) -> None:
    row = [said("ab"[number % 2], number * apart_s) for number in range(count + 1)]
    assert (chatter.wait_s(row, NOW) > 0) == waits
