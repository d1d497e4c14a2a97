"""Who hears what: the sockets in each conversation, and the telling of what happened to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from parley import contract, present, records
from parley.limits.limiter import Place
from parley.limits.windows import Keys
from parley.live.following import Following
from parley.live.rooms import Gathered, Room
from parley.wire.server import Server

# Looked up once: at the class it takes longer than the rest of a question that uses them.
_OUTSIDE, _READING, _MEMBER = Place.OUTSIDE, Place.READING, Place.MEMBER
NAMES_MAX = 8
"""So many room ids lead to one seat: the one it was taken by, and the latest."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Whom a socket speaks for."""

    session: records.Session | None = None
    proven: bool = False
    """Whether the session was proven, not made on this socket."""
    token: str | None = None
    """Its secret, told with every join; None for a browser, which has it in a cookie."""

    def is_of(self, session_id: int) -> bool:
        return self.session is not None and self.session.id == session_id


@dataclass(slots=True)
class Seat:
    """A socket's place in a conversation."""

    conversation_id: int
    room_id: str
    """The conversation's, now."""
    standing: records.Standing
    person: records.Participant | None
    """As whom it is there; None where it only reads along."""
    credential: Credential
    """What it sat down with; another given since counts elsewhere."""
    asked_to: int = 0
    """Up to this seq its client was told by what it asked for, whatever was told by then."""

    def lower(self) -> None:
        """An owner's right was taken back."""
        self.standing = records.Standing.MEMBER
        if self.person is not None:
            self.person = replace(self.person, role=records.Role.MEMBER)


@dataclass(slots=True)
class Client:
    """One open socket: who it speaks for, and where it sits."""

    sid: str
    credential: Credential
    """The latest, for wherever it does not sit yet."""
    address: str
    """As it counts: `addresses.place_of`."""
    seats: dict[str, Seat] = field(default_factory=dict)
    """By every room id it may name the conversation by: `NAMES_MAX` for each at most."""
    knocks: dict[int, int] = field(default_factory=dict)
    """The conversations it asked to be let into, each with the session that asks."""
    peers: dict[int, str] = field(default_factory=dict)
    """The conversations in whose calls it is, each with what it is called there."""
    follows: bool = False
    """Whether it is told what is new in the conversations of its session."""
    is_open: bool = True
    announced: str = ""
    """The id of the announcement it was told last."""
    request_id: str = ""
    """What a trusted proxy called the request that it came by; empty where none did."""
    events: int = 0
    """How many it sent, up to the one that is being worked off."""

    @property
    def cause_id(self) -> str:
        """What that one is called in the log."""
        return f"{self.request_id or self.sid}.{self.events}"

    def credential_in(self, room_id: str) -> Credential:
        """Whom it speaks for there."""
        seat = self.seats.get(room_id)
        return self.credential if seat is None else seat.credential

    def session_in(self, room_id: str) -> records.Session | None:
        return self.credential_in(room_id).session

    def keys_in(self, room_id: str) -> Keys:
        """Whom what it does there is counted for."""
        return self.counted_in(room_id)[0]

    def counted_in(self, room_id: str) -> tuple[Keys, Place]:
        """The same, and as what it is there."""
        seat = self.seats.get(room_id)
        if seat is None:
            session = self.credential.session
            return (self.sid if session is None else session.id, self.address, ""), _OUTSIDE
        session = seat.credential.session
        who = self.sid if session is None else session.id
        # The conversation itself: it has a name for every link that it had.
        keys = (who, self.address, seat.conversation_id)
        return keys, _READING if seat.person is None else _MEMBER

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

    def rename(self, seat: Seat, room_id: str) -> None:
        """The conversation's room id is another now; earlier ones still lead to the seat."""
        seat.room_id = room_id
        self.seats[room_id] = seat
        names = [name for name, each in self.seats.items() if each is seat]
        if len(names) > NAMES_MAX:
            del self.seats[names[1]]  # not the first: a client may know no other

    @property
    def conversations(self) -> set[int]:
        """Where it sits."""
        return {seat.conversation_id for seat in self.seats.values()}

    @property
    def sessions(self) -> Iterator[records.Session]:
        """Those it speaks for, anywhere."""
        for credential in (self.credential, *(seat.credential for seat in self.seats.values())):
            if credential.session is not None:
                yield credential.session

    @property
    def is_waiting(self) -> bool:
        """Whether it takes part in nothing, and waits for nothing."""
        return not self.seats and not self.knocks and not self.follows


