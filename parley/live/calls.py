"""Calls as this process knows them: which sockets are in them, and who is told of them.

What a call is, the database says. Each change is only a hint to read it anew, at most five times a
second for each conversation, and tell whoever takes part.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from msgspec import Raw

from parley import contract, present, records
from parley.domain import calls
from parley.domain.context import Context
from parley.errors import CallFull, NoSuchPeer, NotInCall, TooLarge, Unavailable
from parley.live.audience import Audience, Client, Seat
from parley.wire.server import Server

log = structlog.get_logger(__name__)

TELL_EVERY_S = 0.2
"""At most, in one conversation."""
AGAIN_S = 1.0
"""After the database could not be read."""
LOOK_EVERY_S = 2.5
FEW = 2
SELDOM = 4
"""Of so few devices one is asked at each look; where there are more, who are the first to notice,
some at every fourth.
"""
TURNS = 4
"""After so many all were asked."""
LOOK_AGAIN_S = 0.5
"""While somebody doesn't answer."""
LOST_AFTER_S = 10.0
"""A device whose socket has been gone for so long has left."""
NOTICED_AFTER_S = 1.0
"""Pages whose ways to another break signal to it so soon. It is asked for a sign then, and has what
is left of the time."""
STATE = "call_state"
CALLS_PER_SOCKET = 10
DEVICES_PER_ADDRESS = 200
"""In calls of one process: a school behind one address still fits, and nobody alone keeps all
processes busy with looking after calls.
"""
PIECES_MAX = 200
"""Signals of which not all pieces came yet."""

_DECIDED = (
    records.ConversationChanged,
    records.ConversationDeleted,
    records.ConversationEnded,
    records.GrantsTakenBack,
    records.ParticipantClaimed,
    records.ParticipantLeft,
    records.ParticipantRemoved,
    records.ParticipantWonBack,
    records.RoleChanged,
)
"""What may take somebody's leave to be in a call."""


@dataclass(slots=True)
class _Device:
    """A device in a call, whose socket this process has, or had."""

    conversation_id: int
    sid: str | None
    """None once its connection is gone: it may come back on another."""
    sign_s: float
    """When it gave a sign last, in the event loop's time."""
    asked_s: float | None = None
    """Since when it has owed one."""


@dataclass(slots=True)
class _Watched:
    """A conversation in which there is a call, or was a moment ago."""

    call: records.Call | None = None
    """As it was read last; None where it was not read yet, or is over."""
    is_due: bool = False
    """Whether something changed since it was read."""
    task: asyncio.Task[None] | None = None
    turn: int = 0
    """Which of its devices is asked for a sign next."""


