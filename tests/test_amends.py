"""What is remembered of what people were told is bounded, however long no hint is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from parley.live import amends
from parley.records import Knock, Knocked, Reading, ReadingMoved

AT = datetime(2026, 1, 1, tzinfo=UTC)


def remembering(*rooms: int, waiting: tuple[int, ...] = ()) -> amends.Amends:
    """For an audience that sits in these rooms, and waits at these doors."""
    clients = {"sid": SimpleNamespace(knocks=dict.fromkeys(waiting, 7))}
    audience: Any = SimpleNamespace(rooms=dict.fromkeys(rooms), clients=clients)
    context: Any = None
    server: Any = None
    return amends.Amends(context, audience, server)


async def test_rooms_in_which_nobody_sits_any_more_are_forgotten() -> None:
    told = remembering(1, 2, waiting=(3,))
    for conversation_id in range(amends.FORGET_BEYOND + 10):
        reading = Reading("ada", 5)
        told.hear(ReadingMoved(conversation_id, "tea", 7, reading, is_shown=True))
    await told.look(is_lossy=False)
    assert set(told._told) == {1, 2, 3}


def test_of_who_knocks_again_and_again_the_newest_are_remembered() -> None:
    told = remembering(1)
    many = amends.KNOCKS_REMEMBERED + 50
    for number in range(many):
        told.hear(Knocked("tea", Knock(str(number), 1, 7, "Mallory", AT, None, "tea")))
    told.hear(Knocked("tea", Knock("60", 1, 7, "Mallory", AT, None, "tea")))
    told.hear(Knocked("tea", Knock("new", 1, 7, "Mallory", AT, None, "tea")))
    known = told._told[1].knocks
    assert len(known) == amends.KNOCKS_REMEMBERED
    assert {"60", "new", str(many - 1)} <= set(known)
    assert "50" not in known
