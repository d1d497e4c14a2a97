"""Calls: who is in them, and what is left of them in the history.

Browsers send voice and pictures to each other; the server only brings them together. Who is in a
call stands in the database, so that several processes agree and a restart ends none. What browsers
tell each other to connect is passed on, and kept nowhere.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from parley.contract import CALL_PEERS_MAX, CALL_SEEN_MAX, CallAct
from parley.domain import access, door
from parley.domain.context import Context
from parley.errors import (
    BadRequest,
    CallFull,
    CallOver,
    CallsOff,
    CallVideoFull,
    ConversationNotFound,
    Forbidden,
    NoSuchPeer,
    NotInCall,
    NotJoined,
)
from parley.records import (
    CALL,
    Call,
    CallChanged,
    CallPeer,
    CallPerson,
    CallSignalled,
    CallTold,
    Conversation,
    Message,
    MessageSent,
    Participant,
    Session,
)
from parley.storage import accounts as stored_accounts
from parley.storage import calls as stored
from parley.storage import cluster as stored_cluster
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages
from parley.storage import participants as stored_participants
from parley.storage import push as stored_push
from parley.storage import saying as stored_saying

ID_BYTES = 9
seen = stored.seen
PEOPLE_MAX = 100
"""Of all who were in a call, so many are told of."""
NAMED_MAX = 10
"""And in the text of its message."""
OWN_PEERS_MAX = 3
"""Devices of one person in a call: nobody fills it alone."""
UNHEARD = timedelta(seconds=3)
"""Of a call that was over before, and that nobody else came to, nothing is said."""
LATELY_MESSAGES = 200
"""What a call left is looked for among so many."""
PIECE_CHARS = 6_000
"""Of a signal between processes: NOTIFY takes 8,000 bytes."""
ALONE = 0
"""What the one process of a server is called, where there is one."""


class Sending(Struct, frozen=True):
    """What somebody sends in a call."""

    audio: bool
    video: bool
    screen: bool
    hand: bool
    peer: str | None = None
    """What their device is called in the call already."""
    call_id: str | None = None
    """The only call they want to be in; None for whichever goes on."""


class Came(Struct, frozen=True):
    call: Call
    peer: str
    news: Literal["", "began", "people"] = ""
    """What is new for others than those who are in it."""


_Choose = Callable[[sa.Connection, Call, Conversation | None], set[str]]
"""Which of the devices in a call are to leave it; None for a conversation that was deleted."""


class _Left(Struct, frozen=True):
    """What came of it that some left a call."""

    call: Call
    """As it was before."""
    is_changed: bool
    is_over: bool = False
    said: Message | None = None
    """What it left in the history, if it is over."""


class _Past(Struct):
    """What `_told_of` has of a call that is over, as far as it is read here."""

    people: list[msgspec.Raw]


_past = msgspec.json.Decoder(_Past)


class BeginsOne(Exception):
    """There is no call to come into: who comes would begin one."""


async def join(
    context: Context, person: Participant, sending: Sending, *, may_begin: bool = True
) -> Came:
    """Come into the call, begin one, or send something else in it.

    Raises `BeginsOne` unless `may_begin`, `CallsOff`, `CallOver`, `CallFull`, `CallVideoFull`,
    `ReadOnly`, `ConversationIsOver`, and `Forbidden` for whoever was put out of this call.
    """
    at, conversation_id = context.clock(), person.conversation_id
    process = process_of(context)

    def work(connection: sa.Connection) -> Came | None:
        conversation = stored_conversations.by_id(connection, conversation_id)
        if conversation is None:
            raise ConversationNotFound
        now = _still(connection, person)
        has_account = now.session_id in _accounts(connection, conversation, [now])
        access.require_posting_with(conversation, now, has_account=has_account)
        if not conversation.has_calls:
            raise CallsOff
        me = CallPerson(now.user_id, now.username)
        call = stored.find(connection, conversation_id)
        is_new = call is None
        if sending.call_id is not None and (call is None or call.id != sending.call_id):
            raise CallOver
        if call is None and not may_begin:
            return None
        if call is None:
            call = stored.start(connection, conversation_id, _id(), by=me, at=at)
        if now.user_id in call.put_out and not access.is_owner(now):
            raise Forbidden("An owner removed you from this call.")
        before = next(
            (p for p in call.peers if (p.id, p.user_id) == (sending.peer, me.user_id)), None
        )
        peer = CallPeer(
            _id() if before is None else before.id,
            now.user_id,
            now.username,
            process,
            sending.audio,
            sending.video,
            sending.screen,
            sending.hand,
        )
        _require_room(call, before, peer, is_owner=access.is_owner(now))
        stored.put_peer(connection, conversation_id, peer, at=at)
        people = call.people
        if all(each.user_id != me.user_id for each in people) and len(people) < PEOPLE_MAX:
            people = (*people, me)
            stored.change(connection, conversation_id, people=people, put_out=call.put_out)
        peers = tuple(peer if each is before else each for each in call.peers)
        if before is None:
            peers = (*peers, peer)
        news: Literal["", "began", "people"] = "" if before is not None else "people"
        return Came(replace(call, people=people, peers=peers), peer.id, "began" if is_new else news)

    def tell(came: Came | None) -> None:
        if came is not None:
            context.bus.publish(CallChanged(conversation_id, came.news))

    came = await context.database.write(work, tell, conversation=conversation_id)
    if came is None:
        raise BeginsOne
    return came


async def leave(context: Context, conversation_id: int, peers: Collection[str]) -> None:
    """These devices of this process are in the call no more; without any, it is over."""
    process = process_of(context)

    def choose(_: sa.Connection, call: Call, conversation: Conversation | None) -> set[str]:
        # One that came back by another process is in it all the same.
        return {each.id for each in call.peers if each.id in peers and each.process == process}

    await _take_out(context, conversation_id, choose)


async def drop(context: Context, conversation_id: int, peers: Collection[str]) -> None:
    """These are gone, with the processes that had their sockets."""

    def choose(_: sa.Connection, call: Call, conversation: Conversation | None) -> set[str]:
        return {each.id for each in call.peers if each.id in peers}

    await _take_out(context, conversation_id, choose)


async def disown(context: Context, conversation_id: int, sessions: Collection[int]) -> None:
    """What the call will leave is not said by these, who have all that they said deleted: by
    somebody else who was in it, or by nobody.
    """

    def work(connection: sa.Connection) -> None:
        call = stored.find(connection, conversation_id)
        if call is None:
            return
        others = [
            user_id
            for user_id in (call.started_by, *(each.user_id for each in call.people))
            if (one := stored_participants.by_user(connection, conversation_id, user_id))
            and one.session_id not in sessions
        ]
        stored.hand_over(connection, conversation_id, to=others[0] if others else "")

    await context.database.write(work, conversation=conversation_id)


async def review(context: Context, conversation_id: int) -> None:
    """Take out whoever may not be in it any more: something was decided there."""

    def choose(connection: sa.Connection, call: Call, now: Conversation | None) -> set[str]:
        if now is None or not now.is_active or not now.has_calls:
            return {each.id for each in call.peers}
        people = {
            user_id: stored_participants.by_user(connection, conversation_id, user_id)
            for user_id in {each.user_id for each in call.peers}
        }
        accounts = _accounts(connection, now, people.values())
        return {
            each.id for each in call.peers if not _may_stay(now, people[each.user_id], accounts)
        }

    await _take_out(context, conversation_id, choose)


async def moderate(
    context: Context, room_id: str, session: Session | None, act: CallAct, peer: str | None
) -> None:
    """Do it, for an owner. Raises `NotInCall` where there is no call, `NoSuchPeer`."""
    if (act == "put_out") != (peer is not None):
        raise BadRequest("peer goes with put_out, and with nothing else.")
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[CallTold, _Left]:
        found = door.owned(connection, room_id, session)
        access.require_open(found.conversation)
        call = stored.find(connection, found.id)
        if call is None:
            raise NotInCall("There is no call.")
        by = "" if found.person is None else found.person.username
        own = None if found.person is None else found.person.user_id
        what: Literal["put_out", "ended"]
        match act:
            case "mute_all":
                others = tuple(each.id for each in call.peers if each.user_id != own)
                return CallTold(found.id, "muted", by, others), _Left(call, False)
            case "end":
                gone, what = {each.id for each in call.peers}, "ended"
            case "put_out":
                who = next((each.user_id for each in call.peers if each.id == peer), None)
                if who is None:
                    raise NoSuchPeer
                gone = {each.id for each in call.peers if each.user_id == who}
                what = "put_out"
                call = replace(call, put_out=(*call.put_out, who))
                stored.change(connection, found.id, people=call.people, put_out=call.put_out)
        left = _without(connection, call, gone, found.conversation, at=at)
        return CallTold(found.id, what, by, tuple(gone)), left

    def tell(done: tuple[CallTold, _Left]) -> None:
        context.bus.publish(done[0])
        _tell(context, done[1])

    await context.database.write(work, tell, conversation=room_id)


async def find(context: Context, conversation_id: int) -> Call | None:
    """The call that goes on there."""
    return await context.database.read(stored.find, conversation_id)


async def running(context: Context) -> list[int]:
    """Where there is a call."""
    return await context.database.read(stored.running)


async def all_seen(context: Context) -> dict[int, stored.Seen]:
    """What there is of each call, by conversation, to compare with `seen`."""
    return await context.database.read(stored.everywhere)


async def left_behind(context: Context) -> list[tuple[int, str]]:
    """Devices whose process is gone, each with its conversation; where there are several."""

    def query(connection: sa.Connection) -> list[tuple[int, str]]:
        return stored.left_behind(connection, stored_cluster.living(connection))

    return await context.database.read(query)


# --- signals ---


def pass_on(
    context: Context, conversation_id: int, data: bytes, *, from_peer: str, to_peer: str
) -> None:
    """Give the process that has the other device's socket what is for it, in pieces."""
    text = base64.b64encode(zlib.compress(data)).decode()
    pieces = [text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS)]
    for number, piece in enumerate(pieces):
        context.bus.publish(
            CallSignalled(conversation_id, from_peer, to_peer, number, len(pieces), piece)
        )


