"""Imports while the server runs: a file that somebody sent, what it would become, and how far it
is.

Each belongs to the session that sent it. One is read or stored at a time, and a few wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import structlog

from parley.config import in_words
from parley.domain import inviting, sessions
from parley.domain.context import Context
from parley.domain.giving_way import GivingWay
from parley.domain.importing import scratch, storing
from parley.domain.importing.reading import Reading
from parley.domain.importing.scratch import Staged
from parley.domain.importing.staging import SEVERAL
from parley.domain.importing.storing import Imported
from parley.domain.importing.times import NO_ZONE, no_such_zone
from parley.domain.time_zones import zone_called
from parley.errors import (
    BadRequest,
    Forbidden,
    ImportFails,
    NotFound,
    ParleyError,
    RateLimited,
    TooLarge,
    Unavailable,
)
from parley.files.inbox import ROOM_LEFT_BYTES
from parley.files.threads import in_thread
from parley.records import Session

log = structlog.get_logger(__name__)

ID_BYTES = 18
AT_ONCE_MAX = 10
"""Imports that are read, stored, or wait for either: more are refused."""
KEPT_MAX = 100
"""Also those that are over, or that nobody stored yet; each may have a file on the disk."""
KEPT_S = 3600.0
"""How long a file waits to be stored, and how long it is told what became of it."""
NAME_MAX_BYTES = 200
NO_IMPORTS = "This server imports no conversations."
NO_SUCH_IMPORT = "There's no such import. It may be too long ago: send the file again."
ONE_AT_A_TIME = "Another file of yours is being imported. Wait until it is done."
NO_ROOM = "The server has no room for this file. Please try again later."


class State(StrEnum):
    READING = "reading"
    READY = "ready"
    """It is known what it would become, and it waits to be stored."""
    STORING = "storing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Told:
    """What whoever imports says of a file that doesn't say it itself."""

    title: str = ""
    zone: str = ""
    choose: str = ""
    order: str = ""


