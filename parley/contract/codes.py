"""What can go wrong, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Code(StrEnum):
    """What went wrong, for programs. The sentence beside it is for people."""

    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    CONVERSATION_NOT_FOUND = "conversation_not_found"
    CONVERSATION_ENDED = "conversation_ended"
    IDENTITY_TAKEN = "identity_taken"
    IDENTITY_MISMATCH = "identity_mismatch"
    NOT_JOINED = "not_joined"
    FORBIDDEN = "forbidden"
    LINK_REPLACED = "link_replaced"
    LOCKED = "locked"
    PASSPHRASE_REQUIRED = "passphrase_required"  # noqa: S105  # a code, no password
    PASSPHRASE_WRONG = "passphrase_wrong"  # noqa: S105
    KNOCK_REQUIRED = "knock_required"
    READ_ONLY = "read_only"
    NAME_TAKEN = "name_taken"
    ORIGIN_REFUSED = "origin_refused"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    status: int
    """The HTTP status a REST reply with this code has."""
    meaning: str


CODES: dict[Code, CodeMeaning] = {
    Code.BAD_REQUEST: CodeMeaning(
        400, "malformed JSON, a wrong type, a missing field, an unknown event"
    ),
    Code.TOO_LARGE: CodeMeaning(413, "longer than the limit for it"),
    Code.NOT_FOUND: CodeMeaning(404, "no such page or call"),
    Code.CONVERSATION_NOT_FOUND: CodeMeaning(404, "no conversation has this room id"),
    Code.CONVERSATION_ENDED: CodeMeaning(410, "the conversation was ended; it can still be read"),
    Code.IDENTITY_TAKEN: CodeMeaning(409, "the user_id belongs to another session"),
    Code.IDENTITY_MISMATCH: CodeMeaning(
        403, "the user_id or username is not that of this session's participant"
    ),
    Code.NOT_JOINED: CodeMeaning(403, "join the conversation first"),
    Code.FORBIDDEN: CodeMeaning(
        403, "only the owner may do this; or the token given is not known: ask again without it"
    ),
    Code.LINK_REPLACED: CodeMeaning(410, "an owner gave the conversation another link"),
    Code.LOCKED: CodeMeaning(403, "nobody new comes in"),
    Code.PASSPHRASE_REQUIRED: CodeMeaning(403, "`enter` with the passphrase first"),
    Code.PASSPHRASE_WRONG: CodeMeaning(403, "that is not the passphrase"),
    Code.KNOCK_REQUIRED: CodeMeaning(403, "`knock` first: an owner lets people in"),
    Code.READ_ONLY: CodeMeaning(403, "only owners speak here"),
    Code.NAME_TAKEN: CodeMeaning(409, "the name is kept for somebody else"),
    Code.ORIGIN_REFUSED: CodeMeaning(403, "the page that asked comes from an origin not allowed"),
    Code.RATE_LIMITED: CodeMeaning(429, "too much at once; try again after `retry_after` seconds"),
    Code.UNAVAILABLE: CodeMeaning(
        503, "the server cannot do this now; try again after `retry_after` seconds"
    ),
    Code.INTERNAL: CodeMeaning(500, "server error; see the log"),
}


class ErrorReply(Struct, kw_only=True):
    """Every REST error."""

    success: Literal[False] = False
    error: str
    code: Code
    retry_after: float | UnsetType = UNSET


class ErrorAck(Struct, kw_only=True):
    """The acknowledgement of an event that was refused."""

    ok: Literal[False] = False
    code: Code
    error: str
    retry_after: float | UnsetType = UNSET


class ErrorEvent(Struct, kw_only=True):
    """What a client that asked for no acknowledgement is told of a refusal."""

    message: str
    code: Code
    retry_after: float | UnsetType = UNSET
