"""Joining by those who were never there and show no token: all who come at once cost less together.

In a rush nearly everybody is such a one. Who is anybody's already, or has a name that somebody has,
joins alone (`domain/participants.py`), with the same outcome.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import ROOM_ID_MAX_CHARS
from parley.domain import access, conversations, door, naming, proof, sessions, text
from parley.domain.context import Context
from parley.domain.names import skeleton
from parley.errors import ParleyError
from parley.records import (
    Conversation,
    LookChanged,
    Participant,
    ReadingMoved,
    Role,
    Session,
    Standing,
)
from parley.storage import conversations as stored_conversations
from parley.storage import naming as held
from parley.storage import participants as stored
from parley.storage import sessions as stored_sessions


@dataclass(frozen=True, slots=True)
class Joining:
    """Who asks to join, and how."""

    session: Session | None
    user_id: str | None = None
    username: str | None = None
    socket: str | None = None
    """The socket they come in on; None over REST or a form."""
    proven: bool = True
    """Whether they presented the session's token; False for one that we made on this socket."""
    keeps_cookie: bool = False
    """Whether a page of our own asks, whose browser will hold the new session's secret."""
    announced: bool = False
    """Whether the others are told though there is no socket: no other will follow."""
    address: str = ""
    """Where they come from, as `addresses.place_of` has it; of those who have none all alike."""

    @property
    def has_token(self) -> bool:
        """Whether they keep what proves who they are: then they need not be anybody else."""
        return self.keeps_cookie or (self.session is not None and self.proven)


@dataclass(frozen=True, slots=True)
class Joined:
    participant: Participant
    session: Session
    token: str | None
    """The secret of the session made by this; None where there was one."""
    participant_count: int
    came_in: bool
    """Whether they were not in the conversation until now."""
    renamed: bool
    """Whether their name, or the mark beside it, is another than it was."""
    marked: tuple[Participant, ...]
    """The others whose mark is another by this."""
    seq: int
    """How far the conversation was then: what goes beyond it was said while they were there."""
    read_seq: int = 0
    """How far they had read, by what they told; 0 where they never did."""
    shown_reading: ReadingMoved | None = None
    """The same, as the others are told who did not see them until now."""
    was_elsewhere: bool = False
    """Whether they were on a socket of another process already."""
    became_theirs: bool = False
    """Whether their session takes part in it by this, and did not until now."""
    look: LookChanged | None = None
    """How their mark looks, where they chose."""


_ROOM_ID = re.compile(rf"[!-~]{{1,{ROOM_ID_MAX_CHARS}}}")


class Apart(Exception):
    """These can't join in one go."""


class Newcomer(Struct, frozen=True):
    """A work of the writer, that goes together with others."""

    context: Context
    room_id: str
    name: str
    """As they gave it; empty for none."""
    joining: Joining
    at: datetime
    alone: Callable[[sa.Connection], Joined]
    """The same without others."""

    def __call__(self, connection: sa.Connection) -> Joined:
        """Join. Raises `ParleyError`s."""
        return self.alone(connection)

    @staticmethod
    def together(
        connection: sa.Connection, works: Sequence[Newcomer]
    ) -> Sequence[Joined | ParleyError]:
        """Have them join. Raises `Apart`."""
        if len(works) == 1:
            return [works[0].alone(connection)]
        return _Batch(connection, works).outcomes()


class _Coming(Struct):
    """Somebody who can join with the others."""

    place: int
    """Of their work among all."""
    conversation: Conversation
    user_id: str
    username: str
    key: str
    token: str
    token_hash: bytes


