"""Socket.IO: what clients and the server send, acknowledgements, and the tables of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from parley.contract.codes import ErrorEvent
from parley.contract.objects import Buttons, Claim, Conversation, Message, OwnConversation
from parley.contract.rest.conversations import ChangeBody
from parley.contract.rest.reading import ReadBody
from parley.contract.terms import (
    SYNC_PAGE_MAX,
    AnswerText,
    AskId,
    AskKind,
    ButtonId,
    CallAct,
    CallId,
    ChosenNames,
    ClientId,
    CommandName,
    CommandText,
    DoorName,
    Emoji,
    FileIds,
    KnockId,
    KnockState,
    MarkedRoleName,
    MessageId,
    MessageText,
    MessageType,
    PeerId,
    ReadProof,
    RoleName,
    RoomId,
    SaidText,
    SeenName,
    Seq,
    SwitchName,
    Timestamp,
    Token,
    TriedPassphrase,
    UserId,
    Username,
)

# --- Socket.IO: what a client sends -----------------------------------------


class JoinRoom(Struct, kw_only=True):
    """`since`: every change up to this seq is known.

    The state then holds the rest alone and says `delta: true`, as long as that is no more than
    500 changes. A `since` ahead of the conversation is answered like none. `passphrase` is
    for who has not come in by it yet, and so is `read_proof`, of an encrypted conversation.
    """

    room_id: RoomId
    user_id: UserId | None = None
    username: Username | None = None
    token: Token | None = None
    since: Seq | None = None
    passphrase: TriedPassphrase | None = None
    read_proof: ReadProof | None = None


class WatchRoom(Struct, kw_only=True):
    """`since` as in `join_room`."""

    room_id: RoomId
    since: Seq | None = None


class LeaveRoom(Struct, kw_only=True):
    room_id: RoomId


class SendMessage(Struct, kw_only=True):
    """As [SendBody](#sendbody). `user_id` and `username`, where given, must be your own."""

    room_id: RoomId
    message: SaidText
    type: MessageType | None = None
    user_id: UserId | None = None
    username: Username | None = None
    client_id: ClientId | None = None
    reply_to: MessageId | None = None
    mentions: ChosenNames | None = None
    attachments: FileIds | None = None
    buttons: Buttons | None = None


class Typing(Struct, kw_only=True):
    """Without `is_typing` you have stopped."""

    room_id: RoomId
    is_typing: bool | None = None
    user_id: UserId | None = None
    username: Username | None = None


class Sync(Struct, kw_only=True):
    """Every change up to `since` is known: what came after it?"""

    room_id: RoomId
    since: Seq
    limit: Annotated[int, Meta(ge=1, le=SYNC_PAGE_MAX)] | None = None


class Knock(Struct, kw_only=True):
    """Ask to be let in. Keep the socket: `knock_answered` comes to it."""

    room_id: RoomId
    username: SeenName


class AnswerKnock(Struct, kw_only=True):
    room_id: RoomId
    id: KnockId
    admit: bool


class EditMessage(Struct, kw_only=True):
    """As [EditBody](#editbody)."""

    room_id: RoomId
    id: MessageId
    message: MessageText
    mentions: ChosenNames | None = None
    buttons: Buttons | None = None


class DeleteMessage(Struct, kw_only=True):
    room_id: RoomId
    id: MessageId


class PinMessage(Struct, kw_only=True):
    """`on`: pin it, or unpin it."""

    room_id: RoomId
    id: MessageId
    on: bool


class React(Struct, kw_only=True):
    """`emoji`: exactly one. Variation selectors make no difference. `on`: add yours, or take it
    back.
    """

    room_id: RoomId
    id: MessageId
    emoji: Emoji
    on: bool


class MarkRead(ReadBody, kw_only=True):
    """As [ReadBody](#readbody)."""

    room_id: RoomId


class FollowMine(Struct, kw_only=True):
    """Has no fields: it is of all that the session takes part in.

    The newest 20 sockets of a session are told; older ones are told no more, and may ask again.
    """


class PersonOfRoom(Struct, kw_only=True):
    room_id: RoomId
    user_id: UserId


class ChangeConversation(ChangeBody, kw_only=True):
    """As [ChangeBody](#changebody)."""

    room_id: RoomId


class OfRoom(Struct, kw_only=True):
    room_id: RoomId


class CallJoin(Struct, kw_only=True):
    """Join the call, or begin one. Again from the same socket, it says what is sent now: `audio`,
    `video`, `screen`, and whether your hand is raised. `peer`: after reconnecting, the id this
    device had in the call; it is yours again as long as it is there. `call_id`: the call you mean.
    Where that is over, `call_over` says so, and you begin none and join no other: give it when
    nobody pressed a button.
    """

    room_id: RoomId
    audio: bool
    video: bool
    screen: bool | None = None
    hand: bool | None = None
    peer: PeerId | None = None
    call_id: CallId | None = None


class CallSignal(Struct, kw_only=True):
    """`data` is told to that peer alone, as it is: up to 32 KiB of JSON."""

    room_id: RoomId
    to: PeerId
    data: dict[str, Any]


class CallModerate(Struct, kw_only=True):
    """`mute_all` asks every other device to mute itself. `put_out` takes the person of `peer` out
    of this call, for as long as it goes on. `end` ends it.
    """

    room_id: RoomId
    act: CallAct
    peer: PeerId | None = None


class UseCommand(Struct, kw_only=True):
    """Ask the bot of this `user_id` for one of its commands. `text` is what follows it."""

    room_id: RoomId
    bot: UserId
    name: CommandName
    text: CommandText | None = None


class PressButton(Struct, kw_only=True):
    """Press the button `button` under the message `id`."""

    room_id: RoomId
    id: MessageId
    button: ButtonId


class AnswerAsk(Struct, kw_only=True):
    """As [AnswerAskBody](#answeraskbody)."""

    room_id: RoomId
    id: AskId
    text: AnswerText | None = None


# --- Socket.IO: acknowledgements --------------------------------------------


class OkAck(Struct, kw_only=True):
    ok: Literal[True] = True


class JoinAck(Struct, kw_only=True):
    """`token` proves the session from now on; a browser has it in its cookie instead. `seq` is how
    far the conversation is in the state you were sent; `joined_seq` is how far it was when the
    others saw you come, and what they say to you goes beyond it. `read_seq` is how far you told
    that you have read, 0 for not yet.
    """

    ok: Literal[True] = True
    token: str | UnsetType = UNSET
    user_id: str
    username: str
    role: RoleName
    seq: int
    joined_seq: int
    read_seq: int


class KnockAck(Struct, kw_only=True):
    """As [KnockReply](#knockreply)."""

    ok: Literal[True] = True
    state: KnockState
    id: str | UnsetType = UNSET
    owner_online: bool | UnsetType = UNSET
    token: str | UnsetType = UNSET


class ChangedAck(Struct, kw_only=True):
    """`seq` is that of the change."""

    ok: Literal[True] = True
    seq: int


class AskAck(Struct, kw_only=True):
    """`id` is what the answer will have."""

    ok: Literal[True] = True
    id: str


class LinkAck(Struct, kw_only=True):
    """The room id from now on."""

    ok: Literal[True] = True
    room_id: str


class WatchAck(Struct, kw_only=True):
    ok: Literal[True] = True
    seq: int


class MineAck(Struct, kw_only=True):
    """The first twenty, as [MineReply](#minereply) has them."""

    ok: Literal[True] = True
    conversations: list[OwnConversation]


class SendAck(Struct, kw_only=True):
    ok: Literal[True] = True
    id: str
    seq: int
    timestamp: Timestamp
    duplicate: bool


class SyncAck(Struct, kw_only=True):
    """Messages changed after `since`, in the order of their changes, known up to `seq`.

    With `more`, ask again with `since` = `seq`. `epoch` is there in an encrypted conversation.
    """

    ok: Literal[True] = True
    seq: int
    messages: list[Message]
    more: bool
    is_active: bool
    erased_through: int | UnsetType = UNSET
    epoch: int | UnsetType = UNSET


class CallPeer(Struct, kw_only=True):
    """A device in a call. Somebody with two has two peers."""

    user_id: str
    username: str
    peer: str
    audio: bool
    video: bool
    screen: bool
    hand: bool


class CallAck(Struct, kw_only=True):
    """`peer` is what this socket is called in the call; `people` are all in it, you too."""

    ok: Literal[True] = True
    call_id: str
    peer: str
    started_at: Timestamp
    people: list[CallPeer]


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
    role: MarkedRoleName | UnsetType = UNSET
    alike: bool | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET


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


class Read(Struct, kw_only=True):
    """Somebody has read all up to `seq`. `hidden: true`: they keep it to themselves; then others
    than their own sockets are told so once, with a `seq` of 0, and no more. Nothing is told of
    whoever is away; when they come back, this follows their `user_joined`.
    """

    room_id: str
    user_id: str
    seq: int
    hidden: bool | UnsetType = UNSET


class MineChanged(Struct, kw_only=True):
    """A conversation of one's own as it is now, under the room id that this socket was told last;
    without `conversation` it is none of one's own any more.
    """

    room_id: str
    conversation: OwnConversation | UnsetType = UNSET


class InvitesChanged(Struct, kw_only=True):
    """An invitation came, or was answered on another device: `invites` tells which wait."""


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
    accounts_only: bool | UnsetType = UNSET
    calls: SwitchName
    keep_days: int | UnsetType = UNSET


class LinkReplaced(Struct, kw_only=True):
    """The conversation goes on under another room id; who is inside may use either."""

    room_id: str
    new_room_id: str


class RoleChanged(Struct, kw_only=True):
    """Somebody is an owner now, or not any more; perhaps you."""

    room_id: str
    user_id: str
    role: RoleName


class LookChanged(Struct, kw_only=True):
    """The mark of somebody with an account looks so from now on, as in `looks`; without `hue` its
    colour is left to the page. Where more than 50 are in the room, the next state tells it.
    """

    room_id: str
    user_id: str
    hue: int | UnsetType = UNSET
    picture: str | UnsetType = UNSET


class Proven(Struct, kw_only=True):
    """Somebody here used their token for the first time: they are `unproven` no more. Where more
    than 50 are, the next state tells it.
    """

    room_id: str
    user_id: str


class Removed(Struct, kw_only=True):
    """You are in this conversation no more: `removed` by an owner; or, for who only read
    along, `closed` to strangers; or `taken_back` by who joined under your `user_id` first and
    came with the token; or you `left` over REST or by a form; or an owner agreed that you are the
    imported person you `claimed` to be: join again; or this device was `signed_out` of its
    account. `room_id` is the one you know.
    """

    room_id: str
    reason: Literal["removed", "closed", "taken_back", "left", "claimed", "signed_out"]
    message: str


class Knocked(Struct, kw_only=True):
    """Somebody asks to be let in."""

    room_id: str
    id: str
    username: str
    asked_at: Timestamp


class KnockAnswered(Struct, kw_only=True):
    """Who knocked is told the room id they knocked at, whatever it is now. `admitted` are also
    those who need not wait any more: they came in by other means, or the door was opened to all.
    `crowded_out`: nobody answered, but the door was full, and most there knocked from the same
    address; the newest of them made room for somebody from elsewhere, and may knock again.
    """

    room_id: str
    id: str
    admitted: bool
    crowded_out: bool | UnsetType = UNSET


class Claimed(Struct, kw_only=True):
    """Somebody claims to be a person whose words were imported, and waits for an owner's answer."""

    room_id: str
    claim: Claim


class ClaimAnswered(Struct, kw_only=True):
    """An owner agreed or not."""

    room_id: str
    claim: Claim
    agreed: bool


class EpochBegan(Struct, kw_only=True):
    """The key of an encrypted conversation was changed: `GET …/epochs` has the record. Its seq is
    that of this change, between the last message under the old key and the first under the new.
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


class RoomPosition(Struct, kw_only=True):
    """The seq of a conversation's last change: whoever is not there yet asks `sync`."""

    room_id: str
    seq: int


class RunningCall(Struct, kw_only=True):
    """A call that goes on. `people` are in the order in which they joined it."""

    id: str
    started_at: Timestamp
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
    what: Literal["muted", "put_out", "ended"]
    by: str


class AskedOfBot(Struct, kw_only=True):
    """What somebody wants: the command `name` with `text` after it, or the `button` under the
    message `message_id`.
    """

    id: str
    kind: AskKind
    name: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    button: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
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
    text: str | UnsetType = UNSET


class AskLate(Struct, kw_only=True):
    """A bot has not answered for three seconds. It may still."""

    room_id: str
    id: str


# --- the events ---


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
            "Joining again is harmless; under another username it changes your name.",
            JoinRoom,
            JoinAck,
        ),
        ClientEvent(
            "watch_room",
            "Follow live without being a participant or being counted. "
            "`conversation_state` comes before the acknowledgement.",
            WatchRoom,
            WatchAck,
        ),
        ClientEvent(
            "leave_room", "Leave, or stop watching. Your user_id stays yours.", LeaveRoom, OkAck
        ),
        ClientEvent("send_message", "Send a message.", SendMessage, SendAck),
        ClientEvent("sync", "Get what you missed, after joining or watching.", Sync, SyncAck),
        ClientEvent(
            "edit_message",
            "Change what a message says. For its author. The same text changes nothing.",
            EditMessage,
            ChangedAck,
        ),
        ClientEvent(
            "delete_message",
            "Delete a message. For its author and owners.",
            DeleteMessage,
            ChangedAck,
        ),
        ClientEvent(
            "pin_message",
            "Pin a message, or unpin it. Owners only. Doing it again changes nothing.",
            PinMessage,
            ChangedAck,
        ),
        ClientEvent(
            "react",
            "Add your reaction to a message, or take it back. Doing it again changes nothing.",
            React,
            ChangedAck,
        ),
        ClientEvent(
            "mark_read",
            "Say how far you have read, and whether the others are told. Beyond its limit it is "
            "dropped, without an `error` unless an acknowledgement was asked for.",
            MarkRead,
            OkAck,
        ),
        ClientEvent(
            "follow_mine",
            "Be told by `mine_changed` what is new in the conversations you take part in, without "
            "joining them.",
            FollowMine,
            MineAck,
        ),
        ClientEvent("knock", "Ask to be let in.", Knock, KnockAck),
        ClientEvent(
            "answer_knock",
            "Let in or decline someone who knocked. Owners only.",
            AnswerKnock,
            OkAck,
        ),
        ClientEvent(
            "change_conversation",
            "Change the title, description, access, who can post or how long messages are kept. "
            "Owners only.",
            ChangeConversation,
            OkAck,
        ),
        ClientEvent("remove_participant", "Remove someone. Owners only.", PersonOfRoom, OkAck),
        ClientEvent("let_back", "Let someone back in. Owners only.", PersonOfRoom, OkAck),
        ClientEvent(
            "replace_link", "Give the conversation a new room id. Owners only.", OfRoom, LinkAck
        ),
        ClientEvent(
            "end_conversation",
            "End the conversation: it can still be read, but no one can post. Owners only.",
            OfRoom,
            OkAck,
        ),
        ClientEvent(
            "delete_conversation", "Delete the conversation for good. Owners only.", OfRoom, OkAck
        ),
        ClientEvent(
            "call_join",
            "Join the call, begin one, or say what you send in it now.",
            CallJoin,
            CallAck,
        ),
        ClientEvent("call_leave", "Leave the call.", OfRoom, OkAck),
        ClientEvent(
            "call_signal",
            "Tell one device in the call what it needs to connect with yours. It is stored "
            "nowhere.",
            CallSignal,
            OkAck,
        ),
        ClientEvent(
            "call_moderate",
            "Mute everybody else in the call, put somebody out of it, or end it. Owners only.",
            CallModerate,
            OkAck,
        ),
        ClientEvent(
            "use_command",
            "Ask a bot for one of its commands. It alone is told, and you alone of its answer.",
            UseCommand,
            AskAck,
        ),
        ClientEvent(
            "press_button",
            "Press a button that a bot put under its message. It alone is told.",
            PressButton,
            AskAck,
        ),
        ClientEvent(
            "answer_ask",
            "Answer what somebody asked by a command or a button. Bots only, and only what they "
            "were asked.",
            AnswerAsk,
            OkAck,
        ),
        ClientEvent(
            "typing",
            "Tell the others that you are typing, or have stopped. Beyond its limit it is dropped, "
            "without an `error` unless an acknowledgement was asked for.",
            Typing,
            OkAck,
        ),
    )
}


