"""Backups of a PostgreSQL database by its own tools, with the files in the data folder."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from parley.errors import BackupFailed, DatabaseTooNew, RestoreFailed, StartupError
from parley.files.copies import copy_files
from parley.files.store import FILES, UPLOADS
from parley.storage import restoring, secret_file
from parley.storage.backup import Backup, being_made, files_beside, sync_file
from parley.storage.folder import make_folder, sync_names
from parley.storage.migrate import NEWEST, is_known
from parley.storage.postgresql.connections import is_pooled
from parley.storage.restoring import Restored

_OF_SERVERS = ("uploads", "processes", "presences", "leases", "writers")
"""Tables whose rows mean nothing once they are restored."""
_SENT = "SELECT file_id, size FROM files WHERE seq IS NOT NULL ORDER BY id"


def back_up(url: str, folder: Path, target: Path, *, with_files: bool) -> Backup:
    """Save it to the new file `target`, and its files beside it, all as of one moment.

    Raises `BackupFailed`.
    """
    try:
        with being_made(folder, target) as unfinished:
            with psycopg.connect(url) as own:
                _require_server(own, BackupFailed)
                _require_tool("pg_dump", own, BackupFailed)
                own.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                # Our transaction stands still until the tool has ended.
                own.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                [snapshot, conversations, messages] = own.execute(
                    "SELECT pg_export_snapshot(), (SELECT count(*) FROM conversations), "
                    "(SELECT count(*) FROM messages)"
                ).fetchone() or (None, 0, 0)
                sizes: dict[str, int] = dict(own.execute(_SENT).fetchall())
                left_out = [f"--exclude-table-data={each}" for each in _OF_SERVERS]
                _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                     f"--snapshot={snapshot}", *left_out, f"--file={unfinished}",
                     failed=BackupFailed)  # fmt: skip
            # Read through to its end.
            _run("", "pg_restore", "--file=/dev/null", str(unfinished), failed=BackupFailed)
            sync_file(unfinished)
            count, size, missing = len(sizes), sum(sizes.values()), 0
            if with_files and sizes:
                count, size = copy_files(folder / FILES, sizes, files_beside(unfinished))
                missing = len(sizes) - count
            file_bytes = unfinished.stat().st_size
    except psycopg.Error as error:
        raise BackupFailed(f"The PostgreSQL database cannot be read: {_line(error)}.") from error
    return Backup(file_bytes, conversations, messages, count, size, missing)


def restore(
    url: str,
    backup: Path,
    folder: Path,
    *,
    secret: Path | None,
    with_files: bool,
    is_incomplete_ok: bool,
) -> Restored:
    """Put a backup into an empty database, and its files into a folder that has none.

    Raises `RestoreFailed`, `DatabaseTooNew`: then nothing is there that was not.
    """
    if not backup.is_file():
        raise RestoreFailed(f"There is no file {backup}. Give one that `parley backup` made.")
    with backup.open("rb") as read:
        if read.read(5) != b"PGDMP":
            raise RestoreFailed(
                f"{backup} is no backup of a PostgreSQL database. One of SQLite is restored "
                "without --database-url, and moved with `parley move-data`."
            )
    _require_known(backup)
    make_folder(folder)
    for name in (FILES, UPLOADS, *((secret_file.NAME,) if secret else ())):
        if os.path.lexists(folder / name):
            raise RestoreFailed(f"{folder} has {name} already, and nothing is overwritten.")
    unfinished = folder / f".restoring.{secrets.token_hex(8)}"
    try:
        unfinished.mkdir(mode=0o700)
        with psycopg.connect(url, autocommit=True) as own:
            _require_server(own, RestoreFailed)
            _require_tool("pg_restore", own, RestoreFailed)
            there = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() LIMIT 1"
            if own.execute(there).fetchone():
                raise RestoreFailed("The PostgreSQL database is not empty. Give an empty one.")
        sums = _sums(backup) if with_files else {}
        bad = restoring.bad_files(files_beside(backup), sums)
        if bad and not is_incomplete_ok:
            raise restoring.files_missing(backup, bad, len(sums))
        count = size = 0
        if ids := [id for id in sums if id not in bad]:
            count, size = copy_files(files_beside(backup), ids, unfinished / FILES)
        if secret is not None:
            shutil.copyfile(secret, unfinished / secret_file.NAME)
            (unfinished / secret_file.NAME).chmod(secret_file.MODE)
            secret_file.load(unfinished)  # whether it is one
        # The database last: until it is there, a server has no message whose file is missing.
        named = [name for name in (secret_file.NAME, FILES) if (unfinished / name).exists()]
        is_done = False
        try:
            for name in named:
                (unfinished / name).rename(folder / name)
            sync_names(folder)
            _run(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
                 "--single-transaction", f"--dbname={_without_password(url)}", str(backup),
                 failed=RestoreFailed)  # fmt: skip
            is_done = True
        finally:
            for name in named if not is_done else ():
                with contextlib.suppress(FileNotFoundError):
                    (folder / name).rename(unfinished / name)
        with psycopg.connect(url) as own:
            conversations, messages = _settle(own)
        has_secret = (folder / secret_file.NAME).exists()
        return Restored(conversations, messages, count, size, tuple(bad), has_secret)
    except psycopg.Error as error:
        raise RestoreFailed(f"The PostgreSQL database cannot be used: {_line(error)}.") from error
    except OSError as error:
        raise RestoreFailed(
            f"The backup could not be put into {folder}: {error.strerror or error}."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _settle(own: psycopg.Connection) -> tuple[int, int]:
    """Leave out what no message names, whose bytes aren't there; what is there then."""
    own.execute("DELETE FROM files WHERE seq IS NULL")
    own.execute("DELETE FROM file_sums")
    for of, id in (("server", "0"), ("conversation", "conversation_id"), ("session", "session_id")):
        own.execute(
            f"INSERT INTO file_sums SELECT '{of}', {id}, sum(size), count(*) FROM files "  # noqa: S608
            "GROUP BY 2"
        )
    found = own.execute(
        "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
    ).fetchone()
    assert found is not None  # noqa: S101  # it always gives one
    return found[0], found[1]


