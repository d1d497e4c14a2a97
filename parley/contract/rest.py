"""REST: bodies, replies, and the table of calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import Conversation, ConversationSummary, Message, Participant
from parley.contract.terms import (
    ACTS_PAGE_DEFAULT,
    ACTS_PAGE_MAX,
    CONVERSATIONS_PAGE_DEFAULT,
    CONVERSATIONS_PAGE_MAX,
    LINK_USES_MAX,
    LINK_VALID_MAX_S,
    MESSAGES_PAGE_DEFAULT,
    MESSAGES_PAGE_MAX,
    PARTICIPANTS_PAGE_DEFAULT,
    PARTICIPANTS_PAGE_MAX,
    WAITING_MAX,
    ActName,
    ClientId,
    Description,
    KnockState,
    Label,
    LinkRoleName,
    MessageText,
    MessageType,
    Passphrase,
    RoleName,
    Seq,
    Timestamp,
    Title,
    UserId,
    Username,
    VisibilityName,
)

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
    """`expires_in_s` is at least 60, and `uses_max` at least 1; without them it is valid for ever,
    and for any number of people. A link whose `role` is `owner` is valid once, and for ten
    minutes, whatever else is asked.
    """

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


class ParticipantsReply(Struct, kw_only=True):
    """A page of the people in a conversation, in the order of joining."""

    success: Literal[True] = True
    participants: list[Participant]
    next_cursor: str | UnsetType = UNSET


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


class LeftPerson(Struct, kw_only=True):
    """Somebody who joined, and left by themselves: they may come back, and can be removed."""

    user_id: str
    username: str
    left_at: Timestamp
    role: RoleName
    alike: bool | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET


class OwnerAct(Struct, kw_only=True):
    """What an owner did. `about` says of whom or to what; it is empty where `act` says all.
    Later acts have a greater `id`. Of owners who have not joined, `who` is "The owner" for the one
    who started the conversation, and "Another owner (no name yet)" for the others.
    """

    id: int
    at: Timestamp
    who: str
    act: ActName
    about: str


class ManageReply(Struct, kw_only=True):
    """What owners decided, what waits for them, and who is not among the participants.

    `left` are those who left, the latest first, and `left_more` how many there are besides.
    `nameless` counts who came in by the passphrase or an answered knock and gave no name: they
    can read along, until the passphrase or the link is another.
    """

    success: Literal[True] = True
    locked: bool
    knock: bool
    read_only: bool
    has_passphrase: bool
    keep_days: int
    waiting: list[WaitingPerson]
    removed: list[RemovedPerson]
    left: list[LeftPerson]
    left_more: int
    nameless: int
    links: list[RoleLink]


class ActsReply(Struct, kw_only=True):
    """The newest first. Everything is kept but changes of the title and the description: of
    those the newest hundred.
    """

    success: Literal[True] = True
    acts: list[OwnerAct]
    has_more: bool


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
    """`state` is `not_needed` for who may come in as they are, and `none` for who may not and has
    not knocked, or whose knock was forgotten after a day without an answer. Ask again with the
    token, or keep a socket that knocked: it is told.
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


# --- the calls ---


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
_ACTS_PAGE = Annotated[int, Meta(ge=1, le=ACTS_PAGE_MAX)]
_LIST_PAGE = Annotated[int, Meta(ge=1, le=CONVERSATIONS_PAGE_MAX)]
_PEOPLE_PAGE = Annotated[int, Meta(ge=1, le=PARTICIPANTS_PAGE_MAX)]

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
            "participants",
            "GET",
            "/api/conversations/{room_id}/participants",
            "Everybody who is in the conversation, page by page, in the order of joining.",
            ParticipantsReply,
            parameters=(
                Parameter(
                    "limit",
                    f"how many, {PARTICIPANTS_PAGE_DEFAULT} by default, "
                    f"at most {PARTICIPANTS_PAGE_MAX}",
                    _PEOPLE_PAGE,
                ),
                Parameter(
                    "cursor",
                    "the `next_cursor` of the page before, or a conversation's "
                    "`participants_cursor`",
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
            f"Ask to be let in. At most {WAITING_MAX} wait at a time: then it is `rate_limited`.",
            KnockReply,
            KnockBody,
        ),
        Call(
            "knock_state",
            "GET",
            "/api/conversations/{room_id}/knock",
            "How it stands with your knock: `not_needed` once the door is open to all, the error "
            "`locked` where it was locked meanwhile.",
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
            "What owners decided, who waits, left or was removed, and the links that were made.",
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
            "answer_knocks",
            "POST",
            "/api/conversations/{room_id}/knocks",
            "Let in everybody who waits at the door, or nobody of them.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "replace_link",
            "POST",
            "/api/conversations/{room_id}/link",
            "Give the conversation another room id: the old link says so to strangers, who are "
            "shown out, and so is whoever came in by the passphrase or an answered knock and gave "
            "no name. The others stay.",
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
            "Revoke a link. It stops admitting people, and readers and owners who used it lose "
            "that access. People who are already talking stay: remove them. Only the founder can "
            "revoke one that made another owner.",
            DoneReply,
            credential="owner",
        ),
        Call(
            "acts",
            "GET",
            "/api/conversations/{room_id}/acts",
            "What owners did, the newest first.",
            ActsReply,
            parameters=(
                Parameter("before", "only acts with a smaller id", Seq),
                Parameter(
                    "limit",
                    f"how many, {ACTS_PAGE_DEFAULT} by default, at most {ACTS_PAGE_MAX}",
                    _ACTS_PAGE,
                ),
            ),
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
