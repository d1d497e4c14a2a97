"""The verifier: what is in the file, against what was promised and what each client holds."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.databases import Beside, beside
from tests.faults.record import Act, Json, Record, Said

SHOWN = 10
"""How many violations are worth reading."""
UNREAD_MAX = 100
LOOKED_AT_MAX = 500
"""Of more messages the server does not say how many are unread."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message as everybody must have it."""

    seq: int
    id: str
    user_id: str
    username: str
    client_id: str | None
    text: str
    changed_seq: int
    is_deleted: bool = False
    is_edited: bool = False
    is_pinned: bool = False
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    reactions: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    """Each emoji with how many used it, and who did first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as the file has it."""

    seq: int
    has_ended: bool
    lines: list[Line]
    sent_at: dict[int, int] = field(default_factory=dict)
    """When each was said, by its seq: in milliseconds, as all moments here."""
    joined_at: dict[str, int] = field(default_factory=dict)
    """When people joined, by their user_id."""
    readings: dict[str, int] = field(default_factory=dict)
    """How far they told that they have read."""
    reactions: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Who reacted with what, by the seq of the message, in the order in which they did."""
    meant: set[tuple[int, str, bool]] = field(default_factory=set)
    """Whom a message is for: its seq, the user_id, and whether it answers them."""

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

    @property
    def lines(self) -> list[Line]:
        """In order."""


def read_stored(folder: Path) -> dict[str, Stored]:
    """By room id, read by the driver alone: no code of the server's has a part in it."""
    with beside(folder) as connection:
        return read_from(connection)


def read_from(connection: Beside) -> dict[str, Stored]:
    """The same, all of one moment."""
    with connection.transaction(reading=True):
        return _read(connection)


def _read(connection: Any) -> dict[str, Stored]:
    rooms = connection.execute("SELECT id, room_id, seq, ended_at FROM conversations")
    return {
        room_id: _stored(connection, id, seq, has_ended=ended_at is not None)
        for id, room_id, seq, ended_at in rooms.fetchall()
    }


def as_told(message: Json) -> Line:
    """A message as it came over the wire."""
    return Line(
        message["seq"],
        message["id"],
        message["user_id"],
        message["username"],
        message.get("client_id"),
        message["message"],
        message["changed_seq"],
        is_deleted=message.get("deleted", False),
        is_edited="edited_at" in message,
        is_pinned=message.get("pinned", False),
        reply_to=message["reply_to"]["id"] if "reply_to" in message else None,
        mentions=tuple(message.get("mentions", ())),
        reactions=_sums(message.get("reactions", ())),
    )


def _sums(reactions: Iterable[Json]) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    return tuple((each["emoji"], each["count"], tuple(each["user_ids"])) for each in reactions)


def _stored(connection: Any, id: int, seq: int, *, has_ended: bool) -> Stored:
    def rows(columns: str, of: str, order: str = "") -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM {of} WHERE conversation_id = ? {order}"
        found: list[tuple[Any, ...]] = connection.execute(query, (id,)).fetchall()
        return found

    reactions = defaultdict(list)
    for at, emoji, user_id in rows("seq, emoji, user_id", "reactions", "ORDER BY id"):
        reactions[at].append((emoji, user_id))
    return Stored(
        seq,
        has_ended,
        _lines(connection, id),
        sent_at=dict(rows("seq, sent_at", "messages")),
        joined_at=dict(rows("user_id, joined_at", "participants")),
        readings=dict(rows("user_id, seq", "readings")),
        reactions=reactions,
        meant={
            (at, who, bool(reply)) for at, who, reply in rows("seq, user_id, is_reply", "mentions")
        },
    )


def _lines(connection: Any, conversation: int) -> list[Line]:
    rows = connection.execute(
        "SELECT seq, id, user_id, username, client_id, text, changed_seq, deleted_at, edited_at,"
        " pinned_at, reply_id, mentions, reactions"
        " FROM messages WHERE conversation_id = ? ORDER BY seq",
        (conversation,),
    )
    return [
        Line(
            seq,
            id,
            user_id,
            username,
            client_id,
            text,
            changed_seq,
            is_deleted=deleted_at is not None,
            is_edited=edited_at is not None,
            is_pinned=pinned_at is not None,
            reply_to=reply_to,
            mentions=tuple(json.loads(mentions or "[]")),
            reactions=_sums(json.loads(reactions or "[]")),
        )
        for (
            seq,
            id,
            user_id,
            username,
            client_id,
            text,
            changed_seq,
            deleted_at,
            edited_at,
            pinned_at,
            reply_to,
            mentions,
            reactions,
        ) in rows
    ]


