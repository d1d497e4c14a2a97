"""What a process that sends does, whatever it sends.

It reads its setup and what it is asked from its input, answers each in any order, and ends with its
input.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from parley.push.post import Numbered, Outcome, framed, next_frame

NICENESS = 10
"""What is sent waits for messages, never the other way around."""
give_way = getattr(os, "sched_yield", lambda: None)
"""Between two pieces of work. Being nice is not enough on one core: a process that has slept is let
run for some milliseconds (1.7 on Linux 6.18, by EEVDF) before another that wakes meanwhile.
"""

S = TypeVar("S", bound=Struct)
T = TypeVar("T", bound=Struct)
T_contra = TypeVar("T_contra", bound=Struct, contravariant=True)


class Sends(Protocol[T_contra]):
    async def send(self, number: int, asked: T_contra, /) -> Outcome: ...

    async def close(self) -> None: ...


def serve(setup: type[S], asked: type[T], sender: Callable[[S], Sends[T]]) -> None:
    """Work until the input ends."""
    if sys.platform != "win32":
        os.nice(NICENESS)
    asyncio.run(_serve(setup, asked, sender))


async def _serve(setup: type[S], asked: type[T], begin: Callable[[S], Sends[T]]) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, sys.stdout
    )
    answers = asyncio.StreamWriter(transport, protocol, None, loop)
    sender = begin(msgspec.msgpack.decode(await next_frame(reader), type=setup))
    numbered = msgspec.msgpack.Decoder(Numbered[asked])  # type: ignore[valid-type]
    try:
        async with asyncio.TaskGroup() as tasks:
            while True:
                each = numbered.decode(await next_frame(reader))
                tasks.create_task(_answer(sender, each, answers))
    except* asyncio.IncompleteReadError:
        pass
    await sender.close()


async def _answer(sender: Sends[T], each: Numbered[T], answers: asyncio.StreamWriter) -> None:
    give_way()
    try:
        answer = framed(await sender.send(each.number, each.asked))
    except Exception as error:  # whatever one answers must not end the work for all
        answer = framed(Outcome(each.number, 0, why=type(error).__name__))
    give_way()
    answers.write(answer)
    await answers.drain()
