"""What the server says, as types. Made by `python -m tools.reference` from the contract.

What may be missing is None. Words that stand for something, such as a role, are plain text here: a
newer server may know more of them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field


class Nothing(Struct, kw_only=True):
    """Done."""


class JoinAck(Struct, kw_only=True):
    """`token` proves the session from now on; a browser has it in its cookie instead. `seq` is
    how far the conversation is in the state you were sent; `joined_seq` is how far it was
    when the others saw you come, and what they say to you goes beyond it. `read_seq` is how
    far you told that you have read, 0 for not yet.
    """

    token: str | None = None
    user_id: str
    username: str
    role: str
    seq: int
    joined_seq: int
    read_seq: int


class WatchAck(Struct, kw_only=True):
    seq: int


class KnockAck(Struct, kw_only=True):
    """As KnockReply."""

    state: str
    id: str | None = None
    owner_online: bool | None = None
    token: str | None = None


class KnockReply(Struct, kw_only=True):
    """`state` is `not_needed` for who may come in as they are, and `none` for who may not and
    has not knocked, or whose knock was forgotten after a day without an answer. Ask again
    with the token, or keep a socket that knocked: it is told. While you are `waiting`,
    `owner_online` says whether an owner is there to see it. Asked what became of it, `locked`
    says that the conversation is locked to you just now.
    """

    state: str
    id: str | None = None
    owner_online: bool | None = None
    locked: bool | None = None
    token: str | None = None


class SendAck(Struct, kw_only=True):
    id: str
    seq: int
    timestamp: str
    duplicate: bool


class Answered(Struct, kw_only=True):
    """What a message answers, as it is now; `excerpt` is how it begins, on one line, without the
    signs of its Markdown. With `deleted: true` nothing is left of it.
    """

    id: str
    seq: int
    user_id: str
    username: str
    excerpt: str
    deleted: bool | None = None


class Reaction(Struct, kw_only=True):
    """`emoji` is fully qualified: the form with the variation selectors that Unicode recommends.
    `user_ids` are the first 50 of those who reacted so. `own: true`, only in MessagesReply,
    which nobody else gets: you are one of those who are not named.
    """

    emoji: str
    count: int
    user_ids: list[str]
    own: bool | None = None


class File(Struct, kw_only=True):
    """`url` begins with a slash: it is a path at this server's host, where whoever may read the
    conversation may read the file. `type` is what its content is, whatever its name says, and
    `application/octet-stream` where that is not known. Pictures have lost what a camera notes
    in them, such as the place, and stand upright: `width` and `height` are pixels.
    `thumbnail_url` is a smaller picture of it, a WebP of at most 800 pixels each way; without
    one the picture itself is that small. `duration_s` is of sound and film.
    """

    id: str
    name: str
    type: str
    size: int
    url: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    thumbnail_url: str | None = None


class CallPerson(Struct, kw_only=True):
    """Somebody who was in a call, under the name they had then."""

    user_id: str
    username: str


class PastCall(Struct, kw_only=True):
    """A call that is over: for how many `seconds` it went on, and who was in it, up to 100, in
    the order in which they joined it. With one person, nobody else came.
    """

    started_at: str
    seconds: int
    people: list[CallPerson]


class Button(Struct, kw_only=True):
    """Under a message of a bot's. `label` is text, and no more; `id` is what the bot is told."""

    id: str
    label: str


class Message(Struct, kw_only=True):
    """`seq` is its place in the conversation; order by it, never by time.

    `changed_seq` is the seq of its last change. With `deleted: true` its text is gone, and
    empty here. `role` is there where an owner or a bot said it. With `alike: true` the name
    of whoever said it could be taken for that of an owner, or of who had held it longer; with
    `unproven: true` they had not shown by a token that they are who joined under it.

    `edited_at`: when its text was last changed; the earlier one is gone. `mentions` are the
    `user_id`s of those it means. `reply_to` follows what it answers: that one's change is
    told, and not this one's again. `parts`: what its Markdown comes to; a client that does
    not know it shows `message`. A message of the type `call` tells of one that is over, and
    has `call`. `reactions` are in the order in which each was first used. `attachments` are
    its files; where nothing was said with them, `message` is their names, with commas
    between.
    """

    id: str
    seq: int
    changed_seq: int
    user_id: str
    username: str
    message: str
    type: str
    timestamp: str
    client_id: str | None = None
    deleted: bool | None = None
    role: str | None = None
    alike: bool | None = None
    unproven: bool | None = None
    edited_at: str | None = None
    pinned: bool | None = None
    reply_to: Answered | None = None
    mentions: list[str] | None = None
    parts: list[list[Any]] | None = None
    reactions: list[Reaction] | None = None
    attachments: list[File] | None = None
    call: PastCall | None = None
    buttons: list[Button] | None = None


