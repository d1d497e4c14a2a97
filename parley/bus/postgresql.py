"""Hints by PostgreSQL's LISTEN and NOTIFY, on connections of their own: a cluster without Redis.

Not within the transactions that store: a NOTIFY takes a lock of the whole server as it commits, and
from eight writers on that halves what they store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import psycopg

from parley.bus import CarrierFailed

CHANNEL = "parley_hints"
ANSWER_WITHIN_S = 2.0
SILENT_S = 5.0
"""Every process says something each second: who hears nothing for so long has no connection."""
_FAULTS = (psycopg.Error, OSError, TimeoutError)


class PostgreSQLCarrier:
    longest = 7_900  # it takes 8,000 bytes
    gather_s = 0.005

    def __init__(self, conninfo: str, *, channel: str = CHANNEL) -> None:
        self._conninfo, self._channel = conninfo, channel
        self._sending: psycopg.AsyncConnection | None = None

    async def send(self, texts: list[str]) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                if self._sending is None:
                    self._sending = await self._connect()
                # Not as one array: the driver looks for every quote in it by itself, which took
                # as long as all else that a message costs the event loop.
                notify = "SELECT " + ", ".join(["pg_notify(%s, %s)"] * len(texts))
                given = [each for text in texts for each in (self._channel, text)]
                await self._sending.execute(notify, given)
        except _FAULTS as error:
            await self.close()
            raise _failure(error) from error

    async def receive(self, ready: Callable[[], None], took: Callable[[str], None]) -> None:
        connection = None
        try:
            async with asyncio.timeout(2 * ANSWER_WITHIN_S):
                connection = await self._connect()
                await connection.execute(
                    psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel))
                )
            ready()
            while True:
                is_silent = True
                async for notice in connection.notifies(timeout=SILENT_S):
                    is_silent = False
                    if notice.channel == self._channel:
                        took(notice.payload)
                if is_silent:
                    raise TimeoutError
        except _FAULTS as error:
            raise _failure(error) from error
        finally:
            await _let_go(connection)

    async def close(self) -> None:
        connection, self._sending = self._sending, None
        await _let_go(connection)

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=None,  # there may be a PgBouncer
            connect_timeout=int(ANSWER_WITHIN_S),
            application_name="parley hints",
            client_encoding="UTF8",
        )


async def _let_go(connection: psycopg.AsyncConnection | None) -> None:
    if connection is not None:
        with contextlib.suppress(*_FAULTS):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await connection.close()


def _failure(error: BaseException) -> CarrierFailed:
    why = "does not answer" if isinstance(error, TimeoutError) else "fails: " + _line(error)
    return CarrierFailed(f"PostgreSQL {why}")


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
