"""The process that pushes, started when there is something to push and ended when there is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import msgspec

from parley.push.post import Numbered, Outcome, Push, Setup, framed, next_frame

IDLE_S = 60.0
"""How long the process is kept without work."""
ANSWERED_WITHIN_S = 120.0
"""It bounds its own time; one that says nothing for so long, while it has work, is ended."""
_ENVIRONMENT = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG"),
    # Where the certificates are that are trusted.
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
"""What it is told of ours: no other secret than its own is among them."""
_LOST = "the process that pushes ended"


class Courier:
    """Hands notifications over. Belongs to one event loop."""

    def __init__(self, setup: Setup, *, idle_s: float = IDLE_S) -> None:
        self._setup = setup
        self._idle_s = idle_s
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._number = 0
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def send(self, push: Push) -> Outcome:
        """What became of it: of one that may not have gone, too. Raises nothing."""
        process = await self._running()
        if process is None or process.stdin is None:
            return Outcome(0, 0, why=_LOST)
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            process.stdin.write(framed(Numbered(number, push)))
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await process.stdin.drain()
                outcome: Outcome = await answer
        except (ConnectionError, RuntimeError, TimeoutError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return Outcome(number, 0, why=_LOST)
        finally:
            self._waiting.pop(number, None)
            self._rest_later()
        return outcome

    async def close(self) -> None:
        """End the process, at once."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        async with self._starting:  # one that is being started is there to be ended then
            await self._end()

    async def _running(self) -> asyncio.subprocess.Process | None:
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return self._process
            if self._is_closed:
                return None
            try:
                self._process = await _start()
            except OSError:
                return None
            if self._process.stdin is not None:
                self._process.stdin.write(framed(self._setup))
            self._listening = asyncio.get_running_loop().create_task(self._listen(self._process))
            return self._process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        try:
            while process.stdout is not None:
                outcome = msgspec.msgpack.decode(await next_frame(process.stdout), type=Outcome)
                waiting = self._waiting.get(outcome.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(outcome)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        if self._process in (process, None):
            for number, waiting in self._waiting.items():
                if not waiting.done():
                    waiting.set_result(Outcome(number, 0, why=_LOST))

    def _rest_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._waiting and not self._is_closed:
            self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def _rest(self) -> None:
        if not self._waiting and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()  # it ends by itself
            self._process = None

    async def _end(self) -> None:
        process, listening = self._process, self._listening
        self._process = self._listening = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _start() -> asyncio.subprocess.Process:
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "parley.push.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        # Ctrl-C is for the server, which ends it in order.
        start_new_session=True,
    )
