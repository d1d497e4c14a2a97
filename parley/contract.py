"""The wire, declared once: every body, event, reply, error code and limit.

REST and Socket.IO decode with these structs, `docs/protocol.md` and
`GET /openapi.json` are generated from them, and the tests compare. Imports
nothing of ours. Unknown fields from a client are ignored; wrong types are told
with the field's path. Optional fields may be missing or null.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

# --- limits -----------------------------------------------------------------
# Lengths count characters (Unicode code points).

MESSAGE_MAX_CHARS = 8_000
TITLE_MAX_CHARS = 200
DESCRIPTION_MAX_CHARS = 2_000
USERNAME_MAX_CHARS = 64
USER_ID_MAX_CHARS = 64
CLIENT_ID_MAX_CHARS = 64
TYPE_MAX_CHARS = 32
TOKEN_MAX_CHARS = 128
ROOM_ID_MAX_CHARS = 64
QUERY_MAX_CHARS = 200
LABEL_MAX_CHARS = 64
PASSPHRASE_MAX_CHARS = 200
MESSAGE_ID_MAX_CHARS = 64

FRAME_MAX_BYTES = 64 * 1024
"""One Socket.IO packet, or one JSON body."""
FORM_MAX_BYTES = 128 * 1024
"""A form of a page: the longest message, written as percent signs and digits, fits."""
JSON_MAX_DEPTH = 8
ROOMS_PER_SOCKET = 100
"""How many conversations one socket may be in: far above what any client needs."""
CROWD = 50
"""Up to so many everybody's coming and going is told as it is; above it is gathered."""
GATHER_S = 1.0
JOIN_WITHIN_S = 15.0
"""A connection that takes part in no conversation for so long is closed."""
KEEP_DAYS = (1, 7, 30, 365)
"""For how long messages can be kept, where they are not kept for ever."""
OWNER_LINK_VALID_S = 600
"""A link that makes an owner is valid once, and for so long."""
LINK_VALID_MAX_S = 366 * 24 * 3600
LINK_USES_MAX = 100_000

STATE_MESSAGES = 100
"""How many of the newest messages a conversation's state holds."""
MESSAGES_PAGE_MAX = 200
SYNC_PAGE_MAX = 200
DELTA_MAX_CHANGES = 500
"""Who missed more than this gets the newest messages afresh rather than what changed."""
ROOM_POSITION_EVERY_S = 20.0
"""How often rooms that changed are told their seq, so that a lost last event is found."""
MESSAGES_PAGE_DEFAULT = 100
CONVERSATIONS_PAGE_MAX = 200
CONVERSATIONS_PAGE_DEFAULT = 100

LISTED_ROOM_ID_CHARS = 8
UNLISTED_ROOM_ID_BYTES = 16
"""128 random bits, 22 characters of base64url: for unlisted ones the link is the key."""

Title = Annotated[str, Meta(max_length=TITLE_MAX_CHARS)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_MAX_CHARS)]
UserId = Annotated[str, Meta(max_length=USER_ID_MAX_CHARS)]
Username = Annotated[str, Meta(max_length=USERNAME_MAX_CHARS)]
RoomId = Annotated[str, Meta(max_length=ROOM_ID_MAX_CHARS)]
MessageText = Annotated[str, Meta(max_length=MESSAGE_MAX_CHARS)]
MessageType = Annotated[str, Meta(max_length=TYPE_MAX_CHARS)]
ClientId = Annotated[str, Meta(max_length=CLIENT_ID_MAX_CHARS)]
Token = Annotated[str, Meta(max_length=TOKEN_MAX_CHARS)]
MessageId = Annotated[str, Meta(max_length=MESSAGE_ID_MAX_CHARS)]
Passphrase = Annotated[str, Meta(max_length=PASSPHRASE_MAX_CHARS)]
Label = Annotated[str, Meta(max_length=LABEL_MAX_CHARS)]
KnockId = Annotated[str, Meta(max_length=MESSAGE_ID_MAX_CHARS)]
Timestamp = Annotated[str, Meta(description="ISO 8601, UTC, with an explicit offset")]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
VisibilityName = Literal["listed", "unlisted"]
RoleName = Literal["owner", "member"]
DoorName = Literal["open", "locked", "passphrase", "knock"]
LinkRoleName = Literal["owner", "member", "reader"]
KnockState = Literal["waiting", "admitted", "declined", "not_needed"]


