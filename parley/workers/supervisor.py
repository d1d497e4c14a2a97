"""Starting workers, handing connections to them, and replacing those that end.

One process accepts for all of them and passes each connection on to the worker with the fewest.
That costs 30 µs a connection. With a listening socket for each (`SO_REUSEPORT`), whatever waits in
the queue of a worker that stops is lost, and after a restart one worker has the clients of two.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

import parley
from parley.wire.listening import Acceptor
from parley.workers import channel, worker

log = structlog.get_logger(__name__)

START_WITHIN_S = 300.0
"""How long a worker may take until it is ready: a first one may upgrade the database."""
END_WITHIN_S = 15.0
"""How long it may take to stop, which it does within ten seconds."""
WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Before one is started in the place of one that ended by itself: longer each time."""
STEADY_S = 60.0
"""Whoever ran so long is not one that cannot run."""
SILENT_S = 60.0
"""A worker whose event loop stood still for so long is ended: nobody it serves gets an answer."""
LOOK_EVERY_S = 5.0
TRY_AGAIN_S = 0.02
"""Where a worker was handed more connections than it has taken yet."""


class FirstWorkerFailed(Exception):
    """It has said why itself."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Child:
    """A worker as its supervisor sees it."""

    def __init__(
        self, number: int, process: asyncio.subprocess.Process, end: socket.socket
    ) -> None:
        self.number = number
        self.process = process
        self.end = end
        loop = asyncio.get_running_loop()
        self.since_s = self.heard_s = loop.time()
        self.failures = 0
        """How often in a row the one in its place ended soon."""
        self.ready: asyncio.Future[str] = loop.create_future()
        """With what is to be said; cancelled where it ended before."""
        self.ended: asyncio.Future[int] = loop.create_future()
        self.is_leaving = False
        """Whether it is handed no more connections."""
        self.is_expected_to_end = False
        self.open_now = 0
        self.sent = 0
        self.received = 0

    @property
    def takes_connections(self) -> bool:
        is_ready = self.ready.done() and not self.ready.cancelled()
        return is_ready and not self.is_leaving and not self.ended.done()

    @property
    def load(self) -> int:
        """How many connections it has, those included that it has not taken yet."""
        return self.open_now + channel.difference(self.sent, self.received)


class Supervisor:
    """Of `count` workers, each started by `arguments`, for what comes to the `sockets`."""

    def __init__(
        self, count: int, sockets: Sequence[socket.socket], arguments: Sequence[str]
    ) -> None:
        self._count = count
        self._sockets = sockets
        self._arguments = arguments
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._numbers: set[int] = set()
        """Of those that run: each has the lowest that was free."""
        self._acceptors: list[Acceptor] = []
        self._waiting: list[socket.socket] = []
        """Connections that nobody was handed yet."""
        self._is_due = False
        self._turn = itertools.count()
        self._turns: dict[Child, int] = {}
        """When each was last handed a connection."""
        self._rolling: asyncio.Task[None] | None = None
        self._roll_again = False
        self._is_stopping = False

    # --- what is asked of it ---

    async def start(self) -> str:
        """Returns once all are started and the first is ready: what it wants said.

        Raises `FirstWorkerFailed`.
        """
        self._do(self._look())
        # Alone, so that what keeps all from starting is said once, and the database is upgraded
        # by one of them.
        first = await self._begin(failures=0)
        said = await self._readiness(first)
        if said is None:
            code = await first.ended
            raise FirstWorkerFailed(code if code > 0 else 1)
        self._watch(first)
        others = [await self._begin(failures=0) for _ in range(self._count - 1)]
        for child in others:
            self._watch(child)
        await asyncio.gather(*(self._readiness(child) for child in others))
        self._acceptors = [Acceptor(sock, self._came) for sock in self._sockets]
        return said

    def roll(self, when_done: Callable[[], object] | None = None) -> None:
        """Replace each worker by one that is started anew, one after the other."""
        self._roll_again = True
        if self._rolling is None and not self._is_stopping:
            self._rolling = self._do(self._roll(when_done))

    async def stop(self) -> None:
        """Stop all workers in order: whoever has connected by now is handed over before."""
        self._is_stopping = True
        for acceptor in self._acceptors:
            acceptor.accept_what_waits()
            acceptor.close()
        self._hand_over()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(self._end(child) for child in list(self._children)))
        for sock in self._waiting:
            sock.close()

    def kill(self) -> None:
        """End all workers at once."""
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()

    # --- workers ---

    async def _begin(self, *, failures: int) -> Child:
        number = next(each for each in itertools.count(1) if each not in self._numbers)
        self._numbers.add(number)
        ours, theirs = channel.pair()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "parley", *self._arguments),
                env=_environment(number, theirs),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # what a terminal sends is for us
            )
        except BaseException:
            self._numbers.discard(number)
            ours.close()
            raise
        finally:
            theirs.close()
        child = Child(number, process, ours)
        child.failures = failures
        self._children.add(child)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, child)
        # Not one of those that a stop cancels: it tells a stop that the process has ended.
        ending = asyncio.get_running_loop().create_task(self._await_end(child))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        log.info("worker_started", worker=number, pid=process.pid)
        return child

    async def _await_end(self, child: Child) -> None:
        code = await child.process.wait()
        self._forget(child)
        child.ended.set_result(code)
        child.ready.cancel()

    def _forget(self, child: Child) -> None:
        asyncio.get_running_loop().remove_reader(child.end.fileno())
        child.end.close()
        self._children.discard(child)
        self._numbers.discard(child.number)
        self._turns.pop(child, None)

    async def _readiness(self, child: Child) -> str | None:
        """What it wants said once it is ready; None where it ended before, or took too long."""
        await asyncio.wait([child.ready], timeout=START_WITHIN_S)
        if child.ready.done():
            return None if child.ready.cancelled() else child.ready.result()
        log.error("worker_not_ready", worker=child.number, within_s=START_WITHIN_S)
        child.process.kill()
        await child.ended
        return None

    def _watch(self, child: Child) -> None:
        """Start another in its place, should it end by itself."""
        self._do(self._replace_ended(child))

    async def _replace_ended(self, child: Child) -> None:
        code = await asyncio.shield(child.ended)
        if child.is_expected_to_end or self._is_stopping:
            return
        lived_s = asyncio.get_running_loop().time() - child.since_s
        failures = 0 if lived_s > STEADY_S else child.failures
        log.error(
            "worker_ended",
            worker=child.number,
            pid=child.process.pid,
            reason=_reason(code),
            again_in_s=_wait_s(failures),
        )
        await self._begin_again(failures)

    async def _begin_again(self, failures: int) -> None:
        while True:
            await asyncio.sleep(_wait_s(failures))
            failures += 1
            try:
                child = await self._begin(failures=failures)
            except OSError as error:  # no more processes, or no memory for one
                wait_s = _wait_s(failures)
                log.error("worker_not_started", reason=error.strerror, again_in_s=wait_s)
            else:
                self._watch(child)
                return

    async def _roll(self, when_done: Callable[[], object] | None) -> None:
        try:
            while self._roll_again:
                self._roll_again = False
                for child in sorted(self._children, key=lambda each: each.since_s):
                    if child.takes_connections and not await self._replace(child):
                        log.error(
                            "rolling_restart_given_up",
                            advice="The workers that were not replaced go on as they are.",
                        )
                        break
                else:
                    log.info("rolling_restart_done")
        finally:
            self._rolling = None
            if when_done is not None:
                when_done()

    async def _replace(self, child: Child) -> bool:
        """Start one in its place, and stop it once that is ready; whether it became so."""
        try:
            new = await self._begin(failures=0)
        except OSError as error:
            log.error("worker_not_started", reason=error.strerror)
            return False
        if await self._readiness(new) is None:
            return False
        self._watch(new)
        await self._end(child)
        return True

    async def _leave(self, child: Child) -> None:
        """Somebody asked the worker itself to stop: it does, once there is another."""
        if not await self._replace(child):
            await self._end(child)
            await self._begin_again(failures=1)

    async def _end(self, child: Child) -> None:
        child.is_leaving = child.is_expected_to_end = True
        try:
            if not child.ready.done():
                child.process.terminate()
            elif not child.ended.done():
                child.end.send(channel.STOP)
        except OSError:  # it is about to end, or takes nothing
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()
        try:
            async with asyncio.timeout(END_WITHIN_S):
                code = await asyncio.shield(child.ended)
        except TimeoutError:
            log.error("worker_cut_off", worker=child.number, after_s=END_WITHIN_S)
            child.process.kill()
            code = await asyncio.shield(child.ended)
        log.info("worker_stopped", worker=child.number, reason=_reason(code))

    async def _look(self) -> None:
        """End whoever has been silent too long."""
        loop = asyncio.get_running_loop()
        looked_s = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now_s = loop.time()
            stood_still = now_s - looked_s > 2 * LOOK_EVERY_S
            looked_s = now_s
            for child in list(self._children):
                if stood_still:  # all of the machine, maybe: what they said waits to be heard
                    child.heard_s = now_s
                elif child.ready.done() and now_s > child.heard_s + SILENT_S:
                    log.error("worker_silent", worker=child.number, for_s=SILENT_S)
                    child.process.kill()

    def _hear(self, child: Child) -> None:
        try:
            packet, _ = channel.receive(child.end)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            packet = b""
        child.heard_s = asyncio.get_running_loop().time()
        match packet[:1]:
            case b"":  # it ends
                child.is_leaving = True
                asyncio.get_running_loop().remove_reader(child.end.fileno())
            case channel.READY if not child.ready.done():
                child.ready.set_result(packet[1:].decode(errors="replace"))
                self._hand_over_soon()
            case channel.COUNTS:
                child.open_now, child.received = channel.read_counts(packet)
            case channel.LEAVING if not child.is_expected_to_end and not self._is_stopping:
                child.is_expected_to_end = True
                self._do(self._leave(child))

    def _do(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("supervising_failed", exc_info=error)

    # --- connections ---

    def _came(self, sock: socket.socket, _peer: Any) -> None:
        self._waiting.append(sock)
        self._hand_over_soon()

    def _hand_over_soon(self, delay_s: float = 0.0) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(delay_s, self._hand_over)

    def _hand_over(self) -> None:
        self._is_due = False
        taking = [child for child in self._children if child.takes_connections]
        batches: dict[Child, list[socket.socket]] = {}
        for sock in self._waiting if taking else ():
            # Of those with as few, the one that has waited longest.
            child = min(taking, key=lambda each: (each.load, self._turns.get(each, -1)))
            self._turns[child] = next(self._turn)
            child.sent += 1
            batches.setdefault(child, []).append(sock)
        if batches:
            self._waiting = []
        for child, batch in batches.items():
            for at in range(0, len(batch), channel.SOCKETS_MAX):
                self._send(child, batch[at : at + channel.SOCKETS_MAX])
        if self._waiting:
            # In the queue of the listening socket they keep until there is somebody.
            self._hand_over_soon(TRY_AGAIN_S)
        for acceptor in self._acceptors:
            acceptor.hold(is_held=bool(self._waiting))

    def _send(self, child: Child, sockets: Sequence[socket.socket]) -> None:
        try:
            channel.hand_over(child.end, sockets)
        except OSError:  # it has not taken those before yet, or has ended
            child.sent -= len(sockets)
            self._waiting.extend(sockets)
        else:
            for sock in sockets:
                sock.close()


def _wait_s(failures: int) -> float:
    return WAITS_S[min(failures, len(WAITS_S) - 1)]


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _environment(number: int, end: socket.socket) -> dict[str, str]:
    """That of a worker, which is to find the same Parley as we."""
    environ = {**os.environ, worker.VARIABLE: worker.variable(number, end)}
    home = str(Path(parley.__file__).parent.parent)
    if home not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environ.get("PYTHONPATH"))))
    return environ
