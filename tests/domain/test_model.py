"""Whatever people do, in whatever order, the domain does what a plain model of it does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from parley.contract import STATE_MESSAGES
from parley.domain import conversations, messages, participants, pins, reading
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.errors import ConversationNotFound, NotJoined
from parley.records import ConversationEnded, Message, MessageChanged, ReadingMoved
from parley.storage import participants as stored_participants
from parley.storage import readings as stored_readings
from tests.domain.model import Asked, Holder, Room
from tests.domain.stage import Stage
from tests.domain.world import GRACE_S
from tests.effort import times
from tests.fuzz.effort import EFFORT

# One of however many there are: taken modulo.
PICK = st.integers(0, 11)
USER_IDS = st.sampled_from([None, "ada", "ben", "cleo"])
NAMES = st.sampled_from([None, "Ada", "Ben", "Cleo"])
TEXTS = st.sampled_from(["Hi", "Hi, @Ben", "@cleo and @Ada: @Dan", "@ADA @ben @Cleo"])
CLIENT_IDS = st.sampled_from([None, "c-1", "c-2"])
ROOMS_MAX = 2


class Talking(Stage):
    """What people may say and do with it, and what always holds."""

    @initialize(created_by=USER_IDS)
    def ada_starts_and_ben_and_cleo_come(self, created_by: str | None) -> None:
        self.creates_one(None, created_by)
        (ada,), (room,), at = self.holders.values(), self.rooms, self.world.clock()
        self.joins_one(room, Asked(ada, "ada", "Ada", self.new_socket(), True, at))
        self.joins_one(room, Asked(None, "ben", "Ben", self.new_socket(), True, at))
        self.joins_one(room, Asked(None, "cleo", "Cleo", None, True, at))

    # --- talking ---

    @rule(where=PICK, who=PICK, client_id=CLIENT_IDS, times=st.integers(1, 3))
    def sends_over_rest(self, where: int, who: int, client_id: str | None, times: int) -> None:
        room, holder = self.room(where), self.holder(who)
        session = self.resolves(holder)
        draft = Draft("Hello", client_id=client_id)
        works = [messages.send_as(self.context, room.id, session, draft) for _ in range(times)]
        self.sends_each(
            room, holder.id, draft, works, back=self.comes_back(room, holder, draft, times)
        )

    @precondition(lambda self: self.seats())
    @rule(
        which=PICK,
        text=TEXTS,
        answers=st.none() | PICK,
        client_id=CLIENT_IDS,
        times=st.integers(1, 3),
    )
    def says(
        self, which: int, text: str, answers: int | None, client_id: str | None, times: int
    ) -> None:
        room, person, _ = self.seat(which)
        answered = None
        if answers is not None and room.messages:
            answered = room.messages[answers % len(room.messages)].id
        draft = Draft(text, client_id=client_id, reply_to=answered)
        record = self.records[room.id, person.user_id]
        works = [messages.send(self.context, record, draft) for _ in range(times)]
        self.sends_each(room, person.session, draft, works)

    @precondition(lambda self: any(room.messages for room in self.rooms))
    @rule(where=PICK, which=PICK, who=PICK, text=TEXTS)
    def edits(self, where: int, which: int, who: int, text: str) -> None:
        """Whoever it is: mostly those who said it."""
        room, before = self.said_one(where, which)
        author = self.holders[room.said_by[before.seq]]
        holder = self.holder(who) if who % 4 == 0 else author
        session, at = self.resolves(holder), self.world.clock()
        refusal = room.refuses_edit(holder.id, before)
        editing = messages.edit(self.context, room.id, session, before.id, text)
        edited = self.tries(editing, refusal)
        if edited is None or before.text == text:
            assert edited is None or not edited.is_news
            assert self.hears() == []
            return
        now = edited.message
        assert (now.text, now.edited_at, now.sent_at) == (text, at, before.sent_at)
        named = room.names_in(text, room.named[now.seq])
        assert json.loads(now.mentions or "[]") == [*dict.fromkeys(named.values())]
        room.named[now.seq] = named
        room.changes_one(now)
        assert self.hears() == [MessageChanged(now)]

    @precondition(lambda self: any(room.messages for room in self.rooms))
    @rule(where=PICK, which=PICK, who=PICK)
    def deletes(self, where: int, which: int, who: int) -> None:
        """The same, and owners; when it is over, too."""
        room, before = self.said_one(where, which)
        author = self.holders[room.said_by[before.seq]]
        holder = self.holder(who) if who % 3 == 0 else author
        session, at = self.resolves(holder), self.world.clock()
        deleting = messages.delete(self.context, room.id, session, before.id)
        now = self.tries(deleting, room.refuses_delete(holder.id, before))
        if now is None or before.deleted_at:
            assert now in (None, before)
            assert self.hears() == []
            return
        assert (now.seq, now.id, now.text, now.deleted_at) == (before.seq, before.id, "", at)
        left = (now.edited_at, now.pinned_at, now.answered, now.mentions, now.parts, now.reactions)
        assert left == (None,) * 6
        room.deletes_one(now)
        assert self.hears() == [MessageChanged(now)]

    @precondition(lambda self: any(room.messages for room in self.rooms))
    @rule(where=PICK, which=PICK, who=PICK, on=st.booleans())
    def pins(self, where: int, which: int, who: int, on: bool) -> None:
        """Mostly owners."""
        room, before = self.said_one(where, which)
        holder = self.holder(who) if who % 3 == 0 else self.holders[room.owner]
        session, at = self.resolves(holder), self.world.clock()
        pinning = pins.pin(self.context, room.id, session, before.id, on=on)
        pinned = self.tries(pinning, room.refuses_pin(holder.id, before))
        if pinned is None or on == (before.pinned_at is not None):
            assert pinned is None or (pinned.message, pinned.is_news) == (before, False)
            assert self.hears() == []
            return
        assert pinned.message.pinned_at == (at if on else None)
        room.changes_one(pinned.message)
        assert self.hears() == [MessageChanged(pinned.message)]

    def said_one(self, where: int, which: int) -> tuple[Room, Message]:
        rooms = [room for room in self.rooms if room.messages]
        room = rooms[where % len(rooms)]
        return room, room.messages[which % len(room.messages)]

    @precondition(lambda self: any(room.messages for room in self.rooms))
    @rule(where=PICK, who=PICK, which=PICK, emoji=st.sampled_from("👍🎉"), on=st.booleans())
    def reacts(self, where: int, who: int, which: int, emoji: str, on: bool) -> None:
        room, message = self.said_one(where, which)
        self.reacts_one(room, self.holder(who), message, emoji, on=on)

    @precondition(lambda self: any(room.messages for room, _, _ in self.seats()))
    @rule(which=PICK, message=PICK, emoji=st.sampled_from("👍🎉"), on=st.booleans())
    def reacts_on_a_socket(self, which: int, message: int, emoji: str, on: bool) -> None:
        seats = [seat for seat in self.seats() if seat[0].messages]
        room, person, _ = seats[which % len(seats)]
        said = room.messages[message % len(room.messages)]
        seated = self.records[room.id, person.user_id]
        self.reacts_one(room, self.holders[person.session], said, emoji, on=on, seated=seated)

    # --- reading ---

    @rule(where=PICK, who=PICK, seq=st.integers(0, 20))
    def marks_what_they_read(self, where: int, who: int, seq: int) -> None:
        room, holder = self.room(where), self.holder(who)
        session, person = self.resolves(holder), room.of_session(holder.id)
        marking = reading.mark(self.context, room.id, session, reading.Mark(seq))
        now = self.tries(marking, None if person else NotJoined)
        if person is None:
            assert self.hears() == []
            return
        expected, is_news = room.marks_read(person.user_id, seq)
        assert now == expected
        moved = ReadingMoved(room.key, room.id, holder.id, expected, is_shown=person.is_in)
        assert self.hears() == [moved] * is_news

    @rule(where=PICK, who=PICK)
    def asks_what_they_missed(self, where: int, who: int) -> None:
        room, holder = self.room(where), self.holder(who)
        session, person = self.resolves(holder), room.of_session(holder.id)
        asking = reading.missed(self.context, room.id, session, after=None)
        found = self.tries(asking, None if person else NotJoined)
        if found is None or person is None:
            return
        missed = room.missed(person)
        after = room.read_through(person)
        assert (found.after, found.seq, found.count) == (after, room.seq, len(missed))
        by = Counter(each.user_id for each in missed)
        assert {each.user_id: each.count for each in found.authors} == by
        assert (list(found.mentions), list(found.replies)) == room.meaning(person.user_id, after)

    @rule(where=PICK, since=st.integers(-1, 12), limit=st.integers(1, 5), back=st.booleans())
    def reads(self, where: int, since: int, limit: int, back: bool) -> None:
        room, context = self.room(where), self.context
        all_of_it = tuple(room.messages)
        later = tuple(each for each in all_of_it if each.seq > since)
        earlier = tuple(each for each in all_of_it if each.seq < since)
        page = (
            (earlier[-limit:], len(earlier) > limit)
            if back
            else (later[:limit], len(later) > limit)
        )
        where_to = {"before": since} if back else {"after": since}
        assert (
            self.world.does(messages.history(context, room.id, None, limit=limit, **where_to))
            == page
        )
        found = self.world.does(
            conversations.changes(context, room.id, None, since=since, limit=limit)
        )
        changed = room.changed_after(since)
        assert (found.messages, found.more) == (changed[:limit], len(changed) > limit)
        assert found.seq == (changed[limit - 1].changed_seq if found.more else room.seq)
        caught_up = self.world.does(conversations.catch_up(context, room.id, None, since=since))
        assert caught_up.is_delta == (since <= room.seq)
        assert caught_up.messages == (
            changed if caught_up.is_delta else all_of_it[-STATE_MESSAGES:]
        )

    @rule(starts_again=st.booleans())
    def somebody_looks_afresh(self, starts_again: bool) -> None:
        if starts_again:
            self.world.starts_again()
        for room in self.rooms:
            if starts_again:
                room.stops()
            self.looks(room)

    @rule()
    def nobody_finds_what_is_not_there(self) -> None:
        for work in (
            conversations.snapshot(self.context, "nowhere0", None),
            participants.join(self.context, "nowhere0", Joining(None)),
            messages.send_as(self.context, "nowhere0", None, Draft("Hello?")),
            conversations.end(self.context, "nowhere0", None),
        ):
            self.tries(work, ConversationNotFound)

    # --- what always holds ---

    @invariant()
    def the_state_is_the_models(self) -> None:
        for room in self.rooms:
            fresh = self.world.does(conversations.snapshot(self.context, room.id, None))
            now = fresh.conversation
            assert (now.seq, now.message_count) == (room.seq, len(room.messages))
            assert now.participant_count == room.count == len(fresh.participants)
            assert now.is_active != room.is_over
            assert now.last_activity_at == room.last_activity_at
            assert fresh.messages == tuple(room.messages[-STATE_MESSAGES:])
            assert {
                (
                    each.user_id,
                    each.username,
                    each.session_id,
                    each.role,
                    each.visits,
                    each.is_alike,
                    each.is_unproven,
                )
                for each in fresh.participants
            } == {
                (
                    each.user_id,
                    each.username,
                    each.session,
                    each.role,
                    each.visits,
                    each.is_alike,
                    each.is_unproven,
                )
                for each in room.people.values()
                if each.is_in
            }
            assert fresh.online == {each.user_id for each in room.people.values() if each.sockets}
            assert fresh.online_count == len(fresh.online)
            self.viewers[room.key].agrees(fresh, room.here)

    @invariant()
    def what_is_unread_is_what_the_log_says(self) -> None:
        def query(connection: sa.Connection, room: Room) -> dict[str, tuple[int, int, int]]:
            found = {}
            for user_id in room.people:
                person = stored_participants.by_user(connection, room.key, user_id)
                assert person is not None
                unread = stored_readings.unread(connection, person)
                found[user_id] = (unread.after, unread.count, unread.mentions)
            return found

        for room in self.rooms:
            expected = {}
            for user_id, person in room.people.items():
                after = room.read_through(person)
                meant = sum(map(len, room.meaning(user_id, after)))
                expected[user_id] = (after, len(room.missed(person)), meant)
            assert self.world.does(self.context.database.read(query, room)) == expected
            pinned, _ = self.world.does(pins.pinned(self.context, room.id, None))
            assert list(pinned) == room.pinned

    @invariant()
    def the_list_is_the_models(self) -> None:
        page, _ = self.world.does(conversations.listed(self.context, limit=ROOMS_MAX))
        active = [room for room in self.rooms if not room.is_over]
        newest = sorted(active, key=lambda room: (room.last_activity_at, room.key), reverse=True)
        assert [each.room_id for each in page] == [room.id for room in newest]
        counts = self.world.does(conversations.count(self.context))
        assert counts == (len(active), len(self.rooms))


class Conversations(Talking):
    """The same while people come and go, and conversations begin and end."""

    # --- conversations ---

    @precondition(lambda self: len(self.rooms) < ROOMS_MAX)
    @rule(who=st.none() | PICK, created_by=USER_IDS)
    def creates(self, who: int | None, created_by: str | None) -> None:
        self.creates_one(self.any_holder(who), created_by)

    @rule(where=PICK, who=st.none() | PICK)
    def ends(self, where: int, who: int | None) -> None:
        room, holder = self.room(where), self.any_holder(who)
        refusal = room.refuses_to_end(holder.id if holder else None)
        at = self.world.clock()
        session = self.resolves(holder)
        if self.tries(conversations.end(self.context, room.id, session), refusal):
            room.is_over = True
            assert self.hears() == [ConversationEnded(room.key, room.id, room.seq, at)]

    # --- coming ---

    @rule(
        where=PICK,
        who=st.none() | PICK,
        wanted_id=USER_IDS,
        name=NAMES,
        on_socket=st.booleans(),
        proven=st.booleans(),
    )
    def joins(
        self,
        where: int,
        who: int | None,
        wanted_id: str | None,
        name: str | None,
        on_socket: bool,
        proven: bool,
    ) -> None:
        room, holder = self.room(where), self.any_holder(who)
        keeps_cookie = holder is None and not on_socket and not proven
        # Only a socket that a session was made for speaks for it without its secret.
        proven = proven or not on_socket or holder is None or not holder.from_socket
        socket = self.new_socket() if on_socket else None
        asked = Asked(holder, wanted_id, name, socket, proven, self.world.clock())
        self.joins_one(room, asked, keeps_cookie=keeps_cookie)

    @precondition(lambda self: self.seats())
    @rule(which=PICK, name=NAMES, anew=st.booleans())
    def comes_in_again(self, which: int, name: str | None, anew: bool) -> None:
        """On a second socket, or on the one they are on already."""
        room, person, socket = self.seat(which)
        holder = self.holders[person.session]
        socket = self.new_socket() if anew else socket
        self.joins_one(room, Asked(holder, None, name, socket, True, self.world.clock()))

    @precondition(lambda self: self.here())
    @rule(which=PICK, name=NAMES)
    def comes_again_over_rest(self, which: int, name: str | None) -> None:
        """As a page does that is loaded again, while the socket is there or just broke."""
        room, person = self.here()[which % len(self.here())]
        holder = self.holders[person.session]
        self.joins_one(room, Asked(holder, None, name, None, True, self.world.clock()))

    @rule(where=PICK, whom=PICK)
    def a_stranger_comes_on_a_socket_as_somebody(self, where: int, whom: int) -> None:
        """As the original client does after it joined over REST."""
        room = self.room(where)
        user_ids = [*room.people, "mallory"]
        user_id = user_ids[whom % len(user_ids)]
        asked = Asked(None, user_id, None, self.new_socket(), False, self.world.clock())
        self.joins_one(room, asked)

    # --- going ---

    @precondition(lambda self: self.seats())
    @rule(which=PICK)
    def leaves(self, which: int) -> None:
        room, person, socket = self.seat(which)
        is_gone = room.leaves(person, socket)
        self.world.does(
            participants.leave(self.context, self.records[room.id, person.user_id], socket)
        )
        gone = [("left", person.username, room.count)] if is_gone else []
        assert self.hears_of_people() == gone

    @precondition(lambda self: self.seats())
    @rule(which=PICK)
    def loses_the_connection(self, which: int) -> None:
        room, person, socket = self.seat(which)
        room.loses(person, socket)
        self.world.calls(
            participants.lose, self.context, self.records[room.id, person.user_id], socket
        )
        assert self.hears() == []

    @precondition(lambda self: self.seats())
    @rule(which=PICK, comes_first=st.booleans())
    def one_socket_comes_as_the_other_goes(self, which: int, comes_first: bool) -> None:
        room, person, old = self.seat(which)
        if room.is_over:
            return
        new = self.new_socket()
        session = self.resolves(self.holders[person.session])
        coming = participants.join(self.context, room.id, Joining(session, socket=new))
        going = participants.leave(self.context, self.records[room.id, person.user_id], old)
        self.does_both(*((coming, going) if comes_first else (going, coming)))
        person.sockets.discard(old)
        person.comes(new)
        self.hears()  # they may be told to have gone and come, or not

    def any_holder(self, who: int | None) -> Holder | None:
        """None for a stranger."""
        return None if who is None else self.holder(who)

    @rule(seconds=st.sampled_from([1, 60, 120]))
    def time_passes(self, seconds: int) -> None:
        gone = []
        if seconds > GRACE_S:
            gone = [person.username for room in self.rooms for person in room.misses_no_longer()]
        self.world.time_passes(seconds)
        told = self.hears_of_people()
        assert sorted(name for _, name, _ in told) == sorted(gone)
        assert all(kind == "left" for kind, _, _ in told)


@pytest.mark.longer
# It takes seconds; Hypothesis may take minutes to find the shortest way to a fault.
@pytest.mark.timeout(600 * max(1, EFFORT))
@pytest.mark.parametrize("machine", [Talking, Conversations])
def test_the_domain_does_what_the_model_does(
    machine: type[Talking], empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "empty", empty_database, raising=False)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30 * EFFORT or times(2, full=20),
            stateful_step_count=40,
            derandomize=EFFORT == 0,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