# --- errors -----------------------------------------------------------------


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
    Code.INTERNAL: CodeMeaning(500, "a fault of the server's; its log says more"),
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


# --- objects ----------------------------------------------------------------


class Message(Struct, kw_only=True):
    """`seq` is its place in the conversation; order by it, never by time.

    `changed_seq` is the seq of its last change. With `deleted: true` its text is gone, and
    empty here. `role` is there where an owner said it. With `alike: true` the name of
    whoever said it could be taken for that of somebody who had come before.
    """

    id: str
    seq: int
    changed_seq: int
    user_id: str
    username: str
    message: str
    type: str
    timestamp: Timestamp
    client_id: str | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    role: Literal["owner"] | UnsetType = UNSET
    alike: bool | UnsetType = UNSET


class Participant(Struct, kw_only=True):
    """Somebody in the conversation. `online`: holds an open socket in it.

    With `alike: true` their name can be taken for that of somebody who had come before.
    """

    user_id: str
    username: str
    joined_at: Timestamp
    role: RoleName
    online: bool
    alike: bool | UnsetType = UNSET


class Conversation(Struct, kw_only=True):
    """`messages` are the newest ones, oldest first; `has_more` says there are older ones.

    With `delta: true`, in answer to a join with `since`, they are all that changed after that
    seq, in the order of their changes. Without it there was too much between: they are the
    newest as for anybody who comes in, so that a client which wants what lies between asks
    `sync` from the seq it had, or pages back through the history.

    `door` is what strangers meet: `open`, or the first of what keeps them out. Messages
    up to `erased_through`, if there is one, were erased when their time was over: after
    `keep_days` days, where it is set.
    """

    room_id: str
    created_at: Timestamp
    created_by: str
    title: str
    description: str
    messages: list[Message]
    has_more: bool
    delta: bool | UnsetType = UNSET
    participants: list[Participant]
    participant_count: int
    online_count: int
    is_active: bool
    ended_at: Timestamp | UnsetType = UNSET
    visibility: VisibilityName
    seq: int
    door: DoorName = "open"
    read_only: bool = False
    keep_days: int | UnsetType = UNSET
    erased_through: int | UnsetType = UNSET


class ConversationSummary(Struct, kw_only=True):
    """A row of the list."""

    room_id: str
    title: str
    description: str
    created_at: Timestamp
    participant_count: int
    message_count: int
    join_link: str


# --- REST: bodies -----------------------------------------------------------


class CreateBody(Struct, kw_only=True):
    """Without a title it is `Conversation <room_id>`; without a visibility it is `listed`.

    A listed conversation stands in the public list and has a short id; an unlisted one
    cannot be guessed. `user_id` becomes `created_by`, and stays free to be joined with.
    """

    title: Title | None = None
    description: Description | None = None
    user_id: UserId | None = None
    visibility: VisibilityName | None = None


class JoinBody(Struct, kw_only=True):
    """Without a user_id it is a fresh one; without a username it is `User_` and its beginning.

    `passphrase` does what `enter` does, where it is needed.
    """

    user_id: UserId | None = None
    username: Username | None = None
    passphrase: Passphrase | None = None


class SendBody(Struct, kw_only=True):
    """`type` is `text` unless given: a word of yours, which Parley keeps and passes on.

    `client_id` is a name for this message of yours: what you send again under it is not
    stored again, whatever its text, and is answered with the first. An empty one is none.
    """

    message: MessageText
    type: MessageType | None = None
    client_id: ClientId | None = None


