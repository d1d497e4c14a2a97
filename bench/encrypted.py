"""What encryption costs, beside an open conversation that says the same: the person who reads,
searches, sends and attaches, and the server.

    python -m bench --encrypted             every figure, within half an hour
    python -m bench --encrypted --quick     a look, within some minutes
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import uvloop

from bench import machine
from bench.client import JOIN_ID, Client
from bench.crowd import AT_ONCE
from bench.filling import USER_ID, client_id, fill
from bench.machine import Cores, Meter
from bench.paces import all_arrived
from bench.pages import Pages, Shown
from bench.servers import Parley, Running
from bench.tally import Tally, clock
from bench.workloads.talking import until_idle
from parley.client.encryption import Epoch, LinkKey, Person, Sealer
from parley.client.encryption.octets import to_base64url

MESSAGES = 10_000
OLDEST = "The oldest kestrel"
LAST = "Nothing was said after this"
SHOWN_AT_MOST, SEARCHABLE_WITHIN_S, SENT_WITHIN_MS = 1.3, 5.0, 5.0
CPU_AT_MOST, FILE_AT_LEAST, PAGE_MAX_BYTES = 1.0, 0.6, 300_000_000
ROOMS = 20
RATE = 400.0
LIMITS = ("--max-file", "1GB", "--files-per-person", "90GB", "--files-per-conversation", "90GB")
IN_ALL = ("--files-in-all", "900GB")
WITHIN_S = 30.0
WORDS = "See you at four, and who brings the cake? I have the plates and {number:06} cups."


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    visits: int
    searches: int
    sends: int
    turns: int
    """Of the server's CPU, for each kind."""
    turn_s: float
    files: int
    file_bytes: int


STANDARD = Size(
    visits=25, searches=5, sends=100, turns=6, turn_s=12, files=4, file_bytes=200_000_000
)
QUICK = Size(visits=5, searches=1, sends=15, turns=1, turn_s=4, files=1, file_bytes=50_000_000)


class _Bench(Parley):
    """On a folder that stays, for files of any size."""

    def __init__(self, checkout: Path, data: Path) -> None:
        super().__init__(checkout)
        self._data = data

    def command(self, scratch: Path) -> list[str]:
        flags = ["--port", "0", "--data", str(self._data), *LIMITS, *IN_ALL]
        return [sys.executable, "-m", "parley", "serve", *flags]


