"""Accounts: who is the same on several devices, and how they prove that."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Account(Struct, frozen=True):
    """Somebody who can come back on any device."""

    id: int
    session_id: int
    """What they are in conversations."""
    handle: bytes
    """What authenticators know them by."""
    name: str
    created_at: datetime
    hue: int | None = None
    """The colour of their mark in conversations, where they chose one."""
    has_picture: bool = False


class Look(Struct, frozen=True):
    """How somebody's mark looks in a conversation, as far as they chose."""

    user_id: str
    hue: int | None = None
    """One of the colours that marks have."""
    picture: str | None = None
    """What their picture is called there."""

    @property
    def is_chosen(self) -> bool:
        return self.hue is not None or self.picture is not None


class SignedIn(Struct, frozen=True):
    """A device on which somebody is signed in."""

    id: int
    """Of the session that holds its secret."""
    account_id: int
    label: str
    """What it said it was, in a few words."""
    place: str
    """The network it came from, coarsely; empty where that is unknown."""
    signed_in_at: datetime
    confirmed_at: datetime
    """When it last showed a passkey or a recovery code."""
    seen_at: datetime


class Passkey(Struct, frozen=True):
    """A key pair, of which we have the public half."""

    id: int
    account_id: int
    credential_id: bytes
    public_key: bytes
    """As COSE writes keys (RFC 9052)."""
    sign_count: int
    is_synced: bool
    """Whether its maker says that it is kept on several devices."""
    transports: tuple[str, ...]
    name: str
    added_at: datetime
    used_at: datetime | None


class ExternalIdentity(Struct, frozen=True):
    """Who somebody is to a provider that they sign in with: nothing but what it knows them by."""

    id: int
    account_id: int
    issuer: str
    subject: str
    added_at: datetime
    used_at: datetime | None


class Purpose(StrEnum):
    """Why somebody goes to a provider."""

    SIGN_IN = "sign_in"
    ADD = "add"


class Authorization(Struct, frozen=True):
    """Somebody who went to a provider, and is expected back."""

    provider: str
    purpose: Purpose
    brings: bool
    """Whether what they have as a guest comes along."""
    browser_hash: bytes
    session_id: int | None
    expires_at: datetime
    subject: str | None = None
    """Who they turned out to be, where no account has that yet."""


class Chest(Struct, frozen=True):
    """What an account's browsers keep of encrypted conversations, sealed by them."""

    sealed: str
    """Empty where there is nothing any more."""
    version: int
    """Another with each change, and never an earlier one; 0 where there never was any."""


class Unsent(Struct, frozen=True):
    """What somebody is writing in a conversation, on whichever of their devices."""

    text: str
    version: int
    """Another with each change; 0 where there is none."""


class Ceremony(StrEnum):
    """What a challenge is for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


class Challenge(Struct, frozen=True):
    kind: Ceremony
    browser_hash: bytes
    session_id: int | None
    handle: bytes
    """Whom it is for, where it is for making a passkey."""
    expires_at: datetime
