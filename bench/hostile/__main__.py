"""One hostile act, until it is told to stop; then it says how often it was done."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

from bench.hostile.acts import Target, by_many
from bench.hostile.parts import PARTS

NICE = 10
"""The people whose waiting is measured share the core with us, and go first."""


def main() -> None:
    name, port, room_id, seconds = sys.argv[1:]
    os.nice(NICE)
    target = Target(int(port), room_id)
    (part,) = [part for part in PARTS if part.name == name]

    async def act() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        print("begins", flush=True)
        async with asyncio.timeout(float(seconds)):
            await by_many(target, part.people, part.once)

    with contextlib.suppress(TimeoutError, asyncio.CancelledError, SystemExit):
        asyncio.run(act())
    print(target.done, flush=True)


if __name__ == "__main__":
    main()
