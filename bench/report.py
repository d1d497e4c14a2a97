"""The report: tables in Markdown, put between two marks of a page whose other words stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.growth import SERIES, Series
from bench.results import Results, Spread
from bench.scale import Scale
from bench.servers import KINDS
from bench.workloads import WORKLOADS, Measure, Workload

BUSY_PERCENT = 90.0
"""Where the load is busier than this, it measures itself."""
AGAINST = ("node", "floor", "busboy", "nginx")
"""Whom Parley is held against, where they were measured."""
PAGE = """\
# Performance

What Parley costs and how it compares with others, measured by `make bench`. The text around the
tables is written by hand; the benchmark replaces the tables and the picture each time it runs.

![CPU and memory of each server](performance.svg)

{tables}

{growth}

## How it is measured

- Each server has one core to itself, and the load has another. All are measured in turn, round
  after round, in one session. A figure is the median of the rounds, with the lowest and highest
  in brackets.
- Parley runs as `parley serve` does: a message is acknowledged once it is on disk. The others
  keep everything in memory. *The floor* is a server that does nothing but write one prepared
  frame to every socket of a room, one write for each.
- Limits by session, address and room are off, except for *one hostile address*, which has those
  of `parley serve`. The hostile client runs at 127.0.0.2, in a process of lower priority than the
  people, who talk from 127.0.0.1; `bench/hostile/` has everything it does. Each row starts with a
  fresh server, and its peak memory is that server's highest resident size.
- CPU is the user and system time of all the server's threads over the measured period, divided by
  the number of deliveries in it.
- Every message carries a timestamp in its text. A delivery is timed from when the message was
  due, not from when it was sent, so a load that falls behind makes the figures worse, not better.
- The load offers compression as browsers do, and decompresses if a server accepts. The tables say
  how busy the load's own core was: near 100 %, it is the load that is being measured. They also
  say how much CPU anything else on the machine used, which affects CPU figures less than times.
"""


def write(results: Results, scale: Scale, folder: Path) -> Path:
    """Bring the page up to date; make it where there is none."""
    page = folder / "performance.md"
    folder.mkdir(parents=True, exist_ok=True)
    text = page.read_text("utf-8") if page.exists() else _empty_page()
    if results.runs:
        text = replaced(text, "bench", tables(results, scale))
    if results.points:
        text = replaced(text, "growth", growth(results))
    page.write_text(text, encoding="utf-8")
    return page


def replaced(text: str, name: str, made: str) -> str:
    """`text` with what stands between the marks of that name made anew; added where they miss."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    if not found:
        return f"{text.rstrip()}\n\n{begin}\n{made}\n{end}\n"
    after = rest.partition(end)[2]
    return f"{before}{begin}\n{made}\n{end}{after}"


def tables(results: Results, scale: Scale) -> str:
    """Every workload that was run."""
    parts = [_heading(results)]
    run = [work for work in WORKLOADS if results.servers(work.name) or results.failures(work.name)]
    parts += ["\n".join(_workload(results, scale, work)) for work in run if not work.group]
    for group in dict.fromkeys(work.group for work in run if work.group):
        lines = [work for work in run if work.group == group]
        parts.append("\n".join(_group(results, scale, lines)))
    return "\n\n".join(parts)


def growth(results: Results) -> str:
    parts = ["## How it grows", f"Parley, one run. {results.machine}; {results.date[:10]}."]
    parts += ["\n".join(_series(results, series)) for series in SERIES]
    return "\n\n".join(part for part in parts if part)


def number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _empty_page() -> str:
    marks = "<!-- {0}:begin -->\n<!-- {0}:end -->"
    return PAGE.format(tables=marks.format("bench"), growth=marks.format("growth"))


def _heading(results: Results) -> str:
    measured = [
        f"{KINDS[name].title} {version}".strip() for name, version in results.versions.items()
    ]
    lines = [
        f"{results.machine}; {results.date[:10]}; {results.scale}. " + ", ".join(measured) + "."
    ]
    lines += [f"Not measured: {KINDS[name].title}. {why}" for name, why in results.missing.items()]
    return "\n\n".join(lines)


def _workload(results: Results, scale: Scale, workload: Workload) -> Iterator[str]:
    yield f"## {workload.title}"
    yield ""
    yield workload.text(scale)
    yield ""
    servers = results.servers(workload.name)
    compared = [name for name in AGAINST if name in servers and "parley" in servers]
    rounds = {results.rounds(workload.name, name) for name in servers}
    if servers:
        said = f"{max(rounds)} round" + ("s" if max(rounds) > 1 else "")
        yield _row([said, *(KINDS[name].short for name in servers), *map(_against, compared)])
        yield _row(["---", *["--:"] * (len(servers) + len(compared))])
        for measure in workload.measures:
            yield _row(_cells(results, workload, measure, servers, compared))
    for run in results.failures(workload.name):
        yield f"\n{KINDS[run.server].title}: {run.failure}."
    busy = [KINDS[name].title for name in servers if _load_was_busy(results, workload, name)]
    if busy:
        yield f"\nThe load was at its own limit with {', '.join(busy)}."


def _group(results: Results, scale: Scale, workloads: Sequence[Workload]) -> Iterator[str]:
    """A table with a line for each, of Parley alone."""
    first = workloads[0]
    yield f"## {first.group_title}"
    yield ""
    yield first.text(scale)
    yield ""
    yield _row(["", *(measure.title for measure in first.measures)])
    yield _row(["---", *["--:"] * len(first.measures)])
    for workload in workloads:
        spreads = (results.spread(workload.name, "parley", m.key) for m in workload.measures)
        told = zip(spreads, workload.measures, strict=True)
        yield _row([workload.title, *(_told(spread, measure) for spread, measure in told)])
    for workload in workloads:
        for run in results.failures(workload.name):
            yield f"\n{workload.title}: {run.failure}."


def _against(name: str) -> str:
    return f"Parley / {KINDS[name].short}"


def _cells(
    results: Results,
    workload: Workload,
    measure: Measure,
    servers: Sequence[str],
    compared: Sequence[str],
) -> Iterable[str]:
    spreads = {name: results.spread(workload.name, name, measure.key) for name in servers}
    yield measure.title
    for name in servers:
        yield _told(spreads[name], measure)
    for name in compared:
        ours, theirs = spreads["parley"], spreads[name]
        if measure.is_compared and ours and theirs and theirs.middle:
            yield f"{ours.middle / theirs.middle:.2f} ×"
        else:
            yield ""


def _told(spread: Spread | None, measure: Measure) -> str:
    if spread is None:
        return measure.absent
    middle, least, most = (
        number(value, measure.digits) for value in (spread.middle, spread.least, spread.most)
    )
    return middle if least == most else f"{middle} ({least}–{most})"


def _load_was_busy(results: Results, workload: Workload, server: str) -> bool:
    keys = [measure.key for measure in workload.measures if measure.key.endswith("load_percent")]
    spreads = [results.spread(workload.name, server, key) for key in keys]
    return any(spread and spread.middle > BUSY_PERCENT for spread in spreads)


def _series(results: Results, series: Series) -> Iterator[str]:
    points = [point for point in results.points if point.series == series.name]
    if not points:
        return
    yield f"### {series.title}"
    yield ""
    yield _row([series.grows, *(measure.title for measure in series.measures)])
    yield _row(["--:"] * (len(series.measures) + 1))
    for point in points:
        cells = (number(point.figures[m.key], m.digits) for m in series.measures)
        yield _row([f"{point.size:,}", *cells])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
