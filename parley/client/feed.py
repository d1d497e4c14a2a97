"""What happens, for whoever waits for it: in order, nothing left out, however late they look."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from parley.client.errors import ClientError, Over
from parley.client.types import Message

KEPT_MAX = 10_000
"""Of a program that does not look, no more is kept: what came first is read again when it does."""

Older = Callable[[int], Awaitable[tuple[list[Message], int, bool]]]
"""A page of the messages after a seq, how far it reaches, and whether there are more."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: its name, and its data as the type that `types.EVENTS` has for the name. What
    happens to the connection (`connected`, `disconnected`) has no data.
    """

    name: str
    data: Any
    seq: int | None = None


class Feed:
    """What comes, until it is over."""

    def __init__(self, names: frozenset[str] | None = None) -> None:
        self._names = names
        self._came: deque[Happened] = deque()
        self._news: asyncio.Future[None] | None = None
        self._end: ClientError | None = None
        self.has_lost = False
        """Whether more came than is kept."""

    def take(self, happened: Happened) -> None:
        if self._names is not None and happened.name not in self._names:
            return
        if len(self._came) >= KEPT_MAX:
            self.has_lost = True
        # Behind what is left out nothing is kept, or it would come before that.
        if not self.has_lost:
            self._came.append(happened)
            self._wake()

    def end(self, why: ClientError) -> None:
        self._end = why
        self._wake()

    async def next(self) -> Happened | None:
        """None once it has ended as conversations do. Raises what ended it otherwise."""
        while not self._came:
            if self.has_lost:
                return None
            if self._end is not None:
                if isinstance(self._end, Over) and self._end.reason in ("ended", "closed"):
                    return None
                raise self._end
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return self._came.popleft()

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)


def behind() -> Over:
    """What can't be read again is lost to whoever looks too late."""
    return Over("behind", f"More than {KEPT_MAX:,} events waited to be read: some were left out.")


async def messages(feed: Feed, older: Older, since: int, now: int) -> AsyncIterator[Message]:
    """All after `since`, each once: those that are there, and what the feed has from `now` on.

    What is deleted before it is read is left out.
    """
    known = since
    has_more = now > since
    while True:
        while has_more:
            page, known, has_more = await older(known)
            for message in page:
                if not message.deleted:
                    yield message
        happened = await feed.next()
        if happened is None and not feed.has_lost:
            return
        if happened is None:
            feed.has_lost, has_more = False, True
        elif happened.data.seq > known:
            known = happened.data.seq
            yield happened.data
