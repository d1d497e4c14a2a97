"""The parts of the workload *one hostile address*: who does what, in which room."""

from __future__ import annotations

from dataclasses import dataclass

from bench.hostile import acts, rooms


@dataclass(frozen=True)
class Part:
    """A line of the report."""

    name: str
    title: str
    prepare: rooms.Prepare
    once: acts.Once
    people: int
    """How many do it at once."""


PARTS = (
    Part(
        "never-polls",
        "polling clients that post and never poll",
        rooms.long_history,
        acts.never_polls,
        100,
    ),
    Part(
        "never-reads",
        "WebSockets that ask for states and never read",
        rooms.long_history,
        acts.never_reads,
        100,
    ),
    Part(
        "never-reads-length",
        "the same, with `Content-Length: 0` in the handshake",
        rooms.long_history,
        acts.never_reads_behind_a_length,
        100,
    ),
    Part(
        "never-reads-upgraded",
        "the same, that began by polling",
        rooms.long_history,
        acts.never_reads_upgraded,
        100,
    ),
    Part(
        "reads-slowly",
        "slow readers of large answers",
        rooms.long_history,
        acts.reads_slowly,
        200,
    ),
    Part(
        "code-spans",
        "pages of 100 messages of code spans",
        rooms.code_spans,
        acts.asks_for("/conversation/{room}"),
        16,
    ),
    Part("health", "`/api/health`", rooms.empty, acts.asks_for("/api/health"), 32),
    Part("qr", "QR codes", rooms.empty, acts.asks_for("/conversation/{room}/qr.svg"), 32),
    Part("packets", "32,000 packets in a request", rooms.empty, acts.posts_packets, 32),
    Part(
        "flood-polling",
        "a flood of events, by polling",
        rooms.empty,
        acts.floods_polling,
        32,
    ),
    Part(
        "flood-upgraded",
        "a flood of events, on upgraded WebSockets",
        rooms.empty,
        acts.floods_upgraded,
        32,
    ),
    Part(
        "crowded-name",
        "joins under a name that many have",
        rooms.crowded_name,
        acts.joins_by_name,
        16,
    ),
    Part("knocks", "knocks", rooms.behind_a_knock, acts.knocks, 32),
    Part("open-close", "connections opened and closed", rooms.empty, acts.opens_and_closes, 64),
)
