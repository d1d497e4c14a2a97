"""Sitting down in a conversation: the state first, then all that happened after it."""

from __future__ import annotations

from functools import partial

from parley import contract, records
from parley.domain import conversations
from parley.domain.context import Context
from parley.errors import BadRequest, NotJoined
from parley.live.audience import Audience, Client, Credential, Seat
from parley.live.rooms import Room
from parley.live.shared_states import Arrival, State, as_wire
from parley.live.small_rooms import SmallRooms
from parley.wire.server import Server

STATE = "conversation_state"


class Seating:
    """Gives sockets their seats."""

    def __init__(self, context: Context, server: Server, audience: Audience) -> None:
        self._context = context
        self._server = server
        self._audience = audience
        self._small_rooms = SmallRooms(context, self._encode)

    async def seat(
        self,
        client: Client,
        credential: Credential,
        room_id: str,
        person: records.Participant | None,
        since: int | None,
    ) -> State:
        """Send the state, then everything that happened after it, once each and in order."""
        check_room_for_more(client, room_id)
        closings = self._audience.closings
        if person is None:
            found = await conversations.find(self._context, room_id, credential.session)
            conversation_id, standing = found.id, found.standing
        else:
            conversation_id = person.conversation_id
            is_owner = person.role is records.Role.OWNER
            standing = records.Standing.OWNER if is_owner else records.Standing.MEMBER
        if not client.is_open:
            raise NotJoined  # gone meanwhile: nobody would ever take it out of the room
        seat = Seat(conversation_id, room_id, standing, person, credential)
        client.get_up(conversation_id)
        client.seats[room_id] = seat
        self._server.seated(client.sid)
        room = self._audience.room(conversation_id)
        room.arrive(client.sid, person.user_id if person else None)
        try:
            if self._audience.ordering is not None:
                await self._audience.ordering.begins(conversation_id)
            state = await self._state(seat, room, since, closings)
            if seat.standing is records.Standing.OWNER:
                await self._look_at_right_again(seat)
        except BaseException:
            self._audience.unseat(client, conversation_id)
            raise
        is_put_out = client.seats.get(room_id) is not seat
        if person is not None and not self._context.presence.has(person, client.sid):
            # Between their joining and their sitting down, when nobody could show them out.
            self._audience.unseat(client, conversation_id)
            is_put_out = True
        if is_put_out:
            raise NotJoined
        if client.is_open:
            seat.room_id = state.data.room_id
            client.seats[seat.room_id] = seat
            self._server.send_encoded(client.sid, STATE, state.data, state.frame)
            room.settle(self._server, client.sid, state.seq)
            if self._audience.calling is not None:
                self._audience.calling.greet(client, seat)
        return state

    async def _look_at_right_again(self, seat: Seat) -> None:
        """It may have been taken back between their joining and their sitting down, when
        nobody could tell the seat."""
        session = seat.credential.session
        found = await conversations.find(self._context, seat.room_id, session)
        if found.standing is not records.Standing.OWNER:
            seat.lower()

    async def _state(self, seat: Seat, room: Room, since: int | None, closings: int) -> State:
        """The state for a socket that arrived.

        Neither what was told before nor whoever comes in themselves may be missing from it.
        """
        crowd = room.gathering()
        if crowd is None:
            return await self._state_alone(seat, since)
        arrival = Arrival(
            since, seat.person is not None, room.told, room.unnumbered, crowd.readings.begun
        )
        if seat.person is None and self._audience.closings != closings:
            # A shared state is nobody's leave to read, and this door may have been closed since.
            await conversations.find(self._context, seat.room_id, seat.credential.session)
        read = partial(_read, self._context, seat.conversation_id)
        reading = await crowd.readings.reading(arrival, lambda: room.unnumbered, read)
        return reading.state(since, self._encode)

    async def _state_alone(self, seat: Seat, since: int | None) -> State:
        session = seat.credential.session
        if since is not None:
            found = await conversations.catch_up(self._context, seat.room_id, session, since=since)
        elif seat.person is not None:
            return await self._small_rooms.state(seat.conversation_id)
        else:
            found = await conversations.snapshot(self._context, seat.room_id, session)
        return State(as_wire(found), found.conversation.seq)

    def _encode(self, state: contract.ConversationState) -> bytes:
        return self._server.encode(STATE, state)


async def _read(context: Context, conversation_id: int, since: int | None) -> records.Recent:
    return await conversations.recent(context, conversation_id, since=since)


def check_room_for_more(client: Client, room_id: str) -> None:
    if len(client.seats) < contract.ROOMS_PER_SOCKET or room_id in client.seats:
        return
    if len(client.conversations) >= contract.ROOMS_PER_SOCKET:
        raise BadRequest(f"A socket can be in at most {contract.ROOMS_PER_SOCKET} conversations.")
