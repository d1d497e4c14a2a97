"""Inviting people who have an account, by their contact links."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.rest.call import Call, DoneReply, Nothing
from parley.contract.terms import InviteAnswerName, Timestamp

CONTACT_MAX_CHARS = 2_000


class ContactLinkReply(Struct, kw_only=True):
    success: Literal[True] = True
    contact_link: str


class InviteBody(Struct, kw_only=True):
    """`contact` is the contact link that somebody gave you, or what stands at its end."""

    contact: Annotated[str, Meta(max_length=CONTACT_MAX_CHARS)]


class WaitingInvite(Struct, kw_only=True):
    """Where somebody invites you to; `by` is what they are called there. It waits for 30 days."""

    id: str
    title: str
    description: str
    by: str
    at: Timestamp


class InvitesReply(Struct, kw_only=True):
    success: Literal[True] = True
    invites: list[WaitingInvite]


class AnswerInviteBody(Struct, kw_only=True):
    """`accept` lets you in. After `decline` nobody can invite you to that conversation any more,
    and after `block` whoever did can't invite you anywhere. They aren't told.
    """

    answer: InviteAnswerName


class AnsweredInviteReply(Struct, kw_only=True):
    """Where you are let in, if you accepted."""

    success: Literal[True] = True
    room_id: str | UnsetType = UNSET
    join_link: str | UnsetType = UNSET


CONTACT_CALLS = (
    Call(
        "make_contact_link",
        "POST",
        "/api/account/contact-link",
        "Create your contact link, by which owners of conversations can invite you, or replace it: "
        "the one before no longer works.",
        ContactLinkReply,
        Nothing,
        201,
        credential="account",
    ),
    Call(
        "remove_contact_link",
        "DELETE",
        "/api/account/contact-link",
        "Turn your contact link off.",
        DoneReply,
        credential="account",
    ),
    Call(
        "unblock",
        "DELETE",
        "/api/account/blocked/{blocked_id}",
        "Let somebody whom you blocked invite you again.",
        DoneReply,
        credential="account",
    ),
    Call(
        "invites",
        "GET",
        "/api/invites",
        "The invitations that wait for your answer, the newest first; none for guests.",
        InvitesReply,
    ),
    Call(
        "answer_invite",
        "POST",
        "/api/invites/{invite_id}",
        "Accept an invitation, decline it, or block whoever made it.",
        AnsweredInviteReply,
        AnswerInviteBody,
        credential="account",
    ),
)
INVITE_CALL = Call(
    "invite",
    "POST",
    "/api/conversations/{room_id}/invites",
    "Invite somebody by their contact link, for owners with a name. The answer is the same whether "
    "the link is anybody's, whether they are here already, declined before or blocked you.",
    DoneReply,
    InviteBody,
    credential="owner",
)
