"""A process that sends, started when there is something to send and ended when there is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Generic

import msgspec
from msgspec import Struct

from parley.push.post import Numbered, Outcome, T, framed, next_frame

IDLE_S = 60.0
"""How long the process is kept without work."""
SILENT_MAX_S = 60.0
"""It bounds its own time: one that has work and answers nothing at all for so long is ended."""
_ENVIRONMENT = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG"),
    # Where the certificates are that are trusted.
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""What it is told of ours: no other secret than its own is among them."""
PUSHES = "parley.push.worker"


class Courier(Generic[T]):
    """Hands over what it is given to a process of the `module`, which is told the `setup` first.
    Belongs to one event loop.
    """

    def __init__(self, setup: Struct, *, module: str = PUSHES, idle_s: float = IDLE_S) -> None:
        self._setup = setup
        self._module = module
        self._idle_s = idle_s
        self._worker: _Worker[T] | None = None
        self._leaving: set[_Worker[T]] = set()
        """Those that end by themselves."""
        self._starting = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def send(self, asked: T) -> Outcome:
        """What became of it: of one that may not have gone, too. Raises nothing."""
        worker = await self._working()
        if worker is None:
            return _lost(0)
        try:
            return await worker.send(asked)
        finally:
            self._rest_later()

    async def close(self) -> None:
        """End the process, at once. What waits for an answer gets none."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        async with self._starting:  # one that is being started is there to be ended then
            workers = [*self._leaving, *([self._worker] if self._worker else [])]
            await asyncio.gather(*(worker.end() for worker in workers))

    async def _working(self) -> _Worker[T] | None:
        async with self._starting:
            if self._is_closed:
                return None
            if self._worker is None or not self._worker.is_running:
                try:
                    self._worker = _Worker(await _start(self._module), self._setup)
                except OSError:
                    return None
            return self._worker

    def _rest_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._is_closed and self._worker is not None and not self._worker.waiting:
            self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def _rest(self) -> None:
        worker = self._worker
        if worker is not None and not worker.waiting:
            self._worker = None
            self._leaving.add(worker)
            worker.leave(lambda: self._leaving.discard(worker))


class _Worker(Generic[T]):
    """One process, and what it has not answered."""

    def __init__(self, process: asyncio.subprocess.Process, setup: Struct) -> None:
        self._process = process
        self._number = 0
        self.waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._silent: asyncio.TimerHandle | None = None
        self._write(framed(setup))
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    @property
    def is_running(self) -> bool:
        return not self._listening.done()

    async def send(self, asked: T) -> Outcome:
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        if self._silent is None:
            self._expect_answer()
        try:
            self._write(framed(Numbered(number, asked)))
            await self._drain()
            outcome: Outcome = await answer
            return outcome
        except (ConnectionError, RuntimeError):
            self._kill()
            return _lost(number)
        finally:
            del self.waiting[number]

    def leave(self, when_gone: Callable[[], None]) -> None:
        """Have it end by itself, as it does once nobody can ask it any more."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._listening.add_done_callback(lambda _: when_gone())

    async def end(self) -> None:
        self._kill()
        await self._listening

    async def _listen(self) -> None:
        try:
            while self._process.stdout is not None:
                frame = await next_frame(self._process.stdout)
                outcome = msgspec.msgpack.decode(frame, type=Outcome)
                self._answered(outcome)
                self._expect_answer()
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            self._kill()
        await self._process.wait()
        for number in list(self.waiting):
            self._answered(_lost(number))
        self._expect_answer()

    def _answered(self, outcome: Outcome) -> None:
        waiting = self.waiting.get(outcome.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    def _expect_answer(self) -> None:
        """From now on, as long as any is waited for."""
        if self._silent is not None:
            self._silent.cancel()
        is_waiting = any(not answer.done() for answer in self.waiting.values())
        loop = asyncio.get_running_loop()
        self._silent = loop.call_later(SILENT_MAX_S, self._kill) if is_waiting else None

    def _write(self, frame: bytes) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(frame)

    async def _drain(self) -> None:
        if self._process.stdin is not None:
            await self._process.stdin.drain()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


def _lost(number: int) -> Outcome:
    return Outcome(number, 0, why="the process that sends ended", is_lost=True)


async def _start(module: str) -> asyncio.subprocess.Process:
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        # Ctrl-C is for the server, which ends it in order.
        start_new_session=True,
    )
