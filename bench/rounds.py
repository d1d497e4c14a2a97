"""The rounds: every workload on every server in turn, again and again, within a time."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Iterator

import uvloop

from bench.growth import SERIES
from bench.machine import Cores
from bench.results import Point, Results, Run
from bench.scale import Scale
from bench.servers import Kind, Missing
from bench.tally import clock
from bench.workloads import Figures, Workload

GROWTH_WITHIN_S = 150.0


def available(kinds: list[Kind], results: Results) -> list[Kind]:
    """Those that can be measured here; of the others `results` knows why not."""
    ready = []
    for kind in kinds:
        try:
            kind.prepare()
            results.versions[kind.name] = kind.version()
            ready.append(kind)
        except Missing as missing:
            results.missing[kind.name] = str(missing)
            _say(f"{kind.title} is left out: {missing}")
    return ready


def measure(
    workloads: list[Workload],
    kinds: list[Kind],
    scale: Scale,
    rounds: int,
    cores: Cores,
    minutes: float,
    results: Results,
) -> None:
    """A B C D, A B C D: what changes on the machine meanwhile meets all of them."""
    ends = clock() + 60 * minutes
    for number, workload, kind in _turns(workloads, kinds, rounds):
        if clock() > ends:
            _say(f"The {minutes:g} minutes are over in round {number}.")
            return
        began = clock()
        run = _run(workload, kind, scale, cores)
        results.runs.append(run)
        said = run.failure or f"{clock() - began:.0f} s"
        _say(f"{number}/{rounds}  {workload.title:28} {kind.title:26} {said}")


def measure_growth(kind: Kind, cores: Cores, quick: bool, results: Results) -> None:
    """Every series, once."""
    for series in SERIES:
        for size in series.quick_sizes if quick else series.sizes:
            try:
                with kind.running(cores.server) as server:
                    figures = _bounded(series.run(server, size), GROWTH_WITHIN_S)
            except (Missing, TimeoutError) as error:
                _say(f"{series.title}: {size:,}: {error!r}")
                continue
            results.points.append(Point(series.name, size, figures))
            _say(f"{series.title}: {size:,}")


def _turns(
    workloads: list[Workload], kinds: list[Kind], rounds: int
) -> Iterator[tuple[int, Workload, Kind]]:
    for number in range(1, rounds + 1):
        for workload in workloads:
            for kind in kinds:
                if kind.name in workload.servers:
                    yield number, workload, kind


def _run(workload: Workload, kind: Kind, scale: Scale, cores: Cores) -> Run:
    try:
        with kind.running(cores.server, workload.environ) as server:
            figures = _bounded(workload.run(server, scale), workload.within_s)
    except TimeoutError:
        return Run(workload.name, kind.name, failure=f"not done in {workload.within_s:.0f} s")
    except Exception as error:  # One that fails must not cost the others their figures.
        return Run(workload.name, kind.name, failure=f"{type(error).__name__}: {error}")
    return Run(workload.name, kind.name, figures)


def _bounded(work: Awaitable[Figures], within_s: float) -> Figures:
    """Run it on a fresh loop, without the garbage collector in between."""

    async def bounded() -> Figures:
        async with asyncio.timeout(within_s):
            return await work

    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(bounded())
    finally:
        gc.enable()
        gc.collect()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
