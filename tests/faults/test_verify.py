"""The verifier sees what it is there to see."""

from __future__ import annotations

import pytest

from tests.faults.record import Record
from tests.faults.verify import Line, Stored, assert_kept

ROOM = "room"


def spoken(*acks: tuple[int, bool]) -> Record:
    """Ada said one thing for each answer: its seq, and whether it was a duplicate."""
    record = Record()
    for seq, duplicate in acks:
        said = record.thinks(ROOM, "Ada", "ada", f"Message {seq}")
        ack = {"ok": True, "seq": seq, "id": f"id-{seq}", "duplicate": duplicate}
        record.is_answered(said, ack)
    return record


def kept(record: Record, *seqs: int, at: int, has_ended: bool = False) -> dict[str, Stored]:
    by_text = {said.text: said for said in record.said.values()}
    lines = [
        Line(n, f"id-{n}", "ada", "Ada", by_text[f"Message {n}"].client_id, f"Message {n}", n)
        for n in seqs
    ]
    return {ROOM: Stored(at, has_ended, lines)}


def test_what_was_kept_passes() -> None:
    record = spoken((1, False), (2, False))
    assert_kept(record, kept(record, 1, 2, at=2))
    assert_kept(record, kept(record, 1, 2, at=3, has_ended=True))


def test_what_was_acknowledged_and_is_gone_is_seen() -> None:
    record = spoken((1, False), (2, False))
    with pytest.raises(AssertionError, match="is not stored"):
        assert_kept(record, kept(record, 1, at=1))


def test_a_hole_and_what_comes_after_the_ending_are_seen() -> None:
    record = spoken((1, False), (2, False), (3, False))
    with pytest.raises(AssertionError, match="but holds 1 3"):
        assert_kept(record, kept(record, 1, 3, at=3))
    with pytest.raises(AssertionError, match="with the ending"):
        assert_kept(record, kept(record, 1, 2, 3, at=3, has_ended=True))


def test_an_order_that_is_not_the_speakers_is_seen() -> None:
    record = spoken((2, False), (1, False))
    with pytest.raises(AssertionError, match="before what was said before it"):
        assert_kept(record, kept(record, 1, 2, at=2))


def test_something_stored_twice_or_never_said_is_seen() -> None:
    record = spoken((1, False))
    stored = kept(record, 1, at=2)
    again = stored[ROOM].lines[0]
    stored[ROOM].lines.append(Line(2, "id-2", "ada", "Ada", again.client_id, again.text, 2))
    with pytest.raises(AssertionError, match="more than once"):
        assert_kept(record, stored)
    stored[ROOM].lines[1] = Line(2, "id-2", "mallory", "Mallory", "unknown", "Hello", 2)
    with pytest.raises(AssertionError, match="was never said"):
        assert_kept(record, stored)


def test_a_message_refused_as_too_late_and_stored_is_seen() -> None:
    record = spoken((1, False))
    [said] = record.said.values()
    record.is_answered(said, {"ok": False, "code": "conversation_ended"})
    with pytest.raises(AssertionError, match="too late"):
        assert_kept(record, kept(record, 1, at=2, has_ended=True))
