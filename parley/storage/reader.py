"""Reading: a thread for what is short, one for what is long, and connections that cannot write."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa

from parley import causes
from parley.storage.gate import Gate
from parley.storage.prepared import execute
from parley.storage.threads import Threads

T = TypeVar("T")


def _begin(connection: sa.Connection) -> None:
    execute(connection, "BEGIN")


class Reader:
    """Runs queries from its making to `close()`.

    Short ones one after the other: most of what they take is Python, which runs one at a time
    anyhow, and for each row they hand the interpreter to another. Four of them at once had the
    event loop wait twenty milliseconds for it.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        threads: int = 1,
        begin: Callable[[sa.Connection], None] = _begin,
        is_alive: Callable[[sa.Connection], bool] | None = None,
        is_broken: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        """`begin` begins a transaction that sees one moment.

        Where connections break, `is_alive` is asked before one that lay idle is used, and what
        failed because of a connection that `is_broken` is asked once more on another.
        """
        self._engine = engine
        self._begin = begin
        self._is_alive = is_alive
        self._is_broken = is_broken
        self._threads = Threads(threads, name="parley-read")
        self._for_long = Threads(1, name="parley-long")
        self._gate = Gate()
        # Taking one from the engine's own pool costs as much as a query.
        self._idle: deque[sa.Connection] = deque()

    def submit(self, query: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """What the query gives; all of it sees one moment."""
        cause = causes.now()
        return self._threads.call(lambda: self._run(query, cause))

    def search(self, query: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """The same, for what may take long: nobody else waits for it."""
        cause = causes.now()
        return self._for_long.call(lambda: self._run(query, cause))

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

    def _run(
        self,
        query: Callable[[sa.Connection], T],
        cause: causes.Cause = None,
        *,
        in_transaction: bool = True,
    ) -> T:
        causes.current.set(cause)
        try:
            return self._run_once(query, in_transaction=in_transaction)
        except sa.exc.DBAPIError as error:
            if not self._is_broken(error):
                raise
        return self._run_once(query, in_transaction=in_transaction)

    def _run_once(self, query: Callable[[sa.Connection], T], *, in_transaction: bool) -> T:
        with self._gate.one():
            connection = self._take()
            run = self._in_one_moment if in_transaction else _as_it_is
            try:
                result = run(connection, query)
            except sa.exc.DatabaseError:
                # It may be in any state: whoever is next takes another.
                _drop(connection)
                raise
            except BaseException:
                self._idle.append(connection)
                raise
            self._idle.append(connection)
            return result

    def _in_one_moment(self, connection: sa.Connection, query: Callable[[sa.Connection], T]) -> T:
        # AUTOCOMMIT alone gives each statement a moment of its own.
        self._begin(connection)
        try:
            return query(connection)
        finally:
            execute(connection, "ROLLBACK")

    def _take(self) -> sa.Connection:
        try:
            while True:
                connection = self._idle.pop()
                if self._is_alive is None or self._is_alive(connection):
                    return connection
                _drop(connection)
        except IndexError:
            return self._engine.connect()

    def _let_go(self) -> None:
        while self._idle:
            _drop(self._idle.pop())
        self._engine.dispose()


def _as_it_is(connection: sa.Connection, query: Callable[[sa.Connection], T]) -> T:
    return query(connection)


def _drop(connection: sa.Connection) -> None:
    connection.invalidate()
    connection.close()