def whole(pieces: Collection[str]) -> bytes:
    """What was passed on so. Raises `ValueError`."""
    try:
        return zlib.decompress(base64.b64decode("".join(pieces), validate=True))
    except zlib.error as error:
        raise ValueError(str(error)) from error


# --- inside a transaction ---


def _still(connection: sa.Connection, person: Participant) -> Participant:
    now = stored_participants.by_user(connection, person.conversation_id, person.user_id)
    if now is None or now.removed_at is not None or now.session_id != person.session_id:
        raise NotJoined
    return now


def _accounts(
    connection: sa.Connection, conversation: Conversation, people: Iterable[Participant | None]
) -> frozenset[int]:
    """Whose sessions are an account's, where that matters."""
    if not conversation.is_accounts_only:
        return frozenset()
    return stored_accounts.among(connection, {each.session_id for each in people if each})


def _may_stay(
    conversation: Conversation, person: Participant | None, accounts: frozenset[int]
) -> bool:
    return (
        person is not None
        and person.removed_at is None
        and not person.left_for_good
        and access.may_speak_with(conversation, person, has_account=person.session_id in accounts)
    )


def _require_room(call: Call, before: CallPeer | None, peer: CallPeer, *, is_owner: bool) -> None:
    others = [each for each in call.peers if each is not before]
    if before is None:
        if sum(each.user_id == peer.user_id for each in others) >= OWN_PEERS_MAX:
            raise CallFull(
                f"You are in this call with {OWN_PEERS_MAX} devices already. Leave it on one first."
            )
        # Else guests could keep out whoever can put them out.
        if len(others) >= CALL_PEERS_MAX + is_owner:
            raise CallFull
    was_seen = before is not None and before.is_seen
    if peer.is_seen and not was_seen and sum(each.is_seen for each in others) >= CALL_SEEN_MAX:
        raise CallVideoFull


