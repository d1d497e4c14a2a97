"""Imports: a file that another chat exported becomes a conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.terms import TITLE_MAX_CHARS, RoomId, Token

ZONE_MAX_CHARS = 64
CHOICE_MAX_CHARS = 200

ImportZone = Annotated[str, Meta(max_length=ZONE_MAX_CHARS)]
ImportChoice = Annotated[str, Meta(max_length=CHOICE_MAX_CHARS)]
ImportTitle = Annotated[str, Meta(max_length=TITLE_MAX_CHARS)]
ImportOrder = Literal["dmy", "mdy", "ymd", ""]
ImportDry = Literal["true", "false"]


class StoreBody(Struct):
    """What the file doesn't say itself. With another `zone`, `choose` or `order` than it was read
    with it is read again."""

    title: ImportTitle = ""
    zone: ImportZone = ""
    choose: ImportChoice = ""
    order: ImportOrder = ""


class ImportProblem(Struct, kw_only=True):
    """What couldn't be read, or not as a whole, and where."""

    place: str
    what: str


class ImportContents(Struct, kw_only=True):
    """What it becomes."""

    system: str
    title: str
    people: list[str]
    """The first of them."""
    people_count: int
    messages: int
    service_lines: int
    files: int
    files_bytes: int
    files_missing: int
    files_too_large: int
    first_at: str | UnsetType = UNSET
    last_at: str | UnsetType = UNSET
    needs_zone: bool
    """Whether a `zone` must be given before it is stored: its times have none."""
    problems: list[ImportProblem]
    """The first hundred."""
    problems_count: int
    split: int
    """Messages too long for one, each in several."""
    reactions_left_out: int
    pins_left_out: int
    choices: list[str] | UnsetType = UNSET
    """The conversations in it, where none was chosen of several: `choose` one. Then it is read, and
    `ready` again."""


class Import(Struct, kw_only=True):
    id: str
    state: Literal["reading", "ready", "storing", "done", "failed"]
    """`ready` waits to be stored."""
    read: int
    """How much of it was read, in messages."""
    stored: int
    """How many messages are stored."""
    contents: ImportContents | UnsetType = UNSET
    error: str | UnsetType = UNSET
    """Why it failed."""
    room_id: RoomId | UnsetType = UNSET
    join_link: str | UnsetType = UNSET
    files_refused: list[str] | UnsetType = UNSET
    """Files that were left out, as they can't be opened or are too large."""


class ImportReply(Struct, kw_only=True):
    success: Literal[True] = True
    progress: Import
    token: Token | UnsetType = UNSET
    """Of the session that owns the conversation, where it was made for it."""
