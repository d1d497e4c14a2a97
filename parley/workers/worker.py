"""A worker: what its supervisor hands it, and what it tells its supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, MutableMapping
from typing import Any

from parley.workers import channel

VARIABLE = "PARLEY_WORKER"
"""Of the environment: the number, and the file that is the way to the supervisor."""
TELL_EVERY_S = 0.5
RECEIVE_AT_ONCE = 16
"""Packets, before the event loop does something else."""


def variable(number: int, end: socket.socket) -> str:
    return f"{number}:{end.fileno()}"


class Worker:
    """This process as one of several."""

    def __init__(self, number: int, end: socket.socket) -> None:
        self.number = number
        self._end = end
        self._handed = 0
        self._stop: asyncio.Event | None = None
        self._come: Callable[[socket.socket, Any], None] = _close
        self._count: Callable[[], int] = int

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Worker | None:
        """What this process was started as, if it is one. The variable is taken out."""
        number, _, file = environ.pop(VARIABLE, "").partition(":")
        if not (number.isdecimal() and file.isdecimal()):
            return None
        end = socket.socket(fileno=int(file))
        end.setblocking(False)
        end.set_inheritable(False)
        return cls(int(number), end)

    def stop_when_told(self) -> asyncio.Event:
        """An event that the supervisor sets, or its end. Signals are passed on to it: only it knows
        when nobody more is on the way here.
        """
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._tell, channel.LEAVING)
        for name in (signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(name, _ignore)
        loop.add_reader(self._end.fileno(), self._hear)
        return self._stop

    def begin(self, come: Callable[[socket.socket, Any], None], count: Callable[[], int]) -> None:
        """From now on, hand each connection to `come`; `count` tells how many are open."""
        self._come, self._count = come, count
        self._report()

    def ready(self, *said: str) -> None:
        """Have connections sent here, and these lines shown on the terminal."""
        lines = "\n".join(filter(None, said)).encode()
        self._tell(channel.READY + lines[: channel.PACKET_MAX_BYTES - 1])

    def _hear(self) -> None:
        for _ in range(RECEIVE_AT_ONCE):
            try:
                packet, sockets = channel.receive(self._end)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                packet, sockets = b"", []
            for each in sockets:
                self._take(each)
            if packet in (b"", channel.STOP):
                asyncio.get_running_loop().remove_reader(self._end.fileno())
                if self._stop is not None:
                    self._stop.set()
                return

    def _take(self, sock: socket.socket) -> None:
        self._handed += 1
        try:
            peer = sock.getpeername()
        except OSError:  # gone already
            sock.close()
            return
        sock.setblocking(False)
        self._come(sock, peer)

    def _report(self) -> None:
        self._tell(channel.counts(self._count(), self._handed))
        asyncio.get_running_loop().call_later(TELL_EVERY_S, self._report)

    def _tell(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # a supervisor that is gone is heard of elsewhere
            self._end.send(packet)


def _close(sock: socket.socket, _peer: Any) -> None:
    sock.close()


def _ignore() -> None:
    """What a terminal sends to everybody is for the supervisor to decide."""
