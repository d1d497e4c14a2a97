"""However many hold a name, the same people are marked, and a join looks at as few of them."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from parley.domain import meaning, names, naming
from parley.errors import NameTaken
from parley.records import FormerName, Participant, Role
from parley.storage import folder, former_names
from parley.storage import naming as held
from parley.storage import participants as stored
from tests.effort import times
from tests.fuzz.effort import examples

pytestmark = pytest.mark.sqlite("It opens its file by itself.")

START = datetime(2030, 1, 1, tzinfo=UTC)
ROOM = 1
MANY = times(2_000, full=10_000)
KEY = names.skeleton("Ben")

USER = st.sampled_from("abcde")
NAME = st.sampled_from(["Ben", "Ben", "BEN", "Cleo"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("comes"), USER, NAME),
        st.tuples(st.just("comes"), USER, NAME),
        st.tuples(st.just("comes"), USER, NAME),
        st.tuples(st.just("leaves"), USER),
        st.tuples(st.just("leaves"), USER),
        st.tuples(st.just("speaks"), USER),
        st.tuples(st.sampled_from(["leaves", "is_removed", "is_let_back", "is_let_back"]), USER),
        st.tuples(st.just("is_now"), USER, st.sampled_from([Role.OWNER, Role.MEMBER])),
        st.tuples(st.just("waits")),
    ),
    min_size=10,
    max_size=60,
)


BENS: list[dict[str, Any]] = [
    {"role": role, "left_at": left_at, "is_alike": is_alike, "has_spoken": has_spoken}
    for role in ("owner", "member")
    for left_at, has_spoken in ((None, False), (5, False), (5, True))
    for is_alike in (False, True)
]

EVERY = 11
"""Of all threes; it divides none of their numbers, so any two are there in any two places."""


@pytest.fixture(scope="module")
def connection(
    empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Connection]:
    data = tmp_path_factory.mktemp("held") / "data"
    shutil.copytree(empty_database, data)
    engine = sa.create_engine(folder.database_url(data), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def room(connection: sa.Connection) -> Iterator[Room]:
    with Room(connection) as room:
        yield room


class Room:
    """People come and go; each look is compared with one through everybody. All is undone."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection, self.at = connection, START
        self._sessions = 1

    def __enter__(self) -> Room:
        self.runs("BEGIN")
        self.runs("INSERT INTO sessions (id, token_hash, created_at) VALUES (1, x'00', 0)")
        self.runs(
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, seq, message_count, participant_count,"
            " last_activity_at) VALUES (1, 'room', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0)"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.runs("ROLLBACK")

    def runs(self, sql: str, rows: Any = None) -> None:
        self.connection.exec_driver_sql(sql, rows).close()

    def sessions(self, count: int) -> range:
        """So many more."""
        ids = range(self._sessions + 1, self._sessions + count + 1)
        self._sessions += count
        rows = [(id, id.to_bytes(4, "big")) for id in ids]
        self.runs("INSERT INTO sessions (id, token_hash, created_at) VALUES (?, ?, 0)", rows)
        return ids

    def everybody(self) -> list[Participant]:
        """In the order of coming."""
        left, _ = stored.left(self.connection, ROOM, limit=MANY)
        removed = stored.removed(self.connection, ROOM)
        present = stored.present(self.connection, ROOM, limit=MANY)
        people = (*present, *left, *removed)
        return sorted(people, key=lambda each: (each.joined_at, each.user_id))

    def person(self, user_id: str) -> Participant | None:
        return stored.by_user(self.connection, ROOM, user_id)

    def changes(self, user_id: str, **changes: Any) -> None:
        person = self.person(user_id)
        if person is not None:
            stored.change(self.connection, person, **changes)

    # --- what happens ---

    def comes(self, user_id: str, name: str) -> None:
        """As joining has it: what is claimed is stored, then all of that name are looked at."""
        before = self.person(user_id)
        if before is not None and before.removed_at is not None:
            return
        is_owner = before is not None and before.role is Role.OWNER
        claim = self.claims(name, before, is_owner)
        if claim is None:
            return
        if before is None:
            self.is_new(user_id, name, claim)
        else:
            stored.change(
                self.connection,
                before,
                username=name,
                left_at=None,
                name_key=claim.key,
                named_at=claim.since,
                is_alike=claim.is_alike,
                has_spoken=claim.has_spoken,
            )
            naming.give_up(self.connection, before, claim, at=self.at)
        if claim.is_alone:
            assert self.expected(claim.key, self.everybody()) == []
        else:
            self.looks(claim.key)
        if before is not None and claim.is_another:
            self.looks(names.skeleton(before.username))

    def is_new(self, user_id: str, name: str, claim: naming.Claim) -> None:
        session = self.sessions(1)[0]
        stored.insert(
            self.connection,
            conversation_id=ROOM,
            user_id=user_id,
            username=name,
            session_id=session,
            role=Role.MEMBER,
            unproven_from=None,
            at=self.at,
            visits=1,
            name_key=claim.key,
            named_at=claim.since,
        )

    def leaves(self, user_id: str) -> None:
        self.changes(user_id, left_at=self.at)

    def speaks(self, user_id: str) -> None:
        """Nobody is looked at then."""
        stored.note_spoken(self.connection, ROOM, user_id)

    def is_removed(self, user_id: str) -> None:
        person = self.person(user_id)
        self.changes(user_id, left_at=self.at, removed_at=self.at, role=Role.MEMBER.value)
        if person is not None:
            self.looks(names.skeleton(person.username))

    def is_let_back(self, user_id: str) -> None:
        self.changes(user_id, removed_at=None)

    def is_now(self, user_id: str, role: Role) -> None:
        """Nobody is looked at then."""
        self.changes(user_id, role=role.value)

    def waits(self) -> None:
        self.at += timedelta(seconds=1)

    # --- what is compared ---

    def claims(self, name: str, before: Participant | None, is_owner: bool) -> naming.Claim | None:
        """None where the name is kept for somebody removed."""
        is_kept = any(
            each.removed_at is not None and not each.is_alike
            for each in self.everybody()
            if names.skeleton(each.username) == names.skeleton(name)
        )
        is_theirs = before is not None and names.skeleton(before.username) == names.skeleton(name)
        claim = None
        with contextlib.suppress(NameTaken):
            claim = naming.claim(
                self.connection, ROOM, name, before=before, is_owner=is_owner, at=self.at
            )
        assert (claim is None) == (is_kept and not is_owner and not is_theirs)
        return claim

    def looks(self, key: str) -> None:
        everybody = self.everybody()
        expected, before = self.expected(key, everybody), _marks(everybody)
        changed = naming.mark(self.connection, ROOM, key)
        assert [(each.user_id, each.is_alike) for each in changed] == expected
        assert self.marked() == before | dict(expected)

    def marked(self) -> dict[str, bool]:
        return _marks(self.everybody())

    def expected(self, key: str, everybody: Sequence[Participant]) -> list[tuple[str, bool]]:
        """What looking through everybody of this name would change."""
        holders = [
            each
            for each in everybody
            if names.skeleton(each.username) == key and each.removed_at is None
        ]
        if not holders:
            return []
        first_of_all = min(holders, key=_rank)
        claimants = [each for each in holders if each.left_at is None or each.role is Role.OWNER]
        rivals = [*claimants, *(each for each in holders if each.has_spoken)]
        first = min(rivals, key=_rank, default=first_of_all)
        former = former_names.foremost(self.connection, ROOM, key, limit=MANY)
        wanted = {
            each.user_id: each is not (first_of_all if each.is_alike else first)
            or any(other.user_id != each.user_id and _rank(other) < _rank(each) for other in former)
            for each in claimants
        }
        return [
            (each.user_id, wanted[each.user_id])
            for each in claimants
            if wanted[each.user_id] != each.is_alike
        ]


def _marks(people: Sequence[Participant]) -> dict[str, bool]:
    return {each.user_id: each.is_alike for each in people}


def _rank(person: Participant | FormerName) -> tuple[bool, datetime, datetime, str]:
    return person.role is not Role.OWNER, person.named_at, person.joined_at, person.user_id


@pytest.fixture(params=[0, held.FEW], ids=["as among many", "as among few"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With none even two are looked up as thousands are."""
    monkeypatch.setattr(held, "FEW", request.param)


@pytest.mark.usefixtures("few")
def test_looking_by_an_index_changes_what_looking_through_everybody_would(
    connection: sa.Connection,
) -> None:
    @examples(60)
    @given(steps=STEPS)
    def compare(steps: list[tuple[Any, ...]]) -> None:
        with Room(connection) as room:
            for what, *about in steps:
                getattr(room, what)(*about)

    compare()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    "every", [EVERY, pytest.param(1, marks=pytest.mark.long("an eleventh of them tells most"))]
)
def test_so_it_does_whoever_is_there_and_however_they_were_marked(
    connection: sa.Connection, every: int
) -> None:
    threes = list(itertools.product(BENS, repeat=3))
    for three in threes[::every]:
        with Room(connection) as room:
            for ben in three:
                in_the_way(room, 1, **ben)
            room.looks(KEY)


# --- what a look costs ---


def in_the_way(
    room: Room,
    count: int,
    *,
    role: str = "member",
    left_at: int | None = None,
    removed_at: int | None = None,
    is_alike: bool = True,
    has_spoken: bool = False,
    named_at: int | None = None,
) -> None:
    """So many more Bens, each named a moment after the one before unless told otherwise."""
    looks = (role, left_at, removed_at, is_alike, has_spoken)
    room.runs(
        "INSERT INTO participants (conversation_id, user_id, username, session_id, joined_at,"
        " visits, name_key, named_at, role, left_at, removed_at, is_alike, has_spoken)"
        " VALUES (1, ?, 'Ben', ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
        [(f"user {id}", id, id, KEY, named_at or id, *looks) for id in room.sessions(count)],
    )


def a_stranger_comes(room: Room) -> None:
    claim = naming.claim(room.connection, ROOM, "Ben", before=None, is_owner=False, at=room.at)
    room.is_new("stranger", "Ben", claim)
    naming.mark(room.connection, ROOM, KEY)


def one_comes_back(room: Room) -> None:
    before = room.person("user 9")
    assert before is not None
    naming.claim(room.connection, ROOM, "Ben", before=before, is_owner=False, at=room.at)
    stored.change(room.connection, before, left_at=None)
    naming.mark(room.connection, ROOM, KEY)


def the_first_is_removed(room: Room) -> None:
    room.changes("user 2", left_at=room.at, removed_at=room.at)
    naming.mark(room.connection, ROOM, KEY)


def somebody_is_meant(room: Room) -> None:
    meaning.decide(room.connection, ROOM, "@Ben, @Be and @BEN: @Benjamin", parts=None)


def an_owner_comes(room: Room) -> None:
    claim = naming.claim(room.connection, ROOM, "Ben", before=None, is_owner=True, at=room.at)
    room.is_new("owner", "Ben", claim)
    room.changes("owner", role="owner")
    naming.mark(room.connection, ROOM, KEY)


LOOKS_OF_WHO_COMES = (a_stranger_comes, one_comes_back, the_first_is_removed, an_owner_comes)
LOOKS = (*LOOKS_OF_WHO_COMES, somebody_is_meant)


@pytest.mark.longer
@pytest.mark.parametrize(
    "holders",
    [
        {},
        {"left_at": 5, "is_alike": False},
        {"left_at": 5, "is_alike": True},
        {"left_at": 5, "is_alike": False, "has_spoken": True},
        {"left_at": 5, "removed_at": 5},
        {"role": "owner"},
        {"role": "owner", "left_at": 5},
    ],
    ids=["here", "away, unmarked", "away", "away, spoke", "removed", "owners", "owners, away"],
)
def test_a_look_costs_the_same_however_many_hold_the_name(
    room: Room, holders: dict[str, Any]
) -> None:
    in_the_way(room, 20, **holders)
    among_few = _steps_of(room, LOOKS)
    in_the_way(room, MANY, **holders)
    assert _grown(among_few, _steps_of(room, LOOKS)) == {}


@pytest.mark.longer
def test_so_it_does_however_many_spoke_under_it_who_have_another_now(room: Room) -> None:
    in_the_way(room, 20)
    spoke_before(room, 20)
    among_few = _steps_of(room, LOOKS_OF_WHO_COMES)
    spoke_before(room, MANY)
    assert _grown(among_few, _steps_of(room, LOOKS_OF_WHO_COMES)) == {}


def test_where_nobody_gave_the_name_up_a_look_costs_hardly_more_than_before(room: Room) -> None:
    """Each of these joins reads one page of an index more, and nothing where the table is empty."""
    in_the_way(room, 1, is_alike=False)
    assert _steps(room, lambda room: held.marks(room.connection, ROOM, KEY)) < 40
    assert _steps(room, lambda room: held.taken(room.connection, ROOM, "cleo")) < 60


def spoke_before(room: Room, count: int) -> None:
    """So many more who were Bens."""
    room.runs(
        "INSERT INTO former_names (conversation_id, user_id, username, name_key, role, named_at,"
        " is_alike, given_up_at) VALUES (1, ?, 'Ben', ?, 'member', ?, 1, ?)",
        [(f"before {id}", KEY, id, id) for id in room.sessions(count)],
    )


def _steps_of(room: Room, looks: Sequence[Callable[[Room], None]]) -> dict[str, int]:
    return {happens.__name__: _steps(room, happens) for happens in looks}


def _grown(few: dict[str, int], many: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What takes twice as much, or more, among many."""
    return {each: (few[each], many[each]) for each in few if many[each] >= 2 * few[each]}


def _steps(room: Room, happens: Callable[[Room], object]) -> int:
    """How many instructions of SQLite it takes; it is undone again."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    driver: Any = room.connection.connection.driver_connection
    room.runs("SAVEPOINT before")
    driver.set_progress_handler(step, 1)
    happens(room)
    driver.set_progress_handler(None, 1)
    room.runs("ROLLBACK TO before")
    return steps


def test_marks_that_are_behind_are_caught_up_with_so_many_at_once(room: Room) -> None:
    in_the_way(room, 3 * held.UNMARKED_MAX, is_alike=False)
    counts = [len(naming.mark(room.connection, ROOM, KEY)) for _ in range(5)]
    assert sum(counts) == 3 * held.UNMARKED_MAX - 1
    assert max(counts) <= held.UNMARKED_MAX
    assert [user for user, is_alike in room.marked().items() if not is_alike] == ["user 2"]
