"""Sitting down in a conversation: the state first, then all that happened after it."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from parley import contract, present, records
from parley.audience import Audience, Client, Credential, Seat
from parley.domain import conversations
from parley.domain.context import Context
from parley.errors import BadRequest, NotJoined
from parley.rooms import Crowd, Room, State
from parley.wire.server import Server

STATE = "conversation_state"


class Seating:
    """Gives sockets their seats."""

    def __init__(self, context: Context, server: Server, audience: Audience) -> None:
        self._context = context
        self._server = server
        self._audience = audience

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
        if person is None:
            found = await conversations.find(self._context, room_id, credential.session)
            conversation_id, standing = found.id, found.standing
        else:
            conversation_id = person.conversation_id
            standing = records.Standing(person.role.value)
        if not client.is_open:
            raise NotJoined  # gone meanwhile: nobody would ever take it out of the room
        seat = Seat(conversation_id, room_id, standing, person, credential)
        client.get_up(conversation_id)
        client.seats[room_id] = seat
        self._server.seated(client.sid)
        room = self._audience.room(conversation_id)
        room.arrive(client.sid, person.user_id if person else None)
        try:
            state = await self._state(seat, room, since)
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
        return state

    async def _look_at_right_again(self, seat: Seat) -> None:
        """It may have been taken back between their joining and their sitting down, when
        nobody could tell the seat."""
        session = seat.credential.session
        found = await conversations.find(self._context, seat.room_id, session)
        if found.standing is not records.Standing.OWNER:
            seat.lower()

    async def _state(self, seat: Seat, room: Room, since: int | None) -> State:
        """The state for a socket that arrived.

        Neither what was told before nor whoever comes in themselves may be missing from it.
        """
        room_id, person, session = seat.room_id, seat.person, seat.credential.session
        if since is not None:
            missed = await conversations.catch_up(self._context, room_id, session, since=since)
            return _as_state(missed)
        told, crowd = room.told, room.gathering()
        if crowd is None:
            return _as_state(await self._snapshot(seat))
        if person is None:
            # A shared state is nobody's leave to read, and the door may have been closed since.
            await conversations.find(self._context, room_id, session)

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
            crowd.reading = loop.create_task(self._read_for_crowd(crowd, seat))
        return await asyncio.shield(crowd.reading)

    async def _snapshot(self, seat: Seat) -> records.Snapshot:
        if seat.person is not None:
            return await conversations.snapshot_for(self._context, seat.person)
        session = seat.credential.session
        return await conversations.snapshot(self._context, seat.room_id, session)

    async def _read_for_crowd(self, crowd: Crowd, seat: Seat) -> State:
        try:
            state = _as_state(await self._snapshot(seat))
            state = replace(state, frame=self._server.encode(STATE, state.data))
            crowd.state = state
            crowd.fresh_until = asyncio.get_running_loop().time() + contract.GATHER_S / 2
            return state
        finally:
            crowd.reading = None


def check_room_for_more(client: Client, room_id: str) -> None:
    if room_id not in client.seats and len(client.conversations) >= contract.ROOMS_PER_SOCKET:
        raise BadRequest(f"One socket can be in {contract.ROOMS_PER_SOCKET} conversations at most.")


def _as_state(snapshot: records.Snapshot) -> State:
    conversation = snapshot.conversation
    data = contract.ConversationState(
        conversation=present.conversation(snapshot), room_id=conversation.room_id
    )
    return State(data, conversation.seq, frozenset(each.user_id for each in snapshot.participants))
