"""The sockets of a room, and whose they are."""

from __future__ import annotations

import time
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from parley.live.rooms import Room
from tests.fuzz.effort import examples

SIDS = st.sampled_from(["phone", "laptop", "tablet", "desk"])
PEOPLE = st.none() | st.sampled_from(["ada", "ben"])
MANY = 10_000
LOOKS = 200


class Silence:
    def send_to(
        self, sids: Iterable[str], event: str, data: object, seq: int | None = None
    ) -> None:
        list(sids)


@examples(200)
@given(st.lists(st.tuples(st.sampled_from(["arrives", "settles", "goes"]), SIDS, PEOPLE)))
def test_a_persons_sockets_are_those_that_came_as_them_and_have_not_gone(
    acts: list[tuple[str, str, str | None]],
) -> None:
    room, holders = Room(), dict[str, str | None]()
    arriving = set[str]()
    for act, sid, user_id in acts:
        if act == "arrives":
            room.arrive(sid, user_id)
            holders[sid] = user_id
            arriving.add(sid)
        elif act == "goes":
            room.remove(sid)
            holders.pop(sid, None)
            arriving.discard(sid)
        elif sid in arriving:
            room.settle(Silence(), sid, 0)
            arriving.discard(sid)
        assert set(room.sids) == set(holders)
        for person in ("ada", "ben"):
            theirs = [each for each, holder in holders.items() if holder == person]
            assert sorted(room.sids_of(person)) == sorted(theirs)


def test_whose_a_socket_is_is_not_searched_for_among_all() -> None:
    few, many = room_of(10), room_of(MANY)
    assert looking_s(many) < 50 * looking_s(few)


def room_of(people: int) -> Room:
    room = Room()
    for number in range(people):
        room.arrive(f"socket {number}", f"user {number}")
        room.settle(Silence(), f"socket {number}", 0)
    return room


def looking_s(room: Room) -> float:
    """The quickest of several times, since others use the machine too."""

    def once() -> float:
        began = time.thread_time()
        for _ in range(LOOKS):
            room.sids_of("user 7")
        return time.thread_time() - began

    return min(once() for _ in range(5))
