"""How far people have read, and the conversations of somebody's own."""

from __future__ import annotations

from typing import cast

from msgspec import UNSET

from parley import contract, records
from parley.present.conversations import join_link
from parley.present.excerpts import excerpt
from parley.present.fields import or_unset, timestamp


def own(record: records.Own, *, public_url: str = "") -> contract.OwnConversation:
    """`public_url`: where people reach this server, where that is known."""
    now = record.conversation
    return contract.OwnConversation(
        room_id=now.room_id,
        title=now.title,
        description=now.description,
        created_at=timestamp(now.created_at),
        participant_count=now.participant_count,
        message_count=now.message_count,
        join_link=join_link(now.room_id, public_url=public_url) if public_url else UNSET,
        role=cast(contract.OwnRoleName, record.standing.value),  # of who is inside
        is_active=now.is_active,
        last_activity_at=timestamp(now.last_activity_at),
        unread=record.unread.count,
        mentions=record.unread.mentions,
        read_seq=record.unread.after,
        last_message=UNSET if record.last is None else _last(record.last),
        pinned=record.is_pinned or UNSET,
    )


def missed(record: records.Missed) -> contract.UnreadReply:
    return contract.UnreadReply(
        after=record.after,
        seq=record.seq,
        unread=record.count,
        more=or_unset(record.has_more),
        by=[
            contract.WrittenBy(user_id=each.user_id, username=each.username, count=each.count)
            for each in record.authors
        ],
        mentions=list(record.mentions),
        replies=list(record.replies),
        files=contract.FileCounts(
            pictures=record.files.picture,
            videos=record.files.video,
            audio=record.files.audio,
            documents=record.files.document,
        ),
    )


def read(event: records.ReadingMoved) -> contract.Read:
    """As it is told to whoever read, and, where they show it, to the others."""
    reading = event.reading
    return contract.Read(
        room_id=event.room_id,
        user_id=reading.user_id,
        seq=reading.seq,
        hidden=or_unset(reading.is_hidden),
    )


def withdrawn(event: records.ReadingMoved) -> contract.Read:
    """As it is told to the others once somebody shows it no more."""
    return contract.Read(room_id=event.room_id, user_id=event.reading.user_id, seq=0, hidden=True)


def _last(record: records.Message) -> contract.LastMessage:
    return contract.LastMessage(
        user_id=record.user_id,
        username=record.username,
        excerpt="" if record.type == "encrypted" else excerpt(record.text),
        timestamp=timestamp(record.sent_at),
        type="call" if record.type == records.CALL else UNSET,
        deleted=True if record.deleted_at is not None else UNSET,
    )
