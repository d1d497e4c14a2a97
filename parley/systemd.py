"""What a service manager is told: the few lines of systemd's `sd_notify(3)` that we need."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, MutableMapping

HEARD_WITHIN_S = 0.1
"""How long it may take to make room for a word: everybody waits meanwhile."""
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class ServiceManager:
    """Whoever asked to be told, through the environment; nobody, mostly."""

    def __init__(self, address: str, watchdog_s: float) -> None:
        self._address = address
        self.watchdog_s = watchdog_s
        """After so long without a sign of life we are restarted; 0 for never."""

    @property
    def is_there(self) -> bool:
        return bool(self._address)

    @classmethod
    def asking(cls, environ: MutableMapping[str, str]) -> ServiceManager:
        """The one that started this process. The variables are taken out: it is not asking the
        processes that we start.
        """
        address, limit, pid = (environ.pop(name, "") for name in VARIABLES)
        is_for_us = limit.isdecimal() and pid in ("", str(os.getpid()))
        return cls(address, int(limit) / 1e6 if is_for_us else 0.0)

    def ready(self) -> None:
        """We answer whoever comes, for the first time or again."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """We read our files again, until we are `ready`."""
        # The clock of the machine since it started, as systemd compares it.
        clock = getattr(time, "CLOCK_MONOTONIC", None)
        now_us = int((time.monotonic() if clock is None else time.clock_gettime(clock)) * 1e6)
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={now_us}")

    def stopping(self) -> None:
        """We say goodbye to everybody."""
        self._tell("STOPPING=1")

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Within the block, show that the event loop runs, as often as we were asked to."""
        if not self.watchdog_s:
            yield
            return
        showing = asyncio.create_task(self._show_life())
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.wait([showing])

    async def _show_life(self) -> None:
        while True:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / 2)

    def _tell(self, what: str) -> None:
        if not self._address:
            return
        # A name that begins with @ is none of a file.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),  # it may have gone away itself
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as teller,
        ):
            teller.settimeout(HEARD_WITHIN_S)
            teller.sendto(what.encode(), address)
