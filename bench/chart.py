"""The picture: a bar for each server and figure, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.report import number
from bench.results import Results
from bench.servers import KINDS

WIDTH = 760
LEFT = 12
LABEL = 200
"""Where the bars begin."""
BAR = 400
"""The longest bar."""
ROW = 22
GAP = 14
THICK = 14
TOP = 12
STYLE = """\
.paper { fill: #ffffff; }
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.quiet { fill: #59636e; }
.bar { fill: #9aa4af; }
.ours { fill: #1a7f5a; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; }
  text { fill: #e6edf3; }
  .quiet { fill: #9198a1; }
  .bar { fill: #5c6670; }
  .ours { fill: #3fb984; }
}"""


@dataclass(frozen=True)
class Panel:
    """One figure of one workload."""

    workload: str
    key: str
    title: str
    digits: int = 0


PANELS = (
    Panel("big-room", "cpu_us_a_delivery", "CPU a delivery in one big room, µs", 1),
    Panel("big-room", "full_deliveries_s", "Deliveries a second, saturated (more is better)"),
    Panel("small-rooms", "cpu_us_a_message", "CPU a message in many small rooms, µs"),
    Panel("arrivals", "cpu_ms_a_join", "CPU a join, ms", 2),
    Panel("arrivals", "kib_a_connection", "Memory a connection, KiB"),
)


def write(results: Results, folder: Path) -> Path | None:
    """`performance.svg`; None where nothing in it was measured."""
    panels = [panel for panel in PANELS if results.servers(panel.workload)]
    if not panels:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "performance.svg"
    file.write_text(drawn(results, panels), encoding="utf-8")
    return file


def drawn(results: Results, panels: list[Panel]) -> str:
    lines: list[str] = []
    y = TOP
    for panel in panels:
        lines += _panel(results, panel, y)
        y += ROW * (len(results.servers(panel.workload)) + 1) + GAP
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" role="img" aria-label="CPU and memory of each server">\n'
        f"<style>\n{STYLE}\n</style>\n"
        f'<path class="paper" d="M0 0h{WIDTH}v{y}H0z"/>\n{body}\n</svg>\n'
    )


def _panel(results: Results, panel: Panel, y: int) -> Iterator[str]:
    values = {
        name: spread.middle
        for name in results.servers(panel.workload)
        if (spread := results.spread(panel.workload, name, panel.key)) is not None
    }
    longest = max(values.values(), default=0) or 1
    yield f'<text class="title" x="{LEFT}" y="{y + THICK}">{escape(panel.title)}</text>'
    for row, (name, value) in enumerate(values.items(), start=1):
        top = y + row * ROW
        length = max(1, round(BAR * value / longest))
        kind = "bar ours" if name == "parley" else "bar"
        yield (
            f'<text class="quiet" x="{LABEL - 8}" y="{top + 12}" text-anchor="end">'
            f"{escape(KINDS[name].title)}</text>"
            f'<rect class="{kind}" x="{LABEL}" y="{top}" width="{length}" height="{THICK}" rx="2"/>'
            f'<text x="{LABEL + length + 8}" y="{top + 12}">{number(value, panel.digits)}</text>'
        )
