"""What happened, as the events that tell it."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, records
from parley.present.claims import claim
from parley.present.conversations import calls_of, door
from parley.present.fields import marked_role, or_unset, role_name, timestamp
from parley.present.messages import message

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
    | records.LookChanged
    | records.EpochBegan
    | records.MessagesErased
    | records.Knocked
    | records.KnockAnswered
    | records.Claimed
    | records.ClaimAnswered
)
"""What happened and has an event of its own on the wire."""


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
                role=marked_role(person.role),
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
                accounts_only=True if now.is_accounts_only else UNSET,
                calls=calls_of(now),
                keep_days=or_unset(now.keep_days),
            )
        case records.RoleChanged(room_id=room_id, participant=person):
            return "role_changed", contract.RoleChanged(
                room_id=room_id, user_id=person.user_id, role=role_name(person.role)
            )
        case records.LookChanged(room_id=room_id, look=look):
            return "look_changed", contract.LookChanged(
                room_id=room_id,
                user_id=look.user_id,
                hue=UNSET if look.hue is None else look.hue,
                picture=look.picture or UNSET,
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
        case records.Claimed():
            return "claimed", contract.Claimed(
                room_id=happened.room_id, claim=claim(happened.claim)
            )
        case records.ClaimAnswered():
            return "claim_answered", contract.ClaimAnswered(
                room_id=happened.room_id, claim=claim(happened.claim), agreed=happened.is_agreed
            )
        case records.EpochBegan():
            return "epoch_began", contract.EpochBegan(
                room_id=happened.room_id, number=happened.number, seq=happened.seq
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
        message="The person who first joined with this user_id is back, with its token. "
        "Join again without a user_id.",
    )


def claimed(room_id: str, username: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id,
        reason="claimed",
        message=f"You are {username} here now. Open the link again to go on as them.",
    )


def signed_out(room_id: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id,
        reason="signed_out",
        message="This device was signed out. Open the link again to come in as someone else.",
    )


def left(room_id: str) -> contract.Removed:
    return contract.Removed(
        room_id=room_id,
        reason="left",
        message="You left this conversation. Open its link again to come back.",
    )