class _Batch:
    def __init__(self, connection: sa.Connection, works: Sequence[Newcomer]) -> None:
        self._connection = connection
        self._works = works
        # Of others the database need not be asked: none has them.
        room_ids = {work.room_id for work in works if _ROOM_ID.fullmatch(work.room_id)}
        self._found = stored_conversations.find_all(connection, room_ids) if room_ids else {}
        self._outcomes: list[Joined | ParleyError | None] = [None] * len(works)
        self._counts = {each.id: each.participant_count for each in self._found.values()}
        self._places: dict[tuple[int, str], str] = {}
        """What is kept of where somebody came from, by conversation and address."""

    def outcomes(self) -> list[Joined | ParleyError]:
        coming, alone = self._sorted_out()
        if coming:
            self._join(coming)
        for place in alone:  # in their order, after all others of their conversations
            try:
                self._outcomes[place] = self._works[place].alone(self._connection)
            except ParleyError as error:  # which may have changed something before
                raise Apart("One of them was refused.") from error
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _sorted_out(self) -> tuple[list[_Coming], list[int]]:
        """Who joins with the others, and the places of those who join after them."""
        asked = [self._asked(place, work) for place, work in enumerate(self._works)]
        keys = {(each.conversation.id, each.key) for each in asked if each is not None}
        taken = held.any_taken(self._connection, keys) if keys else set()
        coming: list[_Coming] = []
        alone: list[int] = []
        crowded: set[int] = set()
        """Where somebody joins alone: whoever is told of after them comes after them."""
        for place, each in enumerate(asked):
            if each is None:
                if self._outcomes[place] is None:
                    alone.append(place)
                continue
            id = each.conversation.id
            if id in crowded or (id, each.key) in taken:
                crowded.add(id)
                alone.append(place)
            else:
                taken.add((id, each.key))
                coming.append(each)
        return coming, alone

    def _asked(self, place: int, work: Newcomer) -> _Coming | None:
        """None for who is refused, and for who asks for what is not found at once."""
        conversation = self._found.get(work.room_id)
        if conversation is None:
            try:
                door.find(self._connection, work.room_id, None)
            except ParleyError as error:
                self._outcomes[place] = error
            return None
        user_id = conversations.new_user_id()
        username = work.name or text.username(None, user_id=user_id)
        try:
            access.require_joining(conversation, Standing.STRANGER)
            naming.require_seen(username)
        except ParleyError as error:
            self._outcomes[place] = error
            return None
        key = skeleton(username)
        return _Coming(place, conversation, user_id, username, key, *sessions.new_token())

    def _join(self, coming: list[_Coming]) -> None:
        connection, works = self._connection, self._works
        made = stored_sessions.insert_all(
            connection,
            [
                stored_sessions.New(
                    each.token_hash,
                    works[each.place].at,
                    in_use=works[each.place].joining.keeps_cookie,
                    unproven_in=each.conversation.id,
                )
                for each in coming
            ],
        )
        people = [self._person(each, session) for each, session in zip(coming, made, strict=True)]
        stored.insert_all(
            connection, [(p, each.key) for p, each in zip(people, coming, strict=True)]
        )
        came = Counter(each.conversation.id for each in coming)
        stored_conversations.add_participants(connection, came)
        for each, session, person in zip(coming, made, people, strict=True):
            id = each.conversation.id
            self._counts[id] += 1
            socket = works[each.place].joining.socket
            if person.is_unproven and socket is not None:
                works[each.place].context.presence.expect(person, socket)
            self._outcomes[each.place] = Joined(
                person,
                session,
                each.token,
                self._counts[id],
                came_in=True,
                renamed=False,
                marked=(),
                seq=each.conversation.seq,
                became_theirs=True,
            )

    def _person(self, coming: _Coming, session: Session) -> Participant:
        work, id = self._works[coming.place], coming.conversation.id
        unproven_from = None
        if not session.token_used:
            address = work.joining.address
            unproven_from = self._places.get((id, address))
            if unproven_from is None:
                unproven_from = proof.place_key(work.context, id, address)
                self._places[id, address] = unproven_from
        return Participant(
            id,
            coming.user_id,
            coming.username,
            session.id,
            Role.MEMBER,
            work.at,
            None,
            int(work.joining.socket is not None),
            work.at,
            unproven_from=unproven_from,
        )
