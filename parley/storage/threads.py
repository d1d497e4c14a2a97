"""Threads that answer to an event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

_Call = tuple[Callable[[], Any], asyncio.Future[Any]]


class Threads:
    """A few threads for short calls that block.

    As an executor, without the second future and its locks for every call: here
    a call is a few dozen microseconds long.
    """

    def __init__(self, count: int, *, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def call(self, function: Callable[[], Any]) -> asyncio.Future[Any]:
        """What it gives or raises in one of the threads."""
        future = self._loop.create_future()
        self._calls.put((function, future))
        return future

    async def close(self) -> None:
        """Finish what was called. Nothing may be called any more."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        tell = self._loop.call_soon_threadsafe
        while (call := self._calls.get()) is not None:
            function, future = call
            if future.cancelled():
                continue
            try:
                result = function()
            except Exception as error:
                tell(_fail, future, error)
            else:
                tell(_succeed, future, result)


def _succeed(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
