"""`parley chat` in a terminal: a pseudo-terminal, and what a real one would show."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping

import pyte

SIZES = ("COLUMNS", "LINES")
SLOW_S = 90.0
"""A program of its own has to start first, which a busy machine takes its time for."""


class Terminal:
    def __init__(
        self,
        *arguments: str,
        environ: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        command: tuple[str, ...] = (sys.executable, "-m", "parley"),
    ) -> None:
        columns, lines = size
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        """All that it wrote."""
        self._news = asyncio.Event()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # What runs the tests may name a size, which would count more than the screen's own.
            env={
                **{name: told for name, told in os.environ.items() if name not in SIZES},
                **{"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
                **environ,
            },
            start_new_session=True,
        )
        os.close(theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def _read(self) -> None:
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # it has ended
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self._ours)
        self.written += piece
        self._stream.feed(piece)
        self._news.set()

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    async def shows(self, *wanted: str) -> None:
        await self.until(lambda: all(each in self.text for each in wanted), wanted)

    async def until(self, holds: Callable[[], bool], wanted: object = "") -> None:
        try:
            async with asyncio.timeout(SLOW_S):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"Not shown: {wanted!r}\n{self.text}") from None

    async def end(self) -> int:
        return await asyncio.to_thread(self.process.wait, SLOW_S)

    def goes_away(self) -> None:
        """As when a window is closed, or a line to another machine breaks."""
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        if self._ours >= 0:
            self.goes_away()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
