"""`parley` as scripts run it, in a process of its own, as somebody with a home of their own."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from tests.lean import COMMAND
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
        process = await self._start(arguments)
        sent = given.encode() if isinstance(given, str) else given
        async with asyncio.timeout(PATIENCE_S):
            said, complained = await process.communicate(sent)
        assert process.returncode is not None
        return Ended(process.returncode, said.decode(), complained.decode())

    async def start(self, *arguments: str) -> Going:
        return Going(await self._start(arguments))

    async def _start(self, arguments: tuple[str, ...]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            env=self.environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


class Going:
    """One that goes on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self.process.stdout.readline()).decode().rstrip("\n")

    async def lines(self, count: int) -> list[str]:
        return [await self.line() for _ in range(count)]

    async def end(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()
