"""Asking to be let in, where an owner lets people in."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from parley.client import types
from parley.client.errors import Refused, Unreachable
from parley.client.line import Line, decoder
from parley.client.links import Link
from parley.client.outbox import given
from parley.client.rest import Rest

AGAIN_S = (0.5, 30.0)
"""After a lost connection: at first, and at most, twice as long each time."""
_answer = decoder(types.KnockAnswered)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known while nobody has answered."""

    token: str
    """Keep it, to ask again what became of it: a knock is forgotten after a day."""
    is_owner_here: bool


async def knock(
    link: str,
    *,
    name: str,
    token: str | None = None,
    waiting: Callable[[Waiting], None] | None = None,
    context: ssl.SSLContext | None = None,
) -> str | None:
    """Ask to be let in, and wait for the answer. Gives the token to join with; None where anybody
    may join.

    Raises `Refused` where an owner says no (`declined`) or too many wait (`crowded_out`), and
    `Unreachable` where there is no server at first.
    """
    knocking = _Knocking(Link.parse(link), name, token, context)
    return await knocking.answer(waiting)


class _Knocking:
    def __init__(
        self, link: Link, name: str, token: str | None, context: ssl.SSLContext | None
    ) -> None:
        self._link = link
        self._name = name
        self._rest = Rest(link.server, context)
        self._rest.token = token
        self._context = context
        self._answered: asyncio.Future[types.KnockAnswered | None]

    async def answer(self, waiting: Callable[[Waiting], None] | None) -> str | None:
        state = await self._knock(waiting)
        wait_s, most_s = AGAIN_S
        while state is None:
            await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311  # no secret
            wait_s = min(2 * wait_s, most_s)
            with contextlib.suppress(Unreachable):
                state = await self._ask_again()
        return self._let_in(state)

    async def _ask_again(self) -> str | None:
        """Knocking once more would disturb whoever has declined."""
        try:
            state: str | None = await self._state()
            return await self._knock(None) if state == "waiting" else state
        except Refused as refused:
            if not refused.is_passing:
                raise
            return None

    async def _state(self) -> str:
        path = f"{self._link.path}/knock"
        return (await self._rest.call(types.KnockReply, "GET", path)).state

    def _let_in(self, state: str) -> str | None:
        match state:
            case "admitted" | "not_needed":
                return self._rest.token
            case "crowded_out":
                raise Refused("crowded_out", "Too many people are waiting. Try again later.")
            case "none":
                raise Refused("knock_required", "Nobody answered for a day. Ask again.")
            case _:
                raise Refused("declined", "An owner declined to let you in.")

    async def _knock(self, waiting: Callable[[Waiting], None] | None) -> str | None:
        """What became of it; None where the connection was lost meanwhile."""
        self._answered = asyncio.get_running_loop().create_future()
        line = await Line.open(
            self._link.socket, token=self._rest.token, on_event=self._hear, context=self._context
        )
        running = asyncio.create_task(line.run())
        try:
            asked = given(room_id=self._link.room_id, username=self._name)
            told = await line.ask("knock", asked, types.KnockAck)
            self._rest.token = told.token or self._rest.token
            if told.state != "waiting":
                return told.state
            if waiting is not None and self._rest.token is not None:
                waiting(Waiting(self._rest.token, bool(told.owner_online)))
            running.add_done_callback(self._lose)
            answer = await self._answered
            if answer is None:
                return None
            if answer.crowded_out:
                return "crowded_out"
            return "admitted" if answer.admitted else "declined"
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    def _lose(self, _: asyncio.Task[None]) -> None:
        if not self._answered.done():
            self._answered.set_result(None)

    def _hear(self, name: bytes, said: bytes) -> None:
        if name != b"knock_answered" or self._answered.done():
            return
        with contextlib.suppress(msgspec.MsgspecError):
            answer = _answer.decode(said)[1]
            if answer.room_id == self._link.room_id:
                self._answered.set_result(answer)