def assert_kept(
    record: Record, stored: dict[str, Stored], holders: Iterable[Holder] = (), note: str = ""
) -> None:
    """Raise with every promise that was broken, and `note` (the seed)."""
    found = [*violations(record, stored, holders)]
    assert not found, f"{len(found)} violations, {note}\n" + "\n".join(found[:SHOWN])


def violations(
    record: Record, stored: dict[str, Stored], holders: Iterable[Holder]
) -> Iterator[str]:
    by_room: defaultdict[str, list[Said]] = defaultdict(list)
    for said in record.said.values():
        by_room[said.room_id].append(said)
    acts: defaultdict[str, list[Act]] = defaultdict(list)
    for act in record.acts:
        acts[act.room_id].append(act)
    for room_id, conversation in stored.items():
        said_here, done_here = by_room[room_id], acts[room_id]
        yield from _log_is_whole(room_id, conversation, done_here, record.endings.get(room_id))
        yield from _answers_were_true(conversation, said_here)
        yield from _nothing_came_from_nowhere(conversation, said_here, done_here)
        yield from _each_was_heard_in_order(conversation, said_here)
        yield from _what_was_done_is_so(conversation, done_here)
        yield from _is_of_one_piece(conversation)
    yield from record.contradictions
    yield from _what_was_told_is_stored(record, stored)
    for holder in holders:
        yield from _holds_the_same(holder, stored[holder.room_id])


def lost(record: Record, stored: dict[str, Stored]) -> int:
    """How many messages were acknowledged and are not there."""
    there = {line.client_id for kept in stored.values() for line in kept.lines}
    return sum(bool(said.acks) and said.client_id not in there for said in record.said.values())


def _log_is_whole(
    room_id: str, conversation: Stored, acts: list[Act], ending: int | None
) -> Iterator[str]:
    """Every seq is a message's, a change's or the ending's, after which nothing is said."""
    seqs = [line.seq for line in conversation.lines]
    changed = [line.changed_seq for line in conversation.lines if line.changed_seq != line.seq]
    others = set(range(1, conversation.seq + 1)) - set(seqs)
    changes = len(others) - conversation.has_ended
    last = max(others, default=0) if conversation.has_ended and not acts else ending
    is_over = last is not None and conversation.has_ended and seqs and seqs[-1] > last
    if (
        not 0 <= changes <= sum(act.kind != "mark_read" for act in acts)
        or not others.issuperset(changed)
        or len(set(changed)) != len(changed)
        or is_over
        or (seqs and seqs[-1] > conversation.seq)
    ):
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


def _nothing_came_from_nowhere(
    conversation: Stored, said_here: list[Said], acts: list[Act]
) -> Iterator[str]:
    by_id = {said.client_id: said for said in said_here}
    edits = {(act.asked["id"], act.asked["message"]) for act in acts if act.kind == "edit_message"}
    for line in conversation.lines:
        said = by_id.get(line.client_id or "")
        if said is None or said.user_id != line.user_id:
            yield f"{line} was never said"
        elif line.is_deleted:
            if line.text or line.reply_to or line.mentions or line.reactions or line.is_pinned:
                yield f"{line} is deleted, and something of it is left"
        elif said.reply_to != line.reply_to:
            yield f"{line} was said as an answer to {said.reply_to}"
        elif (line.id, line.text) not in edits if line.is_edited else line.text != said.text:
            yield f"{line} was never said so"


def _what_was_done_is_so(conversation: Stored, acts: list[Act]) -> Iterator[str]:
    """Each thing is as whoever alone changes it wanted it last: at least as they know of."""
    by_id = {line.id: line for line in conversation.lines}
    of_each: defaultdict[tuple[str, ...], list[Act]] = defaultdict(list)
    for act in acts:
        of_each[act.changes].append(act)
        for ack in act.acks:
            if ack.get("seq", 0) > conversation.seq:
                yield f"{act} was acknowledged as {ack['seq']} of {conversation.seq}"
    # Whoever may be deleted by now: nothing else is asked of a message that is.
    deleting = {act.asked["id"] for act in acts if act.kind == "delete_message"}
    for line in conversation.lines:
        if line.is_deleted and line.id not in deleting:
            yield f"{line} was never deleted"
    for changes, done in of_each.items():
        kind, user_id, id, _ = changes
        known = max((at for at, act in enumerate(done) if act.acks), default=None)
        possible = done if known is None else done[known:]
        if kind == "mark_read":
            yield from _is_read(conversation, user_id, done)
        elif known is not None and (id not in by_id or not _may_be(by_id[id], possible)):
            yield f"{done[known]} was acknowledged, and it is {by_id.get(id)}"


