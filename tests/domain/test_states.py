"""Who comes back with many others is sent what they would be sent alone, byte for byte."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.contract import ConversationState
from parley.domain import conversations, messages, owning, participants, reactions, states
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import NotFound
from parley.live.shared_states import Reading, as_wire
from parley.records import Message, Session
from tests.domain.world import World
from tests.fuzz.effort import examples

DAY = timedelta(days=1)
SAYS = st.text("a€😀", min_size=1, max_size=12)
"""Several of these are more than goes into one answer."""
ACTS = st.one_of(
    SAYS.map(lambda text: ("says", text)),
    st.integers(0, 20).map(lambda which: ("deletes", which)),
    st.integers(0, 20).map(lambda which: ("is liked", which)),
    st.sampled_from([("erases", None), ("comes", None), ("ends", None)]),
)


class Talk:
    """A conversation to which things happen."""

    def __init__(self, world: World) -> None:
        self.world = world
        created = world.does(conversations.create(world.context, None))
        self.id, self.room_id = created.conversation.id, created.conversation.room_id
        self.owner: Session = created.owner
        joining = Joining(self.owner, username="Ada", socket="ada")
        world.does(participants.join(world.context, self.room_id, joining))
        world.does(owning.change(world.context, self.room_id, self.owner, Wishes(keep_days=1)))
        self.said: list[Message] = []
        self.is_over = False

    def happens(self, act: str, about: str | int | None) -> None:
        world, context = self.world, self.world.context
        if act == "deletes" and self.said:
            assert isinstance(about, int)
            id = self.said[about % len(self.said)].id
            world.does(messages.delete(context, self.room_id, self.owner, id))
        elif act == "is liked" and self.said and not self.is_over:
            assert isinstance(about, int)
            id = self.said[about % len(self.said)].id
            with suppress(NotFound):  # what was deleted
                liked = reactions.react_as(context, self.room_id, self.owner, id, "👍", on=True)
                world.does(liked)
        elif act == "erases":
            world.clock.goes_on(2 * DAY)
            world.does(owning.erase_outdated(context))
            self.said = []
        elif self.is_over:
            pass
        elif act == "says":
            sent = messages.send_as(context, self.room_id, self.owner, Draft(str(about)))
            self.said.append(world.does(sent).message)
        elif act == "comes":
            joining = Joining(None, socket=f"socket {len(self.said)}")
            world.does(participants.join(context, self.room_id, joining))
        elif act == "ends":
            world.does(conversations.end(context, self.room_id, self.owner))
            self.is_over = True


def frame(state: ConversationState) -> bytes:
    return msgspec.json.encode(state)


@pytest.fixture(autouse=True)
def _little_goes_into_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "STATE_MESSAGES", 4)
    monkeypatch.setattr(states, "STATE_MAX_CHARS", 40)
    monkeypatch.setattr(states, "DELTA_MAX_CHANGES", 10)
    monkeypatch.setattr(states, "REACH_MIN", 2)


@examples(60)
@given(history=st.lists(ACTS, max_size=30), farthest=st.none() | st.integers(0, 35))
def test_a_state_cut_for_many_is_the_one_read_for_each(
    empty_database: Path, history: list[tuple[str, str | int | None]], farthest: int | None
) -> None:
    world = World(empty_database)
    try:
        talk = Talk(world)
        for act, about in history:
            talk.happens(act, about)
        context, room_id = world.context, talk.room_id
        recent = world.does(conversations.recent(context, talk.id, since=farthest))
        reading = Reading(1, 0, 0.0, recent)
        alone = world.does(conversations.snapshot(context, room_id, None))
        assert frame(reading.state(None, frame).data) == frame(as_wire(alone))
        seq = alone.conversation.seq
        assert states.reaches(recent, farthest)
        for since in range(seq + 3):
            if states.reaches(recent, since):
                alone = world.does(conversations.catch_up(context, room_id, None, since=since))
                shared = reading.state(since, frame)
                assert shared.frame == frame(as_wire(alone))
                assert shared.seq == seq
    finally:
        world.ends()


def test_a_few_readings_reach_all_who_may_be_told_what_changed(empty_database: Path) -> None:
    world = World(empty_database)
    try:
        talk = Talk(world)
        for number in range(20):
            talk.happens("says", str(number))
        reached = [
            world.does(conversations.recent(world.context, talk.id, since=since)).since
            for since in range(21)
        ]
        assert sorted(set(reached)) == [10, 12, 16, 18, 20]
        assert all(begin <= max(since, 10) for since, begin in enumerate(reached))
    finally:
        world.ends()
