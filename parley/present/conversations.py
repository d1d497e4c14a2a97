"""Conversations: as they stand, in the list, and by their link."""

from __future__ import annotations

from typing import NamedTuple

from parley import contract, records
from parley.present.fields import timestamp
from parley.present.messages import message
from parley.present.participants import people

_has_calls = True


class Parts(NamedTuple):
    """What is long in a conversation: it can be given as encoded already."""

    participants: list[contract.Participant]
    messages: list[contract.Message]


def conversation(snapshot: records.Snapshot, parts: Parts | None = None) -> contract.Conversation:
    record = snapshot.conversation
    participants, messages = parts or Parts(
        people(snapshot.participants, snapshot.online),
        [message(said) for said in snapshot.messages],
    )
    told = contract.Conversation(
        room_id=record.room_id,
        created_at=timestamp(record.created_at),
        created_by=record.created_by,
        title=record.title,
        description=record.description,
        messages=messages,
        has_more=snapshot.has_more,
        participants=participants,
        participant_count=record.participant_count,
        online_count=snapshot.online_count,
        is_active=record.is_active,
        visibility=record.visibility.value,
        seq=record.seq,
        door=door(record),
        read_only=record.is_read_only,
        calls=calls_of(record),
    )
    # Afterwards, and only what there is, as for a message.
    if snapshot.is_delta:
        told.delta = True
    if snapshot.people_cursor is not None:
        told.participants_cursor = snapshot.people_cursor
    if snapshot.readings is not None:
        told.read = positions(snapshot.readings)
    if record.ended_at is not None:
        told.ended_at = timestamp(record.ended_at)
    if record.keep_days:
        told.keep_days = record.keep_days
    if record.erased_through:
        told.erased_through = record.erased_through
    if record.is_encrypted:
        told.encrypted = True
        told.epoch = record.epoch
    return told


def positions(readings: tuple[records.Reading, ...]) -> list[contract.ReadPosition]:
    return [contract.ReadPosition(user_id=each.user_id, seq=each.seq) for each in readings]


def door(record: records.Conversation) -> contract.DoorName:
    """What a stranger meets first."""
    if record.is_locked:
        return "locked"
    if record.passphrase_hash is not None:
        return "passphrase"
    return "knock" if record.is_knock else "open"


def allow_calls(*, are_on: bool) -> None:
    """Whether this server has calls at all. One for all of this process."""
    global _has_calls
    _has_calls = are_on


def calls_of(record: records.Conversation) -> contract.SwitchName:
    """Whether people may call each other there."""
    return "on" if _has_calls and record.has_calls else "off"


def summary(record: records.Conversation, *, public_url: str) -> contract.ConversationSummary:
    return contract.ConversationSummary(
        room_id=record.room_id,
        title=record.title,
        description=record.description,
        created_at=timestamp(record.created_at),
        participant_count=record.participant_count,
        message_count=record.message_count,
        join_link=join_link(record.room_id, public_url=public_url),
    )


def join_link(room_id: str, *, public_url: str) -> str:
    return f"{public_url}/conversation/{room_id}"
