"""Uploads on their way: a file each, to which what comes is added until it is all there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import shutil
import time
from pathlib import Path

from parley.errors import NotFound, Unavailable
from parley.files.threads import in_thread, to_its_end

ROOM_LEFT_BYTES = 64 * 1024 * 1024
"""What a disk must have left beside an upload: the database is on it, too."""
SYNC_EVERY_BYTES, SYNC_EVERY_S = 1024 * 1024, 0.01
"""Small, as whoever syncs something else meanwhile, such as a message, waits for what is ahead of
it on its way to the disk."""
UNSYNCED_MAX_BYTES = 32 * 1024 * 1024
"""No more of one upload than this is in memory only: whoever sends waits for a slow disk."""
GONE = "There's no such upload. It may have taken too long: begin it again."
FULL = "The server has no room for more files. Please try again later."


class Moved(Exception):
    """More of the upload came meanwhile than whoever wants to add to it knows of."""


class GaveWay(Exception):
    """Somebody else adds to the upload now."""


class Inbox:
    """A folder of uploads. Its functions that touch the disk run in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.time()
        self._opened: dict[str, Opened] = {}
        """Uploads to which somebody is adding."""
        self._lengths: dict[str, int] = {}
        self._hashes: dict[str, _Hash] = {}
        """Of those to which something was added from their beginning on, since the start."""

    def path(self, id: str) -> Path:
        return self._folder / id

    def length(self, id: str) -> int | None:
        """How much of it is on the disk for sure; None where nothing came since the start."""
        return self._lengths.get(id)

    async def begin(self, id: str, size: int) -> None:
        """Make room for so many bytes. Raises `Unavailable` where the disk has too little."""
        await in_thread(self._begin, id, size)
        self._lengths[id] = 0
        self._hashes[id] = _Hash()

    def _begin(self, id: str, size: int) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.require_room(size)
            os.close(os.open(self.path(id), os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
            _sync_names(self._folder)
        except OSError as error:
            raise Unavailable(FULL, retry_after=60) from error

    def require_room(self, size: int) -> None:
        """Raises `Unavailable` where so many bytes more would leave too few, and `OSError`."""
        if shutil.disk_usage(self._folder).free < size + ROOM_LEFT_BYTES:
            raise Unavailable(FULL, retry_after=60)

    def opened(self, id: str, offset: int) -> Opened:
        """To add to it from there on. Whoever adds to it already gives way."""
        return Opened(self, id, offset)

    async def digest(self, id: str, path: Path) -> tuple[int, bytes]:
        """How many bytes the file at `path` has, and their SHA-256; `path` is the upload itself, or
        what was made of it.
        """
        known = self._hashes.get(id)
        if known is not None and path == self.path(id):
            size = (await in_thread(path.stat)).st_size
            if known.size == size:
                return size, known.found.digest()
        return await in_thread(_digest, path)

    def changed(self, id: str) -> None:
        """What came of it is not what lies there any more."""
        self._hashes.pop(id, None)

    async def forget(self, id: str) -> None:
        """Erase what there is of it."""
        self._lengths.pop(id, None)
        self._hashes.pop(id, None)
        self._opened.pop(id, None)
        await in_thread(self._erase, id)

    def _erase(self, id: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path(id).unlink()

    async def left(self, age_s: float) -> list[str]:
        """The names of what lies here and was not touched for so long; also of what was made of an
        upload for a server that is no more, which nobody asks for again.
        """
        return await in_thread(self._left, time.time() - age_s)

    def _left(self, before: float) -> list[str]:
        if not self._folder.exists():
            return []
        found = []
        for entry in os.scandir(self._folder):
            is_made = "." in entry.name
            with contextlib.suppress(FileNotFoundError):
                if entry.stat().st_mtime < (max(before, self._began) if is_made else before):
                    found.append(entry.name)
        return found

    # --- for what is opened ---

    async def take(self, opened: Opened) -> None:
        """Raises `Moved` where it is not as long as whoever opens it believes."""
        id = opened.id
        while (other := self._opened.get(id)) is not None:
            await other.give_way()
        if self._lengths.get(id, opened.offset) != opened.offset:
            raise Moved
        self._opened[id] = opened

    def leave(self, opened: Opened, *, length: int, hashed: _Hash | None) -> None:
        if self._opened.get(opened.id) is opened:  # and it is not forgotten meanwhile
            del self._opened[opened.id]
            self._lengths[opened.id] = length
            self._hashes.pop(opened.id, None)
            if hashed is not None and hashed.size == length:
                self._hashes[opened.id] = hashed

    def hash_up_to(self, id: str, offset: int) -> _Hash | None:
        """None where what came before is not hashed, as after a restart."""
        if offset == 0:
            return _Hash()
        known = self._hashes.get(id)
        return known if known is not None and known.size == offset else None


class Opened:
    """An upload while something is added to it: `async with`, then `add`, then `sync`.

    The block raises `GaveWay` once somebody else wants to add to it, and on entering `Moved`.
    """

    def __init__(self, inbox: Inbox, id: str, offset: int) -> None:
        self.id = id
        self.offset = offset
        self.synced = offset
        """So much of it is on the disk for sure."""
        self._inbox = inbox
        self._file = -1
        self._hash: _Hash | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._synced_s = -math.inf
        """When a sync last began."""
        self._lost: OSError | None = None
        self._until = asyncio.timeout(None)
        self._is_open = self._is_wanted = False
        self._is_left = asyncio.Event()

    async def __aenter__(self) -> Opened:
        await self._inbox.take(self)
        try:
            self._hash = self._inbox.hash_up_to(self.id, self.offset)
            self._file = await in_thread(self._open)
        except BaseException:
            self._leave()
            raise
        await self._until.__aenter__()
        self._is_open = True
        if self._is_wanted:
            self._end()
        return self

    def _open(self) -> int:
        try:
            file = os.open(self._inbox.path(self.id), os.O_WRONLY)
        except FileNotFoundError:
            raise NotFound(GONE) from None
        # What a crash may have left behind is not known to be what was sent.
        os.ftruncate(file, self.offset)
        return file

    async def __aexit__(self, *failed: object) -> None:
        try:
            await self._until.__aexit__(*failed)  # type: ignore[arg-type]  # as it was given
        except TimeoutError:
            raise GaveWay from None
        finally:
            try:
                await self._until_synced()
            finally:
                os.close(self._file)
                self._leave()

    def _leave(self) -> None:
        self._inbox.leave(self, length=self.synced, hashed=self._hash)
        self._is_left.set()

    async def give_way(self) -> None:
        """Return once nothing is added any more."""
        self._is_wanted = True
        if self._is_open:
            self._end()
        await self._is_left.wait()

    def _end(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended
            self._until.reschedule(asyncio.get_running_loop().time())

    async def add(self, data: bytes) -> None:
        """Write it behind what there is. Raises `Unavailable` where it does not fit.

        What is added goes to the disk in small steps meanwhile.
        """
        self._require_nothing_lost()
        await in_thread(self._add, data)
        self.offset += len(data)
        unsynced, now_s = self.offset - self.synced, time.monotonic()
        is_due = unsynced >= SYNC_EVERY_BYTES and now_s - self._synced_s >= SYNC_EVERY_S
        if is_due and self._syncing is None:
            self._synced_s = now_s
            self._syncing = asyncio.create_task(self._sync())
            self._syncing.add_done_callback(self._did_sync)
        if unsynced >= UNSYNCED_MAX_BYTES:
            await self._until_synced()

    def _add(self, data: bytes) -> None:
        left, at = memoryview(data), self.offset
        try:
            # Others may have been promised the same room.
            self._inbox.require_room(len(data))
            while left:
                written = os.pwrite(self._file, left, at)
                left, at = left[written:], at + written
        except OSError as error:
            raise Unavailable(FULL, retry_after=60) from error
        if self._hash is not None:
            self._hash.add(data)

    async def sync(self) -> None:
        """Return once all that was added until now is on the disk. More may be added meanwhile.

        Raises `Unavailable` where any of it is not.
        """
        await self._until_synced()
        await self._sync()

    async def _sync(self) -> None:
        self._require_nothing_lost()
        offset = self.offset
        try:
            await in_thread(os.fsync, self._file)
        except OSError as error:
            self._lost = error
            raise Unavailable(FULL, retry_after=60) from error
        self.synced = max(self.synced, offset)

    def _require_nothing_lost(self) -> None:
        # A disk tells of what it lost once: fsync(2). After it, nothing is known of the rest.
        if self._lost is not None:
            raise Unavailable(FULL, retry_after=60) from self._lost

    def _did_sync(self, syncing: asyncio.Task[None]) -> None:
        self._syncing = None
        if not syncing.cancelled():
            syncing.exception()  # told by the next `sync`

    async def _until_synced(self) -> None:
        if self._syncing is not None:
            await to_its_end(asyncio.ensure_future(asyncio.wait([self._syncing])))


class _Hash:
    """Of the first bytes of an upload."""

    def __init__(self) -> None:
        self.found = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        self.found.update(data)
        self.size += len(data)


def _digest(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return file.tell(), found.digest()


def _sync_names(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
