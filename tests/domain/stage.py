"""The real domain and its model side by side: each step is done by both, and compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis.stateful import RuleBasedStateMachine

from parley.contract import Reaction
from parley.domain import conversations, participants, reactions, sessions
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.messages import Draft, Sent
from parley.domain.participants import Joined, Joining
from parley.records import (
    Event,
    Message,
    MessageChanged,
    MessageSent,
    PartChanged,
    Participant,
    ParticipantArrived,
    ParticipantLeft,
    ParticipantProven,
    ParticipantWonBack,
    Session,
    SessionRenewed,
)
from parley.storage import sessions as stored_sessions
from tests.domain.model import Asked, Holder, Person, Refusal, Room
from tests.domain.viewer import Viewer
from tests.domain.world import World

T = TypeVar("T")


class Stage(RuleBasedStateMachine):
    empty: Path
    """A folder with the database of a first start."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.empty)
        self.rooms: list[Room] = []
        self.holders: dict[int, Holder] = {}
        self.viewers: dict[int, Viewer] = {}
        # What a socket keeps of the participant it is.
        self.records: dict[tuple[str, str], Participant] = {}
        self._sockets = 0

    def teardown(self) -> None:
        self.world.ends()

    @property
    def context(self) -> Context:
        return self.world.context

    # --- picking: a number is one of however many there are ---

    def room(self, where: int) -> Room:
        return self.rooms[where % len(self.rooms)]

    def holder(self, who: int) -> Holder:
        return list(self.holders.values())[who % len(self.holders)]

    def seats(self) -> list[tuple[Room, Person, str]]:
        """Every open socket, and who is on it where."""
        return [
            (room, person, socket)
            for room in self.rooms
            for person in room.people.values()
            for socket in sorted(person.sockets)
        ]

    def seat(self, which: int) -> tuple[Room, Person, str]:
        seats = self.seats()
        return seats[which % len(seats)]

    def here(self) -> list[tuple[Room, Person]]:
        """Everyone on a socket, or missed for less than the grace."""
        everyone = [(room, person) for room in self.rooms for person in room.people.values()]
        return [(room, person) for room, person in everyone if person.is_here]

    def new_socket(self) -> str:
        self._sockets += 1
        return f"socket {self._sockets}"

    # --- doing ---

    def tries(self, work: Coroutine[Any, Any, T], refusal: Refusal | None) -> T | None:
        """The result; None where it was refused, as it had to be."""
        if refusal is None:
            return self.world.does(work)
        with pytest.raises(refusal) as refused:
            self.world.does(work)
        assert refused.type is refusal
        return None

    def resolves(self, holder: Holder | None) -> Session | None:
        """As the transports do with every secret that is presented to them."""
        if holder is None:
            return None
        session = self.world.does(sessions.resolve(self.context, holder.token))
        assert session is not None
        if not holder.is_used:
            holder.is_used = True
            for room in self.rooms:
                room.proves(holder.id)
            assert self.hears_of_people() == []
        return session

    def creates_one(self, holder: Holder | None, created_by: str | None) -> None:
        at, session = self.world.clock(), self.resolves(holder)
        created = self.world.does(conversations.create(self.context, session, user_id=created_by))
        made = created.conversation
        if created.token is not None:
            self._keep(made.owner_session_id, created.token, from_socket=False)
        assert created_by in (None, made.created_by)
        assert (created.token is None) == (holder is not None)
        self.rooms.append(Room(made.id, made.room_id, made.owner_session_id, made.created_by, at))
        self.looks(self.rooms[-1])

    def joins_one(self, room: Room, asked: Asked, *, keeps_cookie: bool = False) -> None:
        joining = Joining(
            self._session(asked),
            asked.wanted_id,
            asked.name,
            asked.socket,
            asked.is_proven,
            keeps_cookie,
        )
        asked.keeps_cookie = keeps_cookie
        refusal = room.refuses(asked, self.holders)
        joined = self.tries(participants.join(self.context, room.id, joining), refusal)
        if joined is None:
            assert self.hears() == []
            return
        if joined.token is not None:
            holder = self._keep(joined.session.id, joined.token, asked.socket is not None)
            holder.is_used = keeps_cookie
        self._compare(room, asked, joined, is_used=self.holders[joined.session.id].is_used)

    def _compare(self, room: Room, asked: Asked, joined: Joined, *, is_used: bool) -> None:
        record = joined.participant
        assert (joined.token is None) == (asked.holder is not None)
        assert asked.holder is None or asked.holder.id == joined.session.id
        person, told_of = room.joins(
            asked, joined.session.id, record.user_id, is_unproven=not is_used
        )
        assert (record.username, record.role) == (person.username, person.role)
        assert joined.participant_count == room.count
        self.records[room.id, record.user_id] = record
        assert (record.is_alike, record.is_unproven) == (person.is_alike, person.is_unproven)
        assert sorted(self.hears_of_people()) == sorted(
            ("arrived", name, room.count) for name in told_of
        )

    def _session(self, asked: Asked) -> Session | None:
        if asked.holder is None or asked.is_proven:
            return self.resolves(asked.holder)
        return self.world.does(self.context.database.read(stored_sessions.by_id, asked.holder.id))

    def comes_back(self, room: Room, holder: Holder, draft: Draft, times: int) -> list[str]:
        """Whoever had left and speaks over REST is back by it; who is told of in doing so."""
        person = room.of_session(holder.id)
        if person is None or person.is_in or room.refuses_words(holder.id, draft.client_id):
            return []
        if room.first(holder.id, draft.client_id) is not None:
            return []  # what is only repeated brings nobody back
        asked = Asked(holder, None, None, None, True, self.world.clock())
        told_of: list[str] = []
        for _ in range(times):  # each of them finds that they had left, and has them come in
            told_of += room.joins(asked, holder.id, person.user_id, is_unproven=False)[1]
        return [person.username, *(name for name in told_of if name != person.username)]

    def sends_each(
        self,
        room: Room,
        session: int,
        draft: Draft,
        works: Sequence[Awaitable[Sent]],
        *,
        back: Sequence[str] = (),
    ) -> None:
        """All at once; the writer takes them in the order they were asked in."""
        at = self.world.clock()
        refusal = room.refuses_words(session, draft.client_id, draft.reply_to)
        results = self.world.does(_all(works))
        if refusal is not None:
            assert [type(result) for result in results] == [refusal] * len(works)
            assert self.hears() == []
            return
        told = []
        for result in results:
            assert isinstance(result, Sent)
            first = room.first(session, draft.client_id)
            assert result.duplicate == (first is not None)
            if first is not None:
                assert result.message == first
                continue
            person, message = room.of_session(session), result.message
            assert person is not None
            assert (message.user_id, message.username) == (person.user_id, person.username)
            assert (message.text, message.client_id) == (draft.text, draft.client_id)
            assert message.sent_at == at
            assert message.answered == room.answered(draft.reply_to)
            assert json.loads(message.mentions or "[]") == room.meant(draft.text)
            room.hears(session, message)
            told.append(MessageSent(message))
        heard = self.hears()
        arrived = [each for each in heard if isinstance(each, ParticipantArrived)]
        assert sorted(each.participant.username for each in arrived) == sorted(back)
        assert heard == [*arrived, *told]

    def reacts_one(
        self,
        room: Room,
        holder: Holder,
        message: Message,
        emoji: str,
        *,
        on: bool,
        seated: Participant | None = None,
    ) -> None:
        """On the socket of who is `seated`, else over REST."""
        if seated is not None:

            async def on_socket() -> Changed:
                return await reactions.react(self.context, seated, message.id, emoji, on=on)

            work = on_socket()
        else:
            session = self.resolves(holder)
            work = reactions.react_as(self.context, room.id, session, message.id, emoji, on=on)
        reacted = self.tries(work, room.refuses_reaction(holder.id, message, on=on))
        if reacted is None:
            assert self.hears() == []
            return
        person = room.of_session(holder.id)
        assert person is not None
        assert reacted.is_news == room.reacts(message, emoji, person.user_id, on=on)
        if not reacted.is_news:
            assert reacted.message == message
            assert self.hears() == []
            return
        found = msgspec.json.decode(reacted.message.reactions or "[]", type=list[Reaction])
        assert [(each.emoji, each.count, each.user_ids) for each in found] == room.sums(message)
        told_of: list[str] = []
        if not person.is_in:  # whoever had left is back by it
            asked = Asked(holder, None, None, None, True, self.world.clock())
            _, names = room.joins(asked, holder.id, person.user_id, is_unproven=False)
            told_of = [person.username, *(name for name in names if name != person.username)]
        room.changes_one(reacted.message)
        *arrived, changed = self.hears()
        assert changed == MessageChanged(reacted.message)
        assert all(isinstance(each, ParticipantArrived) for each in arrived)
        names_heard = [
            each.participant.username for each in arrived if hasattr(each, "participant")
        ]
        assert sorted(names_heard) == sorted(told_of)

    def does_both(self, *works: Coroutine[Any, Any, object]) -> None:
        for result in self.world.does(_all(works)):
            assert not isinstance(result, BaseException)

    def _keep(self, id: int, token: str, from_socket: bool) -> Holder:
        holder = self.holders[id] = Holder(id, token, from_socket)
        return holder

    # --- hearing ---

    def hears(self) -> list[Event]:
        """What was told since this was last asked; whoever looks on hears it too."""
        # Of what is a session's own to know, the others hear nothing.
        events: list[Event] = [
            each for each in self.world.told if not isinstance(each, PartChanged)
        ]
        self.world.told.clear()
        for event in events:
            assert not isinstance(event, SessionRenewed)  # nobody here comes by a link
            self.viewers[event.conversation_id].hears(event)
        return events

    def hears_of_people(self) -> list[tuple[str, str, int]]:
        """Who came and who went, by name, with the count that was told."""
        kinds = {ParticipantArrived: "arrived", ParticipantLeft: "left"}
        heard = []
        for event in self.hears():
            if isinstance(event, ParticipantWonBack | ParticipantProven):
                continue  # neither came nor went
            assert isinstance(event, ParticipantArrived | ParticipantLeft)
            name, count = event.participant.username, event.participant_count
            heard.append((kinds[type(event)], name, count))
        return heard

    def looks(self, room: Room) -> None:
        self.hears()
        snapshot = self.world.does(conversations.snapshot(self.context, room.id, None))
        self.viewers[room.key] = Viewer.looks(snapshot)


async def _all(works: Sequence[Awaitable[T]]) -> list[T | BaseException]:
    return await asyncio.gather(*works, return_exceptions=True)
