"""`parley serve --workers` on a PostgreSQL of its own, and a look at its processes from outside."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.cluster.engines import Postgresql
from tests.faults.clients import Client
from tests.faults.server import Server
from tests.faults.talk import Talk
from tests.faults.verify import Stored, read_from
from tests.servers import START_WITHIN_S

ESTABLISHED = "01"
STARTED = re.compile(r"event='worker_started' worker=(\d+) pid=(\d+)")


class Workers(Talk):
    """People who talk at several workers."""

    def __init__(self, folder: Path, *flags: str, workers: int = 2, note: str = "") -> None:
        self.postgresql = Postgresql(folder / "postgresql")
        self.log = folder / "server.log"
        self._begin = ("--workers", str(workers), *flags)
        super().__init__(Server(folder / "data", log=self.log), note)
        self.server.starts_within_s = (1 + workers) * START_WITHIN_S

    async def begin(self) -> None:
        self.postgresql.start()
        url = self.postgresql.url()
        self.server._flags = ("--database-url", url, *self._begin)
        await super().begin()

    async def end(self) -> None:
        try:
            await super().end()
        finally:
            self.postgresql.end()

    def stored(self) -> dict[str, Stored]:
        with self.postgresql.beside() as connection:
            return read_from(connection)

    # --- the processes ---

    def logged(self, event: str) -> list[str]:
        """The lines of an event, so far."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if f"event='{event}'" in line]

    def started(self) -> list[int]:
        """The process ids of all workers that there ever were."""
        return [int(found[2]) for found in STARTED.finditer(self.log.read_text())]

    def running(self) -> list[int]:
        return [pid for pid in self.started() if is_running(pid)]

    def serving(self) -> list[int]:
        """Those that have connections."""
        return [pid for pid in self.running() if connections(pid, self.port)]

    @property
    def port(self) -> int:
        return int(self.server.url.rsplit(":", 1)[1])

    def lines(self) -> dict[str, Any]:
        """What each client's connection is, to see later which were cut."""
        return {client.name: client._serving for client in self.clients}

    def kept(self, lines: dict[str, Any]) -> list[Client]:
        """The clients that are still on the connection they had."""
        return [
            client
            for client in self.clients
            if client._serving is lines[client.name] and not client._serving.done()
        ]


@contextlib.asynccontextmanager
async def workers_at(folder: Path, *flags: str, **options: Any) -> AsyncIterator[Workers]:
    talk = Workers(folder, *flags, **options)
    try:
        await talk.begin()
        yield talk
    except BaseException as error:
        with contextlib.suppress(OSError):
            error.add_note(talk.log.read_text()[-4_000:])
        raise
    finally:
        pids = talk.running()
        await talk.end()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def connections(pid: int, port: int) -> int:
    """How many of a port a process has open."""
    inodes = set()
    for family in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == ESTABLISHED:
                    inodes.add(f"socket:[{fields[9]}]")
    found = 0
    for file in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            found += os.readlink(file) in inodes
    return found
