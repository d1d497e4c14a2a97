"""`python -m bench --databases`: how fast conversations move between SQLite and PostgreSQL, and
what a join costs PostgreSQL.

CPU is counted beside the time: a busy machine takes longer, and uses the same. Statements are
counted in a run of their own, as PostgreSQL's counting costs something.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import cluster, engines, machine
from bench.crowd import Crowd, crowd
from bench.filling import fill
from bench.servers import ROOT, Missing, Parley

MESSAGES, QUICK_MESSAGES = 1_000_000, 20_000
IN_EACH = 10_000
"""Messages of a conversation."""
WORDS = (
    "and",
    "so",
    "we",
    "went",
    "down",
    "to",
    "the",
    "river",
    "where",
    "an",
    "old",
    "mill",
    "stood",
)
ROOMS, QUICK_ROOMS = 200, 20
PEOPLE = 4
LEFT_WITHIN_S = 90.0
"""Ten seconds after their connection is gone people have left; a busy server needs longer."""
COUNTS_STATEMENTS = "shared_preload_libraries = 'pg_stat_statements'\n"
_CALLS = (
    "SELECT sum(calls) FROM pg_stat_statements"
    " WHERE query !~* '^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)'"
)
_COMMITS = (
    "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
)


def measure(*, is_quick: bool) -> None:
    """Print both."""
    print(f"{machine.describe()}\n")
    _moves(QUICK_MESSAGES if is_quick else MESSAGES)
    print()
    rooms = QUICK_ROOMS if is_quick else ROOMS
    _print_joins(
        rooms, _joined(rooms, counts_statements=False), _joined(rooms, counts_statements=True)
    )


# --- moving ---


def _moves(messages: int) -> None:
    """There, and back into another folder."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-moving-") as scratch,
        engines.postgresql() as own,
    ):
        url, postmaster = own
        data = Path(scratch, "data")
        size = _filled(data, messages)
        print(
            f"{messages:,} messages in {messages // IN_EACH} conversations, {size / 2**20:.0f} MiB"
        )
        _move("SQLite to PostgreSQL", str(data), url, postmaster)
        _move("PostgreSQL to SQLite", url, str(Path(scratch, "back")), postmaster)