class ChangeBody(Struct, kw_only=True):
    """What is to change; all or nothing of it. An empty `passphrase` takes it away; with
    one, whoever knows it comes in without knocking. `keep_days` is 1, 7, 30 or 365, or 0
    for ever.
    """

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    knock: bool | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    passphrase: Passphrase | UnsetType = UNSET
    keep_days: int | UnsetType = UNSET


class PersonBody(Struct, kw_only=True):
    user_id: UserId


class EnterBody(Struct, kw_only=True):
    passphrase: Passphrase


class KnockBody(Struct, kw_only=True):
    username: Username


class AnswerBody(Struct, kw_only=True):
    """`admit: false` declines."""

    admit: bool


class LinkBody(Struct, kw_only=True):
    """A link whose `role` is `owner` is valid once, and for ten minutes, whatever else is asked."""

    role: LinkRoleName
    label: Label | None = None
    expires_in_s: Annotated[int, Meta(ge=60, le=LINK_VALID_MAX_S)] | None = None
    uses_max: Annotated[int, Meta(ge=1, le=LINK_USES_MAX)] | None = None


class Nothing(Struct):
    """No body is needed; what is sent is ignored."""


# --- REST: replies ----------------------------------------------------------


class ConversationReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversation: Conversation


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


class ConversationsReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversations: list[ConversationSummary]
    next_cursor: str | UnsetType = UNSET


class EndReply(Struct, kw_only=True):
    success: Literal[True] = True
    message: str


class MessagesReply(Struct, kw_only=True):
    """A page of the history, oldest first. `has_more`: further on in the direction asked for."""

    success: Literal[True] = True
    messages: list[Message]
    has_more: bool


class SendReply(Struct, kw_only=True):
    success: Literal[True] = True
    id: str
    seq: int
    timestamp: Timestamp
    duplicate: bool


class RoleLink(Struct, kw_only=True):
    """A link that gives a role, without what stands in it: that is told once, when it is made."""

    id: int
    role: LinkRoleName
    label: str
    created_at: Timestamp
    expires_at: Timestamp | UnsetType = UNSET
    revoked_at: Timestamp | UnsetType = UNSET
    uses: int
    uses_max: int | UnsetType = UNSET
    last_used_at: Timestamp | UnsetType = UNSET


class WaitingPerson(Struct, kw_only=True):
    """Somebody who knocked."""

    id: str
    username: str
    asked_at: Timestamp


class RemovedPerson(Struct, kw_only=True):
    user_id: str
    username: str
    removed_at: Timestamp


class OwnerAct(Struct, kw_only=True):
    """What an owner did: `act` is a word such as `removed`, `about` says of whom or what."""

    at: Timestamp
    who: str
    act: str
    about: str


class ManageReply(Struct, kw_only=True):
    """What owners decided, and what waits for them."""

    success: Literal[True] = True
    locked: bool
    knock: bool
    read_only: bool
    has_passphrase: bool
    keep_days: int
    waiting: list[WaitingPerson]
    removed: list[RemovedPerson]
    links: list[RoleLink]


class ActsReply(Struct, kw_only=True):
    """The newest first."""

    success: Literal[True] = True
    acts: list[OwnerAct]


class ChangeReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversation: Conversation


class DoneReply(Struct, kw_only=True):
    success: Literal[True] = True


class DeletedReply(Struct, kw_only=True):
    """How much was erased with the conversation."""

    success: Literal[True] = True
    messages: int
    participants: int
    links: int
    acts: int


class MessageReply(Struct, kw_only=True):
    """The message as it is now."""

    success: Literal[True] = True
    message: Message


class NewLinkReply(Struct, kw_only=True):
    """`url` is told only here: keep it, or make another."""

    success: Literal[True] = True
    link: RoleLink
    url: str