async def _take_out(context: Context, conversation_id: int, choose: _Choose) -> None:
    at = context.clock()

    def work(connection: sa.Connection) -> _Left | None:
        call = stored.find(connection, conversation_id)
        if call is None:
            return None
        conversation = stored_conversations.by_id(connection, conversation_id)
        gone = choose(connection, call, conversation)
        return _without(connection, call, gone, conversation, at=at)

    def tell(left: _Left | None) -> None:
        if left is not None:
            _tell(context, left)

    await context.database.write(work, tell, conversation=conversation_id)


def _without(
    connection: sa.Connection,
    call: Call,
    gone: Collection[str],
    conversation: Conversation | None,
    *,
    at: datetime,
) -> _Left:
    stay = [each for each in call.peers if each.id not in gone]
    if stay:
        stored.remove_peers(connection, call.conversation_id, gone)
        return _Left(call, bool(gone))
    stored.end(connection, call.conversation_id)
    said = None
    # Or pressing the button again and again would fill the history.
    is_unheard = len(call.people) == 1 and at - call.started_at < UNHEARD
    if conversation is not None and conversation.is_active and not is_unheard:
        said = _say(connection, call, conversation, at=at)
    return _Left(call, True, is_over=True, said=said)


def _say(
    connection: sa.Connection, call: Call, conversation: Conversation, *, at: datetime
) -> Message | None:
    """What the call leaves in the history, in the name of who called."""
    caller = stored_participants.by_user(connection, conversation.id, call.started_by)
    if caller is None:
        return None
    seconds = max(0, round((at - call.started_at).total_seconds()))
    seq = conversation.seq + 1
    message = Message(
        conversation.id,
        seq,
        f"{seq}-{_id()}",
        seq,
        caller.user_id,
        caller.username,
        text_of(call, seconds),
        CALL,
        at,
        None,
        caller.role,
        caller.is_alike,
        caller.is_unproven,
        parts=_told_of(call, seconds),
    )
    counted = {conversation.id: (seq, 1)}
    stored_saying.say(connection, [(message, caller.session_id)], counted, at=at)
    stored_participants.note_spoken(connection, conversation.id, caller.user_id)
    return message


