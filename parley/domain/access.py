"""Who may do what. Every permission is asked for here."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from parley.contract import BotRightName
from parley.errors import (
    AccountsOnly,
    BadRequest,
    BotRefused,
    ConversationIsOver,
    ConversationNotFound,
    Encrypted,
    Forbidden,
    IdentityMismatch,
    KnockRequired,
    Locked,
    NotJoined,
    PassphraseRequired,
    ReadOnly,
    ReadProofRequired,
)
from parley.records import (
    Conversation,
    Head,
    May,
    Message,
    Participant,
    Role,
    SaidBy,
    Session,
    Standing,
)

_ALWAYS_SPEAK = (Role.OWNER, Role.BOT)
"""Also where others only read: a bot was let speak by an owner, or was not."""
_AUTHORS_ONLY = "Only the person who wrote a message can edit it."


def require_open(conversation: Conversation | Head) -> None:
    if not conversation.is_active:
        raise ConversationIsOver


def standing(
    conversation: Conversation,
    session: Session | None,
    *,
    person: Participant | None,
    granted: Role | None,
) -> Standing:
    """What a session is to a conversation.

    `person` is the participant it is there, `granted` the role that a link, an
    answered knock or a passphrase gave it. Naming the creator's user_id makes
    nobody an owner: only the session does.
    """
    if session is None:
        return Standing.STRANGER
    if session.id == conversation.owner_session_id or granted is Role.OWNER:
        return Standing.OWNER
    if person is not None and person.removed_at is not None:
        return Standing.REMOVED
    if person is not None or granted is Role.MEMBER:
        return Standing.MEMBER
    return Standing.READER if granted is Role.READER else Standing.STRANGER


def require_reading(conversation: Conversation, standing: Standing) -> None:
    """Whoever has the link may read, until an owner closes the door on strangers.

    Who was put out is told what somebody is told who made the link up.
    """
    if standing is Standing.REMOVED:
        raise ConversationNotFound
    if standing is Standing.STRANGER:
        require_open_door(conversation)


def require_joining(conversation: Conversation, standing: Standing) -> None:
    require_reading(conversation, standing)
    require_open(conversation)
    if standing is Standing.READER:
        raise Forbidden("You have a read-only link. Ask the owner for one that lets you post.")


def require_open_door(conversation: Conversation) -> None:
    """For strangers: nothing keeps them out."""
    if conversation.is_locked:
        raise Locked
    if conversation.is_encrypted:
        raise ReadProofRequired(conversation.epoch)
    if conversation.passphrase_hash is not None:
        raise PassphraseRequired
    if conversation.is_knock:
        raise KnockRequired


def is_door_open(conversation: Conversation) -> bool:
    return not (
        conversation.is_locked
        or conversation.is_encrypted
        or conversation.is_knock
        or conversation.passphrase_hash is not None
    )


def require_legible(conversation: Conversation | Head) -> None:
    """For what the server can do only with what it can read."""
    if conversation.is_encrypted:
        raise Encrypted


def require_encrypted(conversation: Conversation) -> None:
    if not conversation.is_encrypted:
        raise BadRequest("This conversation is not encrypted.")


def require_allowed(session: Session | None, needs: Sequence[BotRightName] | None) -> None:
    """What is asked for, where a bot asks, needs one of these rights; without any, it is not for
    bots. People have theirs by what they are in a conversation.
    """
    if session is None or session.may is None:
        return
    if not needs:
        raise BotRefused("Bots can't do this.")
    if not any(May[name.upper()] in session.may for name in needs):
        raise BotRefused(
            f"This bot isn't allowed to {needs[-1]}. An owner can allow it under Manage."
        )


def require_moderating(standing: Standing, session: Session | None) -> None:
    """For owners, and bots that may moderate. `session` as it is stored now."""
    if session is None or session.may is None or May.MODERATE not in session.may:
        require_owner(standing)


def require_moderatable(person: Participant, by: Session | None) -> None:
    """A bot removes neither owners nor bots."""
    if by is not None and by.is_bot and person.role is not Role.MEMBER:
        raise Forbidden("Bots can't remove owners or other bots.")


def require_being_bot(person: Participant | None) -> Participant:
    if person is None or person.role is not Role.BOT:
        raise Forbidden("Only bots can do this.")
    return person


def may_come_in(conversation: Conversation, standing: Standing) -> bool:
    """As they are, without knocking."""
    return standing in (Standing.OWNER, Standing.MEMBER) or is_door_open(conversation)


def is_owner(person: Participant) -> bool:
    return person.role is Role.OWNER


def require_owner(standing: Standing) -> None:
    if standing is not Standing.OWNER:
        raise Forbidden


def may_end_unproven(
    conversation: Conversation,
    owner: Session,
    *,
    named: str | None,
    place: str,
    needs_proof: bool,
) -> bool:
    """Whether somebody without a token may end it, by naming who started it.

    For programs that forget their token: where it was never used, and from where the conversation
    was started alone. To end it is all they may.
    """
    return (
        named == conversation.created_by
        and conversation.created_from == place
        and not owner.token_used
        and not needs_proof
    )


def is_founder(conversation: Conversation, session: Session | None, *, is_granted: bool) -> bool:
    """Whether a session counts as having started it: the one that the conversation names, and those
    that founders made founders (`is_granted`).
    """
    return is_granted or (session is not None and session.id == conversation.owner_session_id)


def require_unmaking(owners: Collection[int], session: Session | None, *, is_founder: bool) -> None:
    """To take the rights of these sessions, which own it and are no founders: anybody's own are
    theirs to give up.
    """
    asks = None if session is None else session.id
    if not is_founder and any(owner != asks for owner in owners):
        raise Forbidden("Only a founder can take away another owner's rights.")


def require_still_there(head: Head, sender: Participant) -> None:
    """Whoever sat down as somebody is that still: not put out since, nor anybody else's."""
    if head.is_removed:
        raise ConversationNotFound
    if head.session_id != sender.session_id:
        raise NotJoined


