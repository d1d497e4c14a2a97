"""The database in the data folder: whole, of this version, and its log not too long."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import quote

from parley.config import in_words
from parley.doctor.clock import CLOCK, span
from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.doctor.versions import of_moves, of_revision
from parley.storage.folder import NAME, sizes

CHECK = "database"
READ_THROUGH_WITHIN_S = 30.0
LOG_MAX_BYTES = 500 * 10**6
AHEAD_MAX_S = 120.0
_LEAST = datetime(2025, 1, 1, tzinfo=UTC)
"""No clock that is right says less."""


def look(look: Look) -> Iterator[Finding]:
    config = look.config
    if config.database_url:
        return
    path = config.data / NAME
    if not path.is_file():
        yield skip(CHECK, f"There is no database in {config.data} yet; the first start makes one.")
        return
    name = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=5, check_same_thread=False)) as own:
            yield from of_revision(_revision(own))
            if _has_table(own, "facts"):
                yield from of_moves(str(name) for (name,) in own.execute("SELECT name FROM facts"))
            yield from _newest(own)
            yield from _whole(own)
    except sqlite3.Error as error:
        yield fail(
            CHECK,
            f"{path} can't be read: {error}.",
            "Stop the server, keep its folder, and restore the last backup: parley restore.",
        )
        return
    log_bytes = sizes(config.data).get("log", 0)
    if log_bytes > LOG_MAX_BYTES:
        yield warn(
            CHECK,
            f"The write-ahead log has grown to {in_words(log_bytes)}: something has been reading "
            "the database for a long time.",
            "Look for a backup program or an sqlite3 that has it open. A restart empties the log.",
        )


def _revision(own: sqlite3.Connection) -> str | None:
    if not _has_table(own, "alembic_version"):
        return None
    row = own.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _has_table(own: sqlite3.Connection, name: str) -> bool:
    found = own.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", [name])
    return found.fetchone() is not None


def _newest(own: sqlite3.Connection) -> Iterator[Finding]:
    now = datetime.now(UTC)
    if now < _LEAST:
        yield fail(
            CLOCK,
            f"This machine's clock says {now:%Y-%m-%d}, which is long past.",
            "Set it, and keep it right by NTP (timedatectl set-ntp true).",
        )
        return
    if not _has_table(own, "conversations"):
        return
    newest = own.execute("SELECT max(last_activity_at) FROM conversations").fetchone()[0]
    ahead_s = (newest or 0) / 1000 - now.timestamp()
    if ahead_s > AHEAD_MAX_S:
        yield fail(
            CLOCK,
            f"Something was stored {span(ahead_s)} from now: this machine's clock is slow, or was "
            "fast.",
            "Set it, and keep it right by NTP; --today confirms it to the server.",
        )
    else:
        yield ok(CLOCK, "This machine's clock agrees with what is stored.")


def _whole(own: sqlite3.Connection) -> Iterator[Finding]:
    """Read through all of it, as far as there is time."""
    timer = threading.Timer(READ_THROUGH_WITHIN_S, own.interrupt)
    timer.daemon = True
    timer.start()
    try:
        found = own.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        yield skip(
            CHECK,
            "The database is too large to be read through within "
            f"{READ_THROUGH_WITHIN_S:.0f} seconds; what was read is in order.",
        )
        return
    finally:
        timer.cancel()
    if found == "ok":
        yield ok(CHECK, "SQLite has read the database through, and found it in order.")
    else:
        yield fail(
            CHECK,
            f"The database is damaged: {str(found).splitlines()[-1]}.",
            "Stop the server, keep its folder, and restore the last backup: parley restore.",
        )