class SyncAck(Struct, kw_only=True):
    """Messages changed after `since`, in the order of their changes, known up to `seq`.

    With `more`, ask again with `since` = `seq`. `epoch` is there in an encrypted
    conversation.
    """

    seq: int
    messages: list[Message]
    more: bool
    is_active: bool
    erased_through: int | None = None
    epoch: int | None = None


class ChangedAck(Struct, kw_only=True):
    """`seq` is that of the change."""

    seq: int


class ErrorAck(Struct, kw_only=True):
    """The acknowledgement of an event that was refused."""

    code: str
    error: str
    retry_after: float | None = None
    epoch: int | None = None


class ErrorReply(Struct, kw_only=True):
    """Every REST error. `epoch`, the number of the key that the conversation has now, comes with
    `read_proof_required`, `read_proof_wrong`, `epoch_over` and `epoch_taken`.
    """

    error: str
    code: str
    retry_after: float | None = None
    epoch: int | None = None


class Participant(Struct, kw_only=True):
    """Somebody in the conversation. `online`: holds an open socket in it. One of the role `bot`
    is a program that an owner let in, and stays listed while it is on none.

    With `alike: true` their name can be taken for that of an owner, or of who has held it
    longer. With `unproven: true` they never used their token: whoever names their `user_id`
    from the same address can be them while they are on no socket, until somebody comes with
    the token.
    """

    user_id: str
    username: str
    joined_at: str
    role: str
    online: bool
    alike: bool | None = None
    unproven: bool | None = None


class ReadPosition(Struct, kw_only=True):
    """Somebody has read all up to the seq."""

    user_id: str
    seq: int


class Look(Struct, kw_only=True):
    """How the mark of somebody with an account looks: `hue` is one of its twelve colours, and
    its picture, a square WebP, is at `/conversation/{room_id}/faces/{picture}`.
    """

    user_id: str
    hue: int | None = None
    picture: str | None = None


class Conversation(Struct, kw_only=True):
    """`messages` are the newest ones, oldest first; `has_more` says there are older ones.

    With `delta: true`, in answer to a join with `since`, they are all that changed after that
    seq, in the order of their changes. Without it there was too much between: they are the
    newest as for anybody who comes in, so that a client which wants what lies between asks
    `sync` from the seq it had, or pages back through the history.

    `participants` lists everyone in it in the order they joined, up to 100 people. With more,
    it lists the owners and those who joined first, which may leave you out; page through the
    others with the call `participants`, starting at `participants_cursor`.
    `participant_count` and `online_count` count everyone.

    `door` is what strangers meet: `open`, or the first of what keeps them out. Messages up to
    `erased_through`, if there is one, were erased when their time was over: after `keep_days`
    days, where it is set.

    With `accounts_only: true` only people with an account can post, and owners: guests read.

    `calls` says whether people may call each other in it; owners can turn that off.

    `read` tells how far those have read who show it, in a conversation of at most 20 people.

    `looks` tells of those who ever took part and chose how their mark looks, 500 at most.

    With `encrypted: true` its messages are of the type `encrypted`, and the server can't read
    them. `epoch` is the number of the key they are encrypted with now, 0 for the first.
    """

    room_id: str
    created_at: str
    created_by: str
    title: str
    description: str
    messages: list[Message]
    has_more: bool
    delta: bool | None = None
    participants: list[Participant]
    participants_cursor: str | None = None
    participant_count: int
    online_count: int
    read: list[ReadPosition] | None = None
    looks: list[Look] | None = None
    is_active: bool
    ended_at: str | None = None
    visibility: str
    seq: int
    door: str = "open"
    read_only: bool = False
    accounts_only: bool | None = None
    keep_days: int | None = None
    calls: str = "on"
    erased_through: int | None = None
    encrypted: bool | None = None
    epoch: int | None = None


