"""Where the bytes of files are kept.

A key is a file's id, or that with `.preview` behind it. What is kept never changes: it is put there
once, read, and erased.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from parley.errors import Unavailable

READ_BYTES = 256 * 1024
"""Read and passed on at once."""
PREVIEW = ".preview"


class Store(Protocol):
    """A place for files. Raises `Unavailable` where it cannot be reached, or is full."""

    async def put(self, key: str, path: Path) -> None:
        """Keep what is at `path`, which is a file of its own by now. It is kept for good once this
        returns; putting the same again changes nothing. Whether `path` is still there is not said.
        """

    async def size(self, key: str) -> int:
        """In bytes. Raises `FileNotFoundError`."""

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`. Raises `FileNotFoundError` before the first."""

    async def erase(self, keys: Iterable[str]) -> None:
        """Erase these, as far as they are there."""

    def all(self) -> AsyncIterator[tuple[str, int]]:
        """Every key there is, and how many bytes it has."""


class Folder:
    """A folder on this machine: a file for each key, spread over some folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, path: Path) -> None:
        await _told_in_words(self._put, key, path)

    def _put(self, key: str, path: Path) -> None:
        kept = self._path(key)
        if not kept.parent.exists():
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(kept.parent.parent)
            _sync(self._folder)
        try:
            path.replace(kept)
        except OSError:  # on another file system
            beside = kept.with_name(f"{kept.name}.new")
            shutil.copyfile(path, beside)
            _sync(beside)
            beside.replace(kept)
        _sync(kept.parent)

    async def size(self, key: str) -> int:
        return (await asyncio.to_thread(self._path(key).stat)).st_size

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(os.open, self._path(key), os.O_RDONLY)
        try:
            while start < end:
                piece = await asyncio.to_thread(os.pread, file, min(READ_BYTES, end - start), start)
                if not piece:
                    raise EOFError(f"{key} is shorter than it was")
                start += len(piece)
                yield piece
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
            _sync(folder)

    async def all(self) -> AsyncIterator[tuple[str, int]]:
        for found in await asyncio.to_thread(lambda: list(self._all())):
            yield found

    def _all(self) -> Iterator[tuple[str, int]]:
        for path in sorted(self._folder.glob("*/*")):
            yield path.name, path.stat().st_size

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


async def _told_in_words(work, *given) -> None:  # type: ignore[no-untyped-def]
    try:
        await asyncio.to_thread(work, *given)
    except OSError as error:
        raise Unavailable(
            "Files can't be stored right now. Please try again later.", retry_after=60
        ) from error


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
