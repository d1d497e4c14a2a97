"""Socket.IO: decode what a client sends, call the domain, acknowledge; deliver what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec
import structlog
from msgspec import UNSET
from msgspec.structs import replace

from parley import contract, credentials, present, records
from parley.config import Config
from parley.credentials import Asking, Origins
from parley.decode import from_value
from parley.domain import access, conversations, messages, participants, sessions, text
from parley.domain.context import Context
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    Forbidden,
    NotJoined,
    ParleyError,
)
from parley.rooms import Crowd, Gathered, Room, State
from parley.wire.direct import Later
from parley.wire.handshake import Handshake
from parley.wire.server import ConnectionRefused, Server

log = structlog.get_logger(__name__)

STATE = "conversation_state"

Outcome = msgspec.Struct | Awaitable[msgspec.Struct]
"""What an event's acknowledgement holds, or will; a message sent stands for its own."""


@dataclass(slots=True)
class Client:
    """One open socket: who it speaks for, and where it sits."""

    sid: str
    session: records.Session | None
    proven: bool
    """Whether the session was proven, not made on this socket."""
    token: str | None = None
    """Its secret, told with every join; None for a browser, which has it in a cookie."""
    seats: dict[str, records.Participant | None] = field(default_factory=dict)
    """By room id: as whom it is there; None where it only reads along."""
    is_open: bool = True


