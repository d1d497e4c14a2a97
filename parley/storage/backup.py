"""A copy of the database, whole and by itself, also while a server writes to it.

SQLite's online backup (https://sqlite.org/backup.html) copies all pages as they were at one moment,
those too that are still in the write-ahead log: a plain copy of the file has none of these.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from parley.errors import BackupFailed
from parley.files.copies import copy_files
from parley.files.store import FILES
from parley.storage.folder import NAME, require_database, sync_names

BUSY_S = 10.0
"""How long another program's lock is waited for."""
_HAS_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Backup:
    """What was saved."""

    size_bytes: int
    conversations: int
    messages: int
    files: int
    files_bytes: int
    files_missing: int = 0
    """Of its files those that were not found."""


def back_up(folder: Path, target: Path, *, with_files: bool = True) -> Backup:
    """Copy the database in `folder` to the new file `target`, for this user's eyes only, and the
    files of its messages into a new folder beside it, where there are any; or only count these.

    It is on the disk, and was read through, when this returns; until then nothing has its name.
    Raises `BackupFailed`, or `DatabaseUnusable` where there is none.
    """
    require_database(folder)
    try:
        with being_made(folder, target) as unfinished:
            _copy(folder / NAME, unfinished, with_files=with_files)
            sync_file(unfinished)
            made = _look_at(unfinished)
            sizes = _files_of(unfinished)
            ids = tuple(sizes) if with_files else ()
            if ids:
                count, size = copy_files(folder / FILES, ids, files_beside(unfinished))
                missing = len(ids) - count
                made = replace(made, files=count, files_bytes=size, files_missing=missing)
            elif sizes:
                made = replace(made, files=len(sizes), files_bytes=sum(sizes.values()))
    except sqlite3.Error as error:
        raise BackupFailed(
            f"The database in {folder} was not copied to {target}: {error}."
        ) from error
    return made


@contextlib.contextmanager
def being_made(folder: Path, target: Path) -> Iterator[Path]:
    """A file that is called `target` once the block has ended well, as is what was put into
    `files_beside` it; however it ends otherwise, neither is left. Raises `BackupFailed`.
    """
    try:
        require_free(folder, target)
        # Named before it is made: whatever ends this in between finds it to remove.
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        unfinished_files = files_beside(unfinished)
        try:
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield unfinished
            has_files = unfinished_files.exists()
            if has_files:
                unfinished_files.rename(files_beside(target))
            try:
                give_name(unfinished, target)
            except OSError:
                if has_files:
                    shutil.rmtree(files_beside(target), ignore_errors=True)
                raise
        finally:
            unfinished.unlink(missing_ok=True)
            shutil.rmtree(unfinished_files, ignore_errors=True)
    except FileExistsError as error:
        raise taken(target) from error
    except OSError as error:
        raise BackupFailed(
            f"{target} cannot be written: {error.strerror}. Give another file, in a folder of "
            "yours with enough room."
        ) from error
    sync_names(target.parent)


def files_beside(target: Path) -> Path:
    """The folder for the files of a backup."""
    return target.with_name(f"{target.name}.files")


def require_free(folder: Path, target: Path) -> None:
    if target.is_dir():
        raise BackupFailed(f"{target} is a folder. Name a new file, such as {target / NAME}.")
    for each in (target, files_beside(target)):
        if os.path.lexists(each):
            raise taken(each)
    if not target.parent.is_dir():
        raise BackupFailed(f"There is no folder {target.parent}. Make it first, or give another.")
    if target.name.startswith(NAME) and target.parent.samefile(folder):
        raise BackupFailed(
            f"{target} would lie among the server's own files. Give a file in another folder."
        )


def taken(target: Path) -> BackupFailed:
    return BackupFailed(f"{target} is already there, and is never overwritten. Give another name.")


def _copy(database: Path, into: Path, *, with_files: bool) -> None:
    """All at once: a copy in pieces begins again with whatever is written meanwhile."""
    # It reads the log of a server that runs, or of one that was killed, and writes to neither.
    source = sqlite3.connect(_address(database, "mode=ro"), uri=True, timeout=BUSY_S)
    with closing(source), closing(sqlite3.connect(into)) as copy:
        # It is nobody's yet, and synced as a whole when it is finished.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy)
        if with_files:
            _leave_out_unsent(copy)


def _leave_out_unsent(copy: sqlite3.Connection) -> None:
    """What no message names has no bytes in the backup, and nobody could send it from there."""
    if not _knows_files(copy):
        return
    copy.execute("DELETE FROM uploads")
    copy.execute("DELETE FROM files WHERE seq IS NULL")
    copy.execute("DELETE FROM file_sums")
    for of, id in (
        ("server", "0"),
        ("conversation", "conversation_id"),
        ("session", "session_id"),
    ):
        copy.execute(
            f"INSERT INTO file_sums SELECT '{of}', {id}, sum(size), count(*) FROM files"  # noqa: S608  # ours
            " GROUP BY 2"
        )
    copy.commit()


def _knows_files(copy: sqlite3.Connection) -> bool:
    """False for a database that was not upgraded yet."""
    is_there = "SELECT 1 FROM sqlite_schema WHERE name = 'files'"
    return copy.execute(is_there).fetchone() is not None


def sync_file(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _look_at(path: Path) -> Backup:
    """Read through what was written. Raises `sqlite3.DatabaseError` where that is not whole."""
    with closing(read_only(path)) as copy:
        [[found], *_] = copy.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged ({found})")
        counts = (
            copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # ours
            for table in ("conversations", "messages")
        )
        conversations, messages = counts
    return Backup(path.stat().st_size, conversations, messages, files=0, files_bytes=0)


def _files_of(path: Path) -> dict[str, int]:
    """The size of each, by its id."""
    with closing(read_only(path)) as copy:
        if not _knows_files(copy):
            return {}
        # In a bucket lies also what is not sent yet; it goes within the hour.
        query = "SELECT file_id, size FROM files WHERE seq IS NOT NULL ORDER BY id"
        return dict(copy.execute(query))


def give_name(unfinished: Path, target: Path) -> None:
    """Give it its name, unless something else has that. Raises `FileExistsError`."""
    try:
        os.link(unfinished, target)
    except OSError as error:
        if error.errno not in _HAS_NO_LINKS:
            raise
        # A disk without hard links: an empty file of our own holds the name.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(unfinished, target)
        except OSError:
            with contextlib.suppress(OSError):
                target.unlink()
            raise


def read_only(path: Path) -> sqlite3.Connection:
    """To a copy that nobody writes to: without a log, which SQLite would make beside it."""
    return sqlite3.connect(_address(path, "mode=ro&immutable=1"), uri=True)


def _address(path: Path, options: str) -> str:
    return f"file:{quote(os.fsencode(path.absolute()))}?{options}"