class JoinReply(Struct, kw_only=True):
    """`token` proves the session from now on; a page of our own gets a cookie instead."""

    room_id: str
    join_link: str
    conversation: Conversation
    user_id: str | None = None
    username: str | None = None
    role: str
    token: str | None = None


class ConversationReply(Struct, kw_only=True):
    conversation: Conversation


class EnteredReply(Struct, kw_only=True):
    """`token` proves the session from now on, the one before no more; a page of our own gets a
    cookie instead. Then join, or read.
    """

    room_id: str
    join_link: str
    role: str
    token: str | None = None


class KeptEpoch(Struct, kw_only=True):
    number: int
    record: str


class EpochsReply(Struct, kw_only=True):
    """The records of the keys after the one asked for, in order. `epoch` is the number of the
    key there is now. With `has_more` ask again after the last.
    """

    epoch: int
    epochs: list[KeptEpoch]
    has_more: bool


class FileReply(Struct, kw_only=True):
    """Send a message with its `id` among the `attachments` within an hour, or it is erased."""

    file: File


class SentFile(Struct, kw_only=True):
    """A file of a conversation, and the message that names it."""

    file: File
    message_id: str
    seq: int
    user_id: str
    username: str
    timestamp: str


class FilesReply(Struct, kw_only=True):
    """The latest first. With `has_more` there are older ones: those `before` the last `seq`."""

    files: list[SentFile]
    has_more: bool


class MessagesReply(Struct, kw_only=True):
    """A page of the history, oldest first. `has_more`: further on in the direction asked for."""

    messages: list[Message]
    has_more: bool


class ParticipantsReply(Struct, kw_only=True):
    """A page of the people in a conversation, in the order of joining."""

    participants: list[Participant]
    next_cursor: str | None = None


class PinsReply(Struct, kw_only=True):
    """The pinned messages, the one that was pinned last first. With `has_more` there are others:
    ask for them with `skip`.
    """

    messages: list[Message]
    has_more: bool | None = None


class SnippetPart(Struct, kw_only=True):
    """A piece of what is read of a message, without the signs of Markdown; `hit` where it is
    what was looked for.
    """

    text: str
    hit: bool


class SearchResult(Struct, kw_only=True):
    """A message that was found, and the words around. Over all your conversations, `room_id` and
    `title` say which it is in.
    """

    message: Message
    snippet: list[SnippetPart]
    room_id: str | None = None
    title: str | None = None


class SearchReply(Struct, kw_only=True):
    """What was found. Words find what begins with them, then words they stand inside; words of
    one or two letters, and `"phrases"`, are found whole. Case, accents and widths don't
    matter. `-not` leaves out, `from:` is a name or `user_id`, `has:` is `file`, `image`,
    `link` or `reaction`, and `before:`, `after:` and `on:` take a day, month or year such as
    `2026-11-29`, `2026-11` or `2026`, as they are in `zone`. Nothing is a wrong query: what
    looks like an operator and isn't is looked for as it stands.

    With `next_cursor` there may be more, even where a page is short or empty: a long search
    answers in pieces.
    """

    results: list[SearchResult]
    next_cursor: str | None = None


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
    others: int | None = None
    role: str | None = None
    alike: bool | None = None
    unproven: bool | None = None


class UserLeft(Struct, kw_only=True):
    """The same for the latest who left."""

    user_id: str
    username: str
    participant_count: int
    others: int | None = None


class UserTyping(Struct, kw_only=True):
    user_id: str
    username: str
    is_typing: bool


class ConversationEnded(Struct, kw_only=True):
    room_id: str
    message: str
    seq: int


class Read(Struct, kw_only=True):
    """Somebody has read all up to `seq`. `hidden: true`: they keep it to themselves; then others
    than their own sockets are told so once, with a `seq` of 0, and no more. Nothing is told
    of whoever is away; when they come back, this follows their `user_joined`.
    """

    room_id: str
    user_id: str
    seq: int
    hidden: bool | None = None


