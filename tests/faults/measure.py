"""Counts that say what a message costs: `python -m tests.faults.measure` prints them.

A commit is counted in SQLite's write-ahead log, whose last frame of each
transaction is marked (https://www.sqlite.org/fileformat2.html#walformat). With
`synchronous=FULL` each is one fsync of that file; where strace is installed and
allowed, the fsyncs that the process asks the system for are counted beside it.
On PostgreSQL each transaction that writes is numbered in the process's row in `writers`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sqlite3
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tests.databases import ON_POSTGRESQL, beside
from tests.faults.clients import Client
from tests.faults.erasing import erasing
from tests.faults.talk import Talk, says, talk_at

WAL_HEADER = struct.Struct(">8I")
FRAME_HEADER = struct.Struct(">6I")
SENDERS = 50
SENDERS_SAY = 10
ONE_SAYS = 50
MISSED = 1_000


def empty_the_log(folder: Path) -> None:
    """Put what was committed into the database file, so that counting starts at nothing.

    On PostgreSQL it goes on from where it is.
    """
    if ON_POSTGRESQL:
        return
    with contextlib.closing(sqlite3.connect(folder / "parley.db", timeout=10)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy


def commits(folder: Path) -> int:
    """Transactions in the write-ahead log, since it was emptied or began anew."""
    if ON_POSTGRESQL:
        with beside(folder) as connection:
            # The one server that there is.
            return int(connection.execute("SELECT last FROM writers").fetchone()[0])
    log = (folder / "parley.db-wal").read_bytes()
    if not log:
        return 0
    _, _, page_bytes, _, *salts, _, _ = WAL_HEADER.unpack_from(log)
    found = 0
    for at in range(WAL_HEADER.size, len(log), FRAME_HEADER.size + page_bytes):
        _, pages_after_commit, *frame_salts, _, _ = FRAME_HEADER.unpack_from(log, at)
        if frame_salts != salts:
            break  # left over from before it began anew
        found += pages_after_commit > 0
    return found


class Syncs:
    """The fsyncs of a process while `counted`; `count` is None where they cannot be seen."""

    count: int | None = None

    @contextlib.asynccontextmanager
    async def counted(self, pid: int) -> AsyncIterator[None]:
        if shutil.which("strace") is None:
            yield
            return
        with tempfile.NamedTemporaryFile("r") as calls:
            wanted = ["-e", "trace=fsync,fdatasync", "-o", calls.name]
            strace = await asyncio.create_subprocess_exec(
                "strace", "-f", "-p", str(pid), *wanted, stderr=asyncio.subprocess.PIPE
            )
            assert strace.stderr is not None
            is_attached = b"attached" in await strace.stderr.readline()
            yield
            with contextlib.suppress(ProcessLookupError):
                strace.send_signal(signal.SIGINT)
            await strace.communicate()
            if is_attached:
                # A call that another thread interrupts is written in two lines.
                self.count = sum("sync(" in line for line in calls)


async def cost_of_one_sender(folder: Path) -> tuple[int, int | None]:
    """Commits, and fsyncs, for `ONE_SAYS` messages of somebody who waits for each answer."""
    async with talk_at(folder) as talk:
        await talk.opens("Ada")
        await talk.all_in()
        empty_the_log(folder)
        # The first write after it makes the log's header, with a sync of its own.
        await says(talk.clients[0], 1)
        before, syncs = commits(folder), Syncs()
        async with syncs.counted(talk.server.pid):
            await says(talk.clients[0], ONE_SAYS, window=1)
        return commits(folder) - before, syncs.count


async def commits_of_many_senders(folder: Path) -> int:
    """Commits for what `SENDERS` people say at once, each waiting for each answer."""
    async with talk_at(folder) as talk:
        room_id = await talk.opens("Ada")
        for number in range(SENDERS - 1):
            for client in await talk.joins(room_id, f"Ben {number}"):
                client.start()
        await talk.all_in()
        empty_the_log(folder)
        before = commits(folder)
        everybody = (says(client, SENDERS_SAY, window=1) for client in talk.clients)
        await asyncio.gather(*everybody)
        return commits(folder) - before


async def catching_up(folder: Path) -> dict[str, float]:
    """Seconds until somebody who missed `MISSED` messages has them, and for each way to ask."""
    async with talk_at(folder) as talk:
        await talk.opens("Ada", "Ben")
        ada, ben = talk.clients
        await talk.all_in()
        await says(ada, 1)
        await talk.settles()
        await ben.stop()
        await says(ada, MISSED, window=200)
        return {
            "join with since, 500 missed": await _join_s(talk, ben, MISSED + 1 - 500),
            "join with since, afresh": await _join_s(talk, ben, 1),
            "sync of 200": await _sync_s(talk, ada, pages=1),
            f"sync of all {MISSED:,}": await _sync_s(talk, ada, pages=MISSED // 200),
        }


async def _join_s(talk: Talk, client: Client, since: int) -> float:
    client.have = since
    client.start()
    await client.gets_in()
    client.cut()
    await client.gets_out()
    client.have = since
    took = await _timed(client, lambda: client.have == MISSED + 1)
    await client.stop()
    return took


async def _sync_s(talk: Talk, client: Client, *, pages: int) -> float:
    client.have, goal = MISSED + 1 - pages * 200, MISSED + 1
    client.held.clear()
    client._sync()
    return await _timed(client, lambda: client.have == goal)


async def _timed(client: Client, holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    await client.until(holds)
    return time.monotonic() - began


async def _print_all(folder: Path) -> None:
    once, syncs = await cost_of_one_sender(folder / "one")
    seen = "strace cannot be used here" if syncs is None else f"{syncs} fsyncs by strace"
    print(f"One sender, {ONE_SAYS} messages: {once} commits, {seen}")
    many = await commits_of_many_senders(folder / "many")
    said = SENDERS * SENDERS_SAY
    print(f"{SENDERS} senders, {said} messages: {many} commits, {said / many:.1f} messages each")
    for what, took_s in (await catching_up(folder / "late")).items():
        print(f"Catching up, {what}: {took_s * 1_000:.0f} ms")
    for line in await erasing(folder / "erased"):
        print(line)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_print_all(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