def require_speaking(head: Head, *, introduces: bool = False) -> None:
    """Where it is read-only, or for people with an account alone, owners speak: whoever is one now,
    whatever they were. Others may still say who they are, or nobody could hand them a new key.
    """
    require_open(head)
    if not introduces:
        _require_word(head.role, head.is_read_only, is_for_others=head.is_for_others)


def require_posting(
    conversation: Conversation, person: Participant, session: Session | None
) -> None:
    """The same for somebody who was found with the conversation."""
    has_account = session is not None and session.is_of_account
    require_posting_with(conversation, person, has_account=has_account)


def require_posting_with(
    conversation: Conversation, person: Participant, *, has_account: bool
) -> None:
    """The same where nobody asks, but it is known whether they have an account."""
    require_open(conversation)
    is_for_others = conversation.is_accounts_only and not has_account
    _require_word(person.role, conversation.is_read_only, is_for_others=is_for_others)


def may_speak(conversation: Conversation, person: Participant, session: Session | None) -> bool:
    has_account = session is not None and session.is_of_account
    return may_speak_with(conversation, person, has_account=has_account)


def may_speak_with(conversation: Conversation, person: Participant, *, has_account: bool) -> bool:
    """The same where nobody asks, but it is known whether they have an account."""
    is_for_others = conversation.is_accounts_only and not has_account
    return person.role in _ALWAYS_SPEAK or not (conversation.is_read_only or is_for_others)


def _require_word(role: Role, is_read_only: bool, *, is_for_others: bool) -> None:
    if role in _ALWAYS_SPEAK:
        return
    if is_read_only:
        raise ReadOnly
    if is_for_others:
        raise AccountsOnly


def role(standing: Standing) -> Role:
    """Of somebody who joins."""
    return Role.OWNER if standing is Standing.OWNER else Role.MEMBER


def require_author(
    message: Message, said_by: SaidBy, person: Participant | None, session: Session | None
) -> Participant:
    """Whoever wrote it; raises `Forbidden` for others."""
    if person is None or not is_author(message, said_by, person, session):
        raise Forbidden(_AUTHORS_ONLY)
    return person


def is_author(
    message: Message, said_by: SaidBy, person: Participant | None, session: Session | None
) -> bool:
    """Whether somebody wrote it: what was said before is not theirs who took up a user_id since,
    but theirs who brought the session that said it into their account.
    """
    if person is None or session is None or session.id != said_by.session_id:
        return False
    return person.user_id == message.user_id or said_by.was_another


def require_same_person(person: Participant, *, user_id: str | None, username: str | None) -> None:
    """What a client says of itself must be so, where it says anything."""
    if user_id and user_id != person.user_id:
        raise IdentityMismatch(
            "user_id is not yours in this conversation: leave it out, "
            "or send the one you joined with."
        )
    if username and username != person.username:
        raise IdentityMismatch(
            "username is not yours in this conversation: leave it out, or join again to change it."
        )


def may_take_up(
    holder: Participant,
    holder_session: Session,
    *,
    place: str,
    is_on_socket: bool,
    needs_proof: bool,
) -> bool:
    """Whether somebody without a token may become this participant, by naming its user_id.

    For clients that forget their token, as the original one does when it joins over REST and
    again on a socket: where nobody ever proved to be that participant, nobody is on it, and
    from where they came before alone. Never an owner's, nor of who was put out, nor where an
    owner or the host demands proof.
    """
    return (
        not needs_proof
        and not holder_session.token_used
        and holder.unproven_from == place
        and holder.role is not Role.OWNER
        and holder.removed_at is None
        and not is_on_socket
    )
