"""How messages are sent: at a fixed rate whatever happens, or as fast as they arrive."""

from __future__ import annotations

import asyncio
from itertools import cycle

from bench.client import Client
from bench.tally import Tally, clock

ARRIVE_WITHIN_S = 10.0
"""How long the last deliveries may take before they count as lost."""

LOOK_EACH_S = 0.002


async def at_rate(
    senders: list[Client], per_second: float, seconds: float, noise_characters: int = 0
) -> None:
    """An open loop: each message is sent when it is due, however far the server is behind.

    How late a delivery is counts from when the message was due, so that a
    load that falls behind makes its figures worse, not better.
    """
    began = clock()
    turns = cycle(senders)
    for number in range(int(per_second * seconds)):
        due = began + number / per_second
        if (early := due - clock()) > 0:
            await asyncio.sleep(early)
        # uvloop counts time in milliseconds, and wakes up to half of one too soon.
        next(turns).say(min(due, clock()), noise_characters)


async def as_fast_as_they_arrive(
    senders: list[Client], copies: int, in_flight: int, seconds: float
) -> None:
    """A closed loop: `in_flight` messages are under way; `copies` deliveries make the next."""
    tally = senders[0].tally
    turns = cycle(senders)
    until = clock() + seconds

    def next_message() -> None:
        if clock() < until:
            tally.enough += copies
            next(turns).say()
        else:
            tally.enough = 0

    tally.when_enough = next_message
    tally.enough = tally.delivered + copies
    for _ in range(in_flight):
        next(turns).say()
    await asyncio.sleep(seconds)
    tally.enough = 0


async def all_arrived(
    tally: Tally, copies: int, within_s: float = ARRIVE_WITHIN_S, *, answers: bool = True
) -> int:
    """Wait for every copy, and for every acknowledgement unless others were given them; how many
    copies did not come.
    """
    until = clock() + within_s
    while clock() < until:
        missing = tally.sent * copies - tally.delivered
        if missing <= 0 and (not answers or tally.answered == tally.sent):
            return 0
        await asyncio.sleep(LOOK_EACH_S)
    return max(0, missing)
