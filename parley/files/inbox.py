"""Uploads on their way: a file each, to which what comes is added until it is all there."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

from parley.errors import NotFound, Unavailable

ROOM_LEFT_BYTES = 64 * 1024 * 1024
"""What a disk must have left beside an upload: the database is on it, too."""
GONE = "There's no such upload. It may have taken too long: begin it again."
FULL = "The server has no room for more files. Please try again later."


class Inbox:
    """A folder of uploads. Its functions that touch the disk run in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._busy: set[str] = set()
        """Uploads to which somebody is adding."""
        self.lengths: dict[str, int] = {}
        """Of uploads to which something was added since the start: how long they are."""

    def path(self, id: str) -> Path:
        return self._folder / id

    async def begin(self, id: str, size: int) -> None:
        """Make room for so many bytes. Raises `Unavailable` where the disk has too little."""
        await asyncio.to_thread(self._begin, id, size)
        self.lengths[id] = 0

    def _begin(self, id: str, size: int) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(self._folder).free < size + ROOM_LEFT_BYTES:
                raise Unavailable(FULL, retry_after=60)
            os.close(os.open(self.path(id), os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        except OSError as error:
            raise Unavailable(FULL, retry_after=60) from error

    def is_busy(self, id: str) -> bool:
        return id in self._busy

    def opened(self, id: str, offset: int) -> Opened:
        """To add to it from there on; one at a time."""
        return Opened(self, id, offset)

    async def forget(self, id: str) -> None:
        """Erase what there is of it."""
        self.lengths.pop(id, None)
        await asyncio.to_thread(self.path(id).unlink, missing_ok=True)

    async def all(self) -> list[str]:
        """The ids of all that lie here."""
        if not self._folder.exists():
            return []
        return await asyncio.to_thread(os.listdir, self._folder)


class Opened:
    """An upload while something is added to it: `async with`, then `add`, then `sync`."""

    def __init__(self, inbox: Inbox, id: str, offset: int) -> None:
        self._inbox = inbox
        self._id = id
        self.offset = offset
        self._file = -1

    async def __aenter__(self) -> Opened:
        self._inbox._busy.add(self._id)
        try:
            self._file = await asyncio.to_thread(self._open)
        except BaseException:
            self._inbox._busy.discard(self._id)
            raise
        return self

    def _open(self) -> int:
        try:
            file = os.open(self._inbox.path(self._id), os.O_WRONLY)
        except FileNotFoundError:
            raise NotFound(GONE) from None
        # What a crash may have left behind is not known to be what was sent.
        os.ftruncate(file, self.offset)
        return file

    async def __aexit__(self, *exception: object) -> None:
        os.close(self._file)
        self._inbox.lengths[self._id] = self.offset
        self._inbox._busy.discard(self._id)

    async def add(self, data: bytes) -> None:
        """Write it behind what there is. Raises `Unavailable` where it does not fit."""
        await asyncio.to_thread(self._add, data)
        self.offset += len(data)

    def _add(self, data: bytes) -> None:
        left, at = memoryview(data), self.offset
        try:
            while left:
                written = os.pwrite(self._file, left, at)
                left, at = left[written:], at + written
        except OSError as error:
            raise Unavailable(FULL, retry_after=60) from error

    async def sync(self) -> None:
        """Return once all of it is on the disk."""
        try:
            await asyncio.to_thread(os.fsync, self._file)
        except OSError as error:
            raise Unavailable(FULL, retry_after=60) from error


def digest(path: Path) -> tuple[int, bytes]:
    """How many bytes a file has, and their SHA-256."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return file.tell(), found.digest()
