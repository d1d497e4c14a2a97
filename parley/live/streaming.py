"""Who hears a conversation as a stream: first what they missed, then all that happens.

They have a seat as whoever reads along by a socket. Who takes part is told what a socket of theirs
would be, but is not here by it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from parley import contract, present, records
from parley.domain import conversations
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.missed import missed
from parley.errors import ParleyError, RateLimited, Unavailable
from parley.live.audience import Audience, Client, Credential, Seat
from parley.live.shared_states import as_wire
from parley.wire import stream
from parley.wire.places import RETRY_AFTER_S
from parley.wire.server import Server
from parley.wire.stream import Stream

log = structlog.get_logger(__name__)

STATE = "conversation_state"
CROWDED = "Too many connections from your address. Close some or wait a moment."


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a stream that begins is to tell."""

    client: Client
    room_id: str
    since: int | None


class Streams:
    """Those of a server. Nothing here waits for who does not read."""

    def __init__(self, context: Context, server: Server, audience: Audience) -> None:
        self._context = context
        self._server = server
        self._audience = audience
        self._asked: dict[str, _Asked] = {}
        """By their ids, until they are open."""
        self._beginning: set[asyncio.Task[None]] = set()
        server.on_stream_open = self._open
        server.on_stream_lost = self._lost

    async def check(self, room_id: str, session: records.Session | None) -> None:
        """Raises as `conversations.find`, where somebody may not have a stream of it."""
        await conversations.find(self._context, room_id, session)

    async def make(
        self,
        room_id: str,
        session: records.Session | None,
        *,
        since: int | None,
        address: str,
        is_line: bool,
    ) -> Stream:
        """A stream for who may read it, which begins once it is open.

        Raises as `conversations.find`, and `RateLimited` where their address has too many.
        """
        found = await conversations.find(self._context, room_id, session)
        if since is not None and since > found.conversation.seq:
            since = None  # nobody's honest memory of it
        made = self._server.stream(address, is_line=is_line)
        if made is None:
            raise RateLimited(CROWDED, retry_after=RETRY_AFTER_S)
        credential = Credential(session, proven=session is not None)
        client = Client(made.sid, credential, address=address)
        self._asked[made.sid] = _Asked(client, room_id, since)
        return made

    def _open(self, opened: Stream) -> None:
        asked = self._asked.pop(opened.sid)
        self._audience.clients[opened.sid] = asked.client
        opened.write(b"retry: %d\n\n" % stream.RETRY_MS)
        task = asyncio.create_task(self._begin(opened, asked))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    def _lost(self, lost: Stream) -> None:
        self._asked.pop(lost.sid, None)
        client = self._audience.clients.pop(lost.sid, None)
        if client is None:
            return
        client.is_open = False
        for conversation_id in client.conversations:
            self._audience.unseat(client, conversation_id)

    async def _begin(self, opened: Stream, asked: _Asked) -> None:
        try:
            since = asked.since
            if since is not None:
                since = await self._tell_missed(opened, asked, since)
            if opened.is_open:
                await self._seat(opened, asked, since)
        except Unavailable:
            opened.close()  # who comes back is told why
        except ParleyError:
            # It was closed to them since they asked.
            told = present.closed(asked.room_id)
            self._server.send_to((opened.sid,), "removed", told)
            opened.close()
        except Exception:
            log.exception("stream_failed")
            opened.close()

    async def _tell_missed(self, opened: Stream, asked: _Asked, since: int) -> int:
        """All up to the seq that this gives, as fast as it is read."""
        has_more = True
        while has_more and opened.is_open:
            since, has_more, _ = await self._tell_page(opened, asked, since)
            await opened.caught_up()
        return since

    async def _tell_page(
        self, opened: Stream, asked: _Asked, since: int
    ) -> tuple[int, bool, Found]:
        session = asked.client.credential.session
        known = since if asked.since is None else asked.since
        page = await missed(self._context, asked.room_id, session, since=since, known=known)
        told = []
        for seq, event in page.events:
            name, data = present.event(event)  # type: ignore[arg-type]  # all of them have one
            told.append(stream.encode(name, data, seq))
        if told:
            opened.write(b"".join(told))
        return page.seq, page.has_more, page.found

    async def _seat(self, opened: Stream, asked: _Asked, since: int | None) -> None:
        """Be told what happens from here on; first what happened until then."""
        client, room_id = asked.client, asked.room_id
        session = client.credential.session
        found = await conversations.find(self._context, room_id, session)
        if not opened.is_open:
            return
        seat = Seat(found.id, room_id, found.standing, _person(found), client.credential)
        client.seats[room_id] = seat
        room = self._audience.room(found.id)
        room.arrive(opened.sid, seat.person.user_id if seat.person else None)
        if self._audience.ordering is not None:
            await self._audience.ordering.begins(found.id)
        if since is None:
            snapshot = await conversations.snapshot(self._context, room_id, session)
            found = Found(snapshot.conversation, snapshot.standing, snapshot.person)
            since, state = snapshot.conversation.seq, as_wire(snapshot)
            if opened.is_open:
                self._server.send_to((opened.sid,), STATE, state, since)
        else:
            has_more = True
            while has_more and opened.is_open:
                since, has_more, found = await self._tell_page(opened, asked, since)
        if client.seats.get(room_id) is not seat or not opened.is_open:
            return  # put out, or gone, while that was read
        seat.standing, seat.person = found.standing, _person(found)
        seat.room_id = found.conversation.room_id
        client.seats[seat.room_id] = seat
        room.settle(self._server, opened.sid, since)
        if self._audience.calling is not None:
            self._audience.calling.greet(client, seat)
        self._tell_announced(client)

    def _tell_announced(self, client: Client) -> None:
        now = self._context.host.announcement
        if now is not None and client.announced != now.id:
            client.announced = now.id
            told = contract.Announced(id=now.id, text=now.text)
            self._server.send_to((client.sid,), "announced", told)


def _person(found: Found) -> records.Participant | None:
    """As whom somebody is told what concerns them alone; None for who only reads."""
    person = found.person
    return None if person is None or person.left_for_good else person
