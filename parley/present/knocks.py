"""Knocks: who waits, and how it stands with one's own."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def waiting(record: records.Knock) -> contract.WaitingPerson:
    return contract.WaitingPerson(
        id=record.id, username=record.username, asked_at=timestamp(record.asked_at)
    )


def knock_state(record: records.AtTheDoor) -> contract.KnockState:
    answer = None if record.knock is None else record.knock.answer
    if record.may_come_in:
        return "admitted" if answer == "admitted" else "not_needed"
    # What an owner gave can be taken back since, and an open door be closed.
    if record.knock is None or answer in ("admitted", "opened"):
        return "none"
    if answer is None:
        return "waiting"
    return "crowded_out" if answer == "crowded_out" else "declined"