@dataclass(slots=True)
class Import:
    id: str
    session: Session
    path: Path
    state: State = State.READING
    told: Told = field(default_factory=Told)
    read: int = 0
    """How many entries were read, and how many messages are stored."""
    stored: int = 0
    staged: Staged | None = None
    imported: Imported | None = None
    error: ParleyError | None = None
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it is read or stored, or waits for that."""
        return self.state in (State.READING, State.STORING)


@dataclass(frozen=True, slots=True, eq=False)
class _Receiving:
    """A file that is being sent, and by whom."""

    session: Session | None


class Imports:
    """All of a server, in memory: whoever asks after a start sends the file again."""

    def __init__(self, context: Context, folder: Path, *, is_on: bool) -> None:
        self._context = context
        self._folder = folder
        self._is_on = is_on
        self._all: dict[str, Import] = {}
        self._receiving: set[_Receiving] = set()
        self._turn = asyncio.Lock()

    def require_on(self) -> None:
        """Raise `Forbidden` where nothing is imported."""
        if not self._is_on or not self.max_file():
            raise Forbidden(NO_IMPORTS)

    async def receive(
        self,
        session: Session | None,
        name: str,
        data: AsyncIterator[bytes],
        told: Told,
        *,
        announced: int | None,
        is_dry: bool,
    ) -> tuple[Import, str | None]:
        """Take a file and begin to read it; then it is stored, unless `is_dry`. With the token of
        the session that was made for it.

        Raises `TooLarge`, `RateLimited`, `Unavailable`, `BadRequest`, and what `data` raises.
        """
        self.require_on()
        await inviting.require(self._context, session)
        require_zone(told.zone)
        self._require_turn(session)
        receiving = _Receiving(session)
        self._receiving.add(receiving)
        path = self._folder / f"{scratch.NAME}{secrets.token_hex(8)}" / _file_name(name)
        try:
            self._require_room(announced)
            await self._write(path, data)
            who, token = (session, None) if session else await self._session()
        except BaseException:
            await asyncio.to_thread(_remove, path)
            raise
        finally:
            self._receiving.discard(receiving)
        known = Import(secrets.token_urlsafe(ID_BYTES), who, path, told=told)
        self._all[known.id] = known
        self._make_room()
        self._begin(known, is_dry=is_dry)
        return known, token

    async def _session(self) -> tuple[Session, str]:
        at = self._context.clock()
        return await self._context.database.write(
            lambda connection: sessions.begin(connection, at=at)
        )

    def find(self, session: Session | None, id: str) -> Import:
        """One's own. Raises `NotFound`."""
        found = self._all.get(id)
        if found is None or session is None or found.session.id != session.id:
            raise NotFound(NO_SUCH_IMPORT)
        return found

    def store(self, session: Session | None, id: str, told: Told) -> Import:
        """Store what was read; read again first, if something else is told of it now.

        Raises `NotFound`; `BadRequest` where it isn't ready; `RateLimited`, `Unavailable`.
        """
        self.require_on()
        known = self.find(session, id)
        if known.state is not State.READY:
            raise BadRequest("This import can't be stored now.")
        self._require_turn(session)
        if known.staged is not None and known.staged.needs_zone and not told.zone:
            raise BadRequest(NO_ZONE)
        if known.staged is not None and known.staged.choices and not told.choose:
            raise BadRequest(SEVERAL)
        require_zone(told.zone)
        before, known.told = known.told, told
        has_to_choose = known.staged is not None and bool(known.staged.choices)
        is_same = (before.zone, before.choose, before.order) == (told.zone, told.choose, told.order)
        known.staged = known.staged if is_same else None
        # What was chosen is shown first.
        self._begin(known, is_dry=has_to_choose)
        return known

    async def close(self) -> None:
        """Give up all of them; nothing is left of what is half done."""
        tasks = [each.task for each in self._all.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for known in [*self._all.values()]:
            await self._forget(known)

    def _begin(self, known: Import, *, is_dry: bool) -> None:
        if known.timer is not None:
            known.timer.cancel()
        known.state = State.READING
        known.read = known.stored = 0
        known.task = asyncio.get_running_loop().create_task(self._run(known, is_dry=is_dry))

    async def _run(self, known: Import, *, is_dry: bool) -> None:
        ends = State.FAILED
        try:
            async with self._turn, Reading(self._folder) as reading:
                ends = await self._work(known, reading, is_dry=is_dry)
        except ParleyError as error:
            known.error = error
        except Exception:
            log.exception("import_failed")
            known.error = ImportFails()
        if ends is not State.READY:
            await asyncio.to_thread(_remove, known.path)
        known.timer = asyncio.get_running_loop().call_later(KEPT_S, self._forget_soon, known)
        known.state = ends  # last: whoever is told of it may go on at once

    async def _work(self, known: Import, reading: Reading, *, is_dry: bool) -> State:
        known.staged = await self._read(known, reading)
        if is_dry or known.staged.needs_zone or known.staged.choices:
            return State.READY
        known.state = State.STORING
        known.imported = await storing.store(
            self._context,
            reading,
            known.staged,
            known.session,
            title=known.told.title,
            tell=lambda count: setattr(known, "stored", count),
        )
        return State.DONE

    async def _read(self, known: Import, reading: Reading) -> Staged:
        return await reading.stage(
            known.path,
            max_file=self.max_file(),
            zone=known.told.zone,
            choose=known.told.choose,
            order=known.told.order,
            tell=lambda count: setattr(known, "read", count),
        )

    def max_file(self) -> int:
        """How many bytes one may have; 0 where there are none."""
        return 0 if self._context.filing is None else self._context.filing.quotas.file

    def _require_turn(self, session: Session | None) -> None:
        busy = [each for each in self._all.values() if each.is_busy]
        own = session is not None and (
            any(
                each.session is not None and each.session.id == session.id
                for each in self._receiving
            )
            or any(each.session.id == session.id for each in busy)
        )
        if own:
            raise RateLimited(ONE_AT_A_TIME, retry_after=10)
        if len(busy) + len(self._receiving) >= AT_ONCE_MAX:
            raise RateLimited(
                "Too many files are being imported. Please try again in a minute.", retry_after=60
            )

    def _require_room(self, announced: int | None) -> None:
        most = self.max_file()
        if announced is not None and announced > most:
            raise TooLarge(f"This file is too large: at most {in_words(most)}.")
        size = most if announced is None else announced
        if shutil.disk_usage(self._folder).free < 2 * size + ROOM_LEFT_BYTES:
            raise Unavailable(NO_ROOM, retry_after=60)

    async def _write(self, path: Path, data: AsyncIterator[bytes]) -> None:
        most, size = self.max_file(), 0
        giving_way = GivingWay(self._context.database)
        try:
            file = await asyncio.to_thread(_opened, path)
            try:
                async for piece in data:
                    size += len(piece)
                    if size > most:
                        raise TooLarge(f"This file is too large: at most {in_words(most)}.")
                    await giving_way.wait(piece)
                    await in_thread(_write_all, file, piece)
            finally:
                os.close(file)
        except OSError as error:
            raise Unavailable(NO_ROOM, retry_after=60) from error
        if not size:
            raise BadRequest("The file is empty.")

    def _make_room(self) -> None:
        idle = [each for each in self._all.values() if not each.is_busy]
        for known in idle[: max(0, len(self._all) - KEPT_MAX)]:
            self._forget_soon(known)

    def _forget_soon(self, known: Import) -> None:
        self._all.pop(known.id, None)
        known.task = asyncio.get_running_loop().create_task(self._forget(known))

    async def _forget(self, known: Import) -> None:
        if known.timer is not None:
            known.timer.cancel()
        self._all.pop(known.id, None)
        await asyncio.to_thread(_remove, known.path)


def require_zone(name: str) -> None:
    """Raise `BadRequest` for what is no time zone."""
    if name and zone_called(name) is None:
        raise BadRequest(no_such_zone(name))


def _file_name(name: str) -> str:
    """As readers see it, whose formats are partly told by it; it leads nowhere else."""
    clean = "".join(each if each.isalnum() or each in "-_. ()" else "_" for each in name)
    # Its end tells most; disks take 255 bytes.
    short = clean.encode("utf-8", "replace")[-NAME_MAX_BYTES:].decode("utf-8", "ignore")
    return short.strip(" .") or "file"


def _opened(path: Path) -> int:
    path.parent.mkdir(mode=0o700)
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)


def _write_all(file: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(file, view) :]


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path.parent)