class LastMessage(Struct, kw_only=True):
    """What was said last; `excerpt` is how it begins, on one line. With `deleted: true` nothing
    is left of it. With `type: "call"` the server says what became of a call, and names who
    called.
    """

    user_id: str
    username: str
    excerpt: str
    timestamp: str
    type: str | None = None
    deleted: bool | None = None


class OwnConversation(Struct, kw_only=True):
    """A row of the list of one's own: as in the public list, and what one is to it.

    `unread` counts messages of others that one has not read, up to 100, which stands for
    more; `mentions` those of them that mean one or answer one. All up to `read_seq` counts as
    read: by `mark_read`, or by having posted later. Who reads by a `reader` link has nothing
    counted. `join_link` is there over REST. What is `pinned` comes before all others.
    """

    room_id: str
    title: str
    description: str
    created_at: str
    participant_count: int
    message_count: int
    join_link: str | None = None
    role: str
    is_active: bool
    last_activity_at: str
    unread: int
    mentions: int
    read_seq: int
    last_message: LastMessage | None = None
    pinned: bool | None = None


class MineChanged(Struct, kw_only=True):
    """A conversation of one's own as it is now, under the room id that this socket was told
    last; without `conversation` it is none of one's own any more.
    """

    room_id: str
    conversation: OwnConversation | None = None


class InvitesChanged(Struct, kw_only=True):
    """An invitation came, or was answered on another device: `invites` tells which wait."""

    pass


class ConversationChanged(Struct, kw_only=True):
    """What it is called, and what its owners decided, as it is now."""

    room_id: str
    title: str
    description: str
    door: str
    read_only: bool
    accounts_only: bool | None = None
    calls: str
    keep_days: int | None = None


class LinkReplaced(Struct, kw_only=True):
    """The conversation goes on under another room id; who is inside may use either."""

    room_id: str
    new_room_id: str


class RoleChanged(Struct, kw_only=True):
    """Somebody is an owner now, or not any more; perhaps you."""

    room_id: str
    user_id: str
    role: str


class LookChanged(Struct, kw_only=True):
    """The mark of somebody with an account looks so from now on, as in `looks`; without `hue`
    its colour is left to the page. Where more than 50 are in the room, the next state tells
    it.
    """

    room_id: str
    user_id: str
    hue: int | None = None
    picture: str | None = None


class Proven(Struct, kw_only=True):
    """Somebody here used their token for the first time: they are `unproven` no more. Where more
    than 50 are, the next state tells it.
    """

    room_id: str
    user_id: str


class EpochBegan(Struct, kw_only=True):
    """The key of an encrypted conversation was changed: `GET …/epochs` has the record. Its seq
    is that of this change, between the last message under the old key and the first under the
    new.
    """

    room_id: str
    number: int
    seq: int


class MessagesErased(Struct, kw_only=True):
    """The messages up to the seq `through` are gone; `seq` is that of this change."""

    room_id: str
    through: int
    seq: int


class ConversationDeleted(Struct, kw_only=True):
    room_id: str
    message: str


class Removed(Struct, kw_only=True):
    """You are in this conversation no more: `removed` by an owner; or, for who only read along,
    `closed` to strangers; or `taken_back` by who joined under your `user_id` first and came
    with the token; or you `left` over REST or by a form; or an owner agreed that you are the
    imported person you `claimed` to be: join again; or this device was `signed_out` of its
    account. `room_id` is the one you know.
    """

    room_id: str
    reason: str
    message: str


class CallPeer(Struct, kw_only=True):
    """A device in a call. Somebody with two has two peers."""

    user_id: str
    username: str
    peer: str
    audio: bool
    video: bool
    screen: bool
    hand: bool


class RunningCall(Struct, kw_only=True):
    """A call that goes on. `people` are in the order in which they joined it."""

    id: str
    started_at: str
    people: list[CallPeer]


class CallState(Struct, kw_only=True):
    """The call as it is now; null once it is over."""

    room_id: str
    call: RunningCall | None


