"""A large answer goes out in pieces, and others have their turn between them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from parley.wire.answering import PIECE_BYTES, Counted
from parley.wire.pace import Pace
from parley.wire.unread import Backlog

HERE = "203.0.113.7"
START = {"type": "http.response.start", "status": 200, "headers": []}


@pytest.mark.parametrize("follows", [False, True])
async def test_a_large_answer_goes_out_in_pieces(follows: bool) -> None:
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    others = 0

    async def count() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    body = bytes(range(256)) * 1_000
    answer = Counted(send, Backlog(), Pace(), HERE, b"")
    await answer(START)
    await answer({"type": "http.response.body", "body": body, "more_body": follows})
    counting.cancel()
    start, *pieces = said
    assert start == START
    assert b"".join(piece["body"] for piece in pieces) == body
    assert max(len(piece["body"]) for piece in pieces) <= PIECE_BYTES
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [follows]
    assert others >= len(pieces) > 1


async def test_a_small_answer_goes_out_as_it_is() -> None:
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    answer, last = Counted(send, Backlog(), Pace(), HERE, b""), {"type": "http.response.body"}
    await answer(START)
    await answer(last)
    assert said == [START, last]
