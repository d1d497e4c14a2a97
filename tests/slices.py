"""How long the event loop was held at a time, in seconds of its thread's CPU."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Slices:
    """What each callback of the event loop took, in order."""

    cpu_s: list[float] = field(default_factory=list)

    @property
    def longest_s(self) -> float:
        return max(self.cpu_s)

    @property
    def whole_s(self) -> float:
        return sum(self.cpu_s)


@contextlib.contextmanager
def sliced() -> Iterator[Slices]:
    """Measures every callback that asyncio's own loop runs during the block."""
    slices = Slices()
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        slices.cpu_s.append(time.thread_time() - began)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", measured)
        yield slices
