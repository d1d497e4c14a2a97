"""The list of people: bounded in every state, and whole page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from parley import present
from parley.domain import conversations, participants, people, removal
from parley.domain.context import Context
from parley.domain.overview import overview
from parley.domain.participants import Joining
from parley.errors import BadRequest
from parley.records import Participant, Session
from tests.domain import lasting
from tests.domain.conftest import Clock

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context

IN_STATE = 6
MANY = 20


@pytest.fixture(autouse=True)
def _few_go_into_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_IN_STATE", IN_STATE)
    monkeypatch.setattr(people, "OWNERS_FIRST_MAX", IN_STATE // 2)


class Talk:
    def __init__(self, context: Context, clock: Clock, room_id: str, owner: Session) -> None:
        self.context, self.clock = context, clock
        self.room_id, self.owner = room_id, owner
        self.joined: list[Participant] = []

    async def joins(
        self, name: str, session: Session | None = None, *, on_socket: bool = False
    ) -> Participant:
        # Two at a time join in the same millisecond.
        self.clock.goes_on(timedelta(milliseconds=len(self.joined) % 2))
        socket = f"socket of {name}" if on_socket else None
        joining = Joining(session, username=name, socket=socket)
        done = await participants.join(self.context, self.room_id, joining)
        self.joined.append(done.participant)
        return done.participant

    def in_order(self) -> list[str]:
        ordered = sorted(self.joined, key=lambda each: (each.joined_at, each.user_id))
        return [each.user_id for each in ordered]


@pytest_asyncio.fixture(loop_scope="module")
async def talk(context: Context, clock: Clock) -> Talk:
    created = await conversations.create(context, None)
    return Talk(context, clock, created.conversation.room_id, created.owner)


def ids(shown: tuple[Participant, ...]) -> list[str]:
    return [each.user_id for each in shown]


async def everybody(talk: Talk, limit: int, cursor: str | None = None) -> list[str]:
    found: list[str] = []
    while True:
        page = await people.page(talk.context, talk.room_id, None, limit=limit, cursor=cursor)
        assert len(page.shown) <= limit
        found += ids(page.shown)
        cursor = page.cursor
        if cursor is None:
            return found


async def test_as_many_as_a_state_holds_are_all_there_in_the_order_of_joining(talk: Talk) -> None:
    for number in range(IN_STATE - 1):
        await talk.joins(f"Ben {number}")
    await talk.joins("Ada", talk.owner)
    state = await conversations.snapshot(talk.context, talk.room_id, None)
    assert ids(state.participants) == talk.in_order()
    assert state.people_cursor is None


async def test_of_more_a_state_holds_the_owners_and_the_first(talk: Talk) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}", on_socket=number % 3 == 0)
    first = talk.in_order()
    ada = await talk.joins("Ada", talk.owner)
    state = await conversations.snapshot(talk.context, talk.room_id, None)
    assert ids(state.participants) == [ada.user_id, *first[: IN_STATE - 1]]
    shown = present.conversation(state)
    assert (shown.participant_count, shown.online_count) == (MANY + 1, len(range(0, MANY, 3)))
    # Whoever goes on from there has them all.
    others = await everybody(talk, 3, state.people_cursor)
    assert {*ids(state.participants), *others} == set(talk.in_order())
    assert others == talk.in_order()[IN_STATE - 1 :]


async def test_a_delta_tells_of_the_same_people(talk: Talk) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}")
    state = await conversations.snapshot(talk.context, talk.room_id, None)
    delta = await conversations.catch_up(talk.context, talk.room_id, None, since=0)
    assert delta.is_delta
    assert (delta.participants, delta.people_cursor) == (state.participants, state.people_cursor)


@pytest.mark.parametrize("limit", [1, 3, MANY, MANY + 1, 200])
async def test_the_pages_hold_everybody_once_and_in_order(talk: Talk, limit: int) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}")
    assert await everybody(talk, limit) == talk.in_order()


async def test_who_leaves_or_comes_meanwhile_moves_nobody_else(talk: Talk) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}", on_socket=True)
    first = await people.page(talk.context, talk.room_id, None, limit=5)
    for gone in (first.shown[0], first.shown[-1]):
        await participants.leave(talk.context, gone, f"socket of {gone.username}")
    await talk.joins("Cleo")
    assert await everybody(talk, 5, first.cursor) == talk.in_order()[5:]


@pytest.mark.parametrize(
    "cursor",
    # The last two are of "1_0.ada" and "+1.ada".
    ["nonsense", "é", "e30", "LjE", "OTk5OTk5OTk5OTk5OTk5OTk5OTku", "MV8wLmFkYQ", "KzEuYWRh"],
)
async def test_a_cursor_of_nobodys_is_refused(talk: Talk, cursor: str) -> None:
    with pytest.raises(BadRequest):
        await people.page(talk.context, talk.room_id, None, limit=5, cursor=cursor)


async def test_an_owner_finds_anybody_by_name_to_remove_them(talk: Talk) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}", on_socket=number == 7)
    mallory = await talk.joins("Màllory", on_socket=True)
    await participants.leave(talk.context, mallory, "socket of Màllory")
    seen = await overview(talk.context, talk.room_id, talk.owner, name="BEN 7")
    [ben] = seen.participants
    assert ben.username == "Ben 7"
    await removal.remove(talk.context, talk.room_id, talk.owner, ben.user_id)
    gone = await overview(talk.context, talk.room_id, talk.owner, name="ben 7")
    assert (gone.participants, gone.left) == ((), ())
    left = await overview(talk.context, talk.room_id, talk.owner, name="llory")
    assert (left.participants, ids(left.left)) == ((), [mallory.user_id])


async def test_an_owner_is_shown_everybody_page_by_page(talk: Talk) -> None:
    for number in range(MANY):
        await talk.joins(f"Ben {number}")
    found: set[str] = set()
    cursor: str | None = None
    while True:
        seen = await overview(talk.context, talk.room_id, talk.owner, cursor=cursor)
        found |= set(ids(seen.participants))
        cursor = seen.people_cursor
        if cursor is None:
            break
    assert found == set(talk.in_order())
