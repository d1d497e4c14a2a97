"""How soon `parley chat` shows a long conversation, and how it scrolls back in it.

python -m bench --chat             within five minutes
python -m bench --chat --quick     a look, within a minute
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.filling import fill
from bench.machine import Cores
from bench.servers import Parley
from parley.client import start

MESSAGES = 100_000
SHOWN_WITHIN_S = 0.5
COLUMNS, LINES = 80, 24
PATIENCE_S = 60.0
WORDS = "See you at four, and who brings the cake? I have the plates and {number:06} cups."
NUMBER = re.compile(rb"(\d{6}) +cups")
PAGE_UP = b"\x1b[5~"


@dataclass(frozen=True)
class Size:
    openings: int
    pages: int


STANDARD, QUICK = Size(openings=15, pages=100), Size(openings=3, pages=20)


class _Bench(Parley):
    """On a folder that stays."""

    def __init__(self, checkout: Path, data: Path) -> None:
        super().__init__(checkout)
        self._data = data

    def command(self, scratch: Path) -> list[str]:
        return [sys.executable, "-m", "parley", "serve", "--port", "0", "--data", str(self._data)]


class _Terminal:
    """What `parley` writes to a terminal of its own."""

    def __init__(self, *arguments: str, state: Path, core: int) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environ = {"XDG_STATE_HOME": str(state), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.began = time.monotonic()
        with machine.pinned(core):
            self._process = subprocess.Popen(  # our own command line
                [sys.executable, "-m", "parley", *arguments],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env={**os.environ, **environ},
                start_new_session=True,
            )
        os.close(theirs)
        self.written = b""

    def until(self, wanted: bytes) -> float:
        """When it is there: seconds since it was started."""
        while wanted not in self.written:
            self._read(self.began)
        return time.monotonic() - self.began

    def page_up(self, above: int) -> tuple[float, int]:
        """How long it takes until a message before that number is shown, and the first of them."""
        self.written = b""
        began = time.monotonic()
        os.write(self._ours, PAGE_UP)
        while True:
            seen = [int(each) for each in NUMBER.findall(self.written)]
            if seen and min(seen) < above:
                return time.monotonic() - began, min(seen)
            self._read(began)

    def _read(self, began: float) -> None:
        select.select([self._ours], [], [], PATIENCE_S)
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError(f"What was waited for is not there: {self.written[-2000:]!r}")
        self.written += os.read(self._ours, 1 << 16)

    @property
    def first(self) -> int:
        """The number of the first message that was shown."""
        return min(int(each) for each in NUMBER.findall(self.written))

    @property
    def cpu_s(self) -> float:
        return machine.cpu_s(self._process.pid)

    @property
    def memory_bytes(self) -> int:
        return machine.memory_bytes(self._process.pid)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    size = QUICK if is_quick else STANDARD
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data, state = Path(folder, "data"), Path(folder, "state")
        kind = _Bench(checkout, data)
        with kind.running(cores.server) as server:
            made = asyncio.run(start(f"http://127.0.0.1:{server.port}", title="Cups"))
        room = made.link.rpartition("/")[2]
        with contextlib.closing(sqlite3.connect(data / "parley.db", timeout=30)) as own, own:
            texts = (WORDS.format(number=number) for number in range(MESSAGES))
            fill(own, room, texts, last_at=datetime.now(UTC))
        with kind.running(cores.server) as server:
            link = f"http://127.0.0.1:{server.port}/conversation/{room}"
            return "\n".join(_lines(link, state, cores, size))


def _lines(link: str, state: Path, cores: Cores, size: Size) -> Iterator[str]:
    opened: list[float] = []
    started: list[float] = []
    used: list[float] = []
    paged: list[float] = []
    for number in range(size.openings + 1):
        bare = _Terminal("--version", state=state, core=cores.load)
        bare_s = bare.until(b"parley ")
        bare.close()
        terminal = _Terminal("chat", link, "--name", "Ben", state=state, core=cores.load)
        first_s = terminal.until(f"{MESSAGES - 1:06} cups".encode())
        if number:  # the first joins, and Python compiles
            opened.append(first_s)
            used.append(terminal.cpu_s)
            started.append(bare_s)
        if number == size.openings:
            before_bytes, above = terminal.memory_bytes, terminal.first
            for _ in range(size.pages):
                took_s, above = terminal.page_up(above)
                paged.append(took_s)
            memory = f"{before_bytes / 1e6:.0f} MB, then {terminal.memory_bytes / 1e6:.0f} MB"
        terminal.close()
    verdict = "within" if statistics.median(opened) <= SHOWN_WITHIN_S else "not within"
    yield f"`parley chat` on {MESSAGES:,} messages, {size.openings} times:"
    yield f"- from its start to the first screen: {_ms(opened)}, {verdict} {SHOWN_WITHIN_S} s"
    yield f"- CPU it used until then: {_ms(used)}"
    yield f"- `parley --version`, of that: {_ms(started)}"
    yield f"- PgUp, {size.pages} times: {_ms(paged)}; back to {MESSAGES - above:,} messages ago"
    yield f"- memory: {memory}"


def _ms(took: list[float]) -> str:
    low, middle, high = min(took), statistics.median(took), max(took)
    return f"{middle * 1000:.0f} ms ({low * 1000:.0f} to {high * 1000:.0f})"