class ReplacedLinkReply(Struct, kw_only=True):
    success: Literal[True] = True
    room_id: str
    join_link: str


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
    """`state` is `not_needed` for who may come in already. Ask again with the token, or keep
    a socket that knocked: it is told.
    """

    success: Literal[True] = True
    state: KnockState
    id: str | UnsetType = UNSET
    token: str | UnsetType = UNSET


class HealthReply(Struct, kw_only=True):
    success: Literal[True] = True
    status: Literal["healthy"] = "healthy"
    active_conversations: int
    total_conversations: int
    active_connections: int


class ReadyReply(Struct, kw_only=True):
    success: Literal[True] = True
    status: Literal["ready"] = "ready"


# --- Socket.IO: what a client sends -----------------------------------------


class JoinRoom(Struct, kw_only=True):
    """`since`: every change up to this seq is known.

    The state then holds the rest alone and says `delta: true`, as long as that is no more than
    500 changes. A `since` ahead of the conversation is answered like none. `passphrase` is
    for who has not come in by it yet.
    """

    room_id: RoomId
    user_id: UserId | None = None
    username: Username | None = None
    token: Token | None = None
    since: Seq | None = None
    passphrase: Passphrase | None = None


class WatchRoom(Struct, kw_only=True):
    """`since` as in `join_room`."""

    room_id: RoomId
    since: Seq | None = None


class LeaveRoom(Struct, kw_only=True):
    room_id: RoomId


class SendMessage(Struct, kw_only=True):
    """As [SendBody](#sendbody). `user_id` and `username`, where given, must be your own."""

    room_id: RoomId
    message: MessageText
    type: MessageType | None = None
    user_id: UserId | None = None
    username: Username | None = None
    client_id: ClientId | None = None


class Typing(Struct, kw_only=True):
    room_id: RoomId
    is_typing: bool
    user_id: UserId | None = None
    username: Username | None = None


class Sync(Struct, kw_only=True):
    """Every change up to `since` is known: what came after it?"""

    room_id: RoomId
    since: Seq
    limit: Annotated[int, Meta(ge=1, le=SYNC_PAGE_MAX)] | None = None


# --- Socket.IO: acknowledgements --------------------------------------------


class Knock(Struct, kw_only=True):
    """Ask to be let in. Keep the socket: `knock_answered` comes to it."""

    room_id: RoomId
    username: Username


class AnswerKnock(Struct, kw_only=True):
    room_id: RoomId
    id: KnockId
    admit: bool


class DeleteMessage(Struct, kw_only=True):
    room_id: RoomId
    id: MessageId


class PersonOfRoom(Struct, kw_only=True):
    room_id: RoomId
    user_id: UserId


class ChangeConversation(ChangeBody, kw_only=True):
    """As [ChangeBody](#changebody)."""

    room_id: RoomId


class OfRoom(Struct, kw_only=True):
    room_id: RoomId


class OkAck(Struct, kw_only=True):
    ok: Literal[True] = True


class JoinAck(Struct, kw_only=True):
    """`token` proves the session from now on; a browser has it in its cookie instead."""

    ok: Literal[True] = True
    token: str | UnsetType = UNSET
    user_id: str
    username: str
    role: RoleName
    seq: int


class KnockAck(Struct, kw_only=True):
    """As [KnockReply](#knockreply)."""

    ok: Literal[True] = True
    state: KnockState
    id: str | UnsetType = UNSET
    token: str | UnsetType = UNSET


class ChangedAck(Struct, kw_only=True):
    """`seq` is that of the change."""

    ok: Literal[True] = True
    seq: int


class LinkAck(Struct, kw_only=True):
    """The room id from now on."""

    ok: Literal[True] = True
    room_id: str


class WatchAck(Struct, kw_only=True):
    ok: Literal[True] = True
    seq: int


class SendAck(Struct, kw_only=True):
    ok: Literal[True] = True
    id: str
    seq: int
    timestamp: Timestamp
    duplicate: bool


