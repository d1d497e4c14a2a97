"""The nouns, as clients see them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.terms import (
    BUTTONS_MAX,
    BotRights,
    ButtonId,
    ButtonLabel,
    CommandDescription,
    CommandHint,
    CommandName,
    DoorName,
    MarkedRoleName,
    OwnRoleName,
    Parts,
    RoleName,
    SwitchName,
    Timestamp,
    VisibilityName,
)


class Answered(Struct, kw_only=True):
    """What a message answers, as it is now; `excerpt` is how it begins, on one line,
    without the signs of its Markdown. With `deleted: true` nothing is left of it.
    """

    id: str
    seq: int
    user_id: str
    username: str
    excerpt: str
    deleted: bool | UnsetType = UNSET


class Reaction(Struct, kw_only=True):
    """`emoji` is fully qualified: the form with the variation selectors that Unicode recommends.
    `user_ids` are the first 50 of those who reacted so. `own: true`, only in
    [MessagesReply](#messagesreply), which nobody else gets: you are one of those who are not named.
    """

    emoji: str
    count: int
    user_ids: list[str]
    own: bool | UnsetType = UNSET


class File(Struct, kw_only=True):
    """`url` begins with a slash: it is a path at this server's host, where whoever may read the
    conversation may read the file. `type` is what its content is, whatever its name says, and
    `application/octet-stream` where that is not known. Pictures have lost what a camera notes in
    them, such as the place, and stand upright: `width` and `height` are pixels. `thumbnail_url` is
    a smaller picture of it, a WebP of at most 800 pixels each way; without one the picture itself
    is that small. `duration_s` is of sound and film.
    """

    id: str
    name: str
    type: str
    size: int
    url: str
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    duration_s: float | UnsetType = UNSET
    thumbnail_url: str | UnsetType = UNSET


class SentFile(Struct, kw_only=True):
    """A file of a conversation, and the message that names it."""

    file: File
    message_id: str
    seq: int
    user_id: str
    username: str
    timestamp: Timestamp


class CallPerson(Struct, kw_only=True):
    """Somebody who was in a call, under the name they had then."""

    user_id: str
    username: str


class PastCall(Struct, kw_only=True):
    """A call that is over: for how many `seconds` it went on, and who was in it, up to 100, in the
    order in which they joined it. With one person, nobody else came.
    """

    started_at: Timestamp
    seconds: int
    people: list[CallPerson]


class Button(Struct, kw_only=True):
    """Under a message of a bot's. `label` is text, and no more; `id` is what the bot is told."""

    id: ButtonId
    label: ButtonLabel


Buttons = Annotated[list[Button], Meta(max_length=BUTTONS_MAX)]


class Message(Struct, kw_only=True):
    """`seq` is its place in the conversation; order by it, never by time.

    `changed_seq` is the seq of its last change. With `deleted: true` its text is gone, and
    empty here. `role` is there where an owner or a bot said it. With `alike: true` the name of
    whoever said it could be taken for that of an owner, or of who had held it longer; with
    `unproven: true` they had not shown by a token that they are who joined under it.

    `edited_at`: when its text was last changed; the earlier one is gone. `mentions` are the
    `user_id`s of those it means. `reply_to` follows what it answers: that one's change is told, and
    not this one's again. `parts`: what its [Markdown](#markdown) comes to; a client that does not
    know it shows `message`. A message of the type `call` tells of one that is over, and has `call`.
    `reactions` are in the order in which each
    was first used. `attachments` are its files; where nothing was said with them, `message` is
    their names, with commas between.
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
    role: MarkedRoleName | UnsetType = UNSET
    alike: bool | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET
    edited_at: Timestamp | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    reply_to: Answered | UnsetType = UNSET
    mentions: list[str] | UnsetType = UNSET
    parts: Parts | UnsetType = UNSET
    reactions: list[Reaction] | UnsetType = UNSET
    attachments: list[File] | UnsetType = UNSET
    call: PastCall | UnsetType = UNSET
    buttons: Buttons | UnsetType = UNSET


class Participant(Struct, kw_only=True):
    """Somebody in the conversation. `online`: holds an open socket in it. One of the role `bot` is
    a program that an owner let in, and stays listed while it is on none.

    With `alike: true` their name can be taken for that of an owner, or of who has held it longer.
    With `unproven: true` they never used their token: whoever names their `user_id` from the
    same address can be them while they are on no socket, until somebody comes with the token.
    """

    user_id: str
    username: str
    joined_at: Timestamp
    role: RoleName
    online: bool
    alike: bool | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET


class ReadPosition(Struct, kw_only=True):
    """Somebody has read all up to the seq."""

    user_id: str
    seq: int


class Look(Struct, kw_only=True):
    """How the mark of somebody with an account looks: `hue` is one of its twelve colours, and its
    picture, a square WebP, is at `/conversation/{room_id}/faces/{picture}`.
    """

    user_id: str
    hue: int | UnsetType = UNSET
    picture: str | UnsetType = UNSET


class Conversation(Struct, kw_only=True):
    """`messages` are the newest ones, oldest first; `has_more` says there are older ones.

    With `delta: true`, in answer to a join with `since`, they are all that changed after that
    seq, in the order of their changes. Without it there was too much between: they are the
    newest as for anybody who comes in, so that a client which wants what lies between asks
    `sync` from the seq it had, or pages back through the history.

    `participants` lists everyone in it in the order they joined, up to 100 people. With more, it
    lists the owners and those who joined first, which may leave you out; page through the others
    with the call `participants`, starting at `participants_cursor`. `participant_count` and
    `online_count` count everyone.

    `door` is what strangers meet: `open`, or the first of what keeps them out. Messages
    up to `erased_through`, if there is one, were erased when their time was over: after
    `keep_days` days, where it is set.

    With `accounts_only: true` only people with an account can post, and owners: guests read.

    `calls` says whether people may call each other in it; owners can turn that off.

    `read` tells how far those have read who show it, in a conversation of at most 20 people.

    `looks` tells of those who ever took part and chose how their mark looks, 500 at most.

    With `encrypted: true` its messages are of the type `encrypted`, and the server can't read them.
    `epoch` is the number of the key they are encrypted with now, 0 for the first.
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
    participants_cursor: str | UnsetType = UNSET
    participant_count: int
    online_count: int
    read: list[ReadPosition] | UnsetType = UNSET
    looks: list[Look] | UnsetType = UNSET
    is_active: bool
    ended_at: Timestamp | UnsetType = UNSET
    visibility: VisibilityName
    seq: int
    door: DoorName = "open"
    read_only: bool = False
    accounts_only: bool | UnsetType = UNSET
    keep_days: int | UnsetType = UNSET
    calls: SwitchName = "on"
    erased_through: int | UnsetType = UNSET
    encrypted: bool | UnsetType = UNSET
    epoch: int | UnsetType = UNSET


class ConversationSummary(Struct, kw_only=True):
    """A row of the list."""

    room_id: str
    title: str
    description: str
    created_at: Timestamp
    participant_count: int
    message_count: int
    join_link: str


class LastMessage(Struct, kw_only=True):
    """What was said last; `excerpt` is how it begins, on one line. With `deleted: true` nothing is
    left of it. With `type: "call"` the server says what became of a call, and names who called.
    """

    user_id: str
    username: str
    excerpt: str
    timestamp: Timestamp
    type: Literal["call"] | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET


class OwnConversation(Struct, kw_only=True):
    """A row of the list of one's own: as in the public list, and what one is to it.

    `unread` counts messages of others that one has not read, up to 100, which stands for more;
    `mentions` those of them that mean one or answer one. All up to `read_seq` counts as read: by
    `mark_read`, or by having posted later. Who reads by a `reader` link has nothing counted.
    `join_link` is there over REST. What is `pinned` comes before all others.
    """

    room_id: str
    title: str
    description: str
    created_at: Timestamp
    participant_count: int
    message_count: int
    join_link: str | UnsetType = UNSET
    role: OwnRoleName
    is_active: bool
    last_activity_at: Timestamp
    unread: int
    mentions: int
    read_seq: int
    last_message: LastMessage | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


class Command(Struct, kw_only=True):
    """What people write after a "/" to ask a bot for something. `hint` says what may follow it."""

    name: CommandName
    description: CommandDescription
    hint: CommandHint | UnsetType = UNSET


class Bot(Struct, kw_only=True):
    """A program that takes part under a token of its own. `last_acted_at` is when it last called or
    said something, to about ten minutes; without it it never did.
    """

    user_id: str
    username: str
    may: BotRights
    created_at: Timestamp
    last_acted_at: Timestamp | UnsetType = UNSET
    commands: list[Command]


class Claim(Struct, kw_only=True):
    """Somebody claims to be a person whose words were imported."""

    user_id: str
    username: str
    claimed_id: str
    """Of whom they claim to be."""
    claimed_name: str
    asked_at: Timestamp
