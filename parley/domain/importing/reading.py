"""Having an export read, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from parley.domain.importing import scratch
from parley.domain.importing.scratch import Staged
from parley.domain.importing.worker import Answer, Asked, Done, Extract, Failed, Progress, Stage
from parley.errors import ImportFails, Unavailable

log = structlog.get_logger(__name__)

MEMORY_BYTES = 768 * 1024 * 1024
"""Of address space; a list of 100,000 members takes a tenth of it."""
WITHIN_S = 3600
"""Of computing, and on the clock: ten million messages take half of it."""
SILENT_MAX_S = 900.0
"""Without a word: nothing that is read takes so long in one go but putting millions in order."""
LINE_MAX_BYTES = 1024 * 1024
OPENER = "parley.importing.recognising:open_chat"
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")
"""What it is told of ours: no secret is among them."""
_NO_ROOM = "There is no room on the server's disk to read this file."


class Reading:
    """Reads one export into a scratch file in `folder`; `async with` ends it and removes that."""

    def __init__(self, folder: Path, *, opener: str | None = None) -> None:
        self.scratch = folder / f"{scratch.NAME}{secrets.token_hex(8)}"
        self._opener = opener or OPENER
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Reading:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()
        await asyncio.to_thread(scratch.remove, self.scratch)

    async def stage(
        self,
        path: Path,
        *,
        max_file: int,
        zone: str = "",
        choose: str = "",
        order: str = "",
        tell: Callable[[int], None] = lambda count: None,
    ) -> Staged:
        """What it will become. Raises `ImportFails`, and `Unavailable` where the disk is full."""
        asked = Stage(
            path=str(path),
            scratch=str(self.scratch),
            opener=self._opener,
            zone=zone,
            choose=choose,
            order=order,
            max_file=max_file,
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                done = await self._ask(asked, tell)
        except TimeoutError:
            raise ImportFails("Reading this file took too long.") from None
        if done.staged is None:
            raise ImportFails
        return done.staged

    async def extract(self, member: str, to: Path) -> None:
        """Write a member of it to a file that is there. Raises `ImportFails`, `Unavailable`."""
        try:
            await self._ask(Extract(member=member, to=str(to)))
        except ImportFails as error:
            if self._process is None or self._process.returncode is not None:
                # It was ended: this file may be as it should, and so may those that follow.
                raise Unavailable("The import broke off. Please try again.") from error
            raise

    async def end(self) -> None:
        """At once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _ask(self, asked: Asked, tell: Callable[[int], None] = lambda count: None) -> Done:
        try:
            process = await self._started()
            if process.stdin is None:
                raise ConnectionResetError
            process.stdin.write(msgspec.json.encode(asked) + b"\n")
            await process.stdin.drain()
            while isinstance(answer := await self._answer(), Progress):
                tell(answer.read)
        except TimeoutError:
            raise ImportFails("Reading this file took too long.") from None
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            # It was ended by the system: by what it read, or by a limit that it ran into.
            await self.end()
            raise ImportFails("This file can't be read: it took more than an export would.") from (
                error
            )
        if isinstance(answer, Done):
            return answer
        if isinstance(answer, Failed):
            log.error("import_failed", error=answer.error)
            if answer.is_disk:
                raise Unavailable(_NO_ROOM, retry_after=60)
            raise ImportFails
        raise ImportFails(answer.why)

    async def _answer(self) -> Answer:
        if self._process is None or self._process.stdout is None:
            raise ConnectionResetError
        async with asyncio.timeout(SILENT_MAX_S):
            line = await self._process.stdout.readuntil(b"\n")
        answer: Answer = msgspec.json.decode(line, type=Answer)
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "parley.domain.importing.worker", str(MEMORY_BYTES), str(WITHIN_S)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                limit=LINE_MAX_BYTES,
                # Ctrl-C is for whoever started it, which ends it in order.
                start_new_session=True,
            )
        return self._process


def remove_left(folder: Path, *, before: datetime | None = None) -> None:
    """What a server that was ended left of files that were imported, and of scratch files; only
    what is from before then, if that is given.
    """
    for path in folder.glob(f"{scratch.NAME}*"):
        if before is not None:
            try:
                changed_s = path.stat().st_mtime
            except FileNotFoundError:
                continue
            if changed_s >= before.timestamp():
                continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
