"""Who takes part, who left, and who was removed."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.objects import Conversation, Participant
from parley.contract.terms import (
    ReadProof,
    RightName,
    RoleName,
    Timestamp,
    TriedPassphrase,
    UserId,
    Username,
)

PeopleSought = Literal["all", "here"]


class JoinBody(Struct, kw_only=True):
    """Without a user_id it is a fresh one; without a username it is `User_` and its beginning.

    Whoever has joined already changes their name by another username; what they said keeps the
    one it was said under.

    `passphrase` and `read_proof` do what `enter` does, where it is needed.
    """

    user_id: UserId | None = None
    username: Username | None = None
    passphrase: TriedPassphrase | None = None
    read_proof: ReadProof | None = None


class JoinReply(Struct, kw_only=True):
    """`token` proves the session from now on; a page of our own gets a cookie instead."""

    success: Literal[True] = True
    room_id: str
    join_link: str
    conversation: Conversation
    user_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    role: RoleName
    token: str | UnsetType = UNSET


class ParticipantsReply(Struct, kw_only=True):
    """A page of the people in a conversation, in the order of joining."""

    success: Literal[True] = True
    participants: list[Participant]
    next_cursor: str | UnsetType = UNSET


class PersonBody(Struct, kw_only=True):
    user_id: UserId


class RightBody(Struct, kw_only=True):
    """What somebody is to be. A founder can do what an owner can, make founders, and take the
    rights of owners; nobody can take those of a founder.
    """

    user_id: UserId
    role: RightName


class OwningPerson(Struct, kw_only=True):
    """`founder` and `account` say whether they are a founder, and have an account."""

    user_id: str
    username: str
    founder: bool
    account: bool


class RemovedPerson(Struct, kw_only=True):
    user_id: str
    username: str
    removed_at: Timestamp


class LeftPerson(Struct, kw_only=True):
    """Somebody who joined, and left by themselves: they may come back, and can be removed."""

    user_id: str
    username: str
    left_at: Timestamp
    role: RoleName
    alike: bool | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET
