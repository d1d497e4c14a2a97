"""Telling in order, where several processes store: each event after the one before it in the log,
none left out, whatever the bus brings and loses.

An event whose seq is not the next waits for some milliseconds; then what lies between is read from
the log. Where each room is, is compared with the database every few seconds, so that what no hint
told of is told then. What has no seq has a version instead, counted in the database: where hints
may have been lost and it is another than before, rights are looked at again, and the state is sent.

What has no seq may also come in another order than it was stored, where two processes stored it at
the same moment. So the state is sent once more where owners decided something at two of them, and
where the number of people that was told last stays another than the database's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from parley import contract, present, records
from parley.domain import behind, conversations
from parley.domain.behind import Behind
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import ParleyError, Unavailable
from parley.live.amends import Amends
from parley.live.audience import Audience, Client
from parley.live.rooms import Room
from parley.live.shared_states import as_wire
from parley.wire.server import Server

log = structlog.get_logger(__name__)

WAIT_S = 0.05
"""How long what comes too early waits for what is before it."""
COMPARE_EVERY_S, COMPARE_AWAY_EVERY_S = 5.0, 1.0
"""How often positions are compared; while the bus is away."""
SOON_S = 0.1
"""After hints were lost: what else is missed then is looked for together."""
MET_WITHIN_S = 5.0
"""Of what was decided at two processes within so long, nobody knows which was stored last."""
AGAIN_S = 0.5
"""After the database could not be read."""
STATE = "conversation_state"
_DECIDED = (records.ConversationChanged, records.LinkReplaced, records.RoleChanged)
_COUNTING = (records.ParticipantArrived, records.ParticipantLeft, records.ParticipantRemoved)


class SharedBus(Protocol):
    """What is asked of the bus."""

    @property
    def speaker(self) -> str: ...
    @property
    def is_away(self) -> bool: ...


@dataclass(slots=True)
class _Place:
    """Where a room is."""

    room: Room
    at: int | None = None
    """All up to this seq was told, and nothing after it; None until the database was asked."""
    waiting: dict[int, records.Event] = field(default_factory=dict)
    """What came before its turn, by seq."""
    begins: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    catching_up: asyncio.Task[None] | None = None
    began_s: float = 0.0
    """When the database was asked, in the event loop's time: what was lost before, it told."""
    is_held: bool = False
    """Whether nothing may be told now, as a state is being read."""
    sent_s: float = -math.inf
    """When its state was sent to all, in the event loop's time."""
    last: records.Position | None = None
    """As it was when it was compared last."""
    people: int | None = None
    """Whose number was told last; None where none was."""
    decided_by: str = ""
    """The process where its owners decided something last."""
    decided_s: float = -math.inf
    before: records.Position | None = None
    """And the time before: a hint may have been on its way at the last, and been lost then."""


