"""Putting a backup into a data folder that has nothing in it yet: all of it, or nothing.

What is restored is made inside the folder under a name of no meaning, read through there, and gets
its names last, the database after the files: until then no server would take it for its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from parley.errors import DatabaseTooNew, DataFolderInUse, RestoreFailed
from parley.files.copies import copy_files
from parley.files.store import FILES, UPLOADS, place_of
from parley.storage import lock, secret_file
from parley.storage.backup import files_beside, read_only
from parley.storage.folder import MODE, NAME, make_folder, sync_names
from parley.storage.migrate import NEWEST, is_known

READ_BYTES = 1024 * 1024
NAMED_MAX = 5
"""So many files are named that are not as they should be."""
_MAY_BE_THERE = (lock.NAME, secret_file.NAME)
_TAKEN = (NAME, f"{NAME}-wal", f"{NAME}-shm", FILES, UPLOADS)


@dataclass(frozen=True, slots=True)
class Restored:
    """What there is now."""

    conversations: int
    messages: int
    files: int
    files_bytes: int
    files_left_out: tuple[str, ...]
    """Ids of those that were missing or damaged in the backup."""
    has_secret: bool


def restore(
    backup: Path,
    folder: Path,
    *,
    secret: Path | None = None,
    with_files: bool = True,
    is_incomplete_ok: bool = False,
) -> Restored:
    """Put the backup, and the files beside it, into the data folder; with the server's secret.

    Without `with_files` they are in a bucket, and stay there. Raises `RestoreFailed`,
    `DataFolderInUse`, `DatabaseTooNew`, `DataFolderUnusable`: then nothing is there that was not.
    """
    _require_backup(backup)
    is_new = not folder.exists()
    make_folder(folder)
    held = lock.FolderLock(folder)
    try:
        held.take()
    except DataFolderInUse as error:
        raise DataFolderInUse(
            f"A Parley server is using the data folder {folder}. Nothing is restored over what is "
            "there: stop it and move its folder away, or give another with --data."
        ) from error
    made = None
    try:
        _require_room(folder)
        if secret is not None and os.path.lexists(folder / secret_file.NAME):
            raise RestoreFailed(
                f"{folder} has a {secret_file.NAME} already: leave out --secret, or move it away."
            )
        made = _restore(backup, folder, secret, with_files, is_incomplete_ok)
    finally:
        held.release()
        if is_new and made is None:
            with contextlib.suppress(OSError):
                (folder / lock.NAME).unlink()
                folder.rmdir()
    return made


def _restore(
    backup: Path, folder: Path, secret: Path | None, with_files: bool, is_incomplete_ok: bool
) -> Restored:
    unfinished = folder / f".restoring.{secrets.token_hex(8)}"
    try:
        unfinished.mkdir(mode=0o700)
        database = unfinished / NAME
        _copy(backup, database)
        made = _look_at(database)
        sums = _sums(database) if with_files else {}
        bad = bad_files(files_beside(backup), sums)
        if bad and not is_incomplete_ok:
            raise files_missing(backup, bad, len(sums))
        count = size = 0
        if ids := [id for id in sums if id not in bad]:
            count, size = copy_files(files_beside(backup), ids, unfinished / FILES)
        if secret is not None:
            _copy(secret, unfinished / secret_file.NAME)
            secret_file.load(unfinished)  # whether it is one
        _name(unfinished, folder)
        has_secret = (folder / secret_file.NAME).exists()
        return Restored(*made, count, size, tuple(bad), has_secret)
    except OSError as error:
        raise RestoreFailed(
            f"The backup could not be put into {folder}: {error.strerror or error}. Nothing was "
            "restored."
        ) from error
    except sqlite3.Error as error:
        raise RestoreFailed(f"{backup} is damaged: {error}. Use another backup.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _require_backup(backup: Path) -> None:
    if not backup.is_file():
        raise RestoreFailed(f"There is no file {backup}. Give one that `parley backup` made.")
    log = backup.with_name(f"{backup.name}-wal")
    if log.exists() and log.stat().st_size:
        raise RestoreFailed(
            f"{log} lies beside it: {backup} is no backup but a database in use, or copied from "
            "one, and without that log lacks what was said last. Make a backup of it with "
            "`parley backup`."
        )
    try:
        with closing(read_only(backup)) as copy:
            revision = _revision(copy)
    except sqlite3.Error as error:
        raise RestoreFailed(f"{backup} is no backup of Parley's: {error}.") from error
    if revision is None:
        raise RestoreFailed(f"{backup} is no backup of Parley's: it holds something else.")
    if not is_known(revision):
        raise DatabaseTooNew(
            f"{backup} was made by a newer version of Parley (its form is {revision}, this version "
            f"knows up to {NEWEST}). Restore it with that version."
        )


def _revision(copy: sqlite3.Connection) -> str | None:
    is_there = "SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'"
    if copy.execute(is_there).fetchone() is None:
        return None
    row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _require_room(folder: Path) -> None:
    """Nothing may be there that would be mixed with the backup, or lost."""
    for name in _TAKEN:
        if os.path.lexists(folder / name):
            raise RestoreFailed(
                f"{folder} is not empty: it has {name}. Nothing is restored over what is there: "
                f"move the folder away (mv {folder} {folder}.old), or give another with --data."
            )


def _copy(source: Path, target: Path) -> None:
    with (
        source.open("rb") as read,
        open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE), "wb") as write,
    ):
        shutil.copyfileobj(read, write, READ_BYTES)
        write.flush()
        os.fsync(write.fileno())


def _look_at(database: Path) -> tuple[int, int]:
    """Read through all that was written: how many conversations and messages it holds.

    Raises `sqlite3.DatabaseError` where it is not whole.
    """
    with closing(read_only(database)) as copy:
        [[found], *_] = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(str(found).splitlines()[-1])
        conversations, messages = (
            copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # ours
            for table in ("conversations", "messages")
        )
    return conversations, messages


def _sums(database: Path) -> dict[str, tuple[int, bytes]]:
    """The size and SHA-256 of each file, by its id."""
    with closing(read_only(database)) as copy:
        is_there = "SELECT 1 FROM sqlite_schema WHERE name = 'files'"
        if copy.execute(is_there).fetchone() is None:
            return {}
        query = "SELECT file_id, size, sha256 FROM files WHERE seq IS NOT NULL ORDER BY id"
        return {id: (size, sha256) for id, size, sha256 in copy.execute(query)}


def files_missing(backup: Path, bad: dict[str, None], count: int) -> RestoreFailed:
    named = ", ".join(list(bad)[:NAMED_MAX]) + (", …" if len(bad) > NAMED_MAX else "")
    return RestoreFailed(
        f"{len(bad)} of {count} files are missing or damaged in {files_beside(backup)}: {named}. "
        "If they are in a bucket, give --files-url; to restore the rest without them, add "
        "--incomplete."
    )


def bad_files(store: Path, sums: dict[str, tuple[int, bytes]]) -> dict[str, None]:
    """Those that are not there as they were."""
    return {id: None for id, expected in sums.items() if _found(place_of(store, id)) != expected}


def _found(path: Path) -> tuple[int, bytes] | None:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").digest()
            return file.tell(), sha256
    except FileNotFoundError:
        return None


def _name(unfinished: Path, folder: Path) -> None:
    """Give everything its name: the database last, on which all depends."""
    for name in (secret_file.NAME, FILES, NAME):
        if (unfinished / name).exists():
            sync_names(unfinished)
            (unfinished / name).rename(folder / name)
            sync_names(folder)
