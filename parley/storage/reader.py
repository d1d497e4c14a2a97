"""Reading: a thread for what is short, one for what is long, and connections that cannot write."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa

from parley.storage.gate import Gate
from parley.storage.prepared import execute
from parley.storage.threads import Threads

T = TypeVar("T")


class Reader:
    """Runs queries from its making to `close()`.

    Short ones one after the other: most of what they take is Python, which runs one at a time
    anyhow, and for each row they hand the interpreter to another. Four of them at once had the
    event loop wait twenty milliseconds for it.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._threads = Threads(1, name="parley-read")
        self._for_long = Threads(1, name="parley-long")
        self._gate = Gate()
        # Taking one from the engine's own pool costs as much as a query.
        self._idle: deque[sa.Connection] = deque()

    def submit(self, query: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """What the query gives; all of it sees one moment."""
        return self._threads.call(lambda: self._run(query))

    def search(self, query: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """The same, for what may take long: nobody else waits for it."""
        return self._for_long.call(lambda: self._run(query))

    def apart(self, call: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """The same outside a transaction, for what SQLite does in none."""
        return self._for_long.call(lambda: self._run(call, in_transaction=False))

    @contextlib.contextmanager
    def nobody(self) -> Iterator[None]:
        """Wait until nobody reads, and close every connection; nobody reads during the block."""
        with self._gate.none():
            self._let_go()
            yield

    async def close(self) -> None:
        await self._threads.close()
        await self._for_long.close()
        await asyncio.to_thread(self._let_go)

    def _run(self, query: Callable[[sa.Connection], T], *, in_transaction: bool = True) -> T:
        with self._gate.one():
            connection = self._take()
            try:
                result = _in_one_moment(connection, query) if in_transaction else query(connection)
            except sa.exc.DatabaseError:
                # It may be in any state: whoever is next takes another.
                _drop(connection)
                raise
            except BaseException:
                self._idle.append(connection)
                raise
            self._idle.append(connection)
            return result

    def _take(self) -> sa.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._engine.connect()

    def _let_go(self) -> None:
        while self._idle:
            _drop(self._idle.pop())
        self._engine.dispose()


def _in_one_moment(connection: sa.Connection, query: Callable[[sa.Connection], T]) -> T:
    # AUTOCOMMIT alone gives each statement a moment of its own.
    execute(connection, "BEGIN")
    try:
        return query(connection)
    finally:
        execute(connection, "ROLLBACK")


def _drop(connection: sa.Connection) -> None:
    connection.invalidate()
    connection.close()
