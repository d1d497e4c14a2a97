"""Conversations: starting, reading, listing, changing, ending and deleting them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.objects import Conversation, ConversationSummary
from parley.contract.terms import (
    Description,
    EpochRecord,
    KeepDays,
    NewPassphrase,
    ReadProof,
    SwitchName,
    Title,
    UserId,
    VisibilityName,
)


class CreateBody(Struct, kw_only=True):
    """Without a title it is `Conversation <room_id>`; without a visibility it is `listed`.

    The pages show that title as *Untitled conversation*: whoever sees a screen would have the link.
    A listed conversation stands in the public list and has a short id; an unlisted one
    cannot be guessed. `user_id` becomes `created_by`, and stays free to be joined with.

    With `encrypted` it takes only messages that the server can't read, as docs/encryption.md says.
    It is unlisted, and has no title or description but those in such messages. `read_proof_hash`,
    needed then, is the SHA-256 hash in base64url of what readers have to show.
    """

    title: Title | None = None
    description: Description | None = None
    user_id: UserId | None = None
    visibility: VisibilityName | None = None
    encrypted: bool | None = None
    read_proof_hash: ReadProof | None = None


class ChangeBody(Struct, kw_only=True):
    """What is to change; all or nothing of it. An empty `passphrase` takes it away; with
    one, whoever knows it comes in without knocking. `keep_days` is 1, 7, 30 or 365, or 0
    for ever. With `require_proof` nobody comes back as somebody who is `unproven` but with the
    token. With `preview_title` other apps show the title and description with the link, as they
    always do for a listed conversation. `calls` are voice and video calls.
    """

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    knock: bool | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    require_proof: bool | UnsetType = UNSET
    preview_title: bool | UnsetType = UNSET
    passphrase: NewPassphrase | UnsetType = UNSET
    keep_days: KeepDays | UnsetType = UNSET
    calls: SwitchName | UnsetType = UNSET


class ConversationReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversation: Conversation


class ConversationsReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversations: list[ConversationSummary]
    next_cursor: str | UnsetType = UNSET


class ChangeReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversation: Conversation


class ReplaceLinkBody(Struct, kw_only=True):
    """With `record` and `read_proof_hash`, as in [EpochBody](#epochbody), the key of an encrypted
    conversation is changed together with its link: both, or neither.
    """

    record: EpochRecord | None = None
    read_proof_hash: ReadProof | None = None


class ReplacedLinkReply(Struct, kw_only=True):
    success: Literal[True] = True
    room_id: str
    join_link: str


class EndBody(Struct, kw_only=True):
    """Only for programs that keep no token: who started the conversation without ever using
    theirs may end it from the same address, by the `user_id` in its `created_by`.
    """

    user_id: UserId | None = None


class EndReply(Struct, kw_only=True):
    success: Literal[True] = True
    message: str


class DeletedReply(Struct, kw_only=True):
    """How much was erased with the conversation."""

    success: Literal[True] = True
    messages: int
    participants: int
    links: int
    acts: int
    files: int
