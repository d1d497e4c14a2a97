"""The real domain for a test without coroutines: a database, a bus, and a loop to steer."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa

from parley.bus.local import LocalBus
from parley.domain import participants
from parley.domain.context import Context
from parley.domain.presence import Presence
from parley.records import Event
from parley.secret import Secret
from parley.storage.sqlite.database import SqliteDatabase
from tests.databases import database_in
from tests.domain.conftest import Clock

T = TypeVar("T")
P = ParamSpec("P")
GRACE_S = 10.0
SECRET = Secret(b"kept over every start")


class SteeredLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward, so that no timer is waited for."""

    ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_s


class World:
    def __init__(self, empty: Path) -> None:
        self.clock = Clock()
        self.told: list[Event] = []
        self._loop = SteeredLoop()
        self._folder = Path(tempfile.mkdtemp())
        shutil.copytree(empty, self._folder, dirs_exist_ok=True)
        self.context = self._started()

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def calls(self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """The same for a function that needs a running loop."""

        async def call() -> None:
            function(*args, **kwargs)

        self.does(call())

    def time_passes(self, seconds: int) -> None:
        """If it is longer than the grace, those who are missed are gone, and told so."""
        self.clock.goes_on(timedelta(seconds=seconds))
        if seconds > GRACE_S:
            self._loop.ahead_s += seconds
        self.does(self._all_done())

    async def _all_done(self) -> None:
        due = self._loop.create_future()
        self._loop.call_later(0, due.set_result, None)  # after every timer that is due
        await due
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*(task for task in others if task.get_name() != "parley-writer"))

    def starts_again(self) -> None:
        self._stop()
        self.context = self._started()

    def ends(self) -> None:
        self._stop()
        self._loop.close()
        shutil.rmtree(self._folder)

    def _started(self) -> Context:
        database, bus = database_in(self._folder), LocalBus()
        if isinstance(database, SqliteDatabase):
            # No power is cut here: nothing need be synced.
            sa.event.listen(database._writes, "connect", _without_syncs)
        bus.subscribe(self.told.append)
        context = Context(database, bus, Presence(), GRACE_S, self.clock, SECRET.tag)
        self.does(database.open())
        self.does(participants.forget_sockets(context))
        return context

    def _stop(self) -> None:
        self.context.presence.close()
        self.does(self.context.database.close())


def _without_syncs(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")
