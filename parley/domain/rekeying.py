"""After an update that compares names otherwise: everybody's name is looked at again, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa

from parley.domain import names, naming
from parley.domain.context import Context
from parley.records import Participant
from parley.storage import conversations, facts
from parley.storage import naming as stored
from parley.storage.naming import Held, Keyed

MARKS = "name_marks"
"""The fact that tells by which version of skeletons marks were last looked at everywhere."""
READ_SLICE = 500
"""So many names are read at once."""
SLICE = 40
"""So many are written at once: others' messages wait for the writer no longer than that takes."""
PAGES_A_KEY = 5
"""What another key adds to SQLite's log, about: names lie anywhere in the indexes."""
START = (0, "")
"""Before the first conversation."""

_Step = Callable[[], Awaitable["_Step | None"]]


class Rekeying:
    """First the keys of names that are kept for who was removed are made anew, then all others',
    then those of names that were given up, then all who share one are looked at.

    A mark is shed only when all keys are made: until then whoever was first may seem not to be
    there. Whatever is done stays done over a stop, and the next start goes on by looking through
    all once more.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._after = START
        self._former = 0
        """The row after which the names that were given up are read."""
        self._outdated: list[tuple[Keyed, str]] = []
        """Who was read and has an earlier key, with that of today."""
        self._next: _Step | None = self._begin
        self.keeps_names = False
        """Whether nobody can take the name of who was removed, by the rules of today."""

    async def step(self) -> bool:
        """Do a little of it; whether there is more to do."""
        if self._next is not None:
            self._next = await self._next()
        return self._next is not None

    async def _begin(self) -> _Step | None:
        database = self._context.database
        if await database.read(facts.get, MARKS) == names.VERSION:
            self.keeps_names = True
            return None
        if await database.read(facts.get, naming.KEYS) == names.VERSION:
            self.keeps_names = True
            return self._mark
        await self._note(naming.KEYS, naming.BEING_MADE)
        self._outdated = await database.read(_outdated_kept)
        return self._make_kept_keys if self._outdated else self._begin_with_the_rest()

    async def _make_kept_keys(self) -> _Step:
        # Whoever comes is compared with these, and no mark tells later that the name was kept.
        await self._write_some()
        return self._make_kept_keys if self._outdated else self._begin_with_the_rest()

    def _begin_with_the_rest(self) -> _Step:
        self.keeps_names = True
        return self._make_keys

    async def _make_keys(self) -> _Step:
        if self._outdated:
            await self._write_some()
            return self._make_keys
        people, self._outdated = await self._context.database.read(_outdated, *self._after)
        if people:
            self._after = people[-1].conversation_id, people[-1].user_id
            return self._make_keys
        return self._make_former_keys

    async def _make_former_keys(self) -> _Step:
        if self._outdated:
            await self._write_some()
            return self._make_former_keys
        former, self._outdated = await self._context.database.read(_outdated_former, self._former)
        if former:
            self._former = former[-1].former_id or 0
            return self._make_former_keys
        await self._note(naming.KEYS, names.VERSION)
        self._after = START
        return self._mark

    async def _write_some(self) -> None:
        await self._context.database.write(self._make_some)
        del self._outdated[:SLICE]

    def _make_some(self, connection: sa.Connection) -> None:
        some = self._outdated[:SLICE]
        for person, key in some:
            stored.rekey(connection, person, key)
        self._context.database.wrote(PAGES_A_KEY * len(some))

    async def _mark(self) -> _Step | None:
        read = self._context.database.read
        held = await read(stored.held_after, *self._after, limit=READ_SLICE)
        if not held:
            await self._note(MARKS, names.VERSION)
            return None
        shared = [each for each in held if each.is_shared]
        while shared:
            done = await self._look_at(shared)
            shared = shared[done:]
        self._after = held[-1].conversation_id, held[-1].name_key
        return self._mark

    async def _look_at(self, shared: Sequence[Held]) -> int:
        """How many of them are done."""
        told: list[tuple[Participant, int]] = []

        def work(connection: sa.Connection) -> int:
            told.clear()
            for done, name in enumerate(shared[:SLICE]):
                marked = naming.mark(connection, name.conversation_id, name.name_key)
                if marked:
                    told.extend((each, _count(connection, each)) for each in marked)
                if len(told) >= SLICE:
                    return done  # of this name there may be more
            return min(SLICE, len(shared))

        def tell(done: int) -> None:
            for person, count in told:
                naming.tell(self._context, [person], count)

        return await self._context.database.write(work, tell)

    async def _note(self, name: str, value: str) -> None:
        await self._context.database.write(lambda connection: facts.put(connection, name, value))


def _outdated(
    connection: sa.Connection, conversation_id: int, user_id: str
) -> tuple[list[Keyed], list[tuple[Keyed, str]]]:
    """The next people, and those of them whose key is another now."""
    people = stored.after(connection, conversation_id, user_id, limit=READ_SLICE)
    return people, _with_new_keys(people)


def _outdated_former(
    connection: sa.Connection, id: int
) -> tuple[list[Keyed], list[tuple[Keyed, str]]]:
    """The same of names that were given up."""
    former = stored.former_after(connection, id, limit=READ_SLICE)
    return former, _with_new_keys(former)


def _outdated_kept(connection: sa.Connection) -> list[tuple[Keyed, str]]:
    """Of all who were removed, who are few, those whose key is another now."""
    return _with_new_keys(stored.kept(connection))


def _with_new_keys(people: Sequence[Keyed]) -> list[tuple[Keyed, str]]:
    keyed = [(person, names.skeleton(person.username)) for person in people]
    return [(person, key) for person, key in keyed if key != person.name_key]


def _count(connection: sa.Connection, person: Participant) -> int:
    conversation = conversations.by_id(connection, person.conversation_id)
    return conversation.participant_count if conversation else 0
