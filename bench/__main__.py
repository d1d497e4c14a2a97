"""`python -m bench`: measure Parley beside others, and write the report.

    python -m bench                     the standard set, about an hour
    python -m bench --quick             one short round of Parley, within three minutes:
                                        a line for each workload beside what was published
    python -m bench --only big-room     one workload
    python -m bench --growth            how Parley's own cost grows
    python -m bench --searching         how long a search takes among a million messages
    python -m bench --cluster           two processes beside one, with PostgreSQL and Redis
    python -m bench --databases         moving between SQLite and PostgreSQL, and what a join costs
    python -m bench --metrics           what metrics cost a message, within ten minutes
    python -m bench --encrypted         an encrypted conversation beside an open one
    python -m bench --stream            an event on a stream beside one on a socket
    python -m bench --chat              how soon parley chat shows a long conversation
    python -m bench --client            parley.client beside python-socketio's
    python -m bench --accounts          what accounts cost, among a hundred thousand
    python -m bench --calls             what arrives in a call, and what it costs
    python -m bench --hooks             what webhooks cost those who talk

Figures are always printed. The page in docs, which is quoted, is written anew
by the standard set and by the growth, each as a whole, and by nothing less.
"""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    accounts,
    calls,
    chart,
    chatting,
    clients,
    cluster,
    databases,
    encrypted,
    hooking,
    machine,
    metering,
    published,
    report,
    rounds,
    searching,
    streams,
)
from bench.results import Results
from bench.scale import QUICK, STANDARD, Scale
from bench.servers import KINDS, ROOT, Kind, Parley
from bench.workloads import WORKLOADS

DOCS = ROOT / "docs"
RESULTS = Path(__file__).parent / "results"
STANDARD_ROUNDS = 5
STOPPED = 128 + signal.SIGINT
STANDARD_MINUTES = 75.0


def main() -> None:
    asked = _arguments()
    if not sys.platform.startswith("linux"):
        sys.exit("The benchmark reads /proc and pins processes to cores: it needs Linux.")
    # So that everything that was started is ended here, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cores = machine.Cores.of_this_process()
    machine.allow_many_files()
    scale = QUICK if asked.quick else STANDARD
    is_whole = not (asked.quick or asked.only or asked.servers or asked.rounds)
    count = asked.rounds or (1 if asked.quick else STANDARD_ROUNDS)
    results = _results(asked.quick, cores)
    kinds = rounds.available(_kinds(asked), results)
    if asked.searching:
        with machine.pinned(cores.load):
            print(searching.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.cluster:
        cluster.measure(rounds=asked.rounds or cluster.ROUNDS)
        return
    if asked.databases:
        databases.measure(is_quick=asked.quick)
        return
    if asked.metrics:
        with machine.pinned(cores.load):
            print(metering.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.encrypted:
        print(encrypted.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.chat:
        print(chatting.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.client:
        print(clients.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.stream:
        with machine.pinned(cores.load):
            print(streams.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.accounts:
        print(accounts.measure(asked.parley, cores, is_quick=asked.quick))
        return
    if asked.calls:
        calls.measure(asked.parley, cores, is_quick=asked.quick)
        return
    if asked.hooks:
        with machine.pinned(cores.load):
            print(hooking.measure(asked.parley, cores, is_quick=asked.quick))
        return
    stopped = False
    try:
        with machine.pinned(cores.load):
            if asked.growth:
                rounds.measure_growth(kinds[0], cores, asked.quick, results)
            else:
                chosen = [
                    work
                    for work in WORKLOADS
                    if not asked.only or {work.name, work.group} & set(asked.only)
                ]
                rounds.measure(chosen, kinds, scale, count, cores, asked.minutes, results)
    except KeyboardInterrupt:
        print("Stopped: this is what was measured until then.", file=sys.stderr)
        stopped = True
    if asked.quick and not asked.servers and not asked.growth:
        print("\n".join(published.lines(results, published.read())))
        print(f"\nThe raw figures are in {_short(results.save(RESULTS))}.")
    else:
        _tell(results, scale, asked.docs or (DOCS if is_whole and not stopped else None))
    sys.exit(STOPPED if stopped else 0)


def _tell(results: Results, scale: Scale, docs: Path | None) -> None:
    """Print the tables; keep the raw figures; write the page where one is wanted."""
    print(report.growth(results) if results.points else report.tables(results, scale))
    print(f"\nThe raw figures are in {_short(results.save(RESULTS))}.")
    if docs is not None:
        print(f"The report is {_short(report.write(results, scale, docs))}.")
        chart.write(results, docs)
        if docs == DOCS and results.runs:
            published.write(results)


def _results(quick: bool, cores: machine.Cores) -> Results:
    set_ = "a quick set" if quick else "the standard set"
    if cores.are_shared:
        set_ += ", server and load on the same core"
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return Results(machine=machine.describe(), date=now, scale=set_)


def _kinds(asked: argparse.Namespace) -> list[Kind]:
    alone = asked.growth or asked.quick
    names = asked.servers or (["parley"] if alone else list(KINDS))
    return [_kind(name, asked.parley) for name in names]


def _kind(name: str, checkout: Path) -> Kind:
    return Parley(checkout) if name == "parley" else KINDS[name]()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Parley beside others."
    )
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="one short round of Parley: a look, not a figure to quote",
    )
    add("--growth", action="store_true", help="how Parley's own cost grows, instead")
    add("--searching", action="store_true", help="how long a search takes, instead")
    add("--cluster", action="store_true", help="two processes beside one, instead")
    add("--databases", action="store_true", help="moving, and joins on PostgreSQL, instead")
    add("--metrics", action="store_true", help="what metrics cost a message, instead")
    add("--encrypted", action="store_true", help="what encryption costs, instead")
    add("--stream", action="store_true", help="what a stream costs beside a socket, instead")
    add("--chat", action="store_true", help="how soon parley chat shows messages, instead")
    add("--client", action="store_true", help="what a program can say and hear, instead")
    add("--accounts", action="store_true", help="what accounts cost, instead")
    add("--calls", action="store_true", help="what arrives in a call, instead")
    add("--hooks", action="store_true", help="what webhooks cost, instead")
    add("--rounds", type=int, help=f"how often each is measured (default {STANDARD_ROUNDS})")
    names = [work.name for work in WORKLOADS]
    names += sorted({work.group for work in WORKLOADS if work.group})
    add("--only", action="extend", nargs="+", choices=names, help="these workloads")
    add("--servers", action="extend", nargs="+", choices=list(KINDS), help="these servers")
    add("--minutes", type=float, default=STANDARD_MINUTES, help="start nothing new after this long")
    add("--parley", type=Path, default=ROOT, help="measure the Parley of another checkout")
    add("--docs", type=Path, help="write performance.md and its picture there, whatever was run")
    return parser.parse_args()


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    main()
