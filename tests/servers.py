"""Real servers: one in this process on a free port, or `parley serve` in its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import signal
import socket
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from parley.app import Parley, create_app
from parley.config import Config
from parley.storage import folder
from parley.storage.migrate import migrate
from parley.wire import listening, serving
from parley.wire.certificate import Certificate
from tests import databases
from tests.forking import Forked
from tests.generous import ENVIRON

START_WITHIN_S = 50.0
"""A busy machine takes half a minute to load all that is imported."""
STOP_WITHIN_S = 45.0
FIRST_PORT, FIRST_OF_MOST_SYSTEMS = 10_000, 32_768
PORTS_OF_THE_SYSTEM = Path("/proc/sys/net/ipv4/ip_local_port_range")
SAID = (
    "People reach it at ",
    "On your network: ",
    "Conversations are kept in ",
    "Files are kept in ",
    "Metrics are shown at ",
    "Parley has stopped.",
)
"""How the lines begin that every server writes to its terminal."""


@dataclass(frozen=True)
class Running:
    """A server in this process, on a real socket."""

    app: Parley
    url: str


def free_port() -> int:
    """A port of this machine that nobody listens on, and that the system gives to nobody by itself.

    It would soon give one of its own to any connection of another test, or to a server of it.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(first_of_the_system() - FIRST_PORT)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def first_of_the_system() -> int:
    """The first of the ports that connections are given, and servers that ask for any."""
    try:
        return int(PORTS_OF_THE_SYSTEM.read_text().split()[0])
    except FileNotFoundError:
        return FIRST_OF_MOST_SYSTEMS


@contextlib.asynccontextmanager
async def running(
    config: Config, *, plain: bool = False, certificate: Certificate | None = None
) -> AsyncIterator[Running]:
    """Parley on a free port of 127.0.0.1, until the block ends.

    `plain`: as one ASGI app among others, where Hypercorn speaks WebSocket for us. With a
    `certificate`, over TLS.
    """
    app = create_app(config)
    await app.open()
    sockets = listening.listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    stop = asyncio.Event()

    async def served(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    task = asyncio.create_task(
        serving.serve(
            served if plain else app,
            sockets,
            stop=stop,
            drain=app.drain,
            max_connections=config.max_connections,
            certificate=certificate,
        )
    )
    try:
        yield Running(app, f"{'https' if certificate else 'http'}://127.0.0.1:{port}")
    finally:
        stop.set()
        await task
        await app.close()


@functools.cache
def first_database() -> bytes:
    """The file that a first start makes: once, since most tests begin there."""
    with tempfile.TemporaryDirectory() as made:
        engine = sa.create_engine(folder.database_url(Path(made)), isolation_level="AUTOCOMMIT")
        migrate(engine)
        engine.dispose()
        with contextlib.closing(sqlite3.connect(Path(made, folder.NAME))) as connection, connection:
            databases.as_after_a_start(databases.Beside(connection))
        return Path(made, folder.NAME).read_bytes()


def begin_folder(data: Path) -> None:
    """Make a folder as a first start would."""
    data.mkdir(mode=0o700, parents=True)
    if databases.ON_POSTGRESQL:
        databases.url_of(data)
        return
    database = data / folder.NAME
    database.touch(folder.MODE)
    database.write_bytes(first_database())


class Process:
    """`parley serve` as people run it. `url` is what it says of itself.

    Where there is no folder yet, it has been started before and nothing was done; a test of a
    first start makes an empty one.
    """

    def __init__(self, data: Path, *flags: str, environ: dict[str, str] | None = None) -> None:
        self._data = data
        self._arguments = ["serve", "--data", str(data), *flags]
        self._environ = {**os.environ, **ENVIRON, **(environ or {})}
        self._running: Forked | None = None
        self.url = ""

    def start(self) -> None:
        """Returns once it listens: it says so only then."""
        if not self._data.exists():
            begin_folder(self._data)
        environ = {**databases.environ_of(self._data), **self._environ}
        self._running = Forked(self._arguments, env=environ)
        line = self._running.stdout.readline().decode()
        if " at http" not in line:
            raise AssertionError(f"did not start: {line!r} {self._running.communicate()!r}")
        self.url = line.split(" at ")[1].split()[0]

    def stop(
        self, signal_number: int = signal.SIGTERM, within_s: float = STOP_WITHIN_S
    ) -> tuple[int, str]:
        """End it by signal; its exit code, and what it wrote that it need not have."""
        assert self._running is not None
        self._running.send_signal(signal_number)
        output, errors = self._running.communicate(timeout=within_s)
        code = self._running.wait()
        self._running = None
        lines = output.decode().splitlines()
        unexpected = [line for line in lines if not line.startswith(SAID)]
        return code, "\n".join(unexpected) + errors.decode()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._running is not None


@contextlib.contextmanager
def process(data: Path, *flags: str, environ: dict[str, str] | None = None) -> Iterator[Process]:
    """`parley serve` in its own process, on a free port unless `flags` say otherwise."""
    started = Process(data, *(flags or ("--port", "0")), environ=environ)
    started.start()
    try:
        yield started
    finally:
        if started.is_running:
            started.stop(signal.SIGKILL)
