"""One line a workload: what it costs now beside what the last page said.

For a look at a change, not for a claim: a quick set is short, and the machine may be another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from bench.report import number
from bench.results import Results
from bench.workloads import WORKLOADS, Workload

FILE = Path(__file__).parent / "published.json"
OURS = "parley"


@dataclass(frozen=True)
class Published:
    """What stands in the page: one figure of Parley's for each workload or group of them."""

    date: str = ""
    machine: str = ""
    figures: dict[str, float] = field(default_factory=dict)


def read(file: Path = FILE) -> Published:
    return Published(**json.loads(file.read_text("utf-8"))) if file.exists() else Published()


def write(results: Results, file: Path = FILE) -> None:
    """Keep what the page was just written from."""
    figures = {name: figure for name, _, figure in _figures(results)}
    published = Published(results.date[:10], results.machine, figures)
    file.write_text(json.dumps(asdict(published), indent=1) + "\n", encoding="utf-8")


def lines(results: Results, published: Published) -> Iterator[str]:
    """Of each workload that was run, or why there is no figure."""
    yield f"{results.machine}; {results.scale}; beside those of {published.date or 'nowhere'}."
    rows = [("", "now", "published", "ratio")]
    for name, workload, figure in _figures(results):
        (measure,) = [each for each in workload.measures if each.key == workload.headline]
        before = published.figures.get(name)
        of_all = ", median of all ways" if workload.group else ""
        told = (
            number(figure, measure.digits),
            "" if before is None else number(before, measure.digits),
        )
        ratio = f"{figure / before:.2f} ×" if before else "not published yet"
        title = workload.group_title or workload.title
        rows.append((f"{title}: {measure.title}{of_all}", *told, ratio))
    wide = [max(len(row[at]) for row in rows) for at in range(4)]
    for title, *cells in rows:
        yield "  ".join(
            [title.ljust(wide[0]), *(cell.rjust(wide[at]) for at, cell in enumerate(cells, 1))]
        ).rstrip()
    for workload in WORKLOADS:
        for run in results.failures(workload.name):
            yield f"{workload.title}: {run.failure}."


def _figures(results: Results) -> Iterator[tuple[str, Workload, float]]:
    """By name of the workload, or of the group; with the first of that."""
    groups: dict[str, list[tuple[Workload, float]]] = {}
    for workload in WORKLOADS:
        found = results.spread(workload.name, OURS, workload.headline)
        if found is not None:
            groups.setdefault(workload.group or workload.name, []).append((workload, found.middle))
    for name, measured in groups.items():
        yield name, measured[0][0], median(figure for _, figure in measured)