class Calling:
    """`hear` is for the bus. Begin with `run`, in a task that is cancelled at the end."""

    def __init__(self, context: Context, audience: Audience, server: Server) -> None:
        self._context = context
        self._audience = audience
        self._server = server
        self._watched: dict[int, _Watched] = {}
        self._devices: dict[str, _Device] = {}
        """By what they are called in their calls."""
        self._pieces: dict[tuple[str, str], list[str]] = {}
        """Of signals on their way, by who sends and who gets them."""
        self._left_behind: dict[tuple[int, str], float] = {}
        """Devices whose process is gone, each since when that is known."""
        self._began_s = 0.0
        self._tasks: set[asyncio.Future[Any]] = set()

    @property
    def device_count(self) -> int:
        """How many devices are in calls by this process."""
        return len(self._devices)

    # --- what clients do ---

    async def join(
        self, client: Client, seat: Seat, data: contract.CallJoin, *, may_begin: bool
    ) -> contract.CallAck:
        """Raises what `calls.join` raises."""
        conversation_id = seat.conversation_id
        if seat.person is None:
            raise NotInCall
        if conversation_id not in client.peers:
            self._require_few(client)
        sending = calls.Sending(
            data.audio,
            data.video,
            bool(data.screen),
            bool(data.hand),
            client.peers.get(conversation_id) or data.peer,
            data.call_id,
        )
        came = await calls.join(self._context, seat.person, sending, may_begin=may_begin)
        self._take(client, seat, came.peer)
        return present.call_ack(came.call, came.peer)

    def _require_few(self, client: Client) -> None:
        if len(client.peers) >= CALLS_PER_SOCKET:
            raise CallFull(
                f"This connection is in {CALLS_PER_SOCKET} calls already. Leave one of them first."
            )
        if not self._server.has_limits:
            return
        clients = (self._audience.clients.get(each.sid or "") for each in self._devices.values())
        count = sum(each is not None and each.address == client.address for each in clients)
        if client.address and count >= DEVICES_PER_ADDRESS:
            raise CallFull(
                f"{count} devices of your network are in calls already. Try again when some left."
            )

    def _take(self, client: Client, seat: Seat, peer: str) -> None:
        """This socket is that device from now on, if it is still there."""
        conversation_id = seat.conversation_id
        device = self._devices.get(peer)
        if device is not None and device.sid not in (None, client.sid):
            before = self._audience.clients.get(device.sid or "")
            if before is not None:
                before.peers.pop(conversation_id, None)
        still_sits = client.seat_in(conversation_id) is not None
        sid = client.sid if client.is_open else None
        self._devices[peer] = _Device(conversation_id, sid, _now_s())
        if client.is_open and still_sits:
            client.peers[conversation_id] = peer
        elif client.is_open:
            self._begin(self._leave(conversation_id, peer))

    async def leave(self, client: Client, conversation_id: int) -> None:
        """Raises `NotInCall`."""
        peer = client.peers.pop(conversation_id, None)
        if peer is None:
            raise NotInCall
        await self._leave(conversation_id, peer)

    async def signal(self, client: Client, conversation_id: int, to: str, encoded: bytes) -> None:
        """Raises `NotInCall`, `NoSuchPeer`."""
        peer = client.peers.get(conversation_id)
        if peer is None:
            raise NotInCall
        if not await self._is_in(conversation_id, to):
            raise NoSuchPeer
        if self._tell_signal(conversation_id, peer, to, encoded):
            return
        if self._context.cluster is None:
            return  # its connection is gone, and may come back
        calls.pass_on(self._context, conversation_id, encoded, from_peer=peer, to_peer=to)

    async def _is_in(self, conversation_id: int, peer: str) -> bool:
        device = self._devices.get(peer)
        if device is not None:
            return device.conversation_id == conversation_id
        watched = self._watched.get(conversation_id)
        call = None if watched is None else watched.call
        if call is not None and any(each.id == peer for each in call.peers):
            return True
        call = await calls.find(self._context, conversation_id)
        return call is not None and any(each.id == peer for each in call.peers)

    def lost(self, client: Client) -> None:
        """Its connection is gone: for a while it may come back on another."""
        peers, client.peers = client.peers, {}
        for peer in peers.values():
            device = self._devices.get(peer)
            if device is not None:
                device.sid, device.sign_s = None, _now_s()

    def unseated(self, client: Client, conversation_id: int) -> None:
        """It takes part in no call there any more."""
        peer = client.peers.pop(conversation_id, None)
        if peer is not None:
            self._begin(self._leave(conversation_id, peer))

    def take_out_blocked(self) -> None:
        """Who comes from where nobody writes speaks in no call either."""
        for client in self._audience.clients.values():
            if client.peers and self._context.host.is_blocked(client.address):
                for conversation_id in list(client.peers):
                    self.unseated(client, conversation_id)

    async def _leave(self, conversation_id: int, peer: str) -> None:
        # Kept until it is written: where that fails, the next look tries again.
        self._devices[peer] = _Device(conversation_id, None, -math.inf)
        await calls.leave(self._context, conversation_id, [peer])
        self._forget(peer)

    # --- what happened ---

    def hear(self, event: records.Event) -> None:
        """Whatever happens but what is said."""
        match event:
            case records.CallChanged():
                self._look_at(event.conversation_id)
            case records.CallTold():
                self._tell_told(event)
            case records.CallSignalled():
                self._take_piece(event)
            case records.ParticipantArrived():
                self._rename(event.participant)
            case records.ParticipantLeft(is_everywhere=False):
                pass  # a socket's going is seen by itself
            case _:
                if isinstance(event, _DECIDED) and event.conversation_id in self._watched:
                    self._begin(self._review(event.conversation_id))

    async def _review(self, conversation_id: int) -> None:
        while True:
            try:
                return await calls.review(self._context, conversation_id)
            except Unavailable:
                await asyncio.sleep(AGAIN_S)

    def _rename(self, now: records.Participant) -> None:
        """Who comes again under another name is called so in the call, too."""
        watched = self._watched.get(now.conversation_id)
        peers = () if watched is None or watched.call is None else watched.call.peers
        if any(each.user_id == now.user_id and each.username != now.username for each in peers):
            self._look_at(now.conversation_id)

    def greet(self, client: Client, seat: Seat) -> None:
        """Tell somebody who just came of the call, if there is one."""
        watched = self._watched.get(seat.conversation_id)
        if watched is None or watched.call is None or seat.person is None:
            return
        state = present.call_state(seat.room_id, watched.call)
        self._server.send_to((client.sid,), STATE, state)

    def _look_at(self, conversation_id: int) -> None:
        watched = self._watched.setdefault(conversation_id, _Watched())
        watched.is_due = True
        if watched.task is None:
            watched.task = self._begin(self._keep_telling(conversation_id, watched))

    async def _keep_telling(self, conversation_id: int, watched: _Watched) -> None:
        try:
            while watched.is_due:
                watched.is_due = False
                try:
                    call = await calls.find(self._context, conversation_id)
                except Unavailable:
                    watched.is_due = True
                    await asyncio.sleep(AGAIN_S)
                    continue
                watched.call = call
                if not watched.is_due:
                    self._forget_but(conversation_id, call)
                self._tell(conversation_id, call)
                await asyncio.sleep(self._rest_s(conversation_id))
        finally:
            watched.task = None
            if watched.call is None and not watched.is_due:
                self._watched.pop(conversation_id, None)

    def _rest_s(self, conversation_id: int) -> float:
        room = self._audience.rooms.get(conversation_id)
        is_crowd = room is not None and room.gathering() is not None
        return contract.GATHER_S if is_crowd else TELL_EVERY_S

    def _forget_but(self, conversation_id: int, call: records.Call | None) -> None:
        """Devices that are in the call no more, whoever took them out."""
        there = set() if call is None else {each.id for each in call.peers}
        for peer, device in list(self._devices.items()):
            if device.conversation_id == conversation_id and peer not in there:
                self._forget(peer)

    def _forget(self, peer: str) -> None:
        device = self._devices.pop(peer, None)
        client = None if device is None else self._audience.clients.get(device.sid or "")
        if device is None or client is None:
            return
        if client.peers.get(device.conversation_id) == peer:
            del client.peers[device.conversation_id]

    def _tell(self, conversation_id: int, call: records.Call | None) -> None:
        room = self._audience.rooms.get(conversation_id)
        if room is None:
            return
        room_id = self._audience.room_id(room, conversation_id)
        if room_id is not None:
            state = present.call_state(room_id, call)
            self._server.send_to(room.people(), STATE, state)

    def _tell_told(self, event: records.CallTold) -> None:
        for peer in event.peers:
            device = self._devices.get(peer)
            client = None if device is None else self._audience.clients.get(device.sid or "")
            seat = None if client is None else client.seat_in(event.conversation_id)
            if client is not None and seat is not None:
                told = contract.CallTold(room_id=seat.room_id, what=event.what, by=event.by)
                self._server.send_to((client.sid,), "call_told", told)
            if event.what != "muted":
                self._forget(peer)

    def _tell_signal(self, conversation_id: int, from_peer: str, to_peer: str, data: bytes) -> bool:
        """Whether the device has its socket here."""
        device = self._devices.get(to_peer)
        client = None if device is None else self._audience.clients.get(device.sid or "")
        seat = None if client is None else client.seat_in(conversation_id)
        if device is None or client is None or seat is None:
            return False
        # The others are the first to notice that somebody is gone, and look for a way then.
        if _now_s() >= device.sign_s + NOTICED_AFTER_S:
            self._ask(device)
        told = contract.CallSignalled(room_id=seat.room_id, from_=from_peer, data=Raw(data))
        self._server.send_to((client.sid,), "call_signal", told)
        return True

    def _take_piece(self, event: records.CallSignalled) -> None:
        if event.to_peer not in self._devices:
            return
        key = event.from_peer, event.to_peer
        pieces = self._pieces.pop(key, []) if event.piece else []
        if len(pieces) != event.piece:
            return  # one was lost
        pieces.append(event.data)
        if len(pieces) < event.pieces:
            if len(self._pieces) >= PIECES_MAX:
                del self._pieces[next(iter(self._pieces))]
            self._pieces[key] = pieces
            return
        data = calls.whole(pieces)
        self._tell_signal(event.conversation_id, event.from_peer, event.to_peer, data)

    # --- who is still there ---

    async def load(self) -> None:
        """At the start: calls that go on, whose people may come back."""
        self._began_s = _now_s()
        for conversation_id in await calls.running(self._context):
            self._look_at(conversation_id)
            call = await calls.find(self._context, conversation_id)
            if call is not None and self._context.cluster is None:
                for peer in call.peers:
                    self._devices[peer.id] = _Device(conversation_id, None, _now_s())

    async def run(self) -> None:
        """Look for devices that are gone, until cancelled."""
        looked_s, is_owed = 0.0, False
        while True:
            await asyncio.sleep(LOOK_AGAIN_S if is_owed else LOOK_EVERY_S)
            is_whole = _now_s() >= looked_s + LOOK_EVERY_S
            try:
                is_owed = await self._let_lost_go()
                if not is_whole:
                    continue
                looked_s = _now_s()
                self._ask_in_turn()
                self._take_in_unknown()
                if self._context.cluster is not None:
                    await self._look_elsewhere()
            except Unavailable:
                continue
            except Exception:
                log.exception("looking_at_calls_failed")

    async def _let_lost_go(self) -> bool:
        """Whether somebody owes a sign."""
        now_s, silent = _now_s(), set()
        for peer, device in list(self._devices.items()):
            if self._is_lost(device, now_s):
                await calls.leave(self._context, device.conversation_id, [peer])
                self._forget(peer)
            elif device.sid is not None and device.asked_s is not None:
                silent.add(device.conversation_id)
        for device in self._devices.values():
            if device.conversation_id in silent:  # nobody may be left to notice
                self._ask(device)
        return bool(silent)

    def _is_lost(self, device: _Device, now_s: float) -> bool:
        if device.sid is None:
            return now_s >= device.sign_s + LOST_AFTER_S
        if device.asked_s is None:
            return False
        if self._server.has_answered(device.sid):
            device.sign_s, device.asked_s = now_s, None
            return False
        return now_s >= device.asked_s + LOST_AFTER_S - NOTICED_AFTER_S

    def _ask(self, device: _Device) -> None:
        if device.sid is not None and device.asked_s is None:
            device.asked_s = _now_s()
            self._server.ask(device.sid)

    def _ask_in_turn(self) -> None:
        """Some of each call: asking all of them all the time cost more than all else in it."""
        by_call: dict[int, list[_Device]] = {}
        for device in self._devices.values():
            if device.sid is not None:
                by_call.setdefault(device.conversation_id, []).append(device)
        for conversation_id, devices in by_call.items():
            watched = self._watched.setdefault(conversation_id, _Watched())
            watched.turn += 1
            looks = 1 if len(devices) <= FEW else SELDOM
            turn, rest = divmod(watched.turn, looks)
            turns = min(len(devices), TURNS)
            for device in () if rest else devices[turn % turns :: turns]:
                self._ask(device)

    def _take_in_unknown(self) -> None:
        """Devices of this process that it knows nothing of, as where joining broke off once it was
        stored: like the others without a socket, they have some time to come back.
        """
        process = calls.process_of(self._context)
        for conversation_id, watched in self._watched.items():
            for peer in () if watched.call is None else watched.call.peers:
                if peer.process == process and peer.id not in self._devices:
                    self._devices[peer.id] = _Device(conversation_id, None, _now_s())

    async def _look_elsewhere(self) -> None:
        """What no hint told of, and devices whose processes are gone."""
        found = await calls.all_seen(self._context)
        for conversation_id in {*found, *self._watched}:
            watched = self._watched.get(conversation_id)
            known = None if watched is None or watched.call is None else calls.seen(watched.call)
            if known != found.get(conversation_id):
                self._look_at(conversation_id)
        await self._let_left_behind_go()

    async def _let_left_behind_go(self) -> None:
        """Those of a process whose lease is over have had its time to come back, unless all of
        them were gone: then they have some from when this one began.
        """
        now_s = _now_s()
        left = await calls.left_behind(self._context)
        self._left_behind = {each: self._left_behind.get(each, now_s) for each in left}
        grace_s = LOOK_EVERY_S if now_s > self._began_s + LOST_AFTER_S else LOST_AFTER_S
        for each, since_s in list(self._left_behind.items()):
            if now_s >= since_s + grace_s:
                await calls.drop(self._context, each[0], [each[1]])

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except Unavailable:
        log.debug("call_not_changed")
    except Exception:
        log.exception("call_failed")


def encoded(data: dict[str, Any]) -> bytes:
    """What a device tells another, as JSON. Raises `TooLarge`."""
    found = msgspec.json.encode(data)
    if len(found) > contract.CALL_SIGNAL_MAX_BYTES:
        raise TooLarge(f"data is too long: at most {contract.CALL_SIGNAL_MAX_BYTES // 1024} KiB.")
    return found


def _now_s() -> float:
    return asyncio.get_running_loop().time()
