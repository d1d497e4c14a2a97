"""The states of small rooms: those asked for at about the same time are read together.

To hand a question to the thread that reads, and its answer back, costs more than to read a small
room; and who come to one at the same time are sent the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley import contract
from parley.domain import conversations
from parley.domain.context import Context
from parley.errors import ConversationNotFound
from parley.live.shared_states import State, as_wire

AT_ONCE = 8
"""Rooms in one reading: with long messages each takes a millisecond or two, in which nobody else
reads."""

Waiting = list[asyncio.Future[State]]


class SmallRooms:
    """Each reading is for all who asked before it began, so that it tells of whatever was told
    before they came."""

    def __init__(
        self, context: Context, encode: Callable[[contract.ConversationState], bytes]
    ) -> None:
        self._context = context
        self._encode = encode
        self._asked: dict[int, Waiting] = {}
        """Who waits for the next reading, by conversation."""
        self._reading: asyncio.Task[None] | None = None

    def state(self, conversation_id: int) -> asyncio.Future[State]:
        """As it is now, or a moment later. Raises `ConversationNotFound`, `Unavailable`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[State] = loop.create_future()
        self._asked.setdefault(conversation_id, []).append(future)
        if self._reading is None:
            # It begins after this turn of the event loop, with whoever comes until then.
            self._reading = loop.create_task(self._read_all())
        return future

    async def _read_all(self) -> None:
        try:
            while self._asked:
                ids = list(self._asked)[:AT_ONCE]
                await self._read({id: self._asked.pop(id) for id in ids})
        finally:
            self._reading = None

    async def _read(self, asked: dict[int, Waiting]) -> None:
        waiting = [future for futures in asked.values() for future in futures]
        try:
            found = await conversations.snapshots(self._context, list(asked))
            for id, futures in asked.items():
                snapshot = found.get(id)
                if snapshot is None:
                    _fail(futures, ConversationNotFound())
                    continue
                data = as_wire(snapshot)
                state = State(data, snapshot.conversation.seq, self._encode(data))
                for future in futures:
                    if not future.done():
                        future.set_result(state)
        except Exception as error:
            _fail(waiting, error)
        finally:
            for future in waiting:  # where this was cancelled: nobody waits for ever
                future.cancel()


def _fail(futures: Waiting, error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
            future.exception()  # whoever asked may be gone, and asyncio would log that