def _require_known(backup: Path) -> None:
    """Before anything is restored: whether it is Parley's, and of no newer form than we know."""
    told = _run("", "pg_restore", "--data-only", "--table=alembic_version", "--file=-",
                str(backup), failed=RestoreFailed)  # fmt: skip
    revision = re.search(r"^COPY \S*alembic_version .*\n(\w+)\n", told, re.MULTILINE)
    if revision is None:
        raise RestoreFailed(f"{backup} is no backup of Parley's: it holds something else.")
    if not is_known(revision[1]):
        raise DatabaseTooNew(
            f"{backup} was made by a newer version of Parley (its form is {revision[1]}, this "
            f"version knows up to {NEWEST}). Restore it with that version."
        )


def _sums(backup: Path) -> dict[str, tuple[int, bytes]]:
    """The size and SHA-256 of each file that was sent, by its id, as the backup itself says."""
    told = _run("", "pg_restore", "--data-only", "--table=files", "--file=-", str(backup),
                failed=RestoreFailed)  # fmt: skip
    head = re.search(r"^COPY \S*files \((.*)\) FROM stdin;\n", told, re.MULTILINE)
    if head is None:
        return {}
    names = [name.strip('" ') for name in head[1].split(",")]
    sums = {}
    for line in told[head.end() :].split("\n\\.\n", 1)[0].split("\n"):
        row = dict(zip(names, line.split("\t"), strict=False))
        if row.get("seq", "\\N") != "\\N":
            sha256 = bytes.fromhex(row["sha256"].removeprefix("\\\\x"))
            sums[row["file_id"]] = (int(row["size"]), sha256)
    return sums


def _require_server(own: psycopg.Connection, failed: type[StartupError]) -> None:
    """Its tools set a session's search_path to nothing. Through PgBouncer that would be a session
    which servers are given next, and they would find no table in it.
    """
    pooled = is_pooled(own)
    own.rollback()
    if pooled:
        raise failed(
            "This is PgBouncer, which PostgreSQL's own tools don't go through. Give the address of "
            "PostgreSQL itself."
        )


def _require_tool(program: str, own: psycopg.Connection, failed: type[StartupError]) -> None:
    told = re.search(r"\) (\d+)", _run("", program, "--version", failed=failed))
    server = own.info.server_version // 10_000
    if told is None or int(told[1]) < server:
        raise failed(
            f"{program} here is of PostgreSQL {told[1] if told else 'an unknown version'}, and the "
            f"server is {server}: install its tools (Debian: postgresql-client-{server})."
        )


def _without_password(url: str) -> str:
    told = conninfo_to_dict(url)
    return make_conninfo(**{name: str(each) for name, each in told.items() if name != "password"})


def _run(url: str, program: str, *arguments: str, failed: type[StartupError]) -> str:
    """What it says. A password is in its environment: its command line is for all to see."""
    environ, at = dict(os.environ), []
    if url:
        if password := conninfo_to_dict(url).get("password"):
            environ["PGPASSWORD"] = str(password)
        if program == "pg_dump":
            at = [f"--dbname={_without_password(url)}"]
    try:
        ran = subprocess.run(  # noqa: S603  # PostgreSQL's own
            [program, *at, *arguments], env=environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise failed(
            f"{program} isn't there: install PostgreSQL's tools (Debian: postgresql-client)."
        ) from error
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
        # After the error pg_restore quotes the statement, which may have many lines.
        told = next((line for line in said if "error:" in line), said[-1])
        told = " ".join(told.removeprefix(f"{program}: ").removeprefix("error: ").split())
        raise failed(f"{program} failed: {told.rstrip('.')}.")
    return ran.stdout


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
