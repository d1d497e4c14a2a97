"""Who hears what: the sockets in each conversation, and the telling of what happened to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from parley import contract, present, records
from parley.limits import Place
from parley.rooms import Gathered, Room
from parley.windows import Keys
from parley.wire.server import Server


@dataclass(slots=True)
class Seat:
    """A socket's place in a conversation."""

    conversation_id: int
    room_id: str
    """The conversation's, now."""
    standing: records.Standing
    person: records.Participant | None
    """As whom it is there; None where it only reads along."""


@dataclass(slots=True)
class Client:
    """One open socket: who it speaks for, and where it sits."""

    sid: str
    session: records.Session | None
    proven: bool
    """Whether the session was proven, not made on this socket."""
    address: str
    """As it counts: `addresses.place_of`."""
    token: str | None = None
    """Its secret, told with every join; None for a browser, which has it in a cookie."""
    seats: dict[str, Seat] = field(default_factory=dict)
    """By every room id it may name the conversation by."""
    knocks: set[int] = field(default_factory=set)
    """The conversations it asked to be let into."""
    is_open: bool = True

    def keys_in(self, room_id: str) -> Keys:
        """Whom what it does there is counted for."""
        seat = self.seats.get(room_id)
        room = room_id if seat is None else seat.room_id
        return (self.sid if self.session is None else self.session.id, self.address, room)

    def place_in(self, room_id: str) -> Place:
        seat = self.seats.get(room_id)
        if seat is None:
            return Place.OUTSIDE
        return Place.READING if seat.person is None else Place.MEMBER

    def seat_in(self, conversation_id: int) -> Seat | None:
        return next(
            (seat for seat in self.seats.values() if seat.conversation_id == conversation_id), None
        )

    def get_up(self, conversation_id: int) -> None:
        self.seats = {
            name: seat
            for name, seat in self.seats.items()
            if seat.conversation_id != conversation_id
        }

    @property
    def is_waiting(self) -> bool:
        """Whether it takes part in nothing, and waits for nothing."""
        return not self.seats and not self.knocks


