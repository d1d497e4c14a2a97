"""Who waits for a bot's answer here, and which bots are told what is asked of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from parley import contract, present, records
from parley.domain import asks
from parley.domain.context import Context
from parley.errors import Unavailable
from parley.live.audience import Audience, Client, Seat
from parley.wire.server import Server

log = structlog.get_logger(__name__)

WAITING_MAX = 10_000
"""Answers that are waited for: of more, those that wait longest get none."""


@dataclass(slots=True)
class _Waiting:
    sid: str
    room_id: str
    """As the socket knows the conversation."""
    timer: asyncio.TimerHandle


class AskedOfBots:
    """`hear` is for the bus."""

    def __init__(self, context: Context, audience: Audience, server: Server) -> None:
        self._context = context
        self._audience = audience
        self._server = server
        self.late_s = contract.ASK_LATE_S
        self._waiting: dict[tuple[int, str], _Waiting] = {}
        """By conversation, and what the ask is called."""
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def waiting(self, client: Client, seat: Seat, ask_id: str) -> Iterator[None]:
        """Around asking a bot for something: the socket is told of the answer, or that it is late;
        of nothing where it could not be asked.
        """
        key = (seat.conversation_id, ask_id)
        loop = asyncio.get_running_loop()
        while len(self._waiting) >= WAITING_MAX:
            self._take(next(iter(self._waiting)))
        timer = loop.call_later(self.late_s, self._tell_late, key)
        self._waiting[key] = _Waiting(client.sid, seat.room_id, timer)
        try:
            yield
        except BaseException:
            self._take(key)
            raise

    def hear(self, event: records.Event) -> None:
        match event:
            case records.Asked():
                self._tell_bot(event)
            case records.AskAnswered():
                waiting = self._take((event.conversation_id, event.ask_id))
                if waiting is not None:
                    told = present.ask_answered(waiting.room_id, event.ask_id, event.text)
                    self._server.send_to((waiting.sid,), "ask_answered", told)

    def close(self) -> None:
        for key in list(self._waiting):
            self._take(key)
        for task in self._tasks:
            task.cancel()

    def _tell_bot(self, event: records.Asked) -> None:
        room = self._audience.rooms.get(event.conversation_id)
        if room is None or not room.sids_of(event.bot):
            return
        task = asyncio.get_running_loop().create_task(self._read_and_tell(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_and_tell(self, event: records.Asked) -> None:
        try:
            ask = await asks.find(self._context, event.conversation_id, event.ask_id)
        except Unavailable:
            return  # it is said to be late
        room = self._audience.rooms.get(event.conversation_id)
        if ask is None or room is None:
            return
        for sid in room.sids_of(event.bot):
            client = self._audience.clients.get(sid)
            seat = None if client is None else client.seat_in(event.conversation_id)
            if seat is not None:
                self._server.send_to((sid,), "asked", present.asked(seat.room_id, ask))

    def _tell_late(self, key: tuple[int, str]) -> None:
        waiting = self._waiting.get(key)
        if waiting is None:
            return
        told = contract.AskLate(room_id=waiting.room_id, id=key[1])
        self._server.send_to((waiting.sid,), "ask_late", told)
        # It may still be answered.
        loop = asyncio.get_running_loop()
        waiting.timer = loop.call_later(contract.ASK_KEPT_S, self._take, key)

    def _take(self, key: tuple[int, str]) -> _Waiting | None:
        """It is waited for no more."""
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            waiting.timer.cancel()
        return waiting