def _may_be(line: Line, possible: list[Act]) -> bool:
    if line.is_deleted:
        return True
    for act in possible:
        asked = act.asked
        match act.kind:
            case "edit_message" if line.text == asked["message"]:
                return True
            case "pin_message" if line.is_pinned == asked["on"]:
                return True
            case "react":
                here = {emoji: user_ids for emoji, _, user_ids in line.reactions}
                if (act.user_id in here.get(asked["emoji"], ())) == asked["on"]:
                    return True
    return False


def _is_read(conversation: Stored, user_id: str, acts: list[Act]) -> Iterator[str]:
    there = conversation.readings.get(user_id, 0)
    known = max((act.asked["seq"] for act in acts if act.acks), default=0)
    if there < known:
        yield f"{user_id} read to {known}, which was acknowledged, and {there} is stored"
    if there not in {0, *(act.asked["seq"] for act in acts)}:
        yield f"{user_id} never read to {there}"


def _is_of_one_piece(conversation: Stored) -> Iterator[str]:
    """What is kept beside a message says the same as the message."""
    meant = set()
    by_id = {line.id: line for line in conversation.lines}
    names: dict[str, str] = {line.username: line.user_id for line in conversation.lines}
    for line in conversation.lines:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for emoji, user_id in conversation.reactions.get(line.seq, []):
            found[emoji].append(user_id)
        if {emoji: (len(ids), tuple(ids[:50])) for emoji, ids in found.items()} != {
            emoji: (count, ids) for emoji, count, ids in line.reactions
        }:
            yield f"{line} has the reactions {dict(found)}"
        named = tuple(dict.fromkeys(names.get(name) for name in re.findall(r"@(\w+)", line.text)))
        if line.mentions != named:
            yield f"{line} should mean {named}"
        for user_id in set(line.mentions) - {line.user_id}:
            meant.add((line.seq, user_id, False))
        answered = by_id.get(line.reply_to or "")
        if answered is not None and answered.user_id != line.user_id:
            meant.discard((line.seq, answered.user_id, False))
            meant.add((line.seq, answered.user_id, True))
    if conversation.meant != meant:
        yield f"meant are {sorted(conversation.meant ^ meant)} or not"


def _what_was_told_is_stored(record: Record, stored: dict[str, Stored]) -> Iterator[str]:
    now = {
        (room_id, line.changed_seq): line
        for room_id, conversation in stored.items()
        for line in conversation.lines
    }
    for (room_id, seq), told in record.told.items():
        if room_id in stored and seq > stored[room_id].seq:
            yield f"{told} was told as {seq}, and is not stored"
        elif (room_id, seq) in now and now[room_id, seq] != told:
            yield f"{told} was told as {seq}, and stored is {now[room_id, seq]}"


def assert_counted(conversation: Stored, user_id: str, mine: list[Json], note: str = "") -> None:
    """What somebody is told is unread is what the log says."""
    [own] = mine
    expected = unread(conversation, user_id)
    found = own["read_seq"], own["unread"], own["mentions"]
    assert found == expected, f"{user_id} is told {found}, the log says {expected}, {note}"


def unread(conversation: Stored, user_id: str) -> tuple[int, int, int]:
    """Up to where somebody has read, how much of others' they have not, and how much for them."""
    newest = conversation.lines[-LOOKED_AT_MAX:]
    read = conversation.readings.get(user_id)
    came = conversation.joined_at[user_id] if read is None else 0
    after = max(
        read or 0,
        *(
            line.seq
            for line in newest
            if line.user_id == user_id or conversation.sent_at[line.seq] < came
        ),
        0,
    )
    later = [line for line in newest if line.seq > after and not line.is_deleted]
    meant = [1 for seq, who, _ in conversation.meant if who == user_id and seq > after]
    return after, min(len(later), UNREAD_MAX), min(len(meant), UNREAD_MAX)


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
    expected = [line for line in conversation.lines if line.seq >= holder.first]
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