class Ordering(Protocol):
    async def begins(self, conversation_id: int) -> None: ...


class Calls(Protocol):
    def hear(self, event: records.Event) -> None: ...
    def unseated(self, client: Client, conversation_id: int) -> None: ...
    def greet(self, client: Client, seat: Seat) -> None: ...


class Asks(Protocol):
    def hear(self, event: records.Event) -> None: ...


_CLOSINGS = (
    records.ConversationChanged,
    records.ConversationDeleted,
    records.GrantsTakenBack,
    records.LinkReplaced,
    records.ParticipantRemoved,
)
"""What may take somebody's leave to read."""


class Audience:
    """`deliver` is for the bus."""

    def __init__(self, server: Server, following: Following) -> None:
        self._server = server
        self.following = following
        self.clients: dict[str, Client] = {}
        self.rooms: dict[int, Room] = {}
        self.ordering: Ordering | None = None
        """What keeps the order where other processes store, too."""
        self.calling: Calls | None = None
        """What knows of calls."""
        self.asking: Asks | None = None
        """What knows who waits for a bot's answer."""
        self.closings = 0
        """How often somebody may have lost their leave to read, wherever it was."""

    # --- taking part ---

    def held_sessions(self) -> set[int]:
        """The ids of the sessions that open sockets speak for, anywhere, and of their devices."""
        held = set()
        for client in self.clients.values():
            for session in client.sessions:
                held |= {session.id, session.device_id}
        return held | self.following.session_ids

    def room(self, conversation_id: int) -> Room:
        return self.rooms.setdefault(conversation_id, Room())

    def has_owner(self, conversation_id: int) -> bool:
        """Whether an owner is in it on a socket, and told who knocks."""
        room = self.rooms.get(conversation_id)
        return room is not None and any(self._owners(room, conversation_id))

    def places_of(self, conversation_id: int, user_id: str) -> list[str]:
        """From where somebody is on a socket there."""
        found = set()
        for client in self.clients.values():
            seat = client.seat_in(conversation_id)
            if seat is not None and seat.person is not None and seat.person.user_id == user_id:
                found.add(client.address)
        return sorted(found - {""})

    def unseat(self, client: Client, conversation_id: int) -> None:
        client.get_up(conversation_id)
        if client.peers and self.calling is not None:
            self.calling.unseated(client, conversation_id)
        room = self.rooms.get(conversation_id)
        if room is not None:
            room.remove(client.sid)
            if room.is_empty:
                del self.rooms[conversation_id]
        self.look_whether_unseated(client)

    def renew(self, client: Client, credential: Credential) -> None:
        """A session it holds is proven by another token now."""
        session = credential.session
        client.credential = credential
        for seat in client.seats.values():
            if session is not None and seat.credential.is_of(session.id):
                seat.credential = credential

    def look_whether_unseated(self, client: Client) -> None:
        """Who takes part in nothing may not stay for long."""
        if client.is_waiting and client.is_open:
            self._server.unseated(client.sid)

    # --- what happened ---

    def deliver(self, event: records.Event) -> None:
        """Tell everyone in the conversation whom it concerns."""
        if isinstance(event, records.MessageSent):  # what happens most
            if event.message.conversation_id in self.following.of:
                self.following.happened(event)
            room = self.rooms.get(event.message.conversation_id)
            if room is not None:
                said = event.message
                room.tell(self._server, "new_message", present.message(said), seq=said.changed_seq)
            return
        if isinstance(event, records.SessionRenewed):
            self.following.happened(event)
            self._send_off_others(event)
            return
        self.following.happened(event)
        if self.calling is not None:
            self.calling.hear(event)
        if self.asking is not None and isinstance(event, records.Asked | records.AskAnswered):
            self.asking.hear(event)
            return
        if isinstance(event, records.KnockAnswered):
            self._tell_who_knocked(event)
        if isinstance(event, records.ConversationDeleted):
            self._tell_who_waits(event)
        if isinstance(event, _CLOSINGS):
            self.closings += 1
        room = self.rooms.get(event.conversation_id)
        if room is None:
            return
        match event:
            case records.MessageChanged():
                self._tell(room, event, seq=event.message.changed_seq)
            case records.MessagesErased():
                room.erased_through = max(room.erased_through, event.through)
                self._tell(room, event, seq=event.seq)
            case records.EpochBegan():
                self._tell(room, event, seq=event.seq)
            case records.ConversationEnded():
                room.is_over = True
                self._tell(room, event, seq=event.seq)
            case records.ParticipantArrived():
                self._rename(room, event)
                self._tell_presence(room, event)
            case records.ParticipantLeft():
                if event.is_everywhere:
                    self._show_out_everywhere(room, event)
                self._tell_presence(room, event)
            case records.ParticipantRemoved():
                self._put_out(room, event)
            case records.ParticipantProven():
                self._rename(room, event)
                if room.gathering() is None:  # of many who come back at once N² would be told
                    self._tell(room, event)
            case records.LookChanged():
                if room.gathering() is None:
                    self._tell(room, event)
            case records.ParticipantWonBack():
                self._show_out_who_was(room, event)
            case records.ReadingMoved():
                self._tell_reading(room, event)
            case records.TypingChanged():
                self._tell(room, event, but=event.user_id)
            case records.ConversationChanged():
                self._tell(room, event)
                if present.door(event.conversation) != "open":
                    self._close_to_strangers(room, event.conversation_id)
            case records.GrantsTakenBack():
                self._take_back(room, event)
            case records.RoleChanged():
                if event.participant.role is records.Role.OWNER:
                    self._raise_to_owner(room, event)
                self._tell(room, event)
            case records.LinkReplaced():
                # Before anybody is told: the new link is not for strangers.
                self._close_to_strangers(room, event.conversation_id)
                self._rename_room(room, event)
                self._tell(room, event)
            case records.ConversationDeleted():
                self._tell(room, event)
                for client in self.in_room(room):
                    self.unseat(client, event.conversation_id)
            case records.ParticipantClaimed():
                self._show_out_who_is_another(room, event)
            case records.Knocked() | records.KnockAnswered() | records.Claimed():
                name, data = present.event(event)
                self._server.send_to(self._owners(room, event.conversation_id), name, data)
            case records.ClaimAnswered():
                name, data = present.event(event)
                owners = self._owners(room, event.conversation_id)
                self._server.send_to({*owners, *room.sids_of(event.claim.user_id)}, name, data)

    def _send_off_others(self, event: records.SessionRenewed) -> None:
        """Who held the session by the token before must come back with the one there is now."""
        for client in list(self.clients.values()):
            if client.sid == event.socket or not any(map(event.concerns, client.sessions)):
                continue
            if event.is_over:
                self._tell_signed_out(client, event)
            self._server.send_off(client.sid)

    def _tell_signed_out(self, client: Client, event: records.SessionRenewed) -> None:
        """Else its page would come back by itself, as somebody new of the same name."""
        seats = {seat.conversation_id: seat for seat in client.seats.values()}
        for seat in seats.values():
            session = seat.credential.session
            if session is not None and event.concerns(session):
                told = present.signed_out(seat.room_id)
                self._server.send_to((client.sid,), "removed", told)

    def tell_positions(self) -> None:
        """Tell every room that changed since the last time where it is."""
        for conversation_id, room in self.rooms.items():
            seq = room.take_position()
            room_id = self.room_id(room, conversation_id)
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

    def _tell_reading(self, room: Room, event: records.ReadingMoved) -> None:
        """To whoever read, wherever else they are; and to the others, where they show it."""
        if event.is_shown:
            room.tell(self._server, "read", present.read(event))
            return
        own = [sid for sid in room.sids_of(event.reading.user_id) if sid != event.socket]
        self._server.send_to(own, "read", present.read(event))
        if event.is_withdrawn:
            gone = present.withdrawn(event)
            room.tell(self._server, "read", gone, but=event.reading.user_id)

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

    def _rename(
        self, room: Room, event: records.ParticipantArrived | records.ParticipantProven
    ) -> None:
        """Somebody's other sockets speak under the new name too."""
        for sid in room.sids_of(event.participant.user_id):
            client = self.clients.get(sid)
            seat = client and client.seat_in(event.conversation_id)
            if seat and seat.person is not None:
                seat.person = event.participant

    def _put_out(self, room: Room, event: records.ParticipantRemoved) -> None:
        gone = event.participant
        for client in self.in_room(room):
            seat = client.seat_in(event.conversation_id)
            is_theirs = seat is not None and (
                (seat.person is not None and seat.person.user_id == gone.user_id)
                or seat.credential.is_of(gone.session_id)
            )
            if is_theirs:
                self.show_out(client, event.conversation_id, present.removed(event.room_id))
                if client.is_waiting:
                    self._server.send_off(client.sid)
        self._tell(room, event)

    def _show_out_everywhere(self, room: Room, event: records.ParticipantLeft) -> None:
        for sid in list(room.sids_of(event.participant.user_id)):
            client = self.clients.get(sid)
            seat = client and client.seat_in(event.conversation_id)
            if client and seat:
                self.show_out(client, event.conversation_id, present.left(seat.room_id))

    def _show_out_who_was(self, room: Room, event: records.ParticipantWonBack) -> None:
        person = event.participant
        for sid in room.sids_of(person.user_id):
            client = self.clients.get(sid)
            seat = client and client.seat_in(event.conversation_id)
            if client and seat and not seat.credential.is_of(person.session_id):
                told = present.taken_back(seat.room_id)
                self.show_out(client, event.conversation_id, told)

    def _show_out_who_is_another(self, room: Room, event: records.ParticipantClaimed) -> None:
        for sid in list(room.sids_of(event.before.user_id)):
            client = self.clients.get(sid)
            seat = client and client.seat_in(event.conversation_id)
            if client and seat:
                told = present.claimed(seat.room_id, event.now.username)
                self.show_out(client, event.conversation_id, told)

    def _close_to_strangers(self, room: Room, conversation_id: int) -> None:
        for client in self.in_room(room):
            seat = client.seat_in(conversation_id)
            if seat is not None and seat.standing is records.Standing.STRANGER:
                self.show_out(client, conversation_id, present.closed(seat.room_id))

    def _take_back(self, room: Room, event: records.GrantsTakenBack) -> None:
        for client in self.in_room(room):
            seat = client.seat_in(event.conversation_id)
            if seat is None or not any(map(seat.credential.is_of, event.session_ids)):
                continue
            if seat.person is None and event.is_open:
                seat.standing = records.Standing.STRANGER
            elif seat.person is None:
                self.show_out(client, event.conversation_id, present.closed(seat.room_id))
            else:
                seat.lower()

    def _raise_to_owner(self, room: Room, event: records.RoleChanged) -> None:
        for client in self.in_room(room):
            seat = client.seat_in(event.conversation_id)
            if seat is not None and seat.credential.is_of(event.participant.session_id):
                seat.standing = records.Standing.OWNER
                if seat.person is not None:
                    seat.person = replace(seat.person, role=records.Role.OWNER)

    def show_out(self, client: Client, conversation_id: int, told: contract.Removed) -> None:
        self._server.send_to((client.sid,), "removed", told)
        self.unseat(client, conversation_id)

    def _rename_room(self, room: Room, event: records.LinkReplaced) -> None:
        """Who is inside may use either name."""
        for client in self.in_room(room):
            seat = client.seat_in(event.conversation_id)
            if seat is not None:
                client.rename(seat, event.room_id)

    def _tell_who_knocked(self, event: records.KnockAnswered) -> None:
        # By the link they knocked at: they may know no newer one.
        name, data = present.event(replace(event, room_id=event.knock.room_id))
        for client in self.clients.values():
            if client.knocks.get(event.conversation_id) == event.knock.session_id:
                del client.knocks[event.conversation_id]
                self._server.send_to((client.sid,), name, data)
                self.look_whether_unseated(client)

    def _tell_who_waits(self, event: records.ConversationDeleted) -> None:
        name, data = present.event(event)
        for client in self.clients.values():
            if client.knocks.pop(event.conversation_id, None) is not None:
                self._server.send_to((client.sid,), name, data)
                self.look_whether_unseated(client)

    def _owners(self, room: Room, conversation_id: int) -> Iterable[str]:
        for client in self.in_room(room):
            seat = client.seat_in(conversation_id)
            if seat is not None and seat.standing is records.Standing.OWNER:
                yield client.sid

    def in_room(self, room: Room) -> list[Client]:
        return [client for sid in room.sids if (client := self.clients.get(sid)) is not None]

    def room_id(self, room: Room, conversation_id: int) -> str | None:
        for client in self.in_room(room)[:1]:
            seat = client.seat_in(conversation_id)
            if seat is not None:
                return seat.room_id
        return None