class Announced(Struct, kw_only=True):
    """A line of whoever runs the server, for everybody to see. Another has another `id`; both are
    empty once there is none.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event the server sends, and to whom."""

    name: str
    data: type[Struct]
    to: str


SERVER_EVENTS: dict[str, ServerEvent] = {
    event.name: event
    for event in (
        ServerEvent("conversation_state", ConversationState, "whoever joined or is watching"),
        ServerEvent("new_message", Message, "everyone in the room, including the sender"),
        ServerEvent("user_joined", UserJoined, "the others"),
        ServerEvent("user_left", UserLeft, "the others"),
        ServerEvent("user_typing", UserTyping, "the others"),
        ServerEvent("conversation_ended", ConversationEnded, "everyone in the room"),
        ServerEvent("message_changed", Message, "everyone in the room"),
        ServerEvent(
            "read",
            Read,
            "your own sockets in the room, and everyone in a room of at most 20 people "
            "unless you keep it to yourself",
        ),
        ServerEvent(
            "mine_changed", MineChanged, "whoever sent `follow_mine`, at most once a second"
        ),
        ServerEvent(
            "invites_changed",
            InvitesChanged,
            "whoever sent `follow_mine` on a device of the account",
        ),
        ServerEvent("conversation_changed", ConversationChanged, "everyone in the room"),
        ServerEvent("link_replaced", LinkReplaced, "everyone in the room"),
        ServerEvent("role_changed", RoleChanged, "everyone in the room"),
        ServerEvent("look_changed", LookChanged, "everyone in the room"),
        ServerEvent("proven", Proven, "everyone in the room"),
        ServerEvent("epoch_began", EpochBegan, "everyone in the room"),
        ServerEvent("messages_erased", MessagesErased, "everyone in the room"),
        ServerEvent(
            "conversation_deleted",
            ConversationDeleted,
            "everyone in the room, and anyone waiting to be let in",
        ),
        ServerEvent("removed", Removed, "whoever is no longer in the room"),
        ServerEvent(
            "call_state",
            CallState,
            "everyone who takes part, at most five times a second, and whoever joins while there "
            "is a call",
        ),
        ServerEvent("call_signal", CallSignalled, "the device it is for"),
        ServerEvent("call_told", CallTold, "the devices in the call that it concerns"),
        ServerEvent("knocked", Knocked, "owners in the room"),
        ServerEvent("knock_answered", KnockAnswered, "owners in the room, and whoever knocked"),
        ServerEvent("claimed", Claimed, "owners in the room"),
        ServerEvent("claim_answered", ClaimAnswered, "owners in the room, and whoever claimed"),
        ServerEvent(
            "announced",
            Announced,
            "everyone on a socket, when it changes, and whoever joins, watches or follows while "
            "there is one",
        ),
        ServerEvent("asked", Asked, "the bot that it is asked of"),
        ServerEvent("ask_answered", AskAnswered, "whoever asked"),
        ServerEvent("ask_late", AskLate, "whoever asked"),
        ServerEvent("room_position", RoomPosition, "everyone in a room that changed recently"),
        ServerEvent("error", ErrorEvent, "whoever caused it"),
    )
}
