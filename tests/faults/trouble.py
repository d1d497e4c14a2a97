"""Ways to keep a running server from storing, each with its end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.faults.talk import Talk

PAGE_BYTES = 4_096


@contextlib.contextmanager
def files_may_not_grow(talk: Talk) -> Iterator[None]:
    """The system refuses the server's process every byte after a file's first page."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("This system cannot limit another process.")
    soft, hard = resource.prlimit(talk.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(talk.server.pid, resource.RLIMIT_FSIZE, (PAGE_BYTES, hard))
    yield
    resource.prlimit(talk.server.pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def disk_is_full(talk: Talk) -> Iterator[None]:
    """Not a byte is free where the data lies: for a folder of `small_disk`."""
    ballast = talk.server.folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(PAGE_BYTES)):
            pass
    yield
    ballast.unlink()


@contextlib.contextmanager
def another_program_holds_the_lock(talk: Talk) -> Iterator[None]:
    with databases.locked(talk.server.folder):
        yield


@contextlib.contextmanager
def server_takes_no_writes(talk: Talk) -> Iterator[None]:
    """PostgreSQL's, after whoever writes to it has been made a copy of another."""
    with databases.taking_no_writes(talk.server.folder):
        yield


@contextlib.contextmanager
def file_is_moved_away(talk: Talk) -> Iterator[None]:
    """And put back: the same one."""
    away = talk.server.folder.parent / "away"
    away.mkdir()
    files = _database_first(talk)
    for file in files:
        file.rename(away / file.name)
    yield
    for file in reversed(files):  # a server must not find the database without its log
        (away / file.name).rename(file)


@contextlib.contextmanager
def file_is_removed_and_restored(talk: Talk) -> Iterator[None]:
    """From a copy: another file, with the same in it."""
    copy = talk.server.folder.parent / "copy.db"
    database = talk.server.folder / "parley.db"
    with (
        contextlib.closing(sqlite3.connect(database)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    for file in _database_first(talk):
        file.unlink()
    yield
    shutil.move(copy, database)


def _database_first(talk: Talk) -> list[Path]:
    """Its files, in an order in which they can go while the server writes.

    Where its log went first, a write in between would have every file opened anew, and then
    nothing could be read.
    """
    return sorted(talk.server.folder.glob("parley.db*"))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system in memory of 4 MB; skips the test where nobody may mount one."""
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "umount2"):
        pytest.skip("There is no tmpfs on this system.")
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=4m") != 0:
        pytest.skip(f"A file system cannot be mounted here: {os.strerror(ctypes.get_errno())}.")
    try:
        yield folder
    finally:
        libc.umount2(os.fsencode(folder), 0)