class SyncAck(Struct, kw_only=True):
    """Messages changed after `since`, in the order of their changes, known up to `seq`.

    With `more`, ask again with `since` = `seq`.
    """

    ok: Literal[True] = True
    seq: int
    messages: list[Message]
    more: bool
    is_active: bool
    erased_through: int | UnsetType = UNSET


# --- Socket.IO: what the server sends ---------------------------------------


class ConversationState(Struct, kw_only=True):
    conversation: Conversation
    room_id: str


class UserJoined(Struct, kw_only=True):
    """Where more than 50 are, at most one a second is told: the latest, and how many `others`
    came or went meanwhile. `participant_count` is right all the same.
    """

    user_id: str
    username: str
    participant_count: int
    others: int | UnsetType = UNSET
    role: Literal["owner"] | UnsetType = UNSET
    alike: bool | UnsetType = UNSET


class UserLeft(Struct, kw_only=True):
    """The same for the latest who left."""

    user_id: str
    username: str
    participant_count: int
    others: int | UnsetType = UNSET


class UserTyping(Struct, kw_only=True):
    user_id: str
    username: str
    is_typing: bool


class ConversationEnded(Struct, kw_only=True):
    room_id: str
    message: str
    seq: int


class ConversationChanged(Struct, kw_only=True):
    """What it is called, and what its owners decided, as it is now."""

    room_id: str
    title: str
    description: str
    door: DoorName
    read_only: bool
    keep_days: int | UnsetType = UNSET


class LinkReplaced(Struct, kw_only=True):
    """The conversation goes on under another room id; who is inside may use either."""

    room_id: str
    new_room_id: str


class Removed(Struct, kw_only=True):
    """You are in this conversation no more: `removed` by an owner, or, for who only read
    along, `closed` to strangers.
    """

    room_id: str
    reason: Literal["removed", "closed"]
    message: str


class Knocked(Struct, kw_only=True):
    """Somebody asks to be let in."""

    room_id: str
    id: str
    username: str
    asked_at: Timestamp


class KnockAnswered(Struct, kw_only=True):
    room_id: str
    id: str
    admitted: bool


class MessagesErased(Struct, kw_only=True):
    """The messages up to the seq `through` are gone; `seq` is that of this change."""

    room_id: str
    through: int
    seq: int


class ConversationDeleted(Struct, kw_only=True):
    room_id: str
    message: str


class RoomPosition(Struct, kw_only=True):
    """The seq of a conversation's last change: whoever is not there yet asks `sync`."""

    room_id: str
    seq: int


# --- the tables -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter of a call."""

    name: str
    meaning: str
    schema: Any = str


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call. `{room_id}` in the path is the conversation's id."""

    name: str
    method: str
    path: str
    summary: str
    reply: type[Struct]
    body: type[Struct] | None = None
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    credential: str = ""
    """Whose credential it needs, if any."""


_PAGE = Annotated[int, Meta(ge=1, le=MESSAGES_PAGE_MAX)]
_LIST_PAGE = Annotated[int, Meta(ge=1, le=CONVERSATIONS_PAGE_MAX)]

