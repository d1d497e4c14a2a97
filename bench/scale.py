"""How much of everything: the standard set, a quick look, and a tiny one for tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`_s` is seconds."""

    window_s: float = 4.0
    """How long messages flow for one figure."""
    warm_up_s: float = 1.0
    big_room_people: int = 200
    small_rooms: int = 100
    busy_rooms: int = 500
    """With ten people each."""
    storm_people: int = 2_000
    storm_within_s: float = 45.0
    return_people: int = 5_000
    return_within_s: float = 60.0
    reader_within_s: float = 50.0
    """How long to wait for a reader that stopped to be disconnected."""
    fragment_mib: int = 80
    hostile_window_s: float = 8.0
    hostile_names: int = 2_000
    """How many have the name that everybody wants."""
    file_mib: int = 1_024
    file_turns: int = 3
    photo_megapixels: int = 12
    talk_messages: int = 20_000
    long_messages: int = 100_000
    """In one conversation."""


STANDARD = Scale()
QUICK = Scale(
    window_s=2.0,
    warm_up_s=0.5,
    busy_rooms=100,
    storm_people=300,
    storm_within_s=20.0,
    return_people=300,
    return_within_s=20.0,
    reader_within_s=8.0,
    hostile_window_s=1.5,
    hostile_names=500,
    file_mib=64,
    file_turns=1,
    talk_messages=3_000,
    long_messages=20_000,
)
TINY = Scale(
    window_s=0.3,
    warm_up_s=0.1,
    big_room_people=5,
    small_rooms=2,
    busy_rooms=2,
    storm_people=5,
    storm_within_s=5.0,
    return_people=5,
    return_within_s=5.0,
    reader_within_s=0.5,
    fragment_mib=1,
    hostile_window_s=0.4,
    hostile_names=5,
    file_mib=1,
    file_turns=1,
    photo_megapixels=1,
    talk_messages=20,
    long_messages=500,
)
