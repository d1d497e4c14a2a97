"""`parley serve` in its own process, for treatment that no server should get."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from tests.databases import environ_of
from tests.forking import Forked
from tests.generous import ENVIRON
from tests.servers import START_WITHIN_S, STOP_WITHIN_S


class Server:
    """On one data folder and, once it has one, one port, however often it starts."""

    def __init__(self, folder: Path, *flags: str, log: Path | None = None) -> None:
        self.folder = folder
        self.url = ""
        self.log = log or folder.parent / "server.log"
        """What it says on stderr: in a file, since a pipe that nobody empties would stop it."""
        self.starts_within_s = START_WITHIN_S
        self._flags = flags
        self._port = "0"
        self._process: Forked | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Returns once it listens."""
        await asyncio.wait_for(asyncio.to_thread(self._start), self.starts_within_s)

    def _start(self) -> None:
        serve = ["serve", "--host", "127.0.0.1", "--port", self._port]
        with self.log.open("a") as log:
            self._process = Forked(
                [*serve, "--data", str(self.folder), *self._flags],
                env={**os.environ, **ENVIRON, **environ_of(self.folder)},
                stderr=log,
            )
        line = self._process.stdout.readline().decode()
        if " is at " not in line:
            raise AssertionError(f"did not start: {self.log.read_text()}")
        self.url = line.split(" is at ")[1].split()[0]
        self._port = self.url.rsplit(":", 1)[1]

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """At this very instant; the system lets it write what it has given the system to write."""
        self.signal(signal.SIGKILL)

    async def ends(self, within_s: float = STOP_WITHIN_S) -> int:
        """Its exit code."""
        assert self._process is not None
        code = await asyncio.to_thread(self._process.wait, within_s)
        self._process.stdout.close()
        self._process = None
        return code

    async def cleaned_up(self) -> None:
        """End it, if it still runs."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.kill()
            await self.ends()
