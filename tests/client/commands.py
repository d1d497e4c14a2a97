"""`parley` as scripts run it, in a process of its own, as somebody with a home of their own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.forking import Forked
from tests.people import PATIENCE_S


@dataclass(frozen=True)
class Ended:
    code: int
    said: str
    complained: str


class Home:
    """Somebody's computer."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.environ = {**os.environ, "XDG_STATE_HOME": str(self.state), "TZ": "UTC"}

    async def run(self, *arguments: str, given: str | bytes = b"") -> Ended:
        """With what is given to it on its standard input."""
        return await asyncio.to_thread(self._run, arguments, given)

    def _run(self, arguments: tuple[str, ...], given: str | bytes) -> Ended:
        process, to = self._start(arguments)
        with open(to, "wb") as pipe, contextlib.suppress(BrokenPipeError):  # it may not want it
            pipe.write(given.encode() if isinstance(given, str) else given)
        said, complained = process.communicate(PATIENCE_S)
        return Ended(process.wait(), said.decode(), complained.decode())

    async def start(self, *arguments: str) -> Going:
        process, to = await asyncio.to_thread(self._start, arguments)
        os.close(to)
        return Going(process)

    def _start(self, arguments: tuple[str, ...]) -> tuple[Forked, int]:
        """It, and the end of a pipe to its standard input."""
        stdin, to = os.pipe()
        try:
            return Forked(arguments, env=self.environ, stdin=stdin), to
        finally:
            os.close(stdin)


class Going:
    """One that goes on."""

    def __init__(self, process: Forked) -> None:
        self.process = process
        self._out = io.BufferedReader(process.stdout)

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await asyncio.to_thread(self._out.readline)).decode().rstrip("\n")

    async def lines(self, count: int) -> list[str]:
        return [await self.line() for _ in range(count)]

    async def end(self) -> int:
        """Its exit code."""
        code = await asyncio.to_thread(self.process.wait, PATIENCE_S)
        self._out.close()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    async def stop(self) -> None:
        """At once, if it is still there."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.end()
