"""Records as wire objects, the same for every viewer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar, cast

import msgspec
from msgspec import UNSET, UnsetType

from parley import contract, records
from parley.errors import ParleyError, RateLimited

T = TypeVar("T")

Told = (
    records.MessageSent
    | records.MessageChanged
    | records.ParticipantArrived
    | records.ParticipantLeft
    | records.ParticipantRemoved
    | records.ParticipantProven
    | records.TypingChanged
    | records.ConversationChanged
    | records.ConversationEnded
    | records.ConversationDeleted
    | records.LinkReplaced
    | records.RoleChanged
    | records.MessagesErased
    | records.Knocked
    | records.KnockAnswered
)
"""What happened and has an event of its own on the wire."""


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
        deleted=UNSET if record.deleted_at is None else True,
        role="owner" if record.role is records.Role.OWNER else UNSET,
        alike=record.is_alike or UNSET,
        unproven=record.is_unproven or UNSET,
    )


def participant(record: records.Participant, *, online: bool) -> contract.Participant:
    return contract.Participant(
        user_id=record.user_id,
        username=record.username,
        joined_at=timestamp(record.joined_at),
        role=role_name(record.role),
        online=online,
        alike=record.is_alike or UNSET,
        unproven=record.is_unproven or UNSET,
    )


def role_name(role: records.Role) -> contract.RoleName:
    return "owner" if role is records.Role.OWNER else "member"


def people(
    shown: Sequence[records.Participant], online: frozenset[str]
) -> list[contract.Participant]:
    """`online` are the user ids that hold an open socket."""
    return [participant(person, online=person.user_id in online) for person in shown]


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
    return contract.Conversation(
        room_id=record.room_id,
        created_at=timestamp(record.created_at),
        created_by=record.created_by,
        title=record.title,
        description=record.description,
        messages=messages,
        has_more=snapshot.has_more,
        delta=True if snapshot.is_delta else UNSET,
        participants=participants,
        participants_cursor=UNSET if snapshot.people_cursor is None else snapshot.people_cursor,
        participant_count=record.participant_count,
        online_count=snapshot.online_count,
        is_active=record.is_active,
        ended_at=UNSET if record.ended_at is None else timestamp(record.ended_at),
        visibility=record.visibility.value,
        seq=record.seq,
        door=door(record),
        read_only=record.is_read_only,
        keep_days=_or_unset(record.keep_days),
        erased_through=_or_unset(record.erased_through),
    )


def door(record: records.Conversation) -> contract.DoorName:
    """What a stranger meets first."""
    if record.is_locked:
        return "locked"
    if record.passphrase_hash is not None:
        return "passphrase"
    return "knock" if record.is_knock else "open"


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
        erased_through=_or_unset(record.erased_through),
    )


def sent(record: records.Message, *, duplicate: bool) -> contract.SendAck:
    return contract.SendAck(
        id=record.id, seq=record.seq, timestamp=timestamp(record.sent_at), duplicate=duplicate
    )


def event(happened: Told, *, others: int = 0) -> tuple[str, object]:
    """The name and data of the Socket.IO event that tells it; `others` met with the same."""
    match happened:
        case records.MessageSent():
            return "new_message", message(happened.message)
        case records.ParticipantArrived(person, count):
            return "user_joined", contract.UserJoined(
                user_id=person.user_id,
                username=person.username,
                participant_count=count,
                others=others or UNSET,
                role="owner" if person.role is records.Role.OWNER else UNSET,
                alike=person.is_alike or UNSET,
                unproven=person.is_unproven or UNSET,
            )
        case records.ParticipantLeft(person, count):
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
        case records.MessageChanged():
            return "message_changed", message(happened.message)
        case records.ConversationChanged(now):
            return "conversation_changed", contract.ConversationChanged(
                room_id=now.room_id,
                title=now.title,
                description=now.description,
                door=door(now),
                read_only=now.is_read_only,
                keep_days=_or_unset(now.keep_days),
            )
        case records.RoleChanged(room_id=room_id, participant=person):
            return "role_changed", contract.RoleChanged(
                room_id=room_id, user_id=person.user_id, role=role_name(person.role)
            )
        case records.ParticipantProven(room_id=room_id, participant=person):
            return "proven", contract.Proven(room_id=room_id, user_id=person.user_id)
        case records.LinkReplaced():
            return "link_replaced", contract.LinkReplaced(
                room_id=happened.old_room_id, new_room_id=happened.room_id
            )
        case records.ParticipantRemoved():
            return "user_left", contract.UserLeft(
                user_id=happened.participant.user_id,
                username=happened.participant.username,
                participant_count=happened.participant_count,
            )
        case records.Knocked(room_id, knock):
            return "knocked", contract.Knocked(
                room_id=room_id,
                id=knock.id,
                username=knock.username,
                asked_at=timestamp(knock.asked_at),
            )
        case records.KnockAnswered(room_id, knock):
            return "knock_answered", contract.KnockAnswered(
                room_id=room_id,
                id=knock.id,
                admitted=knock.answer == "admitted",
                crowded_out=knock.answer == "crowded_out" or UNSET,
            )
        case records.MessagesErased():
            return "messages_erased", contract.MessagesErased(
                room_id=happened.room_id, through=happened.through, seq=happened.seq
            )
        case records.ConversationDeleted():
            return "conversation_deleted", contract.ConversationDeleted(
                room_id=happened.room_id, message="The owner deleted this conversation."
            )


def removed(room_id: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id, reason="removed", message="The owner removed you from this conversation."
    )


def closed(room_id: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id,
        reason="closed",
        message="Access changed. Open the link again to rejoin.",
    )


def taken_back(room_id: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id,
        reason="taken_back",
        message="Whoever joined under this user_id first is back, and has its token. "
        "Join again without it, as yourself.",
    )


def link(record: records.Link) -> contract.RoleLink:
    return contract.RoleLink(
        id=record.id,
        role=record.role.value,
        label=record.label,
        created_at=timestamp(record.created_at),
        expires_at=_moment(record.expires_at),
        revoked_at=_moment(record.revoked_at),
        uses=record.uses,
        uses_max=_or_unset(record.uses_max),
        last_used_at=_moment(record.last_used_at),
    )


def role_link(code: str, *, public_url: str) -> str:
    return f"{public_url}/link/{code}"


def link_role(standing: records.Standing) -> contract.LinkRoleName:
    match standing:
        case records.Standing.OWNER:
            return "owner"
        case records.Standing.READER:
            return "reader"
        case _:
            return "member"


def knock_state(record: records.AtTheDoor) -> contract.KnockState:
    answer = None if record.knock is None else record.knock.answer
    if record.may_come_in:
        return "admitted" if answer == "admitted" else "not_needed"
    # What an owner gave can be taken back since.
    if record.knock is None or answer == "admitted":
        return "none"
    if answer is None:
        return "waiting"
    return "crowded_out" if answer == "crowded_out" else "declined"


def decided(seen: records.Overview) -> contract.ManageReply:
    now = seen.conversation
    return contract.ManageReply(
        locked=now.is_locked,
        knock=now.is_knock,
        read_only=now.is_read_only,
        has_passphrase=now.passphrase_hash is not None,
        keep_days=now.keep_days or 0,
        waiting=[waiting(each) for each in seen.waiting],
        removed=[removed_person(each) for each in seen.removed],
        left=[left_person(each) for each in seen.left],
        left_more=seen.left_count - len(seen.left),
        nameless=seen.nameless,
        links=[link(each) for each in seen.links],
    )


def waiting(record: records.Knock) -> contract.WaitingPerson:
    return contract.WaitingPerson(
        id=record.id, username=record.username, asked_at=timestamp(record.asked_at)
    )


def act(record: records.Act) -> contract.OwnerAct:
    return contract.OwnerAct(
        id=record.id,
        at=timestamp(record.at),
        who=record.who,
        act=cast(contract.ActName, record.act),  # as audit.note took it
        about=record.about,
    )


def removed_person(record: records.Participant) -> contract.RemovedPerson:
    return contract.RemovedPerson(
        user_id=record.user_id,
        username=record.username,
        removed_at=timestamp(record.removed_at or record.joined_at),
    )


def left_person(record: records.Participant) -> contract.LeftPerson:
    return contract.LeftPerson(
        user_id=record.user_id,
        username=record.username,
        left_at=timestamp(record.left_at or record.joined_at),
        role=role_name(record.role),
        alike=record.is_alike or UNSET,
        unproven=record.is_unproven or UNSET,
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


def _moment(moment: datetime | None) -> str | UnsetType:
    return UNSET if moment is None else timestamp(moment)


def _or_unset(value: T | None) -> T | UnsetType:
    return value or UNSET
