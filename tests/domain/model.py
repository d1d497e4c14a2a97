"""Conversations as plain Python: what the domain should answer, without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from parley.contract import REACTORS_NAMED
from parley.domain import naming
from parley.errors import (
    ConversationIsOver,
    Forbidden,
    IdentityMismatch,
    IdentityTaken,
    NotFound,
    NotJoined,
    ParleyError,
)
from parley.records import Answered, Message, Reading, Role
from tests.domain.viewer import changed_in, quoting

Refusal = type[ParleyError]


@dataclass
class Holder:
    """A session: its number, its secret, and what its holder did with it."""

    id: int
    token: str
    from_socket: bool
    """Whether it was made for a socket, which may go on without the secret."""
    is_used: bool = False


@dataclass
class Asked:
    """A request to join."""

    holder: Holder | None
    wanted_id: str | None
    name: str | None
    socket: str | None
    is_proven: bool
    at: datetime
    keeps_cookie: bool = False


@dataclass
class Person:
    user_id: str
    username: str
    session: int
    role: Role
    joined_at: datetime
    named_at: datetime
    is_alike: bool = False
    is_in: bool = True
    sockets: set[str] = field(default_factory=set)
    is_missed: bool = False
    """Whether their last socket broke, and the grace is not over."""
    is_kept: bool = False
    """Whether they stay though no socket is left: they came over REST since, or won it back."""
    visits: int = 0
    is_unproven: bool = False
    has_spoken: bool = False
    """Under the name they hold."""
    first: int | None = None
    """The session that joined as them, where another took them up since."""

    @property
    def claims(self) -> bool:
        return self.is_in or self.role is Role.OWNER

    @property
    def can_be_meant(self) -> bool:
        return self.is_in or self.has_spoken

    @property
    def is_here(self) -> bool:
        return bool(self.sockets) or self.is_missed or self.is_kept

    def comes(self, socket: str | None) -> None:
        """They came again, after they were here or seen by nobody yet."""
        self.is_kept = socket is None and self.is_here and not self.sockets
        self.is_missed = False
        self.visits += bool(socket or self.visits)
        self.sockets |= {socket} if socket else set()


@dataclass
class Former:
    """A name under which somebody spoke before they took another."""

    user_id: str
    username: str
    role: Role
    named_at: datetime
    is_alike: bool

    @property
    def joined_at(self) -> datetime:
        return self.named_at


@dataclass
class Room:
    key: int
    id: str
    owner: int
    created_by: str
    last_activity_at: datetime
    is_over: bool = False
    people: dict[str, Person] = field(default_factory=dict)
    former: list[Former] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    # Who said it, which the record does not tell, and under which client_id.
    said: dict[tuple[int, str], Message] = field(default_factory=dict)
    said_by: dict[int, int] = field(default_factory=dict)
    """The session, by the seq of what it said."""
    changes: int = 0
    """How many of them changed what was said."""
    reactions: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    """By the message's seq and the emoji: the user ids in the order in which they reacted."""
    named: dict[int, dict[str, str]] = field(default_factory=dict)
    """By the message's seq: whom each name that stands in it means."""
    answering: dict[int, str] = field(default_factory=dict)
    """By the message's seq: the user id of whom it answers."""
    readings: dict[str, Reading] = field(default_factory=dict)
    """Of whoever told how far they have read."""

    @property
    def seq(self) -> int:
        return len(self.messages) + self.changes + self.is_over

    def changed_after(self, since: int) -> tuple[Message, ...]:
        """In the order of the changes."""
        changed = (each for each in self.messages if each.changed_seq > since)
        return tuple(sorted(changed, key=lambda message: message.changed_seq))

    @property
    def count(self) -> int:
        return sum(person.is_in for person in self.people.values())

    @property
    def here(self) -> dict[str, str]:
        """The names of those on a socket, or missed for less than the grace, by user id."""
        return {each.user_id: each.username for each in self.people.values() if each.is_here}

    def of_session(self, session: int | None) -> Person | None:
        return next((each for each in self.people.values() if each.session == session), None)

    # --- joining ---

    def refuses(self, asked: Asked, holders: dict[int, Holder]) -> Refusal | None:
        if self.is_over:
            return ConversationIsOver
        mine = asked.holder and self.of_session(asked.holder.id)
        if mine:
            return None if asked.wanted_id in (None, mine.user_id) else IdentityMismatch
        theirs = self.people.get(asked.wanted_id or "")
        if theirs is None or self._may_be_taken(theirs, holders[theirs.session], asked):
            return None
        return IdentityTaken

    def _may_be_taken(self, person: Person, holder: Holder, asked: Asked) -> bool:
        is_stranger = not asked.keeps_cookie and (asked.holder is None or not asked.is_proven)
        is_free = not person.sockets - {asked.socket} and person.role is not Role.OWNER
        return is_stranger and is_free and not holder.is_used

    def joins(
        self, asked: Asked, session: int, user_id: str, *, is_unproven: bool
    ) -> tuple[Person, list[str]]:
        """Whoever they are now, and the names of those who are told of."""
        person = self.of_session(session) or self.people.get(asked.wanted_id or "")
        if person is None:
            person = self._new(asked, session, user_id)
            person.is_unproven = is_unproven
        looked = (person.username, person.is_alike)
        if person.session != session:
            first = person.first or person.session
            person.first = None if first == session else first
        person.session, person.is_in = session, True
        if asked.name and asked.name != person.username:
            self._renames(person, asked.name, asked.at)
        marked = [self.people[id] for id in self.marks() if id != person.user_id]
        others = [each.username for each in marked if each.is_here]
        is_renamed = looked != (person.username, person.is_alike)
        is_told = is_renamed and person.is_here
        if asked.socket is not None:
            is_told = is_renamed or not person.is_here
        person.comes(asked.socket)
        return person, [person.username] * is_told + others

    def _renames(self, person: Person, name: str, at: datetime) -> None:
        """Under what they spoke is remembered, and theirs again once they come back to it."""
        own = [each for each in self.former if each.user_id == person.user_id]
        back = next((each for each in own if each.username == name), None)
        if back is not None:
            self.former.remove(back)
        if person.has_spoken and len(own) - (back is not None) < naming.FORMER_MAX:
            looks = (person.role, person.named_at, person.is_alike)
            self.former.append(Former(person.user_id, person.username, *looks))
        person.username, person.has_spoken = name, back is not None
        person.named_at, person.is_alike = at, False
        if back is not None:
            person.named_at, person.is_alike = back.named_at, back.is_alike

    def marks(self) -> set[str]:
        """Mark whoever is not the first of their name; the user ids of those it is news for."""
        news = set()
        for person in self.people.values():
            if not person.claims:
                continue
            # Who has spoken, or was marked, is compared with those who are away too.
            others = [
                each
                for each in self.people.values()
                if each.claims or each.has_spoken or person.is_alike
            ]
            first = min((each for each in others if each.username == person.username), key=_rank)
            is_alike = person is not first or any(
                each.username == person.username and _rank(each) < _rank(person)
                for each in self.former
            )
            if person.is_alike != is_alike:
                person.is_alike = is_alike
                news.add(person.user_id)
        return news

    def _new(self, asked: Asked, session: int, user_id: str) -> Person:
        if asked.wanted_id is None and session == self.owner and self.created_by not in self.people:
            assert user_id == self.created_by
        assert user_id not in self.people
        assert asked.wanted_id in (None, user_id)
        name = asked.name or f"User_{user_id[:6]}"
        role = Role.OWNER if session == self.owner else Role.MEMBER
        person = self.people[user_id] = Person(user_id, name, session, role, asked.at, asked.at)
        return person

    # --- proving ---

    def proves(self, session: int) -> None:
        """The token of this session was used for the first time."""
        own = self.of_session(session)
        if own is not None and own.is_unproven:
            own.is_unproven = False
        for person in self.people.values():
            if person.first == session and own is None and person.role is not Role.OWNER:
                person.session, person.first, person.is_unproven = session, None, False
                self.readings.pop(person.user_id, None)
                person.is_kept, person.is_missed = person.is_here, False
                person.visits += bool(person.visits)
                person.sockets.clear()

    # --- going ---

    def leaves(self, person: Person, socket: str) -> bool:
        """Whether they are gone with it."""
        person.sockets.discard(socket)
        if person.sockets:
            return False
        person.is_in = person.is_missed = person.is_kept = False
        return True

    def loses(self, person: Person, socket: str) -> None:
        person.sockets.discard(socket)
        person.is_missed = not person.sockets

    def misses_no_longer(self) -> list[Person]:
        """The grace is over: those who are gone."""
        gone = [person for person in self.people.values() if person.is_missed]
        for person in gone:
            person.is_in = person.is_missed = False
        return gone

    def stops(self) -> None:
        """The server was started again: nobody is on a socket."""
        for person in self.people.values():
            person.sockets.clear()
            person.is_missed = person.is_kept = False
            person.is_in = person.is_in and person.visits == 0

    # --- talking, ending ---

    def first(self, session: int, client_id: str | None) -> Message | None:
        return self.said.get((session, client_id)) if client_id else None

    def refuses_words(
        self, session: int, client_id: str | None, reply_to: str | None = None
    ) -> Refusal | None:
        if self.of_session(session) is None:
            return NotJoined
        if self.first(session, client_id):
            return None
        if self.is_over:
            return ConversationIsOver
        is_gone = any(each.id == reply_to and each.deleted_at for each in self.messages)
        return NotFound if is_gone else None

    def answered(self, id: str | None) -> Answered | None:
        """What an answer to it is told with."""
        for each in self.messages:
            if each.id == id:
                return Answered(
                    each.id, each.seq, each.user_id, each.username, each.text, is_gone=False
                )
        return None

    def names_in(self, text: str, before: dict[str, str] | None = None) -> dict[str, str]:
        """The user_id of each that it names. Those that stood there before mean whom they meant."""
        found = {}
        there = {each.user_id: each for each in self.people.values() if each.can_be_meant}
        for name in map(str.casefold, re.findall(r"@(\w+)", text)):
            meant = (before or {}).get(name)
            called = [each for each in there.values() if each.username.casefold() == name]
            if meant in there:
                found[name] = there[meant].user_id
            elif called:
                found[name] = min(called, key=_rank).user_id
        return found

    def meant(self, text: str) -> list[str]:
        """The user_ids of those it names, each once."""
        return [*dict.fromkeys(self.names_in(text).values())]

    def hears(self, session: int, message: Message) -> None:
        assert message.seq == message.changed_seq == self.seq + 1
        self.messages.append(message)
        self.said_by[message.seq] = session
        self.named[message.seq] = self.names_in(message.text)
        if message.answered is not None:
            self.answering[message.seq] = message.answered.user_id
        if person := self.of_session(session):
            person.has_spoken = True
        self.last_activity_at = message.sent_at
        if message.client_id:
            self.said[session, message.client_id] = message

    def refuses_edit(self, session: int, message: Message) -> Refusal | None:
        person = self.of_session(session)
        is_theirs = person is not None and person.user_id == message.user_id
        if not is_theirs or self.said_by[message.seq] != session:
            return Forbidden
        if self.is_over:
            return ConversationIsOver
        return NotFound if message.deleted_at else None

    def refuses_delete(self, session: int, message: Message) -> Refusal | None:
        person = self.of_session(session)
        is_theirs = person is not None and person.user_id == message.user_id
        if session == self.owner or (is_theirs and self.said_by[message.seq] == session):
            return None
        return Forbidden

    def refuses_pin(self, session: int, message: Message) -> Refusal | None:
        if session != self.owner:
            return Forbidden
        if self.is_over:
            return ConversationIsOver
        return NotFound if message.deleted_at else None

    def changes_one(self, message: Message) -> None:
        assert message.changed_seq == self.seq + 1
        self.changes += 1
        self.messages = changed_in(self.messages, message)
        self.said = {
            key: message if each.seq == message.seq else quoting(each, message)
            for key, each in self.said.items()
        }

    def deletes_one(self, message: Message) -> None:
        self.changes_one(message)
        for kept in (self.reactions, self.named, self.answering):
            kept.pop(message.seq, None)

    @property
    def pinned(self) -> list[Message]:
        """The one that was pinned last first."""
        found = [(each.pinned_at, each.seq, each) for each in self.messages if each.pinned_at]
        return [each for _, _, each in sorted(found, key=lambda pin: pin[:2], reverse=True)]

    # --- reading ---

    def marks_read(self, user_id: str, seq: int) -> tuple[Reading, bool]:
        """How far they have read then, and whether that is news."""
        before = self.readings.get(user_id) or Reading(user_id, 0)
        now = Reading(user_id, max(before.seq, min(seq, self.seq)))
        if now != before:
            self.readings[user_id] = now
        return now, now != before

    def read_through(self, person: Person) -> int:
        """Up to where they have read, or need not."""
        told = self.readings.get(person.user_id)
        passed = [
            each.seq
            for each in self.messages
            if each.user_id == person.user_id or (told is None and each.sent_at < person.joined_at)
        ]
        return max([*passed, told.seq if told else 0])

    def missed(self, person: Person) -> list[Message]:
        """What others said since, as far as it is still there."""
        after = self.read_through(person)
        return [each for each in self.messages if each.seq > after and not each.deleted_at]

    def meaning(self, user_id: str, after: int) -> tuple[list[int], list[int]]:
        """The seqs of later messages that name them, and of those that answer them."""
        others = {each.seq for each in self.messages if each.user_id != user_id}
        answers = {seq for seq, whom in self.answering.items() if whom == user_id}
        names = {seq for seq, named in self.named.items() if user_id in named.values()} - answers
        later = {seq for seq in others if seq > after}
        return sorted(names & later), sorted(answers & later)

    # --- reacting ---

    def refuses_reaction(self, session: int, message: Message, *, on: bool) -> Refusal | None:
        if self.of_session(session) is None:
            return NotJoined
        if self.is_over:
            return ConversationIsOver
        return NotFound if on and message.deleted_at else None

    def reacts(self, message: Message, emoji: str, user_id: str, *, on: bool) -> bool:
        """Whether anything changes by it."""
        of_message = self.reactions.setdefault(message.seq, {})
        if (user_id in of_message.get(emoji, [])) == on:
            return False
        if on:
            of_message.setdefault(emoji, []).append(user_id)
        else:
            of_message[emoji].remove(user_id)
            if not of_message[emoji]:
                del of_message[emoji]
        return True

    def sums(self, message: Message) -> list[tuple[str, int, list[str]]]:
        found = self.reactions.get(message.seq, {})
        return [(emoji, len(ids), ids[:REACTORS_NAMED]) for emoji, ids in found.items()]

    def refuses_to_end(self, session: int | None) -> Refusal | None:
        if session != self.owner:
            return Forbidden
        return ConversationIsOver if self.is_over else None


def _rank(person: Person | Former) -> tuple[bool, datetime, datetime, str]:
    return person.role is not Role.OWNER, person.named_at, person.joined_at, person.user_id