def last_missed(
    connection: sa.Connection, conversation_id: int, *, after: int = 0
) -> Message | None:
    """What the last call left, if it did so lately, after a seq, and nobody came to it."""
    seq = stored_push.newest_call(connection, conversation_id, after=after, among=LATELY_MESSAGES)
    message = None if seq is None else stored_messages.at_seq(connection, conversation_id, seq)
    if message is None or message.parts is None:
        return None
    return message if len(_past.decode(message.parts).people) == 1 else None


def text_of(call: Call, seconds: int) -> str:
    """What clients show that know nothing of calls."""
    names = [each.username for each in call.people]
    if len(names) == 1:
        return f"Missed call from {names[0]}"
    if len(names) > NAMED_MAX:
        names = [*names[:NAMED_MAX], f"and {len(names) - NAMED_MAX} more"]
    return f"Call: {_duration(seconds)}, {', '.join(names)}"


def _duration(seconds: int) -> str:
    if seconds < 60:
        return _counted(seconds, "second")
    hours, minutes = divmod(seconds // 60, 60)
    parts = [_counted(hours, "hour")] if hours else []
    if minutes:
        parts.append(_counted(minutes, "minute"))
    return " ".join(parts)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _told_of(call: Call, seconds: int) -> str:
    """In JSON, as it is sent."""
    told = {
        "started_at": call.started_at.isoformat(timespec="milliseconds"),
        "seconds": seconds,
        "people": [{"user_id": each.user_id, "username": each.username} for each in call.people],
    }
    return msgspec.json.encode(told).decode()


def _tell(context: Context, left: _Left) -> None:
    if left.said is not None:
        context.counts.messages += 1
        context.bus.publish(MessageSent(left.said))
    if left.is_changed:
        news: Literal["people", "over"] = "over" if left.is_over else "people"
        context.bus.publish(CallChanged(left.call.conversation_id, news))


def _id() -> str:
    return secrets.token_urlsafe(ID_BYTES)


def process_of(context: Context) -> int:
    """What this process is called in calls."""
    return ALONE if context.cluster is None else context.cluster.process