class Audience:
    """`deliver` is for the bus."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.clients: dict[str, Client] = {}
        self.rooms: dict[int, Room] = {}

    # --- taking part ---

    def room(self, conversation_id: int) -> Room:
        return self.rooms.setdefault(conversation_id, Room())

    def unseat(self, client: Client, conversation_id: int) -> None:
        client.get_up(conversation_id)
        room = self.rooms.get(conversation_id)
        if room is not None:
            room.remove(client.sid)
            if room.is_empty:
                del self.rooms[conversation_id]
        self.look_whether_unseated(client)

    def look_whether_unseated(self, client: Client) -> None:
        """Who takes part in nothing may not stay for long."""
        if client.is_waiting and client.is_open:
            self._server.unseated(client.sid)

    # --- what happened ---

    def deliver(self, event: records.Event) -> None:
        """Tell everyone in the conversation whom it concerns."""
        if isinstance(event, records.KnockAnswered):
            self._tell_who_knocked(event)
        room = self.rooms.get(event.conversation_id)
        if room is None:
            return
        match event:
            case records.MessageSent():
                self._tell(room, event, seq=event.message.seq)
            case records.MessageChanged():
                self._tell(room, event, seq=event.message.changed_seq)
            case records.MessagesErased():
                self._tell(room, event, seq=event.seq)
            case records.ConversationEnded():
                room.is_over = True
                self._tell(room, event, seq=event.seq)
            case records.ParticipantArrived():
                self._rename(room, event)
                self._tell_presence(room, event)
            case records.ParticipantLeft():
                self._tell_presence(room, event)
            case records.ParticipantRemoved():
                self._put_out(room, event)
            case records.TypingChanged():
                self._tell(room, event, but=event.user_id)
            case records.ConversationChanged():
                self._tell(room, event)
                if present.door(event.conversation) != "open":
                    self._close_to_strangers(room, event.conversation)
            case records.GrantsTakenBack():
                self._take_back(room, event)
            case records.LinkReplaced():
                self._rename_room(room, event)
                self._tell(room, event)
            case records.ConversationDeleted():
                self._tell(room, event)
                for client in self._in(room):
                    self.unseat(client, event.conversation_id)
            case records.Knocked() | records.KnockAnswered():
                name, data = present.event(event)
                self._server.send_to(self._owners(room, event.conversation_id), name, data)

    def tell_positions(self) -> None:
        """Tell every room that changed since the last time where it is."""
        for conversation_id, room in self.rooms.items():
            seq = room.take_position()
            room_id = self._room_id(room, conversation_id)
            if seq is not None and room_id is not None:
                position = contract.RoomPosition(room_id=room_id, seq=seq)
                room.tell(self._server, "room_position", position)

    def _tell(
        self, room: Room, event: present.Told, *, seq: int | None = None, but: str | None = None
    ) -> None:
        name, data = present.event(event)
        room.tell(self._server, name, data, seq=seq, but=but)

    def _tell_presence(
        self, room: Room, event: records.ParticipantArrived | records.ParticipantLeft
    ) -> None:
        """As it is among few; among many at most once a second, or N who come are N² frames."""
        crowd = room.gathering(event.participant_count)
        if crowd is None:
            self._tell(room, event, but=event.participant.user_id)
            return
        if crowd.gathered.count == 0:
            loop = asyncio.get_running_loop()
            loop.call_later(contract.GATHER_S, self._tell_gathered, event.conversation_id)
        crowd.gathered.add(event)

    def _tell_gathered(self, conversation_id: int) -> None:
        room = self.rooms.get(conversation_id)
        if room is None or room.crowd is None:
            return
        gathered, room.crowd.gathered = room.crowd.gathered, Gathered()
        told = [event for event in (gathered.joined, gathered.left) if event is not None]
        for event in told:
            last = replace(event, participant_count=gathered.participant_count)
            name, data = present.event(last, others=gathered.count - len(told))
            room.tell(self._server, name, data, but=event.participant.user_id)

    def _rename(self, room: Room, event: records.ParticipantArrived) -> None:
        """Somebody's other sockets speak under the new name too."""
        for sid in room.sids_of(event.participant.user_id):
            client = self.clients.get(sid)
            seat = client and client.seat_in(event.conversation_id)
            if seat and seat.person is not None:
                seat.person = event.participant

    def _put_out(self, room: Room, event: records.ParticipantRemoved) -> None:
        gone = event.participant
        for client in self._in(room):
            seat = client.seat_in(event.conversation_id)
            is_theirs = seat is not None and (
                (seat.person is not None and seat.person.user_id == gone.user_id)
                or (client.session is not None and client.session.id == gone.session_id)
            )
            if is_theirs:
                self._show_out(client, event.conversation_id, present.removed(event.room_id))
                if client.is_waiting:
                    self._server.send_off(client.sid)
        self._tell(room, event)

    def _close_to_strangers(self, room: Room, conversation: records.Conversation) -> None:
        for client in self._in(room):
            seat = client.seat_in(conversation.id)
            if seat is not None and seat.standing is records.Standing.STRANGER:
                self._show_out(client, conversation.id, present.closed(conversation.room_id))

    def _take_back(self, room: Room, event: records.GrantsTakenBack) -> None:
        for client in self._in(room):
            seat = client.seat_in(event.conversation_id)
            session = client.session
            if seat is None or session is None or session.id not in event.session_ids:
                continue
            if seat.person is None:
                self._show_out(client, event.conversation_id, present.closed(event.room_id))
            else:
                seat.standing = records.Standing.MEMBER
                seat.person = replace(seat.person, role=records.Role.MEMBER)

    def _show_out(self, client: Client, conversation_id: int, told: contract.Removed) -> None:
        self._server.send_to((client.sid,), "removed", told)
        self.unseat(client, conversation_id)

    def _rename_room(self, room: Room, event: records.LinkReplaced) -> None:
        """Who is inside may use either name."""
        for client in self._in(room):
            seat = client.seat_in(event.conversation_id)
            if seat is not None:
                seat.room_id = event.room_id
                client.seats[event.room_id] = seat

    def _tell_who_knocked(self, event: records.KnockAnswered) -> None:
        name, data = present.event(event)
        for client in self.clients.values():
            session = client.session
            if (
                event.conversation_id in client.knocks
                and session is not None
                and session.id == event.knock.session_id
            ):
                client.knocks.discard(event.conversation_id)
                self._server.send_to((client.sid,), name, data)
                self.look_whether_unseated(client)

    def _owners(self, room: Room, conversation_id: int) -> Iterable[str]:
        for client in self._in(room):
            seat = client.seat_in(conversation_id)
            if seat is not None and seat.standing is records.Standing.OWNER:
                yield client.sid

    def _in(self, room: Room) -> list[Client]:
        return [client for sid in room.sids if (client := self.clients.get(sid)) is not None]

    def _room_id(self, room: Room, conversation_id: int) -> str | None:
        for client in self._in(room)[:1]:
            seat = client.seat_in(conversation_id)
            if seat is not None:
                return seat.room_id
        return None
