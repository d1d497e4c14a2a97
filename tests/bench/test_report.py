"""The report: what was measured stands in the page, and our own words stay."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from bench import chart, published, report
from bench.results import Point, Results, Run
from bench.scale import STANDARD
from bench.workloads import WORKLOADS
from tests.cases import together

BIG_ROOM = "big-room"
RATIOS = {"health": 1.5, "qr": 9.0, "knocks": 0.5}


def measured(*runs: Run) -> Results:
    return Results("Two cores", "2030-01-02T03:04:05", "the standard set", runs=list(runs))


def big_room(server: str, cpu_us: float, load_percent: float = 20) -> Run:
    figures = {"cpu_us_a_delivery": cpu_us, "load_percent": load_percent}
    return Run(BIG_ROOM, server, figures)


def row(results: Results, title: str) -> list[str]:
    """The cells of the row with that title."""
    (line,) = [
        line
        for line in report.tables(results, STANDARD).splitlines()
        if line.startswith(f"| {title} |")
    ]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_figure_is_the_median_with_the_least_and_the_most() -> None:
    results = measured(*(big_room("parley", cpu_us) for cpu_us in (12.0, 10.0, 30.0)))
    assert row(results, "CPU a delivery, µs")[1] == "12.0 (10.0–30.0)"


def test_parley_is_compared_with_node_and_with_the_floor() -> None:
    results = measured(big_room("parley", 30), big_room("node", 20), big_room("floor", 10))
    assert row(results, "CPU a delivery, µs")[1:] == ["30.0", "20.0", "10.0", "1.50 ×", "3.00 ×"]


def test_a_server_that_is_missing_and_a_run_that_failed_are_told() -> None:
    results = measured(big_room("parley", 30), Run(BIG_ROOM, "flask", failure="not done in 60 s"))
    results.missing["node"] = "Node.js was not found."
    text = report.tables(results, STANDARD)
    assert "Not measured: Socket.IO on Node.js. Node.js was not found." in text
    assert "Flask-SocketIO on gevent: not done in 60 s." in text


def test_workloads_of_one_group_are_lines_of_one_table() -> None:
    results = measured(
        Run("hostile-health", "parley", {"p99_without_ms": 4, "p99_with_ms": 6, "ratio": 1.5}),
        Run("hostile-qr", "parley", failure="not done in 60 s"),
    )
    text = report.tables(results, STANDARD)
    assert text.count("## ") == 1
    assert row(results, "`/api/health`")[1:4] == ["4.0", "6.0", "1.5"]
    assert row(results, "QR codes")[3] == "nothing came"
    assert "QR codes: not done in 60 s." in text


def test_a_load_at_its_limit_is_told() -> None:
    results = measured(big_room("parley", 30), big_room("floor", 1, load_percent=97))
    assert "The load was at its own limit with the floor." in report.tables(results, STANDARD)


def test_our_own_words_stay_when_the_tables_are_replaced(tmp_path: Path) -> None:
    page = report.write(measured(big_room("parley", 11)), STANDARD, tmp_path)
    page.write_text(page.read_text("utf-8") + "\nAnd what we make of it.\n", "utf-8")
    report.write(measured(big_room("parley", 22)), STANDARD, tmp_path)
    text = page.read_text("utf-8")
    assert "| 22.0 |" in text
    assert "| 11.0 |" not in text
    assert text.endswith("And what we make of it.\n")


def test_growth_leaves_the_other_tables_alone(tmp_path: Path) -> None:
    report.write(measured(big_room("parley", 11)), STANDARD, tmp_path)
    grown = measured()
    figures = {"cpu_ms_a_join": 1.0, "kib_a_connection": 30.0, "longest_wait_ms": 4.0}
    grown.points.append(Point("connections", 250, figures))
    text = report.write(grown, STANDARD, tmp_path).read_text("utf-8")
    assert "| 250 | 1.00 | 30.0 | 4 |" in text
    assert "| 11.0 |" in text


def test_the_picture_is_svg_with_a_bar_for_each_server(tmp_path: Path) -> None:
    drawn = chart.write(measured(big_room("parley", 30), big_room("node", 20)), tmp_path)
    assert drawn is not None
    bars = ElementTree.parse(drawn).findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 2


@together("workload", WORKLOADS)
def test_every_workload_says_what_happens_in_it(workload: object) -> None:
    said = [work.text(STANDARD) for work in WORKLOADS if work is workload]
    assert said
    assert said[0].endswith(".")


def test_a_quick_look_has_a_line_for_each_workload_beside_what_was_published() -> None:
    results = measured(
        Run(BIG_ROOM, "parley", {"full_cpu_us_a_delivery": 3.0}),
        Run("return", "parley", {"cpu_ms_a_join": 0.25}),
        *(Run(f"hostile-{way}", "parley", {"ratio": ratio}) for way, ratio in RATIOS.items()),
        Run("storm", "parley", failure="not done in 60 s"),
    )
    before = published.Published("2030-01-01", "Two cores", {BIG_ROOM: 2.0, "hostile": 1.0})
    said, head, *lines = published.lines(results, before)
    assert said == "Two cores; the standard set; beside those of 2030-01-01."
    assert head.split() == ["now", "published", "ratio"]
    assert [line.split()[-4:] for line in lines[:3]] == [
        ["3.0", "2.0", "1.50", "×"],
        ["0.25", "not", "published", "yet"],
        ["1.5", "1.0", "1.50", "×"],
    ]
    assert lines[3:] == ["All at once: not done in 60 s."]


def test_what_was_published_is_kept_with_the_page(tmp_path: Path) -> None:
    file = tmp_path / "published.json"
    assert published.read(file).figures == {}
    published.write(measured(Run(BIG_ROOM, "parley", {"full_cpu_us_a_delivery": 3.0})), file)
    assert published.read(file) == published.Published("2030-01-02", "Two cores", {BIG_ROOM: 3.0})


def test_what_is_published_is_a_figure_of_each_workload_with_its_own_line() -> None:
    names = {work.group or work.name for work in WORKLOADS}
    assert published.read().figures.keys() <= names
    for work in WORKLOADS:
        assert work.headline in {measure.key for measure in work.measures}
