"""What a workload is: a situation made for a server, and the figures read from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bench.scale import Scale
from bench.servers import Running

Figures = dict[str, float]


@dataclass(frozen=True)
class Measure:
    """A row of the report."""

    key: str
    title: str
    digits: int = 1
    is_compared: bool = True
    """Whether a ratio to the other servers says anything."""
    absent: str = ""
    """What it means that a run has no such figure."""


SHARES = (
    Measure("server_percent", "the server's core is busy, %", 0, is_compared=False),
    Measure("load_percent", "the load's core is busy, %", 0, is_compared=False),
    Measure("others_percent", "anything else on the machine, % of a core", 0, is_compared=False),
)
"""Who had the cores meanwhile."""


@dataclass(frozen=True)
class Workload:
    """Something people do, at a certain size."""

    name: str
    title: str
    text: Callable[[Scale], str]
    """What happens in it, in a sentence or two."""
    run: Callable[[Running, Scale], Awaitable[Figures]]
    measures: tuple[Measure, ...]
    headline: str
    """The key of the measure that a later change is held against first."""
    servers: tuple[str, ...] = ("parley", "node", "flask", "floor")
    within_s: float = 60.0
    environ: Mapping[str, str] = field(default_factory=dict)
    """What its servers are started with, beside what they always are."""
    group: str = ""
    """Workloads of one are lines of one table."""
    group_title: str = ""
