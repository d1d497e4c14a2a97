"""Where the bytes of files are kept.

A key is a file's id, or that with `.preview` behind it. What is kept never changes: it is put there
once, read, and erased.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVarTuple, Unpack

from parley.errors import Unavailable
from parley.files.threads import in_thread

if sys.platform != "win32":
    import fcntl

Given = TypeVarTuple("Given")

READ_BYTES = 256 * 1024
"""Read and passed on at once."""
READ_MAX_BYTES = 1024 * 1024
"""The same for whoever took the last piece within `READ_FAST_S`: for each a thread has to be woken.
Those who read slowly keep no more than a little of the memory."""
READ_FAST_S = 0.01
PREVIEW = ".preview"
FILES, UPLOADS = "files", "uploads"
"""The folders of the data folder, for what is kept and what is on its way."""
UNFINISHED = ".new"
"""How the name of a file ends that is not kept yet."""
RETRY_AFTER_S = 10.0
"""Pages go on by themselves after it."""
NOT_STORED = "Files can't be stored right now. Please try again later."


class StoreFails(Unavailable):
    """A store that is not on this machine does not do what it is asked."""

    text = "Files can't be reached right now. Please try again in a moment."

    def __init__(self, reason: str) -> None:
        super().__init__(retry_after=RETRY_AFTER_S)
        self.reason = reason
        """For whoever runs the server: what happened, and what to do."""


class Store(Protocol):
    """A place for files. Raises `Unavailable` where it cannot be reached, or is full."""

    where: str
    """As whoever runs the server calls it."""
    caution: str
    """What they have to know of it once it is open; mostly nothing."""

    async def open(self) -> None:
        """Make sure that all of this can be done there. Raises `FilesUnusable`."""

    async def put(self, key: str, path: Path) -> None:
        """Keep what is at `path`, which nobody changes any more. It is kept for good once this
        returns, in place of what had this key; `path` itself stays.
        """

    async def size(self, key: str) -> int:
        """In bytes. Raises `FileNotFoundError`."""

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`. Raises `FileNotFoundError` before the first, and
        `EOFError` where there are fewer.
        """

    async def erase(self, keys: Iterable[str]) -> None:
        """Erase these, as far as they are there."""

    def all(self) -> AsyncIterator[tuple[str, int]]:
        """Every key there is, and how many bytes it has."""


class Folder:
    """A folder on this machine: a file for each key, spread over some folders."""

    caution = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = str(folder)

    async def open(self) -> None:
        """It is made with the first file."""

    async def put(self, key: str, path: Path) -> None:
        await _told_in_words(self._put, key, path)

    def _put(self, key: str, path: Path) -> None:
        kept = self._path(key)
        if not kept.parent.exists():
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync(kept.parent.parent)
            sync(self._folder.parent)
        with _alone_in(kept.parent):
            beside = kept.with_name(f"{kept.name}{UNFINISHED}")
            beside.unlink(missing_ok=True)  # of a server that was killed
            try:
                os.link(path, beside)
            except FileNotFoundError:
                raise
            except OSError:  # on another file system, or one without links
                shutil.copyfile(path, beside)
            beside.chmod(0o600)
            sync(beside)
            beside.replace(kept)
            beside.unlink(missing_ok=True)  # which stays where both are one file
            sync(kept.parent)

    async def size(self, key: str) -> int:
        return (await in_thread(self._path(key).stat)).st_size

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        file = await in_thread(os.open, self._path(key), os.O_RDONLY)
        most = READ_BYTES
        try:
            while start < end:
                piece = await in_thread(os.pread, file, min(most, end - start), start)
                if not piece:
                    raise EOFError(f"{key} is shorter than it was")
                start += len(piece)
                given_s = time.monotonic()
                yield piece
                is_fast = time.monotonic() - given_s < READ_FAST_S
                most = READ_MAX_BYTES if is_fast else READ_BYTES
        finally:
            os.close(file)

    async def erase(self, keys: Iterable[str]) -> None:
        await _told_in_words(self._erase, tuple(keys))

    def _erase(self, keys: Iterable[str]) -> None:
        folders = set()
        for key in keys:
            path = self._path(key)
            if path.exists():
                path.unlink(missing_ok=True)
                folders.add(path.parent)
        for folder in folders:
            sync(folder)

    async def all(self) -> AsyncIterator[tuple[str, int]]:
        for found in await in_thread(lambda: list(self._all())):
            yield found

    def _all(self) -> Iterator[tuple[str, int]]:
        for path in sorted(self._folder.glob("*/*")):
            yield path.name, path.stat().st_size

    def _path(self, key: str) -> Path:
        return place_of(self._folder, key)


def place_of(folder: Path, key: str) -> Path:
    """Where a key's file is in a folder."""
    return folder / key[:2] / key


async def _told_in_words(work: Callable[[Unpack[Given]], None], *given: *Given) -> None:
    try:
        await in_thread(work, *given)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(NOT_STORED, retry_after=60) from error


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else puts anything there meanwhile, in this process or another.

    A film's still may come twice at once, and both would have the same unfinished file.
    """
    file = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems, such as NFS, lock no folder; files are kept there all the same.
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def sync(path: Path) -> None:
    """Return once a file, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
