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
    BAD_FILE = "bad_file"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONVERSATION_NOT_FOUND = "conversation_not_found"
    CONVERSATION_ENDED = "conversation_ended"
    IDENTITY_TAKEN = "identity_taken"
    IDENTITY_MISMATCH = "identity_mismatch"
    NOT_JOINED = "not_joined"
    TOKEN_REQUIRED = "token_required"  # noqa: S105  # a code, no password
    FORBIDDEN = "forbidden"
    SIGN_IN_FAILED = "sign_in_failed"
    ACCOUNT_REQUIRED = "account_required"
    SIGNED_IN = "signed_in"
    CONFIRMATION_REQUIRED = "confirmation_required"
    CHANGED_MEANWHILE = "changed_meanwhile"
    LAST_WAY_IN = "last_way_in"
    SIGN_IN_UNKNOWN = "sign_in_unknown"
    SIGN_IN_TAKEN = "sign_in_taken"
    DOMAIN_NOT_ALLOWED = "domain_not_allowed"
    PASSKEYS_UNAVAILABLE = "passkeys_unavailable"
    BLOCKED = "blocked"
    INVITATION_REQUIRED = "invitation_required"
    LINK_REPLACED = "link_replaced"
    LOCKED = "locked"
    PASSPHRASE_REQUIRED = "passphrase_required"  # noqa: S105
    PASSPHRASE_WRONG = "passphrase_wrong"  # noqa: S105
    READ_PROOF_REQUIRED = "read_proof_required"
    READ_PROOF_WRONG = "read_proof_wrong"
    ENCRYPTED = "encrypted"
    EPOCH_OVER = "epoch_over"
    EPOCH_TAKEN = "epoch_taken"
    KNOCK_REQUIRED = "knock_required"
    READ_ONLY = "read_only"
    ACCOUNTS_ONLY = "accounts_only"
    NAME_TAKEN = "name_taken"
    CALLS_OFF = "calls_off"
    CALL_OVER = "call_over"
    CALL_FULL = "call_full"
    CALL_VIDEO_FULL = "call_video_full"
    NOT_IN_CALL = "not_in_call"
    NO_SUCH_PEER = "no_such_peer"
    BOTS_ALONE = "bots_alone"
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
        400, "malformed JSON, a wrong type, a missing field or an unknown event"
    ),
    Code.TOO_LARGE: CodeMeaning(413, "longer than allowed"),
    Code.BAD_FILE: CodeMeaning(
        400,
        "a picture that is damaged, too large to open, or took too long; or a file that can't be "
        "imported",
    ),
    Code.NOT_FOUND: CodeMeaning(404, "no such page or endpoint"),
    Code.METHOD_NOT_ALLOWED: CodeMeaning(
        405, "the endpoint takes other methods; the header `Allow` lists them"
    ),
    Code.CONVERSATION_NOT_FOUND: CodeMeaning(404, "no conversation has this room id"),
    Code.CONVERSATION_ENDED: CodeMeaning(410, "the conversation has ended; it can still be read"),
    Code.IDENTITY_TAKEN: CodeMeaning(409, "the user_id belongs to another session"),
    Code.IDENTITY_MISMATCH: CodeMeaning(
        403, "the user_id or username is not that of this session's participant"
    ),
    Code.NOT_JOINED: CodeMeaning(403, "join the conversation first"),
    Code.TOKEN_REQUIRED: CodeMeaning(
        401, "this call needs a token, and none was sent; sockets say `forbidden` or `not_joined`"
    ),
    Code.FORBIDDEN: CodeMeaning(
        403, "only an owner may do this, or the token is unknown: try again without it"
    ),
    Code.SIGN_IN_FAILED: CodeMeaning(
        403,
        "the passkey, the recovery code or what a provider says is unknown, used up or wrong, "
        "whichever it is",
    ),
    Code.ACCOUNT_REQUIRED: CodeMeaning(403, "sign in to an account first"),
    Code.SIGNED_IN: CodeMeaning(409, "this device is signed in to an account already"),
    Code.CONFIRMATION_REQUIRED: CodeMeaning(
        403, "sign in on this device once more first; that counts for 15 minutes"
    ),
    Code.CHANGED_MEANWHILE: CodeMeaning(
        409, "another device of yours changed it since this `version`: get it anew first"
    ),
    Code.LAST_WAY_IN: CodeMeaning(
        409,
        "nothing else is left to sign in with: a passkey goes only with `anyway`, a provider's "
        "sign-in not at all",
    ),
    Code.SIGN_IN_UNKNOWN: CodeMeaning(
        409, "no account here has this sign-in yet: `provider_start_account` starts one"
    ),
    Code.SIGN_IN_TAKEN: CodeMeaning(409, "the sign-in belongs to another account"),
    Code.DOMAIN_NOT_ALLOWED: CodeMeaning(
        403, "the provider doesn't vouch that they are of an organisation that can sign in here"
    ),
    Code.PASSKEYS_UNAVAILABLE: CodeMeaning(
        409, "passkeys need HTTPS and the server's public URL, and work at that alone"
    ),
    Code.BLOCKED: CodeMeaning(
        403, "whoever runs the server has blocked this network from writing; it can still read"
    ),
    Code.INVITATION_REQUIRED: CodeMeaning(
        403, "only people with an invitation can start conversations: `accept_invitation` first"
    ),
    Code.LINK_REPLACED: CodeMeaning(410, "an owner replaced the conversation's link"),
    Code.LOCKED: CodeMeaning(403, "no one new can join"),
    Code.PASSPHRASE_REQUIRED: CodeMeaning(403, "`enter` with the passphrase first"),
    Code.PASSPHRASE_WRONG: CodeMeaning(403, "wrong passphrase"),
    Code.READ_PROOF_REQUIRED: CodeMeaning(
        403, "the conversation is encrypted: `enter` with the read proof first"
    ),
    Code.READ_PROOF_WRONG: CodeMeaning(403, "the read proof is that of another key"),
    Code.ENCRYPTED: CodeMeaning(
        409, "this can't be done in an encrypted conversation, or only with what is encrypted"
    ),
    Code.EPOCH_OVER: CodeMeaning(
        409, "the key was changed: `epoch` is its number now; encrypt the message with it"
    ),
    Code.EPOCH_TAKEN: CodeMeaning(
        409, "`epoch` is the number of the key now, and this one's isn't the next"
    ),
    Code.KNOCK_REQUIRED: CodeMeaning(403, "`knock` first: an owner has to let you in"),
    Code.READ_ONLY: CodeMeaning(403, "only owners can post"),
    Code.ACCOUNTS_ONLY: CodeMeaning(
        403, "only people with an account can post: `start_account` or `sign_in` first"
    ),
    Code.NAME_TAKEN: CodeMeaning(409, "the name is reserved for someone else"),
    Code.CALLS_OFF: CodeMeaning(403, "the owners, or whoever runs the server, allow no calls"),
    Code.CALL_OVER: CodeMeaning(409, "the call of `call_id` is over; another may have begun"),
    Code.CALL_FULL: CodeMeaning(
        409, "as many devices are in the call as it takes, or as it takes of you"
    ),
    Code.CALL_VIDEO_FULL: CodeMeaning(
        409, "as many cameras and screens are on as a call takes; voice alone still works"
    ),
    Code.NOT_IN_CALL: CodeMeaning(409, "`call_join` first"),
    Code.NO_SUCH_PEER: CodeMeaning(404, "no such device is in the call any more"),
    Code.BOTS_ALONE: CodeMeaning(
        429,
        "bots answer each other and nobody else speaks: try again after `retry_after` seconds, or "
        "once somebody has",
    ),
    Code.ORIGIN_REFUSED: CodeMeaning(
        403, "the request came from a page of an origin that isn't allowed"
    ),
    Code.RATE_LIMITED: CodeMeaning(429, "too many requests; try again after `retry_after` seconds"),
    Code.UNAVAILABLE: CodeMeaning(
        503, "the server can't do this now; try again after `retry_after` seconds"
    ),
    Code.INTERNAL: CodeMeaning(500, "server error; see the log"),
}


class ErrorReply(Struct, kw_only=True):
    """Every REST error. `epoch`, the number of the key that the conversation has now, comes with
    `read_proof_required`, `read_proof_wrong`, `epoch_over` and `epoch_taken`.
    """

    success: Literal[False] = False
    error: str
    code: Code
    retry_after: float | UnsetType = UNSET
    epoch: int | UnsetType = UNSET


class ErrorAck(Struct, kw_only=True):
    """The acknowledgement of an event that was refused."""

    ok: Literal[False] = False
    code: Code
    error: str
    retry_after: float | UnsetType = UNSET
    epoch: int | UnsetType = UNSET


class ErrorEvent(Struct, kw_only=True):
    """What a client that asked for no acknowledgement is told of a refusal."""

    message: str
    code: Code
    retry_after: float | UnsetType = UNSET
    epoch: int | UnsetType = UNSET
