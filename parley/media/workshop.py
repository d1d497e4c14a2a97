"""Files are looked at here, pictures in processes that wait for them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from parley.errors import BadFile, Unavailable
from parley.media import streams, types
from parley.media.looked import Kind, Looked
from parley.media.turns import Turns

MEMORY_BYTES = 1536 * 1024 * 1024
"""Of address space. The most that a picture of 40 megapixels was seen to take is 1 GB: as AVIF, or
as WebP without loss, whose encoders keep several copies. A photo of that size takes 370 MB."""
STILL_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
"""What browsers make of what they draw."""
MAX_WAITING = 200
"""Pictures in line for the workers; more are refused, to be sent again."""
MAX_WAITING_OF_ONE = 20
"""Of them; what one person has beyond is refused, while others have their turns in between."""
IDLE_S = 60.0
"""How long a worker without work is kept."""
START_WITHIN_S = 60.0
"""A machine that has so much else to do is no reason to refuse a picture."""
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")
"""What a worker is told of ours: no secret is among them."""

_WORDS = {
    "broken": BadFile.text,
    "too_large": (
        "This picture is too large to open here: it may have 40 megapixels, and an animation 400 "
        "in all its frames. Make it smaller and send it again."
    ),
    "too_long": (
        "This picture took too long to open. Make it smaller, or save it anew, and send it again."
    ),
}


class Workshop:
    """Looks at files that were uploaded, a few pictures at a time.

    Its processes are started at the first picture, kept for the next, and ended once there was none
    for a minute. Belongs to one event loop.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        within_s: float = 20.0,
        memory_bytes: int = MEMORY_BYTES,
        idle_s: float = IDLE_S,
    ) -> None:
        """`within_s`: how long a picture may take, from when its turn has come."""
        self._within_s = within_s
        self._memory_bytes = memory_bytes
        self._idle_s = idle_s
        self._turns = Turns(workers)
        self._waiting: Counter[Hashable] = Counter()
        """By whose they are, how many pictures are in line or being looked at."""
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def look(self, path: Path, name: str, into: Path, *, whose: Hashable = None) -> Looked:
        """What the finished upload at `path` holds.

        `name` is the one it came with. Those with pictures in line have their turns one after the
        other, told apart by `whose`. New files are made in the folder `into`, whole and on the
        disk when this returns; none is left when it raises.

        Raises `BadFile` for a picture that is damaged, too large or took too long, `Unavailable`
        where too many wait already, and `OSError` where the disk fails.
        """
        head = await asyncio.to_thread(_head, path)
        claim = types.claim(head, name)
        if claim.kind is Kind.PICTURE:
            return await self._picture(path, claim.type, into, whose)
        if claim.kind is Kind.DOCUMENT:
            return Looked(claim.kind, claim.type)
        return await asyncio.to_thread(streams.look, path, claim.type, head, name)

    async def still(
        self, path: Path, into: Path, *, max_px: int, square_px: int = 0, whose: Hashable = None
    ) -> Path:
        """A preview of the picture at `path`, made in the folder `into`: a WebP of at most
        800 × 800 pixels, without metadata, whole and on the disk. With `square_px` it is only its
        middle, of just so many pixels each way.

        Raises `BadFile` also for what is no JPEG, PNG or WebP, or has more than `max_px` pixels
        one way, and the rest as `look` does.
        """
        claim = types.claim(await asyncio.to_thread(_head, path), "")
        if claim.type not in STILL_TYPES:
            raise BadFile
        wishes = {"max_px": max_px, "square_px": square_px}
        answer = await self._made(path, claim.type, into, whose, **wishes)
        return into / str(answer["preview"])

    async def close(self) -> None:
        """End the processes, at once. Pictures still being looked at raise `Unavailable`."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(worker.end() for worker in workers), *self._leaving)

    async def _picture(self, path: Path, media_type: str, into: Path, whose: Hashable) -> Looked:
        return _looked(await self._made(path, media_type, into, whose), into)

    async def _made(
        self, path: Path, media_type: str, into: Path, whose: Hashable, **wishes: int
    ) -> Mapping[str, Any]:
        """What a worker answers that was asked for a picture, and could open it."""
        is_full = self._waiting.total() >= MAX_WAITING
        if is_full or (whose is not None and self._waiting[whose] >= MAX_WAITING_OF_ONE):
            raise Unavailable(
                "Too many pictures are being prepared. Please try again in a moment.",
                retry_after=5,
            )
        stem = secrets.token_hex(8)
        asked = {"path": str(path), "type": media_type, "into": str(into), "stem": stem, **wishes}
        self._waiting[whose] += 1
        try:
            async with self._turns.turn(whose):
                answer = await self._ask(asked)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(_sweep, into, stem))
            raise
        finally:
            self._waiting[whose] -= 1
            self._waiting += Counter()  # without those who have none
        if "bad" in answer:
            await asyncio.to_thread(_sweep, into, stem)
            raise _refusal(answer)
        return answer

    async def _ask(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._closed:
            raise Unavailable
        worker = self._idle.pop() if self._idle else _Worker()
        self._busy.add(worker)
        try:
            await worker.start(self._memory_bytes, self._within_s)
            async with asyncio.timeout(self._within_s):
                answer = await worker.ask(asked)
        except TimeoutError:
            await worker.end()
            return {"bad": "too_long"}
        except (ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
            # It was killed, by the system or by what it read.
            await worker.end()
            if self._closed:
                raise Unavailable from error
            return {"bad": "broken"}
        except BaseException:
            await worker.end()  # What it is at no longer has anybody who waits for it.
            raise
        finally:
            self._busy.discard(worker)
        self._keep(worker)
        return answer

    def _keep(self, worker: _Worker) -> None:
        self._idle.append(worker)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def _rest(self) -> None:
        """Nobody has sent a picture for a while."""
        for worker in self._idle:
            leaving = asyncio.get_running_loop().create_task(worker.leave())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        self._idle.clear()


class _Worker:
    """One process, started when it is first asked."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, memory_bytes: int, within_s: float) -> None:
        """Have it there and ready. Raises `Unavailable` where it can't be started."""
        if self._process is not None and self._process.returncode is None:
            return
        try:
            self._process = await _start(memory_bytes, within_s)
            async with asyncio.timeout(START_WITHIN_S):
                await self._answer()
        except (OSError, asyncio.IncompleteReadError) as error:  # A timeout is an OSError.
            await self.end()
            raise Unavailable("Pictures can't be opened right now. Please try again.") from error

    async def ask(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its answer. If it dies: `ConnectionError`, `IncompleteReadError` or `ValueError`."""
        if self._process is None or self._process.stdin is None:
            raise ConnectionResetError
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        await self._process.stdin.drain()
        answer: Mapping[str, Any] = json.loads(await self._answer())
        return answer

    async def _answer(self) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise ConnectionResetError
        return await self._process.stdout.readuntil(b"\n")

    async def leave(self) -> None:
        """Have it end by itself, as it does once nobody can ask it any more."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


async def _start(memory_bytes: int, within_s: float) -> asyncio.subprocess.Process:
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "parley.media.worker", str(memory_bytes), str(within_s)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        # Ctrl-C is for the server, which ends it in order.
        start_new_session=True,
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(types.HEAD_BYTES)


def _sweep(into: Path, stem: str) -> None:
    for made in into.glob(f"{stem}*"):
        made.unlink(missing_ok=True)


def _refusal(answer: Mapping[str, Any]) -> Exception:
    if answer["bad"] == "failed":
        return OSError(answer["error"])
    return BadFile(_WORDS[answer["bad"]])


def _looked(answer: Mapping[str, Any], into: Path) -> Looked:
    preview = answer["preview"]
    return Looked(
        Kind.PICTURE,
        answer["type"],
        width=answer["width"],
        height=answer["height"],
        clean=into / answer["clean"],
        preview=into / preview if preview else None,
        is_animated=answer["is_animated"],
    )
