"""Records as wire objects, the same for every viewer."""

from __future__ import annotations

import functools
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from parley import contract, records
from parley.errors import ParleyError, RateLimited


# A message and its acknowledgement tell the same moment, and every state the same joinings.
@functools.lru_cache(maxsize=4096)
def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with the offset written out, to the millisecond."""
    return moment.isoformat(timespec="milliseconds")


def message(record: records.Message) -> contract.Message:
    return contract.Message(
        id=record.id,
        seq=record.seq,
        changed_seq=record.changed_seq,
        user_id=record.user_id,
        username=record.username,
        message=record.text,
        type=record.type,
        timestamp=timestamp(record.sent_at),
        client_id=UNSET if record.client_id is None else record.client_id,
    )


def participant(record: records.Participant, *, online: bool) -> contract.Participant:
    return contract.Participant(
        user_id=record.user_id,
        username=record.username,
        joined_at=timestamp(record.joined_at),
        role=record.role.value,
        online=online,
    )


def conversation(snapshot: records.Snapshot) -> contract.Conversation:
    record = snapshot.conversation
    participants = [
        participant(person, online=person.user_id in snapshot.online)
        for person in snapshot.participants
    ]
    return contract.Conversation(
        room_id=record.room_id,
        created_at=timestamp(record.created_at),
        created_by=record.created_by,
        title=record.title,
        description=record.description,
        messages=[message(said) for said in snapshot.messages],
        has_more=snapshot.has_more,
        delta=True if snapshot.is_delta else UNSET,
        participants=participants,
        participant_count=len(participants),
        online_count=sum(person.online for person in participants),
        is_active=record.is_active,
        ended_at=UNSET if record.ended_at is None else timestamp(record.ended_at),
        visibility=record.visibility.value,
        seq=record.seq,
    )


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


def changes(record: records.Changes) -> contract.SyncAck:
    return contract.SyncAck(
        seq=record.seq,
        messages=[message(changed) for changed in record.messages],
        more=record.more,
        is_active=record.is_active,
    )


def sent(record: records.Message, *, duplicate: bool) -> contract.SendAck:
    return contract.SendAck(
        id=record.id, seq=record.seq, timestamp=timestamp(record.sent_at), duplicate=duplicate
    )


def event(happened: records.Event, *, others: int = 0) -> tuple[str, object]:
    """The name and data of the Socket.IO event that tells it; `others` met with the same."""
    match happened:
        case records.MessageSent():
            return "new_message", message(happened.message)
        case records.ParticipantArrived(_, person, count):
            return "user_joined", contract.UserJoined(
                user_id=person.user_id,
                username=person.username,
                participant_count=count,
                others=others or UNSET,
            )
        case records.ParticipantLeft(_, person, count):
            return "user_left", contract.UserLeft(
                user_id=person.user_id,
                username=person.username,
                participant_count=count,
                others=others or UNSET,
            )
        case records.TypingChanged():
            return "user_typing", contract.UserTyping(
                user_id=happened.user_id,
                username=happened.username,
                is_typing=happened.is_typing,
            )
        case records.ConversationEnded():
            return "conversation_ended", contract.ConversationEnded(
                room_id=happened.room_id,
                message="This conversation has ended.",
                seq=happened.seq,
            )


def error_reply(error: ParleyError) -> contract.ErrorReply:
    return contract.ErrorReply(
        error=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def error_ack(error: ParleyError) -> contract.ErrorAck:
    return contract.ErrorAck(
        error=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def error_event(error: ParleyError) -> contract.ErrorEvent:
    return contract.ErrorEvent(
        message=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def crowded(retry_after: float) -> bytes:
    """What whoever opens too many connections is told, encoded: it is told in a rush."""
    text = "Too many connections come from your address. Close some, or wait a moment."
    return msgspec.json.encode(error_reply(RateLimited(text, retry_after=retry_after)))


def _retry_after(error: ParleyError) -> float | UnsetType:
    return UNSET if error.retry_after is None else error.retry_after