class CallSignalled(Struct, kw_only=True):
    """What `call_signal` was sent with. It may come before the state that its sender is in."""

    room_id: str
    from_: str = field(name="from")
    data: Raw


class CallTold(Struct, kw_only=True):
    """An owner, called `by`, `muted` everybody else: mute yourself. Or you were `put_out` of the
    call, or it was `ended`. `by` is empty where the owner never joined.
    """

    room_id: str
    what: str
    by: str


class Knocked(Struct, kw_only=True):
    """Somebody asks to be let in."""

    room_id: str
    id: str
    username: str
    asked_at: str


class KnockAnswered(Struct, kw_only=True):
    """Who knocked is told the room id they knocked at, whatever it is now. `admitted` are also
    those who need not wait any more: they came in by other means, or the door was opened to
    all. `crowded_out`: nobody answered, but the door was full, and most there knocked from
    the same address; the newest of them made room for somebody from elsewhere, and may knock
    again.
    """

    room_id: str
    id: str
    admitted: bool
    crowded_out: bool | None = None


class Claim(Struct, kw_only=True):
    """Somebody claims to be a person whose words were imported."""

    user_id: str
    username: str
    claimed_id: str
    claimed_name: str
    asked_at: str


class Claimed(Struct, kw_only=True):
    """Somebody claims to be a person whose words were imported, and waits for an owner's answer."""

    room_id: str
    claim: Claim


class ClaimAnswered(Struct, kw_only=True):
    """An owner agreed or not."""

    room_id: str
    claim: Claim
    agreed: bool


class Announced(Struct, kw_only=True):
    """A line of whoever runs the server, for everybody to see. Another has another `id`; both
    are empty once there is none.
    """

    id: str
    text: str


class AskedOfBot(Struct, kw_only=True):
    """What somebody wants: the command `name` with `text` after it, or the `button` under the
    message `message_id`.
    """

    id: str
    kind: str
    name: str | None = None
    text: str | None = None
    button: str | None = None
    message_id: str | None = None
    user_id: str
    username: str


class Asked(Struct, kw_only=True):
    """Answer it within three seconds, or whoever asked is told that you are late: they get the
    answer still, for ten minutes. What everybody is to see, send as a message.
    """

    room_id: str
    ask: AskedOfBot


class AskAnswered(Struct, kw_only=True):
    """A bot answered what you asked. Without `text` it has nothing to say, but did it."""

    room_id: str
    id: str
    text: str | None = None


class AskLate(Struct, kw_only=True):
    """A bot has not answered for three seconds. It may still."""

    room_id: str
    id: str


class RoomPosition(Struct, kw_only=True):
    """The seq of a conversation's last change: whoever is not there yet asks `sync`."""

    room_id: str
    seq: int


class ErrorEvent(Struct, kw_only=True):
    """What a client that asked for no acknowledgement is told of a refusal."""

    message: str
    code: str
    retry_after: float | None = None
    epoch: int | None = None


EVENTS: dict[str, type[Struct]] = {
    "conversation_state": ConversationState,
    "new_message": Message,
    "user_joined": UserJoined,
    "user_left": UserLeft,
    "user_typing": UserTyping,
    "conversation_ended": ConversationEnded,
    "message_changed": Message,
    "read": Read,
    "mine_changed": MineChanged,
    "invites_changed": InvitesChanged,
    "conversation_changed": ConversationChanged,
    "link_replaced": LinkReplaced,
    "role_changed": RoleChanged,
    "look_changed": LookChanged,
    "proven": Proven,
    "epoch_began": EpochBegan,
    "messages_erased": MessagesErased,
    "conversation_deleted": ConversationDeleted,
    "removed": Removed,
    "call_state": CallState,
    "call_signal": CallSignalled,
    "call_told": CallTold,
    "knocked": Knocked,
    "knock_answered": KnockAnswered,
    "claimed": Claimed,
    "claim_answered": ClaimAnswered,
    "announced": Announced,
    "asked": Asked,
    "ask_answered": AskAnswered,
    "ask_late": AskLate,
    "room_position": RoomPosition,
    "error": ErrorEvent,
}
"""By the names of events."""
