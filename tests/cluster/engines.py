"""PostgreSQL and Redis of our own, to be stopped and paused, and a way to them that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests import databases
from tests.cluster.network import Namespace
from tests.servers import free_port

SETTINGS = {
    # A crash of it loses nothing that was acknowledged; the machine's own crash is no matter here.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "600",
    "deadlock_timeout": "100ms",
    "log_lock_waits": "off",
}
STARTS_WITHIN_S = 30.0


class Postgresql:
    """A server with one database."""

    def __init__(self, folder: Path, namespace: Namespace | None = None) -> None:
        settings = SETTINGS
        if namespace is not None:
            settings = {**SETTINGS, "listen_addresses": "'*'"}
        self._server = databases.Server(folder, **settings)
        self._namespace = namespace
        self.socket = folder / ".s.PGSQL.5432"

    def start(self) -> None:
        self._server.make()
        if self._namespace is not None:
            self._server._as = [*self._namespace.prefix, *self._server._as]
            with (self._server.folder / "data" / "pg_hba.conf").open("a") as file:
                file.write("host all all 198.18.0.0/15 trust\n")
        self._server.start()
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE talk")

    def url(self, port: int | None = None, host: str = "127.0.0.1") -> str:
        """By its socket, or by a port that leads to it."""
        if port is None:
            return self._server.url("talk")
        return f"postgresql://parley@{host}:{port}/talk"

    def stop(self) -> None:
        """As a crash would."""
        self._server.stop()

    def start_again(self) -> None:
        self._server.start()

    def end(self) -> None:
        self._server.remove()

    @contextlib.contextmanager
    def beside(self) -> Iterator[Any]:
        """A connection of a test's own."""
        with psycopg.connect(self.url()) as connection:
            yield databases.Beside(connection)


class Redis:
    """A server on a port, keeping nothing."""

    def __init__(self, folder: Path, namespace: Namespace | None = None) -> None:
        self.port = free_port()
        self.host = "127.0.0.1"
        """By which it is reached from here."""
        self._folder = folder
        self._prefix = [] if namespace is None else namespace.prefix
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, "Debian: apt-get install redis-server"
        self._folder.mkdir(parents=True, exist_ok=True)
        flags = (
            "--port",
            str(self.port),
            "--bind",
            "0.0.0.0" if self._prefix else "127.0.0.1",
            "--protected-mode",
            "no",
            "--save",
            "",
            "--appendonly",
            "no",
        )
        self._process = subprocess.Popen(
            [*self._prefix, program, *flags, "--dir", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert time.monotonic() < until, "Redis did not start"
            assert self._process.poll() is None, "Redis ended"

    def _answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((self.host, self.port), 1) as it,
        ):
            it.settimeout(1)
            it.sendall(b"PING\r\n")
            return it.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        if self._process is not None:
            self.go_on()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class Way:
    """A port that leads to another one. While it is cut nothing passes, and nobody is told."""

    def __init__(self, to: int | Path) -> None:
        """To a port of this machine, or a socket in a folder."""
        self.port = 0
        self._to = to
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", free_port())
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        self._is_open.clear()

    def heal(self) -> None:
        self._is_open.set()

    async def end(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there: asyncio.StreamWriter | None = None
        try:
            await self._is_open.wait()
            if isinstance(self._to, Path):
                back, there = await asyncio.open_unix_connection(self._to)
            else:
                back, there = await asyncio.open_connection("127.0.0.1", self._to)
            ways = [
                asyncio.ensure_future(self._pump(reader, there)),
                asyncio.ensure_future(self._pump(back, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in (there, writer):
                if each is not None:
                    each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._is_open.wait()
            writer.write(data)
            await writer.drain()
