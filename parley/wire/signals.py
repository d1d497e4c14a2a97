"""Signals, and what they ask a server for."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable


def stop_on_signals(
    reload: Callable[[], object] | None = None, at_once: Callable[[], object] | None = None
) -> asyncio.Event:
    """An event that SIGTERM, SIGINT and SIGHUP set; a second signal ends the process at once,
    after `at_once()`.

    But for SIGHUP, which a terminal that closes sends through its shell as well, and which is not
    heard at all where whoever started us asked for that (`nohup`). Where there is something to
    `reload`, it asks for that instead, unless a terminal did close.
    """
    stop = asyncio.Event()
    terminals = _terminals_open()

    def hung_up() -> None:
        if reload is None or _terminals_open() != terminals:
            stop.set()
        else:
            reload()

    def asked() -> None:
        if stop.is_set():
            if at_once is not None:
                at_once()
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked)
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        loop.add_signal_handler(hang_up, hung_up)
    return stop


def _terminals_open() -> list[int]:
    """Which of standard input, output and error are a terminal that is still there."""
    return [file for file in range(3) if os.isatty(file)]