def _filled(data: Path, messages: int) -> int:
    """A data folder with so many messages, of about sixty characters; the size of its database."""
    chance = random.Random(7)
    with contextlib.contextmanager(_served)(data) as make_rooms:
        rooms = make_rooms(messages // IN_EACH)
    database = data / "parley.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        for room_id in rooms:
            said = (" ".join(chance.choices(WORDS, k=12)) for _ in range(IN_EACH))
            fill(connection, room_id, said, last_at=datetime.now(UTC))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.stat().st_size


def _served(data: Path) -> Iterator[Callable[[int], list[str]]]:
    """Parley on a new folder; what makes rooms there."""
    kind = Parley()
    command = [sys.executable, "-m", "parley", "serve", "--port", "0", "--data", str(data)]
    with cluster._started(command, ROOT, kind.environ()) as process:
        port = cluster._port(process)
        yield lambda count: kind.make_rooms(port, count)


def _move(way: str, source: str, target: str, postmaster: int) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    theirs = _used_by_family_s(postmaster)
    began = time.perf_counter()
    moved = subprocess.run(
        [sys.executable, "-m", "parley", "move-data", source, target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    took_s = time.perf_counter() - began
    if moved.returncode:
        raise Missing(moved.stderr.strip())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The one that served it has ended, and is counted with the one that all come from.
    theirs = _used_by_family_s(postmaster) - theirs
    rows = int(moved.stdout.rpartition("Moved ")[2].partition(" row")[0].replace(",", ""))
    print(
        f"{way}: {rows:,} rows in {took_s:.1f} s, {rows / took_s:,.0f} a second; CPU: parley "
        f"{own_s:.1f} s, PostgreSQL {theirs:.1f} s"
    )


def _used_by_family_s(pid: int) -> float:
    """CPU of a process, of those it started, and of those that have ended (proc(5), stat)."""
    total = 0.0
    for each in cluster.family(pid):
        with contextlib.suppress(FileNotFoundError):
            total += machine.cpu_s(each)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return total + (int(fields[13]) + int(fields[14])) / machine.TICKS_A_SECOND


# --- joins ---


@dataclass
class Cost:
    """Of what so many people did, each."""

    cpu_us: dict[str, float]
    commits: float
    statements: float


def _joined(rooms: int, *, counts_statements: bool) -> dict[str, Cost]:
    """Everybody comes for the first time, leaves as their connection goes, and comes back twice
    with their token.
    """
    more = COUNTS_STATEMENTS if counts_statements else ""
    import psycopg  # an extra, which only this needs

    with (
        contextlib.contextmanager(cluster.parley)(1, has_redis=True, more=more) as started,
        psycopg.connect(started.database, autocommit=True) as own,
    ):
        if counts_statements:
            own.execute("CREATE EXTENSION pg_stat_statements")
        return asyncio.run(_all_come(started, own, rooms))


async def _all_come(started: cluster.Started, own: Any, rooms: int) -> dict[str, Cost]:
    costs = {}
    people_count = rooms * PEOPLE
    room_ids = started.make_rooms(rooms)

    @contextlib.asynccontextmanager
    async def costing(what: str) -> AsyncIterator[None]:
        await asyncio.sleep(2.0)  # PostgreSQL counts a second behind
        before = _counted(started, own)
        yield
        await asyncio.sleep(2.0)
        after = _counted(started, own)
        each = {name: (after[name] - count) / people_count for name, count in before.items()}
        commits, statements = each.pop("commits"), each.pop("statements")
        costs[what] = Cost({name: 1e6 * cost for name, cost in each.items()}, commits, statements)

    async with crowd() as people:
        async with costing("comes for the first time"):
            await people.join(started.ports, room_ids, PEOPLE)
        _require_all(people, people_count)
        before = people.clients
        async with costing("leaves"):
            people.leave()
            await _all_have_left(own)
    # Only the first time the token's use is noted.
    for what in ("comes back for the first time", "comes back"):
        async with crowd() as people:
            async with costing(what):
                await people.come_back(started.ports, before)
            _require_all(people, people_count)
            before = people.clients
            people.leave()
            await _all_have_left(own)
    return costs


def _require_all(people: Crowd, count: int) -> None:
    if len(people.clients) != count:
        raise Missing(f"{people.refused} people were refused: {dict(people.refusals)}.")


async def _all_have_left(own: Any) -> None:
    until = time.monotonic() + LEFT_WITHIN_S
    while own.execute("SELECT 1 FROM presences LIMIT 1").fetchone():
        if time.monotonic() > until:
            raise Missing("Not everybody has left.")
        await asyncio.sleep(0.5)


def _counted(started: cluster.Started, own: Any) -> dict[str, float]:
    counted = {name: cluster.used_s(pids()) for name, pids in started.groups.items()}
    [(commits,)] = own.execute(_COMMITS).fetchall()
    counted["commits"] = commits
    counted["statements"] = 0
    if own.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'").fetchone():
        [(calls,)] = own.execute(_CALLS).fetchall()
        counted["statements"] = float(calls)
    return counted


def _print_joins(rooms: int, cpu: dict[str, Cost], counted: dict[str, Cost]) -> None:
    print(
        f"{rooms * PEOPLE} people in rooms of {PEOPLE}, 50 at a time, one process with Redis: each"
    )
    for what, cost in cpu.items():
        told = ", ".join(f"{name} {us:.0f} µs" for name, us in sorted(cost.cpu_us.items()))
        print(
            f"  {what:30} CPU: {told}; {counted[what].statements:.1f} statements in "
            f"{counted[what].commits:.1f} transactions"
        )
