"""Who may do what. Every permission is asked for here."""

from __future__ import annotations

from datetime import datetime, timedelta

from parley.errors import ConversationIsOver, Forbidden, IdentityMismatch
from parley.records import Conversation, Participant, Role, Session

TAKEOVER_WITHIN = timedelta(seconds=120)
"""How long the original client may take from its REST join to its socket's."""


def require_open(conversation: Conversation) -> None:
    if not conversation.is_active:
        raise ConversationIsOver


def is_owner(conversation: Conversation, session: Session | None) -> bool:
    return session is not None and session.id == conversation.owner_session_id


def require_owner(conversation: Conversation, session: Session | None) -> None:
    """Naming the creator's user_id makes nobody an owner: only the session does."""
    if not is_owner(conversation, session):
        raise Forbidden


def role(conversation: Conversation, session: Session) -> Role:
    return Role.OWNER if is_owner(conversation, session) else Role.MEMBER


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


def may_take_over(
    holder: Participant, holder_session: Session, *, proven: bool, at: datetime
) -> bool:
    """Whether a socket without credential may become this participant.

    For the original client, which joins over REST, forgets the answer, and
    joins again on a socket: once, soon, and only where nobody ever proved to
    be that participant.
    """
    return (
        not proven
        and holder.visits == 0
        and not holder_session.token_used
        and at - holder.joined_at <= TAKEOVER_WITHIN
    )