class Ordering:
    """`hear` is for the bus. Begin with `run`, in a task that is cancelled at the end."""

    def __init__(
        self, context: Context, audience: Audience, server: Server, bus: SharedBus
    ) -> None:
        self._context = context
        self._audience = audience
        self._server = server
        self._bus = bus
        self._places: dict[int, _Place] = {}
        self._missed_s: float | None = -math.inf
        """When hints were last found to be lost, or maybe so, in the event loop's time; None where
        that was looked into.
        """
        self._wake = asyncio.Event()
        self._amends = Amends(context, audience, server)
        self._tasks: set[asyncio.Task[None]] = set()
        self._unmended: set[int] = set()
        """Rooms of which some were not sent the state yet that they may have missed."""

    # --- what the bus brings ---

    def hear(self, event: records.Event) -> None:
        """Tell of it, in its turn."""
        seq = records.seq_of(event)
        place = self._place(records.conversation_of(event))
        if not seq or place is None:
            if not seq:
                self._amends.hear(event)
            self._audience.deliver(event)
            if place is not None:
                self._note(place, event)
        elif place.at is None or place.is_held:
            place.waiting[seq] = event
        elif seq == place.at + 1:
            self._tell(place, event, seq)
            if place.waiting:
                self._go_on(event, place)
        elif seq > place.at:
            place.waiting[seq] = event
            self._wait(records.conversation_of(event), place)

    def _note(self, place: _Place, event: records.Event) -> None:
        """What has no seq was told."""
        if isinstance(event, _COUNTING):
            place.people = event.participant_count
        elif isinstance(event, _DECIDED):
            now_s, speaker = asyncio.get_running_loop().time(), self._bus.speaker
            has_met = place.decided_by != speaker and now_s < place.decided_s + MET_WITHIN_S
            place.decided_by, place.decided_s = speaker, now_s
            if has_met:
                self.look(event.conversation_id)

    def missed(self) -> None:
        """Hints were lost, or may have been."""
        self._missed_s = _now_s()
        self._wake.set()

    def look(self, conversation_id: int) -> None:
        """Something happened there, and nobody knows what."""
        place = self._place(conversation_id)
        if place is not None:
            self._begin(self._mend(conversation_id, place, has_rights=True))
        elif conversation_id in self._audience.following.of:
            self._audience.following.look_again((conversation_id,))

    def wants(self, conversation_id: int) -> bool:
        """Whether anybody here is told of what is said there."""
        return (
            conversation_id in self._audience.rooms
            or conversation_id in self._audience.following.of
        )

    # --- a room begins ---

    async def begins(self, conversation_id: int) -> None:
        """Know where a room is in which somebody has just arrived, before their state is read.

        Raises `Unavailable`.
        """
        room = self._audience.rooms[conversation_id]
        place = self._places.get(conversation_id)
        if place is None or place.room is not room:
            place = self._places[conversation_id] = _Place(room)
            place.began_s = _now_s()
            place.begins = asyncio.create_task(self._find(conversation_id, place))
        if place.begins is not None:
            await asyncio.shield(place.begins)

    async def _find(self, conversation_id: int, place: _Place) -> None:
        try:
            found = await behind.positions(self._context, [conversation_id])
        except BaseException:
            if self._places.get(conversation_id) is place:
                del self._places[conversation_id]
            raise
        place.begins = None
        place.last = place.before = found.get(conversation_id)
        place.at = place.last.seq if place.last else 0
        self._drain(conversation_id, place)

    def _place(self, conversation_id: int) -> _Place | None:
        """Of a room in which anybody is."""
        place = self._places.get(conversation_id)
        if place is None or self._audience.rooms.get(conversation_id) is not place.room:
            return None
        return place

    # --- in order ---

    def _tell(self, place: _Place, event: records.Event, seq: int) -> None:
        place.at = seq
        self._audience.deliver(event)

    def _go_on(self, event: records.Event, place: _Place) -> None:
        self._drain(records.conversation_of(event), place)

    def _drain(self, conversation_id: int, place: _Place) -> None:
        """Tell what waited, as far as nothing is missing."""
        if place.at is None or place.is_held:
            return
        while (event := place.waiting.pop(place.at + 1, None)) is not None:
            self._tell(place, event, place.at + 1)
        if place.waiting:
            at = place.at
            for seq in [seq for seq in place.waiting if seq <= at]:
                del place.waiting[seq]
        if place.waiting:
            self._wait(conversation_id, place)
        elif place.timer is not None:
            place.timer.cancel()
            place.timer = None

    def _wait(self, conversation_id: int, place: _Place) -> None:
        if place.timer is None and place.catching_up is None:
            loop = asyncio.get_running_loop()
            place.timer = loop.call_later(WAIT_S, self._catch_up_now, conversation_id, place)

    def _catch_up_now(self, conversation_id: int, place: _Place) -> None:
        place.timer = None
        if self._place(conversation_id) is place and place.catching_up is None:
            place.catching_up = self._begin(self._catch_up(conversation_id, place))

    def _begin(self, work: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _catch_up(self, conversation_id: int, place: _Place) -> None:
        """Tell what is in the log and was not told."""
        try:
            while self._place(conversation_id) is place and place.at is not None:
                newest = max(place.waiting, default=0)
                try:
                    found = await behind.behind(self._context, conversation_id, since=place.at)
                except Unavailable:
                    await asyncio.sleep(AGAIN_S)
                    continue
                if self._place(conversation_id) is place and not place.is_held:
                    self._tell_behind(conversation_id, place, found)
                    if found.conversation is not None and found.conversation.seq < newest:
                        # The database was set back: what was told of it is no more.
                        place.waiting.clear()
                break
        finally:
            place.catching_up = None
            self._drain(conversation_id, place)

    def _tell_behind(self, conversation_id: int, place: _Place, found: Behind) -> None:
        conversation, at = found.conversation, place.at
        if conversation is None:
            self._tell_deleted(conversation_id, place.room)
            return
        if at is None or conversation.seq <= at:
            return
        for event in _in_order(found, at):
            self._audience.deliver(event)
        if found.is_all:
            room = place.room
            if conversation.erased_through > room.erased_through:
                self._audience.deliver(
                    records.MessagesErased(
                        conversation_id,
                        conversation.room_id,
                        conversation.erased_through,
                        conversation.seq,
                    )
                )
            if conversation.ended_at is not None and not room.is_over:
                self._audience.deliver(
                    records.ConversationEnded(
                        conversation_id,
                        conversation.room_id,
                        conversation.seq,
                        conversation.ended_at,
                    )
                )
        place.at = conversation.seq
        place.room.moved_to(conversation.seq)
        told = len(found.messages) + len(found.epochs)
        if told < conversation.seq - at or not found.is_all:
            # What was told is not one after the other: whoever keeps a log asks for the rest.
            self._tell_position(conversation, place)

    def _tell_position(self, conversation: records.Conversation, place: _Place) -> None:
        position = contract.RoomPosition(room_id=conversation.room_id, seq=conversation.seq)
        place.room.tell(self._server, "room_position", position)

    def _tell_deleted(self, conversation_id: int, room: Room) -> None:
        room_id = self._audience.room_id(room, conversation_id)
        self._audience.deliver(records.ConversationDeleted(conversation_id, room_id or ""))

    # --- comparing ---

    async def run(self) -> None:
        """Compare positions until cancelled."""
        while True:
            try:
                await self.compare()
            except Unavailable:
                self._missed_s = _now_s()
            except Exception:
                log.exception("comparing_failed")
            is_soon = self._is_away() or self._amends.is_due
            every_s = COMPARE_AWAY_EVERY_S if is_soon else COMPARE_EVERY_S
            try:
                async with asyncio.timeout(every_s):
                    await self._wake.wait()
                    await asyncio.sleep(SOON_S)
            except TimeoutError:
                pass
            self._wake.clear()

    def _is_away(self) -> bool:
        return self._bus.is_away

    async def compare(self) -> None:
        """Tell every room what it was not told, and where hints were lost, what may be else."""
        missed_s, self._missed_s = _now_s() if self._is_away() else self._missed_s, None
        self._places = {id: place for id, place in self._places.items() if self._place(id)}
        self._unmended &= self._places.keys()
        following = self._audience.following
        asked = dict(self._places)  # of a room that begins meanwhile nobody asked
        try:
            found = await behind.positions(self._context, asked)
        except Unavailable:
            if self._missed_s is None:
                self._missed_s = missed_s
            raise
        for conversation_id, place in asked.items():
            if self._place(conversation_id) is not place or place.at is None:
                continue
            now = found.get(conversation_id)
            if now is None:
                self._tell_deleted(conversation_id, place.room)
                continue
            if now.seq > place.at and place.catching_up is None:
                place.catching_up = self._begin(self._catch_up(conversation_id, place))
            before, last = place.before, place.last
            place.before, place.last = last, now
            is_lossy = missed_s is not None and missed_s >= place.began_s
            is_another = is_lossy and before is not None and now.version != before.version
            is_quiet = last is not None and now.version == last.version
            is_miscounted = is_quiet and place.people not in (None, now.people)
            if is_another or is_miscounted or conversation_id in self._unmended:
                has_rights = before is None or now.rights != before.rights
                await self._mend(conversation_id, place, has_rights=has_rights)
        if missed_s is not None:
            following.look_again(list(following.of))
        try:
            await self._amends.look(is_lossy=missed_s is not None)
        except Unavailable:
            if self._missed_s is None:
                self._missed_s = missed_s
            raise

    # --- what has no seq ---

    async def _mend(self, conversation_id: int, place: _Place, *, has_rights: bool) -> None:
        """Look again who may be there, and send those the state as it is."""
        if has_rights:
            self._audience.closings += 1
            await self._look_at_rights(conversation_id, place.room)
        if self._place(conversation_id) is not place or place.at is None:
            return
        if place.is_held:
            self._unmended.add(conversation_id)  # what is being read may be older
            return
        now_s = _now_s()
        if place.room.gathering() is not None and now_s < place.sent_s + COMPARE_EVERY_S:
            self._unmended.add(conversation_id)  # for so many it is not done each second
            return
        self._unmended.discard(conversation_id)
        place.sent_s = now_s
        place.is_held = True
        told = place.room.unnumbered
        try:
            found = await behind.behind(
                self._context, conversation_id, since=place.at, with_state=True
            )
        finally:
            place.is_held = False
        if self._place(conversation_id) is place and found.conversation is not None:
            self._tell_behind(conversation_id, place, found)
            if place.room.unnumbered != told:
                self._unmended.add(conversation_id)
            self._send_state(place, found)
        self._drain(conversation_id, place)

    def _send_state(self, place: _Place, found: Behind) -> None:
        """To those who sit: who is arriving is sent one that is no older."""
        if found.fresh is None:
            return
        place.room.unnumbered += 1
        place.people = found.fresh.conversation.participant_count
        id, seq = found.fresh.conversation.id, found.fresh.conversation.seq
        sids = []
        for sid in place.room.seated:
            client = self._audience.clients.get(sid)
            seat = None if client is None else client.seat_in(id)
            if seat is None:
                continue
            if seat.asked_to > seq:
                self._unmended.add(id)  # it knows more by now than this holds
            else:
                sids.append(sid)
        self._server.send_to(sids, STATE, as_wire(found.fresh))

    async def _look_at_rights(self, conversation_id: int, room: Room) -> None:
        """Show out whoever may not be there any more, and lower whoever owns it no more."""
        asked: dict[tuple[int | None, str], Found | ParleyError] = {}
        for client in self._audience.in_room(room):
            seat = client.seat_in(conversation_id)
            if seat is None:
                continue
            session = seat.credential.session
            key = (None if session is None else session.id, seat.room_id)
            if key not in asked:
                try:
                    asked[key] = await conversations.find(self._context, seat.room_id, session)
                except Unavailable:
                    raise
                except ParleyError as error:
                    asked[key] = error
            self._set_right(client, conversation_id, asked[key])

    def _set_right(
        self,
        client: Client,
        conversation_id: int,
        found: Found | ParleyError,
    ) -> None:
        seat = client.seat_in(conversation_id)
        if seat is None:
            return  # gone meanwhile
        show_out: Callable[[contract.Removed], None] = lambda told: self._audience.show_out(  # noqa: E731
            client, conversation_id, told
        )
        if isinstance(found, ParleyError):
            told = present.closed if seat.person is None else present.removed
            show_out(told(seat.room_id))
            return
        person = found.person
        if seat.person is not None:
            if person is None or person.user_id != seat.person.user_id:
                show_out(present.taken_back(seat.room_id))
                return
            if person.left_for_good:
                show_out(present.left(seat.room_id))
                return
            seat.person = person
        was_owner = seat.standing is records.Standing.OWNER
        if was_owner and found.standing is not records.Standing.OWNER:
            seat.lower()
        elif seat.person is None:
            seat.standing = found.standing
        if found.conversation.room_id != seat.room_id:
            told_link = records.LinkReplaced(
                conversation_id, seat.room_id, found.conversation.room_id
            )
            client.rename(seat, found.conversation.room_id)
            name, data = present.event(told_link)
            self._server.send_to((client.sid,), name, data)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _in_order(found: Behind, at: int) -> list[records.Event]:
    """What is to be told of it to who knows all up to `at`: of too many messages none."""
    events: list[tuple[int, records.Event]] = [(each.seq, each) for each in found.epochs]
    for message in found.messages if found.is_all else ():
        if message.seq > at:
            events.append((message.seq, records.MessageSent(message)))
        elif message.changed_seq > at:
            events.append((message.changed_seq, records.MessageChanged(message)))
    return [event for _, event in sorted(events, key=lambda each: each[0])]


async def _logged(work: object) -> None:
    try:
        await work  # type: ignore[misc]
    except Unavailable:
        log.warning("catching_up_put_off")
    except Exception:
        log.exception("catching_up_failed")
