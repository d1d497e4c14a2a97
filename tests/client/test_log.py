"""Where a client is in the log: each change once, in order, as what it is."""

from __future__ import annotations

from parley.client import types
from parley.client.feed import Happened
from parley.client.log import Log


def message(seq: int, changed_seq: int = 0) -> types.Message:
    return types.Message(
        id=f"m{seq}",
        seq=seq,
        changed_seq=changed_seq or seq,
        user_id="ben-1",
        username="Ben",
        message="Hello",
        type="text",
        timestamp="2026-11-30T12:00:00+00:00",
    )


def begun(seq: int) -> tuple[Log, list[Happened]]:
    told: list[Happened] = []
    log = Log(told.append, lambda: None)
    log.begin(seq)
    return log, told


def test_what_was_said_and_changed_while_one_was_away_is_news() -> None:
    log, told = begun(2)
    # Said as 3 and edited as 5, with another said in between; and one from before, edited as 6.
    log.missed([message(4), message(3, 5), message(1, 6)], 6, None)
    log.go_on()
    assert [(each.name, each.seq) for each in told] == [
        ("new_message", 4),
        ("new_message", 5),
        ("message_changed", 6),
    ]


def test_over_several_pages_too() -> None:
    log, told = begun(0)
    log.missed([message(2)], 2, None)
    log.missed([message(1, 3)], 3, None)
    log.go_on()
    assert [each.name for each in told] == ["new_message", "new_message"]


def test_what_is_changed_once_it_was_told_is_a_change() -> None:
    log, told = begun(0)
    log.go_on()
    log.take(Happened("new_message", message(1), 1))
    log.hold()
    log.missed([message(1, 2)], 2, None)
    assert [each.name for each in told] == ["new_message", "message_changed"]
