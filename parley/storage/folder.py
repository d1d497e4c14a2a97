"""The folder the data lies in, and which files lie there now."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from parley.errors import DatabaseUnusable, DataFolderUnusable

log = structlog.get_logger(__name__)

NAME = "parley.db"
_NAMES = (NAME, f"{NAME}-wal", f"{NAME}-shm")
MODE = 0o600
_STAYS_OPEN = (
    "Others on this machine can read it, and its permissions cannot be changed. "
    "Close the folder it is in to them, or give another with --data."
)


@dataclass(frozen=True, slots=True)
class Files:
    """What tells the files of a database from any others: device and inode."""

    database: tuple[int, int]
    log: tuple[int, int] | None
    """SQLite's write-ahead log; None while there is none."""

    @classmethod
    def of(cls, folder: Path) -> Files:
        """Those in the folder now. Raises `FileNotFoundError` where there is no database."""
        # By plain paths: twice a commit, pathlib's own work would be the larger part.
        path = f"{folder}/{NAME}"
        database, log = os.stat(path), None
        with contextlib.suppress(FileNotFoundError):
            log = os.stat(f"{path}-wal")
        return cls(
            (database.st_dev, database.st_ino), None if log is None else (log.st_dev, log.st_ino)
        )


def require_database(folder: Path) -> None:
    """For who does something beside the server. Raises `DatabaseUnusable` where there is none."""
    if not (folder / NAME).is_file():
        raise DatabaseUnusable(
            f"There is no database in {folder.resolve()}. Give the server's data folder with "
            "--data."
        )


def make_folder(folder: Path) -> None:
    """Make the data folder, for this user's eyes only, or say why it cannot be used."""
    try:
        new = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in new:
            sync_names(each.parent)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except FileExistsError as error:
        raise DataFolderUnusable(
            f"{folder} is a file, not a folder. Give a folder for the data with --data."
        ) from error
    except OSError as error:
        raise DataFolderUnusable(
            f"The data folder {folder} cannot be written to ({error.strerror}). "
            "Give another with --data, or change its permissions."
        ) from error


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the database and of its write-ahead log, of those that are there."""
    found = {}
    for what, name in (("database", NAME), ("log", f"{NAME}-wal")):
        with contextlib.suppress(FileNotFoundError):
            found[what] = (folder / name).stat().st_size
    return found


def close_to_others(folder: Path, *, is_new: bool) -> None:
    """Let nobody but this user read the database and its log.

    SQLite makes the log as closed as the database. Left to itself it makes both for everybody's
    eyes, as earlier versions did, and a restored backup may lie open: then the server's log says
    so. Where they cannot be closed it says that, and the server starts all the same: they would
    be as open while nobody is served.
    """
    found = [path for path in map(folder.joinpath, _NAMES) if _is_open_to_others(path)]
    for path in found:
        with contextlib.suppress(OSError):
            path.chmod(MODE)
    if left := [path.name for path in found if _is_open_to_others(path)]:
        log.warning("database_is_open", files=left, advice=_STAYS_OPEN)
    elif found and not is_new:
        log.warning("database_was_open", advice="Others on this machine could read it until now.")


def _is_open_to_others(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        return stat.S_IMODE(path.stat().st_mode) & ~MODE != 0
    except FileNotFoundError:
        return False


def sync_names(folder: Path) -> None:
    """Put what stands in the folder on the disk: SQLite does that only for its own."""
    # Windows opens no folders, and some network file systems sync none.
    with contextlib.suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def database_url(folder: Path, mode: str = "rwc") -> str:
    """SQLAlchemy's address of the database; `mode` is SQLite's: `rwc` makes a missing file."""
    path = quote(str((folder / NAME).absolute()))
    return f"sqlite:///file:{path}?mode={mode}&uri=true"