@dataclass(frozen=True)
class Room:
    """A conversation, and what its link has; no epoch where it is open."""

    id: str
    link: LinkKey | None = None

    @property
    def epoch(self) -> Epoch | None:
        return None if self.link is None else Epoch.derive(self.link.key)

    def path(self) -> str:
        return f"/conversation/{self.id}{f'#{self.link.fragment()}' if self.link else ''}"


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print: each figure with its aim."""
    size = QUICK if is_quick else STANDARD
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        kind = _Bench(checkout, data)
        with kind.running(cores.server) as server:
            rooms = _rooms(server)
        _fill(data, rooms)
        lines = []
        with kind.running(cores.server) as server:
            asyncio.run(until_idle(server))  # the index of what was filled in is made
            with Pages(f"http://127.0.0.1:{server.port}") as pages:
                for each in (_shown, _searchable, _sent):
                    lines += each(pages, rooms, size)
                lines += _files(pages, size, Path(folder))
            with machine.pinned(cores.load):
                lines += _cpu(server, size)
    return "\n".join(lines)


# --- what there is before ---


def create(server: Running, *, is_encrypted: bool) -> Room:
    link = LinkKey.generate() if is_encrypted else None
    body: dict[str, Any] = {}
    if link is not None:
        hash = to_base64url(Epoch.derive(link.key).proof_hash)
        body = {"encrypted": True, "read_proof_hash": hash}
    reply = requests.post(
        f"http://127.0.0.1:{server.port}/api/conversations/create", json=body, timeout=WITHIN_S
    )
    reply.raise_for_status()
    return Room(reply.json()["room_id"], link)


def _rooms(server: Running) -> dict[str, Room]:
    return {
        "open": create(server, is_encrypted=False),
        "encrypted": create(server, is_encrypted=True),
    }


def _fill(data: Path, rooms: dict[str, Room]) -> None:
    texts = [OLDEST, *(WORDS.format(number=number) for number in range(MESSAGES - 2)), LAST]
    epoch = rooms["encrypted"].epoch
    assert epoch is not None
    sealer = Sealer(epoch, epoch.room, Person.generate(), USER_ID)
    sealed = [
        sealer.seal(json.dumps({"text": text}).encode(), client_id=client_id(number))
        for number, text in enumerate(texts)
    ]
    now = datetime.now(UTC)
    with contextlib.closing(sqlite3.connect(data / "parley.db", timeout=WITHIN_S)) as own, own:
        fill(own, rooms["open"].id, texts, last_at=now)
        fill(own, rooms["encrypted"].id, sealed, last_at=now, is_encrypted=True)


# --- what a person notices ---


def _shown(pages: Pages, rooms: dict[str, Room], size: Size) -> list[str]:
    took: dict[str, list[Shown]] = {name: [] for name in rooms}
    for room in rooms.values():
        pages.shown(room.path(), LAST)  # a first visit, which loads all there is
    for _ in range(size.visits):
        for name, room in rooms.items():
            took[name].append(pages.shown(room.path().partition("#")[0], LAST))
    lines = []
    for what, aim in (("shown_ms", SHOWN_AT_MOST), ("connected_ms", None)):
        open_, sealed = (
            statistics.median(getattr(each, what) for each in took[name])
            for name in ("open", "encrypted")
        )
        title = f"the newest of {MESSAGES:,} {what.removesuffix('_ms')}, ms"
        verdict = "" if aim is None else _verdict(sealed / open_, aim)
        lines.append(
            _line(title, f"{open_:.0f}", f"{sealed:.0f}", f"{sealed / open_:.2f} ×", verdict)
        )
    return [_line("", "open", "encrypted", "", "aim"), *lines]


def _searchable(pages: Pages, rooms: dict[str, Room], size: Size) -> list[str]:
    path = rooms["encrypted"].path().partition("#")[0]
    took_s = statistics.median(
        pages.searchable_ms(path, "kestrel") / 1000 for _ in range(size.searches)
    )
    verdict = _verdict(took_s, SEARCHABLE_WITHIN_S, "s")
    return [_line("all of it searchable after, s", "", f"{took_s:.1f}", "", verdict)]


def _sent(pages: Pages, rooms: dict[str, Room], size: Size) -> list[str]:
    took: dict[str, list[dict[str, float]]] = {name: [] for name in rooms}
    with contextlib.ExitStack() as stack:
        tabs = {
            name: stack.enter_context(pages.joined(room.path())) for name, room in rooms.items()
        }
        for number in range(size.sends):
            # By turns, as what the first leaves behind costs the second something.
            for name, tab in list(tabs.items())[:: 1 if number % 2 else -1]:
                took[name].append(pages.sending_ms(tab, WORDS.format(number=number)))
    lines = []
    for what in ("shown", "stored"):
        open_, sealed = (
            statistics.median(each[what] for each in took[name]) for name in ("open", "encrypted")
        )
        more = sealed - open_
        title = f"one's own message {what} after, ms"
        verdict = _verdict(more, SENT_WITHIN_MS, "ms more")
        lines.append(_line(title, f"{open_:.1f}", f"{sealed:.1f}", f"{more:+.1f}", verdict))
    return lines


def _files(pages: Pages, size: Size, folder: Path) -> list[str]:
    path = folder / "large.bin"
    with path.open("wb") as file:
        for _ in range(size.file_bytes // 1_000_000):
            file.write(os.urandom(1_000_000))
    took, grew = pages.files(path, size.files)
    lines = []
    for what in ("sent", "saved"):
        open_, sealed = (min(took[name][what]) for name in ("open", "encrypted"))
        share = open_ / sealed
        title = f"a file of {size.file_bytes // 1_000_000} MB {what}, s"
        verdict = f"{'reached' if share >= FILE_AT_LEAST else 'MISSED'}: at least {FILE_AT_LEAST} ×"
        verdict = verdict if what == "sent" else ""
        lines.append(
            _line(title, f"{open_:.2f}", f"{sealed:.2f}", f"{share:.2f} of the speed", verdict)
        )
    mb = {name: max(each) / 1e6 for name, each in grew.items()}
    verdict = _verdict(mb["encrypted"], PAGE_MAX_BYTES / 1e6, "MB")
    lines.append(
        _line(
            "its page grew meanwhile by, MB",
            f"{mb['open']:.0f}",
            f"{mb['encrypted']:.0f}",
            "",
            verdict,
        )
    )
    return lines


# --- what the server has of it ---


class Talker(Client):
    """Somebody in a room, whose messages are made before they are sent."""

    def __init__(self, tally: Tally, room: Room, username: str) -> None:
        super().__init__(tally, username)
        self.room = room
        self.user_id = username.lower()
        self.came = 0
        self.frames: list[tuple[int, bytes]] = []
        epoch = room.epoch
        self.proof = "" if epoch is None else to_base64url(epoch.proof)
        self.sealer = (
            None if epoch is None else Sealer(epoch, epoch.room, Person.generate(), self.user_id)
        )

    async def comes(self, port: int) -> None:
        await self.connect(port)
        joining = {"room_id": self.room.id, "username": self.username, "user_id": self.user_id}
        if self.proof:
            joining["read_proof"] = self.proof
        self._waiting = joined = asyncio.get_running_loop().create_future()
        self._emit(JOIN_ID, "join_room", joining)
        await joined

    def prepares(self, number: int, text: str) -> None:
        said = {"room_id": self.room.id, "client_id": f"{self.user_id}-{number}"}
        if self.sealer is None:
            said["message"] = text
        else:
            body = json.dumps({"text": text}).encode()
            said |= {
                "message": self.sealer.seal(body, client_id=said["client_id"]),
                "type": "encrypted",
            }
        frame = json.dumps(["send_message", said], separators=(",", ":"))
        self.frames.append((number, f"42{number}{frame}".encode()))

    def receive(self, payload: bytes, now: float) -> None:
        if payload.startswith(b'42["new_message"'):
            self.came += 1
            return
        super().receive(payload, now)


def _cpu(server: Running, size: Size) -> list[str]:
    costs: dict[str, list[float]] = {"open": [], "encrypted": []}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for turn in range(size.turns):
            for name, found in costs.items():
                found.append(
                    runner.run(_turn(server, turn, size.turn_s, is_encrypted=name != "open"))
                )
    open_, sealed = (statistics.median(costs[name]) for name in ("open", "encrypted"))
    ratio = statistics.median(
        one / other for one, other in zip(costs["encrypted"], costs["open"], strict=True)
    )
    title = "the server's CPU a message, µs"
    verdict = _verdict(ratio, CPU_AT_MOST)
    return [_line(title, f"{open_:.0f}", f"{sealed:.0f}", f"{ratio:.2f} ×", verdict)]


async def _turn(server: Running, turn: int, turn_s: float, *, is_encrypted: bool) -> float:
    """Microseconds of CPU a message, with all that the server does of it later."""
    tally = Tally()
    rooms = [create(server, is_encrypted=is_encrypted) for _ in range(ROOMS)]
    talkers = [Talker(tally, room, name) for room in rooms for name in ("Ada", "Ben")]
    try:
        for start in range(0, len(talkers), AT_ONCE):
            await asyncio.gather(
                *(each.comes(server.port) for each in talkers[start : start + AT_ONCE])
            )
        count = int(RATE * turn_s)
        for _ in range(count):
            number = tally.stamp(clock())
            talkers[number % len(talkers)].prepares(number, WORDS.format(number=number))
        await until_idle(server)
        meter = Meter(server.pid)
        began = clock()
        for number in range(count):
            talker = talkers[number % len(talkers)]
            if (early := began + number / RATE - clock()) > 0:
                await asyncio.sleep(early)
            talker.send(talker.frames[number // len(talkers)][1])
        await all_arrived(tally, 0, WITHIN_S)
        await until_idle(server)
        meter.read()
        if tally.refused or tally.answered < count:
            raise RuntimeError(f"{tally.refused} of {count} refused, {tally.answered} answered")
        return 1e6 * meter.server_s / count
    finally:
        for each in talkers:
            each.abort()


# --- telling ---


def _verdict(figure: float, at_most: float, unit: str = "×") -> str:
    return f"{'reached' if figure <= at_most else 'MISSED'}: at most {at_most:g} {unit}"


def _line(*cells: str) -> str:
    widths: Sequence[int] = (42, 9, 10, 18, 0)
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((first.strip().ljust(widths[0]), *others)).rstrip()
