"""Kill a server under load, again and again, and look whether every promise was kept.

`python -m tests.faults.torture --kills 200 --seed 7` prints its figures, and
ends with 1 where a promise was broken. The moments are drawn from the seed: the
nth thing sent, acknowledged or byte read, so that the kill falls before, into
and after commits, into the sending of states, and into the return of everybody.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.record import KINDS
from tests.faults.talk import NAMES, Talk, talk_at, talks
from tests.faults.verify import lost

ROOMS = 3
PEOPLE = 3
MOMENTS = (("sends", 400), ("acks", 300), ("bytes", 400_000))
AGAIN_BEFORE_ALL_IS_WELL = 0.25
"""How often it is killed a second time while people are still coming back."""


@dataclass(frozen=True, slots=True)
class Figures:
    kills: int
    sends: int
    acked: int
    stored: int
    duplicates: int
    lost: int
    done: dict[str, int]
    """How many changes of each kind were acknowledged."""
    gaps: int
    lines: int
    slowest_s: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.sends:,} sends of {self.stored:,} messages stored, "
            f"{self.acked:,} acknowledged, {self.duplicates:,} duplicates answered, "
            f"{self.lost} lost; "
            f"{', '.join(f'{count:,} {kind}' for kind, count in self.done.items())}; "
            f"{self.gaps} gaps closed, {self.lines:,} connections, "
            f"everybody equal at the latest {self.slowest_s:.1f} s after a start; "
            f"{self.seconds:.0f} s in all"
        )


async def torture(folder: Path, *, kills: int, seed: int) -> Figures:
    """Raises `AssertionError`, with the seed, where a promise was broken."""
    began = time.monotonic()
    # Polls that were cut are left to the garbage collector by aiohttp, which says so each time.
    asyncio.get_running_loop().set_exception_handler(_note)
    draw = random.Random(seed)
    note = f"seed {seed}"
    async with talk_at(folder / "data", note=note) as talk:
        for room in range(ROOMS):
            names = NAMES[room * PEOPLE : (room + 1) * PEOPLE]
            # One of them by polling; everybody's second tab the other way round.
            transports = ("websocket", "polling") if room else ("websocket", "websocket")
            await talk.opens(*names, tabs=2, transports=transports)
        await talk.all_in()
        for number in range(kills):
            talk.note = f"{note}, kill {number + 1}"
            await _killed_while_they_talk(talk, draw)
            if number + 1 == kills or draw.random() >= AGAIN_BEFORE_ALL_IS_WELL:
                talk.place.is_up.set()
                await talk.is_kept()
        stored = await talk.is_kept()
        counts = talk.record.counts
        return Figures(
            kills=kills,
            sends=counts["sends"],
            acked=talk.record.acked,
            stored=sum(len(room.lines) for room in stored.values()),
            duplicates=counts["duplicates"],
            lost=lost(talk.record, stored),
            done={kind: counts[kind] for kind in KINDS},
            gaps=counts["gaps"],
            lines=counts["lines"],
            slowest_s=talk.slowest_s,
            seconds=time.monotonic() - began,
        )


async def _killed_while_they_talk(talk: Talk, draw: random.Random) -> None:
    killed = asyncio.Event()

    def kill() -> None:
        talk.server.kill()
        talk.place.is_up.clear()
        killed.set()

    kind, most = draw.choice(MOMENTS)
    talk.record.after(kind, draw.randint(1, most), kill)
    talk.place.is_up.set()
    async with asyncio.TaskGroup() as speakers:
        for client in talk.clients:
            speakers.create_task(talks(client, killed.is_set))
        await killed.wait()
    await talk.server.ends()
    await talk.server.start()


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if "client_connection" not in context:
        loop.default_exception_handler(context)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.torture")
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=None, help="one printed by an earlier run")
    options = asked.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"Seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(asyncio.run(torture(Path(folder), kills=options.kills, seed=seed)))
        except (AssertionError, ExceptionGroup, TimeoutError) as error:
            print(f"Broken with seed {seed}: {error!r}", file=sys.stderr)
            with contextlib.suppress(OSError):
                print((Path(folder) / "server.log").read_text()[-2_000:], file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
