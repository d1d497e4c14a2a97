"""`parley serve --workers N`: from the first worker to the last goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Coroutine, Sequence

from parley import logs
from parley.config import Config
from parley.errors import AddressUnusable, OutputUnusable, WorkersUnusable
from parley.greeting import greet, warn_of_unknown
from parley.loop import run
from parley.systemd import ServiceManager
from parley.terminal import say
from parley.wire import listening, signals
from parley.workers import channel
from parley.workers.supervisor import FirstWorkerFailed, Supervisor


def supervise(config: Config, arguments: Sequence[str]) -> None:
    """Serve by `config.workers` processes, each started by `arguments`, until a signal.

    Raises `StartupError`s, and `SystemExit` where the first worker has said why it cannot start.
    """
    if not config.database_url:
        raise WorkersUnusable(
            f"--workers {config.workers} needs PostgreSQL, as several processes can't share the "
            "database in the data folder: give --database-url "
            "postgresql://user:password@host/name. `parley move-data` brings the conversations "
            "you have there."
        )
    try:
        run(_supervise(config, arguments))
    except channel.NoSuchSockets as error:
        raise WorkersUnusable(
            "This system has no way to hand connections to several workers: serve without "
            "--workers, or on Linux."
        ) from error
    except FirstWorkerFailed as error:
        sys.exit(error.code)


async def _supervise(config: Config, arguments: Sequence[str]) -> None:
    logs.log_to(sys.stderr, config.log_level)
    warn_of_unknown(os.environ)
    with contextlib.suppress(listening.TooFewFiles):  # the first worker will say so
        listening.room_for(config.max_connections)
    try:
        sockets = listening.listen(config.host, config.port)
    except listening.CannotListen as error:
        raise AddressUnusable(str(error)) from error
    manager = ServiceManager.asking(os.environ)
    supervisor = Supervisor(config.workers, sockets, arguments)

    def roll() -> None:
        manager.reloading()
        supervisor.roll(manager.ready)

    stop = signals.stop_on_signals(roll, at_once=supervisor.kill)
    try:
        async with manager.watching():
            said = await _unless(stop, supervisor.start())
            if said is not None:
                greet(config, sockets, *said.splitlines(), f"{config.workers} workers answer.")
                manager.ready()
                await stop.wait()
            manager.stopping()
    finally:
        await supervisor.stop()
    with contextlib.suppress(OutputUnusable):  # a terminal that closed is why it stops
        say("Parley has stopped.")


async def _unless(stop: asyncio.Event, starting: Coroutine[None, None, str]) -> str | None:
    """What came of it; None where we are stopped before."""
    begun = asyncio.ensure_future(starting)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([begun, stopped], return_when=asyncio.FIRST_COMPLETED)
        return begun.result() if begun.done() else None
    finally:
        for each in (begun, stopped):
            each.cancel()
