"""People: who takes part, who left, and who was removed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from parley import contract, records
from parley.present.fields import role_name, timestamp


def participant(record: records.Participant, *, online: bool) -> contract.Participant:
    person = contract.Participant(
        user_id=record.user_id,
        username=record.username,
        joined_at=timestamp(record.joined_at),
        role=role_name(record.role),
        online=online,
    )
    if record.is_alike:
        person.alike = True
    if record.is_unproven:
        person.unproven = True
    return person


def people(
    shown: Sequence[records.Participant], online: frozenset[str]
) -> list[contract.Participant]:
    """`online` are the user ids that hold an open socket."""
    return [participant(person, online=person.user_id in online) for person in shown]


def left_person(record: records.Participant) -> contract.LeftPerson:
    return contract.LeftPerson(
        user_id=record.user_id,
        username=record.username,
        left_at=timestamp(record.left_at or record.joined_at),
        role=role_name(record.role),
        alike=record.is_alike or UNSET,
        unproven=record.is_unproven or UNSET,
    )


def removed_person(record: records.Participant) -> contract.RemovedPerson:
    return contract.RemovedPerson(
        user_id=record.user_id,
        username=record.username,
        removed_at=timestamp(record.removed_at or record.joined_at),
    )