class Realtime:
    """Everything on Socket.IO. `deliver` is for the bus."""

    def __init__(self, context: Context, config: Config) -> None:
        self._context = context
        self._origins = Origins.of(config)
        self._clients: dict[str, Client] = {}
        self._rooms: dict[str, Room] = {}
        self._events: dict[str, Callable[[Client, Any], Outcome]] = {
            "join_room": self.join_room,
            "watch_room": self.watch_room,
            "leave_room": self.leave_room,
            "send_message": self.send_message,
            "sync": self.sync,
            "typing": self.typing,
        }
        self.server = Server(
            on_connect=self._connect,
            on_event=self._receive,
            events={name: event.data for name, event in contract.CLIENT_EVENTS.items()},
            on_unreadable=self._refuse_unreadable,
            on_disconnect=self._disconnect,
            ping_interval_s=config.ping_interval_s,
            ping_timeout_s=config.ping_timeout_s,
            max_frame_bytes=contract.FRAME_MAX_BYTES,
            join_within_s=contract.JOIN_WITHIN_S,
        )

    # --- what clients send ---

    async def join_room(self, client: Client, data: contract.JoinRoom) -> contract.JoinAck:
        if data.token:
            session = await sessions.resolve(self._context, data.token)
            if session is None:
                raise Forbidden("This token is not known here. Join without it.")
            client.session, client.proven, client.token = session, True, data.token
        joining = participants.Joining(
            session=client.session,
            user_id=data.user_id,
            username=data.username,
            socket=client.sid,
            proven=client.proven,
        )
        self._check_room_for_more(client, data.room_id)
        watched = data.room_id in client.seats and client.seats[data.room_id] is None
        if watched:  # or it would be told of its own coming
            self._unseat(client, data.room_id)
        try:
            joined = await participants.join(self._context, data.room_id, joining)
        except ParleyError:
            if watched and client.is_open:
                await self._seat(client, data.room_id, None, None)
            raise
        person = joined.participant
        before = client.seats.get(data.room_id)
        if before is not None and before.user_id != person.user_id:
            # Another token made somebody else of this socket: who it was is not here any more.
            await participants.leave(self._context, data.room_id, before.user_id, client.sid)
        if not client.is_open:
            participants.lose(self._context, data.room_id, person.user_id, client.sid)
            raise NotJoined
        if joined.token is not None:
            client.session, client.proven, client.token = joined.session, False, joined.token
        state = await self._seat(client, data.room_id, person, data.since)
        return contract.JoinAck(
            token=UNSET if client.token is None else client.token,
            user_id=person.user_id,
            username=person.username,
            role=person.role.value,
            seq=state.seq,
        )

    async def watch_room(self, client: Client, data: contract.WatchRoom) -> contract.WatchAck:
        if client.seats.get(data.room_id) is not None:
            raise BadRequest("You are in this conversation already.")
        await conversations.find(self._context, data.room_id)
        state = await self._seat(client, data.room_id, None, data.since)
        return contract.WatchAck(seq=state.seq)

    async def leave_room(self, client: Client, data: contract.LeaveRoom) -> contract.OkAck:
        if data.room_id not in client.seats:
            await conversations.find(self._context, data.room_id)
            raise NotJoined
        person = client.seats.pop(data.room_id)
        self._unseat(client, data.room_id)
        if person is not None:
            await participants.leave(self._context, data.room_id, person.user_id, client.sid)
        return contract.OkAck()

    def send_message(self, client: Client, data: contract.SendMessage) -> Outcome:
        draft = messages.Draft(data.message, data.type, data.client_id)
        person = client.seats.get(data.room_id)
        if person is None:
            return self._send_unseated(client, data.room_id, draft)
        _check_claims(person, data)
        return messages.send(self._context, data.room_id, person, draft)

    async def _send_unseated(
        self, client: Client, room_id: str, draft: messages.Draft
    ) -> messages.Sent:
        """Nobody can come back into what is over, but may ask again for an answer they missed."""
        try:
            await self._refuse_unseated(room_id)
        except ConversationIsOver:
            sent = await messages.sent_before(self._context, room_id, client.session, draft)
            if sent is None:
                raise
            return sent

    async def sync(self, client: Client, data: contract.Sync) -> contract.SyncAck:
        if data.room_id not in client.seats:
            await conversations.find(self._context, data.room_id)
            raise NotJoined
        limit = data.limit or contract.SYNC_PAGE_MAX
        found = await conversations.changes(
            self._context, data.room_id, since=data.since, limit=limit
        )
        return present.changes(found)

    def typing(self, client: Client, data: contract.Typing) -> Outcome:
        person = client.seats.get(data.room_id)
        if person is None:
            return self._refuse_unseated(data.room_id)
        _check_claims(person, data)
        if self._rooms[data.room_id].is_over:
            raise ConversationIsOver
        messages.type_(self._context, data.room_id, person, is_typing=data.is_typing)
        return contract.OkAck()

    async def _refuse_unseated(self, room_id: str) -> NoReturn:
        access.require_open(await conversations.find(self._context, room_id))
        raise NotJoined

    # --- what happened ---

    def deliver(self, event: records.Event) -> None:
        """Tell everyone in the room whom it concerns."""
        room = self._rooms.get(event.room_id)
        if room is None:
            return
        name, data = present.event(event)
        match event:
            case records.MessageSent():
                room.tell(self.server, name, data, seq=event.message.seq)
            case records.ConversationEnded():
                room.is_over = True
                room.tell(self.server, name, data, seq=event.seq)
            case records.ParticipantArrived():
                self._rename(room, event)
                self._tell_presence(room, event)
            case records.ParticipantLeft():
                self._tell_presence(room, event)
            case records.TypingChanged():
                room.tell(self.server, name, data, but=event.user_id)

    def _tell_presence(
        self, room: Room, event: records.ParticipantArrived | records.ParticipantLeft
    ) -> None:
        """As it is among few; among many at most once a second, or N who come are N² frames."""
        crowd = room.gathering(event.participant_count)
        if crowd is None:
            name, data = present.event(event)
            room.tell(self.server, name, data, but=event.participant.user_id)
            return
        if crowd.gathered.count == 0:
            loop = asyncio.get_running_loop()
            loop.call_later(contract.GATHER_S, self._tell_gathered, event.room_id)
        crowd.gathered.add(event)

    def _tell_gathered(self, room_id: str) -> None:
        room = self._rooms.get(room_id)
        if room is None or room.crowd is None:
            return
        gathered, room.crowd.gathered = room.crowd.gathered, Gathered()
        told = [event for event in (gathered.joined, gathered.left) if event is not None]
        for event in told:
            last = replace(event, participant_count=gathered.participant_count)
            name, data = present.event(last, others=gathered.count - len(told))
            room.tell(self.server, name, data, but=event.participant.user_id)

    def tell_positions(self) -> None:
        """Tell every room that changed since the last time where it is."""
        for room_id, room in self._rooms.items():
            seq = room.take_position()
            if seq is not None:
                position = contract.RoomPosition(room_id=room_id, seq=seq)
                room.tell(self.server, "room_position", position)

    def send_away(self) -> None:
        """Have every client come back, for what is known of them holds no more."""
        self.server.send_away()

    # --- sitting down and getting up ---

    async def _seat(
        self,
        client: Client,
        room_id: str,
        person: records.Participant | None,
        since: int | None,
    ) -> State:
        """Send the state, then everything that happened after it, once each and in order."""
        self._check_room_for_more(client, room_id)
        if not client.is_open:
            raise NotJoined  # gone meanwhile: nobody would ever take it out of the room
        client.seats[room_id] = person
        self.server.seated(client.sid)
        room = self._rooms.setdefault(room_id, Room())
        room.arrive(client.sid, person.user_id if person else None)
        try:
            state = await self._state(room, room_id, person, since)
        except BaseException:
            self._unseat(client, room_id)
            raise
        if client.is_open:
            self.server.send_encoded(client.sid, STATE, state.data, state.frame)
            room.settle(self.server, client.sid, state.seq)
        return state

    async def _state(
        self, room: Room, room_id: str, person: records.Participant | None, since: int | None
    ) -> State:
        """The state for a socket that arrived.

        Neither what was told before nor whoever comes in themselves may be missing from it.
        """
        if since is not None:
            missed = await conversations.catch_up(self._context, room_id, since=since)
            return _as_state(missed)
        told, crowd = room.told, room.gathering()
        if crowd is None:
            return _as_state(await conversations.snapshot(self._context, room_id))

        # Of many who come at once each would read what the one before has read just now.
        def suits(state: State) -> bool:
            return state.seq >= told and (person is None or person.user_id in state.people)

        loop = asyncio.get_running_loop()
        if crowd.state and loop.time() < crowd.fresh_until and suits(crowd.state):
            return crowd.state
        if crowd.reading is not None and suits(state := await asyncio.shield(crowd.reading)):
            return state
        # A reading that begins only now misses nothing.
        if crowd.reading is None:
            crowd.reading = loop.create_task(self._read_for_crowd(crowd, room_id))
        return await asyncio.shield(crowd.reading)

    async def _read_for_crowd(self, crowd: Crowd, room_id: str) -> State:
        try:
            state = _as_state(await conversations.snapshot(self._context, room_id))
            state = replace(state, frame=self.server.encode(STATE, state.data))
            crowd.state = state
            crowd.fresh_until = asyncio.get_running_loop().time() + contract.GATHER_S / 2
            return state
        finally:
            crowd.reading = None

    def _unseat(self, client: Client, room_id: str) -> None:
        room = self._rooms.get(room_id)
        if room is not None:
            room.remove(client.sid)
            if room.is_empty:
                del self._rooms[room_id]
        if not client.seats and client.is_open:
            self.server.unseated(client.sid)

    def _check_room_for_more(self, client: Client, room_id: str) -> None:
        if room_id not in client.seats and len(client.seats) >= contract.ROOMS_PER_SOCKET:
            raise BadRequest(
                f"One socket can be in {contract.ROOMS_PER_SOCKET} conversations at most."
            )

    def _rename(self, room: Room, event: records.ParticipantArrived) -> None:
        """Somebody's other sockets speak under the new name too."""
        for sid in room.sids_of(event.participant.user_id):
            client = self._clients.get(sid)
            if client is not None and client.seats.get(event.room_id) is not None:
                client.seats[event.room_id] = event.participant

    # --- the connection ---

    async def _connect(self, sid: str, handshake: Handshake) -> None:
        try:
            session, token = await self._credential(handshake)
        except ParleyError as error:
            raise ConnectionRefused(error.text, present.error_event(error)) from error
        self._clients[sid] = Client(sid, session, proven=session is not None, token=token)

    async def _credential(self, handshake: Handshake) -> tuple[records.Session | None, str | None]:
        """The session a handshake proves, and its token where the client itself holds it."""
        token = handshake.auth.get("token")
        if token is not None:
            session = await sessions.resolve(self._context, from_value(token, contract.Token))
            if session is None:
                raise Forbidden("This token is not known here. Connect without it.")
            return session, token
        if not self._origins.is_own(asking(handshake)):
            return None, None
        cookie = credentials.session_cookie(handshake.headers.get("cookie", ""))
        return await sessions.resolve(self._context, cookie), None

    def _disconnect(self, sid: str) -> None:
        client = self._clients.pop(sid, None)
        if client is None:
            return
        client.is_open = False
        for room_id, person in client.seats.items():
            self._unseat(client, room_id)
            if person is not None:
                participants.lose(self._context, room_id, person.user_id, sid)

    def _receive(self, sid: str, name: str, arguments: list[Any], wants_ack: bool) -> Any:
        """Answer every event: with its acknowledgement, or with an `error` event."""
        try:
            outcome = self._act(self._clients.get(sid), name, arguments)
        except Exception as error:
            return self._refuse(sid, _failure(error, name), wants_ack)
        if isinstance(outcome, msgspec.Struct):
            return outcome

        def finish(future: asyncio.Future[Any]) -> Any:
            try:
                result = future.result()
            except Exception as error:
                return self._refuse(sid, _failure(error, name), wants_ack)
            if isinstance(result, messages.Sent):
                return present.sent(result.message, duplicate=result.duplicate)
            return result

        return Later(asyncio.ensure_future(outcome), finish)

    def _refuse_unreadable(self, sid: str, wants_ack: bool) -> Any:
        failure = BadRequest(
            "An event must be JSON that begins with its name, "
            f"nested at most {contract.JSON_MAX_DEPTH} levels deep and without lone surrogates."
        )
        return self._refuse(sid, failure, wants_ack)

    def _refuse(self, sid: str, failure: ParleyError, wants_ack: bool) -> Any:
        """The acknowledgement of what was refused; an `error` event where none was asked for."""
        if wants_ack:
            return present.error_ack(failure)
        self.server.send_to((sid,), "error", present.error_event(failure))
        return None

    def _act(self, client: Client | None, name: str, arguments: list[Any]) -> Outcome:
        event = contract.CLIENT_EVENTS.get(name)
        if event is None or client is None:
            known = ", ".join(contract.CLIENT_EVENTS)
            raise BadRequest(f"There is no such event. The events are: {known}.")
        data = arguments[0] if arguments else None
        if not isinstance(data, event.data):
            if not isinstance(data, dict):
                raise BadRequest(f"{name} needs an object with its fields.")
            data = from_value(data, event.data)
        return self._events[name](client, data)


def _check_claims(
    person: records.Participant, data: contract.SendMessage | contract.Typing
) -> None:
    """Whom a socket is in the room. What the client says of itself is checked, not used."""
    if data.user_id or data.username:
        access.require_same_person(
            person, user_id=data.user_id, username=text.claimed_name(data.username)
        )


def _failure(error: Exception, event_name: str) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    log.error("event_failed", event_name=event_name, exc_info=error)
    return ParleyError()


def _as_state(snapshot: records.Snapshot) -> State:
    conversation = snapshot.conversation
    data = contract.ConversationState(
        conversation=present.conversation(snapshot), room_id=conversation.room_id
    )
    return State(data, conversation.seq, frozenset(each.user_id for each in snapshot.participants))


def asking(handshake: Handshake) -> Asking:
    """Where a Socket.IO handshake comes from."""
    return Asking(
        host=handshake.headers.get("host", ""),
        origin=handshake.headers.get("origin", ""),
        fetch_site=handshake.headers.get("sec-fetch-site", ""),
        changes=True,  # a poll, too, opens a way to
        is_vouched=credentials.MARK.lower() in handshake.headers,
    )
