"""Taking a conversation along: what an export holds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import File, Message
from parley.contract.terms import DoorName, RoleName, Timestamp, VisibilityName

EXPORT_VERSION = 1
ExportFormat = Literal["json", "jsonl", "md", "html", "zip"]
Salt = Annotated[str, Meta(description="32 random bytes in base64, of this entry alone")]


class ExportedConversation(Struct, kw_only=True):
    """The conversation as it was when the export began. All messages up to `seq` are in it."""

    room_id: str
    title: str
    description: str
    created_at: Timestamp
    created_by: str
    visibility: VisibilityName
    is_active: bool
    ended_at: Timestamp | UnsetType = UNSET
    seq: int
    door: DoorName
    read_only: bool
    keep_days: int | UnsetType = UNSET
    erased_through: int | UnsetType = UNSET


class ExportedPerson(Struct, kw_only=True):
    """Somebody who was in it then. Who had left is named by what they said."""

    user_id: str
    username: str
    role: RoleName
    joined_at: Timestamp


class ExportHead(Struct, kw_only=True):
    """What it is an export of. `parley_export` is the version of the format."""

    parley_export: int
    exported_at: Timestamp
    server: str
    conversation: ExportedConversation
    people: list[ExportedPerson]
    salt: Salt | UnsetType = UNSET


class ExportedFile(File, kw_only=True):
    """`path` is where it lies in a ZIP file; `sha256`, in hexadecimal, is that of its bytes."""

    path: str
    sha256: str


class ExportedMessage(Message, kw_only=True):
    """As it is [sent](#message), but that `user_ids` of a reaction names all who reacted so."""

    attachments: list[ExportedFile] | UnsetType = UNSET  # type: ignore[assignment]
    salt: Salt | UnsetType = UNSET


class ExportProof(Struct, kw_only=True):
    """By it `parley verify-export` finds out whether anything was changed."""

    head: str
    key: str
    leaves: str


class ExportReply(Struct, kw_only=True):
    """A whole conversation, oldest first, and the proof of it. In what lies behind it, each entry
    stands on a line of its own, as docs/exports.md says.
    """

    success: Literal[True] = True
    export: ExportHead
    messages: list[ExportedMessage]
    proof: ExportProof
