"""What is to be sent, until the server has answered: again after each lost connection, in order.

Only what may come twice without harm goes by it: a message has its `client_id`, by which the server
knows it again, and for everything else doing it again changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from msgspec import Struct

from parley.client.errors import ClientError
from parley.client.line import Line, answer_as, is_ok, refusal_in

T = TypeVar("T", bound=Struct)

RETRY_S = 1.0
"""When to try again what may be taken later, where the server does not say."""


class _Waiting:
    """Something to send, and who waits for its answer."""

    __slots__ = ("answer", "data", "event", "is_out", "outbox")

    def __init__(self, outbox: Outbox, event: str, data: object) -> None:
        self.outbox = outbox
        self.event = event
        self.data = data
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.is_out = False
        """Whether it was sent, and its answer has not come."""

    def answered(self, answer: bytes) -> None:
        self.outbox.answered(self, answer)


class Outbox:
    def __init__(self) -> None:
        self._waiting: dict[_Waiting, None] = {}
        """In the order in which they were given."""
        self._line: Line | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._failure: ClientError | None = None

    def count(self, event: str) -> int:
        """How many of an event were not answered."""
        return sum(each.event == event for each in self._waiting)

    @property
    def is_open(self) -> bool:
        return self._line is not None and self._line.is_open

    async def send(self, event: str, data: object, type: type[T]) -> T:
        """The answer, however long that takes. Raises `Refused`, and what ended the client."""
        if self._failure is not None:
            raise self._failure
        waiting = _Waiting(self, event, data)
        self._waiting[waiting] = None
        if self._line is not None and self._rest is None:
            self._put_out(waiting)
        try:
            return answer_as(await waiting.answer, type)
        finally:
            self._waiting.pop(waiting, None)

    def begin(self, line: Line) -> None:
        """There is a line, and who speaks on it is known."""
        self._line = line
        if self._rest is None:
            self._put_out_all()

    def lose(self) -> None:
        """There is none any more."""
        self._line = None

    def fail(self, failure: ClientError) -> None:
        """There never will be one again."""
        self._failure = failure
        if self._rest is not None:
            self._rest.cancel()
        for waiting in list(self._waiting):
            if not waiting.answer.done():
                waiting.answer.set_exception(failure)

    def answered(self, waiting: _Waiting, answer: bytes) -> None:
        waiting.is_out = False
        if not answer or waiting.answer.done():
            return  # the line was lost: it goes out again by the next; or nobody waits any more
        if not is_ok(answer):
            refusal = refusal_in(answer)
            if refusal.is_passing and refusal.code != "internal":
                self._wait(refusal.retry_after or RETRY_S)
                return
        waiting.answer.set_result(answer)

    def _wait(self, for_s: float) -> None:
        """Send nothing until then, so that what comes later does not come first."""
        if self._rest is None:
            self._rest = asyncio.get_running_loop().call_later(for_s, self._go_on)

    def _go_on(self) -> None:
        self._rest = None
        self._put_out_all()

    def _put_out_all(self) -> None:
        for waiting in list(self._waiting):
            if not waiting.is_out and not waiting.answer.done():
                self._put_out(waiting)

    def _put_out(self, waiting: _Waiting) -> None:
        if self._line is not None and self._line.is_open:
            waiting.is_out = True
            self._line.emit(waiting.event, waiting.data, waiting.answered)


def given(**fields: Any) -> dict[str, Any]:
    """Without those that were not."""
    return {name: value for name, value in fields.items() if value is not None}
