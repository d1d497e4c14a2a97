"""The verifier: what is in the file, against what was promised and what each client holds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.faults.record import Record, Said

SHOWN = 10
"""How many violations are worth reading."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message as everybody must have it."""

    seq: int
    id: str
    user_id: str
    client_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as the file has it."""

    seq: int
    has_ended: bool
    lines: list[Line]

    @property
    def by_client_id(self) -> dict[str | None, Line]:
        return {line.client_id: line for line in self.lines}


class Holder(Protocol):
    """A client: `lines` from `first` on (a seq), up to `have`."""

    name: str
    room_id: str
    first: int
    have: int
    is_over: bool
    lines: list[Line]


def read_stored(folder: Path) -> dict[str, Stored]:
    """By room id, read with SQLite alone: no code of the server's has a part in it."""
    connection = sqlite3.connect(f"file:{folder / 'parley.db'}?mode=ro", uri=True, timeout=10)
    try:
        connection.execute("BEGIN")
        rooms = connection.execute("SELECT id, room_id, seq, ended_at FROM conversations")
        return {
            room_id: Stored(seq, ended_at is not None, _lines(connection, id))
            for id, room_id, seq, ended_at in rooms.fetchall()
        }
    finally:
        connection.close()


def _lines(connection: sqlite3.Connection, conversation: int) -> list[Line]:
    rows = connection.execute(
        "SELECT seq, id, user_id, client_id, text FROM messages "
        "WHERE conversation_id = ? ORDER BY seq",
        (conversation,),
    )
    return [Line(*row) for row in rows]


def assert_kept(
    record: Record, stored: dict[str, Stored], holders: Iterable[Holder] = (), note: str = ""
) -> None:
    """Raise with every promise that was broken, and `note` (the seed)."""
    found = [*violations(record, stored, holders)]
    assert not found, f"{len(found)} violations, {note}\n" + "\n".join(found[:SHOWN])


def violations(
    record: Record, stored: dict[str, Stored], holders: Iterable[Holder]
) -> Iterator[str]:
    by_room: dict[str, list[Said]] = {}
    for said in record.said.values():
        by_room.setdefault(said.room_id, []).append(said)
    for room_id, conversation in stored.items():
        said_here = by_room.get(room_id, [])
        yield from _log_is_whole(room_id, conversation)
        yield from _answers_were_true(conversation, said_here)
        yield from _nothing_came_from_nowhere(conversation, said_here)
        yield from _each_was_heard_in_order(conversation, said_here)
    for holder in holders:
        yield from _holds_the_same(holder, stored[holder.room_id])


def lost(record: Record, stored: dict[str, Stored]) -> int:
    """How many messages were acknowledged and are not there."""
    there = {line.client_id for kept in stored.values() for line in kept.lines}
    return sum(bool(said.acks) and said.client_id not in there for said in record.said.values())


def _log_is_whole(room_id: str, conversation: Stored) -> Iterator[str]:
    """Contiguous, with the ending as the last of all."""
    seqs = [line.seq for line in conversation.lines]
    last = conversation.seq - conversation.has_ended
    if seqs != list(range(1, last + 1)):
        end = " with the ending" if conversation.has_ended else ""
        yield f"{room_id} is at {conversation.seq}{end}, but holds {_ranges(seqs)}"
    twice = [
        id for id, n in Counter(line.client_id for line in conversation.lines).items() if n > 1
    ]
    yield from (f"{room_id} holds {client_id} more than once" for client_id in twice)


def _answers_were_true(conversation: Stored, said_here: list[Said]) -> Iterator[str]:
    there = conversation.by_client_id
    for said in said_here:
        line = there.get(said.client_id)
        for ack in said.acks:
            if line is None:
                yield f"{said.client_id} was acknowledged as {ack['seq']} and is not stored"
            elif (ack["seq"], ack["id"]) != (line.seq, line.id):
                yield f"{said.client_id} was acknowledged as {ack['seq']}, and is {line.seq}"
        if sum(not ack["duplicate"] for ack in said.acks) > 1:
            yield f"{said.client_id} was acknowledged as new more than once"
        codes = [refusal["code"] for refusal in said.refusals]
        if line is not None and "conversation_ended" in codes:
            yield f"{said.client_id} was refused as too late, and is stored as {line.seq}"


def _nothing_came_from_nowhere(conversation: Stored, said_here: list[Said]) -> Iterator[str]:
    by_id = {said.client_id: said for said in said_here}
    for line in conversation.lines:
        said = by_id.get(line.client_id or "")
        if said is None or (said.text, said.user_id) != (line.text, line.user_id):
            yield f"{line} was never said so"


def _each_was_heard_in_order(conversation: Stored, said_here: list[Said]) -> Iterator[str]:
    """Of one speaker; what was refused once comes later, and rightly."""
    there = conversation.by_client_id
    latest: dict[str, int] = {}
    for said in said_here:
        line = there.get(said.client_id)
        if line is None or said.refusals:
            continue
        if line.seq < latest.get(said.speaker, 0):
            yield f"{said.client_id} is {line.seq}, before what was said before it"
        latest[said.speaker] = max(line.seq, latest.get(said.speaker, 0))


def _holds_the_same(holder: Holder, conversation: Stored) -> Iterator[str]:
    expected = conversation.lines[holder.first - 1 :]
    if holder.lines != expected:
        mine = [line.seq for line in holder.lines]
        yield (
            f"{holder.name} holds {_ranges(mine)} from {holder.first} on, "
            f"stored is {_ranges([line.seq for line in expected])}"
        )
    if (holder.have, holder.is_over) != (conversation.seq, conversation.has_ended):
        yield (
            f"{holder.name} is at {holder.have} (over: {holder.is_over}), "
            f"stored is {conversation.seq} (over: {conversation.has_ended})"
        )


def _ranges(seqs: list[int]) -> str:
    """`1-4 6 6-9`: as short as the holes allow."""
    parts: list[list[int]] = []
    for seq in seqs:
        if parts and parts[-1][-1] + 1 == seq:
            parts[-1] = [parts[-1][0], seq]
        else:
            parts.append([seq, seq])
    shown = " ".join(f"{a}-{b}" if a != b else str(a) for a, b in parts[:20])
    return shown or "nothing"