CALLS: dict[str, Call] = {
    call.name: call
    for call in (
        Call(
            "create",
            "POST",
            "/api/conversations/create",
            "Start a conversation. The session that asks becomes its owner.",
            JoinReply,
            CreateBody,
            201,
        ),
        Call(
            "join",
            "POST",
            "/api/conversations/{room_id}/join",
            "Become a participant, or come back as the one you are. The owner, too, joins to talk.",
            JoinReply,
            JoinBody,
        ),
        Call(
            "read",
            "GET",
            "/api/conversations/{room_id}",
            "The conversation with its newest messages. Whoever has the link may read.",
            ConversationReply,
        ),
        Call(
            "list",
            "GET",
            "/api/conversations",
            "Active, listed conversations, newest activity first.",
            ConversationsReply,
            parameters=(
                Parameter(
                    "limit",
                    f"how many, {CONVERSATIONS_PAGE_DEFAULT} by default, "
                    f"at most {CONVERSATIONS_PAGE_MAX}",
                    _LIST_PAGE,
                ),
                Parameter("cursor", "the `next_cursor` of the page before"),
                Parameter("q", "only titles that contain this, whatever the case"),
            ),
        ),
        Call(
            "end",
            "POST",
            "/api/conversations/{room_id}/end",
            "End the conversation: it can be read, but nothing is added any more.",
            EndReply,
            Nothing,
            credential="owner",
        ),
        Call(
            "messages",
            "GET",
            "/api/conversations/{room_id}/messages",
            "History by seq, oldest first: the newest page, or what is before or after a seq.",
            MessagesReply,
            parameters=(
                Parameter("before", "only messages with a smaller seq", Seq),
                Parameter("after", "only messages with a greater seq", Seq),
                Parameter(
                    "limit",
                    f"how many, {MESSAGES_PAGE_DEFAULT} by default, at most {MESSAGES_PAGE_MAX}",
                    _PAGE,
                ),
            ),
        ),
        Call(
            "send",
            "POST",
            "/api/conversations/{room_id}/messages",
            "Say something, as the participant the token is here, with or without a socket. "
            "Repeating a `client_id` stores once and answers as the first time.",
            SendReply,
            SendBody,
            201,
            credential="participant",
        ),
        Call(
            "delete_message",
            "DELETE",
            "/api/conversations/{room_id}/messages/{message_id}",
            "Delete a message: what is left says that there was one. Whoever said it may, "
            "and owners.",
            MessageReply,
            credential="participant",
        ),
        Call(
            "enter",
            "POST",
            "/api/conversations/{room_id}/enter",
            "Come in by the passphrase.",
            EnteredReply,
            EnterBody,
        ),
        Call(
            "knock",
            "POST",
            "/api/conversations/{room_id}/knock",
            "Ask to be let in.",
            KnockReply,
            KnockBody,
        ),
        Call(
            "knock_state",
            "GET",
            "/api/conversations/{room_id}/knock",
            "How it stands with your knock.",
            KnockReply,
        ),
        Call(
            "use_link",
            "POST",
            "/api/links/{code}",
            "Take the role that a link gives: `code` is its last part.",
            EnteredReply,
            Nothing,
        ),
        Call(
            "manage",
            "GET",
            "/api/conversations/{room_id}/manage",
            "What owners decided, who waits, who was removed, and the links that were made.",
            ManageReply,
            credential="owner",
        ),
        Call(
            "change",
            "PATCH",
            "/api/conversations/{room_id}",
            "Change the title, the description, the door, who speaks, how long is kept.",
            ChangeReply,
            ChangeBody,
            credential="owner",
        ),
        Call(
            "delete",
            "DELETE",
            "/api/conversations/{room_id}",
            "Erase the conversation for good: afterwards there never was one at its link.",
            DeletedReply,
            credential="owner",
        ),
        Call(
            "remove",
            "POST",
            "/api/conversations/{room_id}/remove",
            "Put somebody out. Their sockets go, their token opens this conversation no more, "
            "and their name stays theirs.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "let_back",
            "POST",
            "/api/conversations/{room_id}/let_back",
            "Let somebody back who was removed.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "answer_knock",
            "POST",
            "/api/conversations/{room_id}/knocks/{knock_id}",
            "Let somebody in who knocked, or not.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "replace_link",
            "POST",
            "/api/conversations/{room_id}/link",
            "Give the conversation another room id: the old link says so to strangers, and "
            "whoever is inside stays.",
            ReplacedLinkReply,
            Nothing,
            credential="owner",
        ),
        Call(
            "make_link",
            "POST",
            "/api/conversations/{room_id}/links",
            "Make a link that gives a role.",
            NewLinkReply,
            LinkBody,
            201,
            credential="owner",
        ),
        Call(
            "revoke_link",
            "DELETE",
            "/api/conversations/{room_id}/links/{link_id}",
            "Nobody comes in by it any more, and who only reads by it reads no more.",
            DoneReply,
            credential="owner",
        ),
        Call(
            "acts",
            "GET",
            "/api/conversations/{room_id}/acts",
            "What owners did, the newest first.",
            ActsReply,
            credential="owner",
        ),
        Call("health", "GET", "/api/health", "How much is going on.", HealthReply),
        Call(
            "ready",
            "GET",
            "/api/ready",
            "Whether this server takes new work; 503 says why not.",
            ReadyReply,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event a client may send, and what its acknowledgement holds when all went well."""

    name: str
    summary: str
    data: type[Struct]
    ack: type[Struct]


CLIENT_EVENTS: dict[str, ClientEvent] = {
    event.name: event
    for event in (
        ClientEvent(
            "join_room",
            "Join as a participant. `conversation_state` comes before the acknowledgement. "
            "Joining again is harmless.",
            JoinRoom,
            JoinAck,
        ),
        ClientEvent(
            "watch_room",
            "Read along live without being a participant, and without being counted. "
            "`conversation_state` comes before the acknowledgement.",
            WatchRoom,
            WatchAck,
        ),
        ClientEvent(
            "leave_room", "Leave, or stop watching. Your user_id stays yours.", LeaveRoom, OkAck
        ),
        ClientEvent("send_message", "Say something.", SendMessage, SendAck),
        ClientEvent("sync", "Ask for what was missed, after joining or watching.", Sync, SyncAck),
        ClientEvent(
            "delete_message",
            "Delete a message: for whoever said it, and for owners.",
            DeleteMessage,
            ChangedAck,
        ),
        ClientEvent("knock", "Ask to be let in.", Knock, KnockAck),
        ClientEvent("answer_knock", "Let in who knocked, or not. Owners.", AnswerKnock, OkAck),
        ClientEvent(
            "change_conversation",
            "Change the title, the description, the door, who speaks, how long is kept. Owners.",
            ChangeConversation,
            OkAck,
        ),
        ClientEvent("remove_participant", "Put somebody out. Owners.", PersonOfRoom, OkAck),
        ClientEvent("let_back", "Let somebody back. Owners.", PersonOfRoom, OkAck),
        ClientEvent("replace_link", "Give it another room id. Owners.", OfRoom, LinkAck),
        ClientEvent(
            "end_conversation", "End it: it can be read, nothing is added. Owners.", OfRoom, OkAck
        ),
        ClientEvent("delete_conversation", "Erase it for good. Owners.", OfRoom, OkAck),
        ClientEvent("typing", "Tell the others that you are typing, or no longer.", Typing, OkAck),
    )
}


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event the server sends, and to whom."""

    name: str
    data: type[Struct]
    to: str


SERVER_EVENTS: dict[str, ServerEvent] = {
    event.name: event
    for event in (
        ServerEvent("conversation_state", ConversationState, "who joined or watches"),
        ServerEvent("new_message", Message, "everyone in the room, the sender too"),
        ServerEvent("user_joined", UserJoined, "the others"),
        ServerEvent("user_left", UserLeft, "the others"),
        ServerEvent("user_typing", UserTyping, "the others"),
        ServerEvent("conversation_ended", ConversationEnded, "everyone in the room"),
        ServerEvent("message_changed", Message, "everyone in the room"),
        ServerEvent("conversation_changed", ConversationChanged, "everyone in the room"),
        ServerEvent("link_replaced", LinkReplaced, "everyone in the room"),
        ServerEvent("messages_erased", MessagesErased, "everyone in the room"),
        ServerEvent("conversation_deleted", ConversationDeleted, "everyone in the room"),
        ServerEvent("removed", Removed, "who is in the room no more"),
        ServerEvent("knocked", Knocked, "owners in the room"),
        ServerEvent("knock_answered", KnockAnswered, "owners in the room, and who knocked"),
        ServerEvent("room_position", RoomPosition, "everyone in a room that changed lately"),
        ServerEvent("error", ErrorEvent, "who caused it"),
    )
}
