"""Coming in where the door is not open: by passphrase, link or knock."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.terms import (
    KnockState,
    LinkRoleName,
    Passphrase,
    ReadProof,
    SeenName,
    Timestamp,
)


class EnterBody(Struct, kw_only=True):
    """One of both: `read_proof` for an encrypted conversation."""

    passphrase: Passphrase | None = None
    read_proof: ReadProof | None = None


class KnockBody(Struct, kw_only=True):
    username: SeenName


class AnswerBody(Struct, kw_only=True):
    """`admit: false` declines."""

    admit: bool


class EnteredReply(Struct, kw_only=True):
    """`token` proves the session from now on, the one before no more; a page of our own gets
    a cookie instead. Then join, or read.
    """

    success: Literal[True] = True
    room_id: str
    join_link: str
    role: LinkRoleName
    token: str | UnsetType = UNSET


class KnockReply(Struct, kw_only=True):
    """`state` is `not_needed` for who may come in as they are, and `none` for who may not and has
    not knocked, or whose knock was forgotten after a day without an answer. Ask again with the
    token, or keep a socket that knocked: it is told. While you are `waiting`, `owner_online` says
    whether an owner is there to see it. Asked what became of it, `locked` says that the
    conversation is locked to you just now.
    """

    success: Literal[True] = True
    state: KnockState
    id: str | UnsetType = UNSET
    owner_online: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    token: str | UnsetType = UNSET


class WaitingPerson(Struct, kw_only=True):
    """Somebody who knocked."""

    id: str
    username: str
    asked_at: Timestamp
