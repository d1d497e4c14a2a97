"""Presence: people come with their first socket and go with their last."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from parley.domain.presence import Presence
from parley.records import Participant, Role

BEN = Participant(
    conversation_id=1,
    user_id="ben-1",
    username="Ben",
    session_id=1,
    role=Role.MEMBER,
    joined_at=datetime(2030, 1, 1, tzinfo=UTC),
    left_at=None,
    visits=1,
    named_at=datetime(2030, 1, 1, tzinfo=UTC),
)
NEVER_S = 3_600.0
ROOM = 1
ELSEWHERE = 2


@pytest.fixture
def presence() -> Presence:
    return Presence()


@pytest.fixture
def gone() -> list[Participant]:
    return []


def test_the_first_socket_is_an_arrival(presence: Presence) -> None:
    assert presence.enter(BEN, "phone") is True
    assert presence.online(ROOM, [BEN]) == {"ben-1"}


def test_a_second_socket_is_none(presence: Presence) -> None:
    presence.enter(BEN, "phone")
    assert presence.enter(BEN, "laptop") is False
    assert presence.enter(BEN, "phone") is False


def test_another_room_is_another_arrival(presence: Presence) -> None:
    presence.enter(BEN, "phone")
    assert presence.enter(replace(BEN, conversation_id=ELSEWHERE), "phone") is True
    assert presence.online(3, [BEN]) == frozenset()


def test_people_are_counted_once_however_many_sockets_they_have(presence: Presence) -> None:
    ada = replace(BEN, user_id="ada-1")
    for person, socket in ((BEN, "phone"), (BEN, "laptop"), (ada, "desk")):
        presence.enter(person, socket)
    assert presence.online_count(ROOM) == 2
    assert presence.online(ROOM, [BEN]) == {"ben-1"}
    presence.forget(BEN)
    assert presence.online_count(ROOM) == 1
    presence.forget_all(ROOM)
    assert presence.online_count(ROOM) == 0


async def test_who_may_yet_come_back_is_not_counted_until_then(presence: Presence) -> None:
    presence.enter(BEN, "phone")
    presence.exit(BEN, "phone", grace_s=NEVER_S, gone=lambda person: None)
    assert presence.online_count(ROOM) == 0
    presence.enter(BEN, "laptop")
    assert presence.online_count(ROOM) == 1
    presence.exit(BEN, "laptop", grace_s=NEVER_S, gone=lambda person: None)
    presence.forget(BEN)
    assert presence.online_count(ROOM) == 0


def test_the_last_socket_takes_them_away(presence: Presence, gone: list[Participant]) -> None:
    presence.enter(BEN, "phone")
    presence.enter(BEN, "laptop")
    presence.exit(BEN, "phone", grace_s=0, gone=gone.append)
    assert gone == []
    assert presence.online(ROOM, [BEN]) == {"ben-1"}
    presence.exit(BEN, "laptop", grace_s=0, gone=gone.append)
    assert gone == [BEN]
    assert presence.online(ROOM, [BEN]) == frozenset()


def test_a_socket_that_is_not_theirs_takes_nobody_away(
    presence: Presence, gone: list[Participant]
) -> None:
    presence.enter(BEN, "phone")
    presence.exit(BEN, "laptop", grace_s=0, gone=gone.append)
    presence.exit(replace(BEN, user_id="ada-1"), "phone", grace_s=0, gone=gone.append)
    presence.exit(replace(BEN, conversation_id=ELSEWHERE), "phone", grace_s=0, gone=gone.append)
    assert gone == []
    assert presence.online(ROOM, [BEN]) == {"ben-1"}


def test_a_socket_leaves_once(presence: Presence, gone: list[Participant]) -> None:
    presence.enter(BEN, "phone")
    for _ in range(2):
        presence.exit(BEN, "phone", grace_s=0, gone=gone.append)
    assert gone == [BEN]


async def test_within_the_grace_they_are_away_but_not_gone(
    presence: Presence, gone: list[Participant]
) -> None:
    presence.enter(BEN, "phone")
    presence.exit(BEN, "phone", grace_s=NEVER_S, gone=gone.append)
    assert gone == []
    assert presence.online(ROOM, [BEN]) == frozenset()
    assert presence.enter(BEN, "laptop") is False
    assert presence.online(ROOM, [BEN]) == {"ben-1"}
    presence.close()


async def test_after_the_grace_they_are_gone(presence: Presence) -> None:
    left: asyncio.Future[Participant] = asyncio.get_running_loop().create_future()
    presence.enter(BEN, "phone")
    presence.exit(BEN, "phone", grace_s=0.001, gone=left.set_result)
    assert await asyncio.wait_for(left, 10) == BEN
    assert presence.enter(BEN, "phone") is True


async def test_who_is_gone_is_told_as_they_last_came_in(presence: Presence) -> None:
    left: asyncio.Future[Participant] = asyncio.get_running_loop().create_future()
    renamed = replace(BEN, username="Benedict", visits=2)
    presence.enter(BEN, "phone")
    presence.enter(renamed, "phone")
    presence.exit(BEN, "phone", grace_s=0.001, gone=left.set_result)
    assert await asyncio.wait_for(left, 10) == renamed


async def test_closing_waits_for_nobody(presence: Presence, gone: list[Participant]) -> None:
    presence.enter(BEN, "phone")
    presence.exit(BEN, "phone", grace_s=0.001, gone=gone.append)
    presence.close()
    # A timer set later and not sooner over: the first would have run by then.
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.002, later.set)
    await later.wait()
    assert gone == []
    assert presence.online(ROOM, [BEN]) == frozenset()


async def test_who_comes_without_a_socket_within_the_grace_is_not_gone_after_it(
    presence: Presence, gone: list[Participant]
) -> None:
    others: asyncio.Future[Participant] = asyncio.get_running_loop().create_future()
    cleo, renamed = replace(BEN, user_id="cleo-1"), replace(BEN, username="Benedict")
    presence.enter(BEN, "phone")
    presence.exit(BEN, "phone", grace_s=0.001, gone=gone.append)
    assert presence.stay(renamed) is True
    presence.enter(cleo, "desk")
    presence.exit(cleo, "desk", grace_s=0.002, gone=others.set_result)
    await asyncio.wait_for(others, 10)
    assert gone == []
    assert presence.online(ROOM, [BEN]) == frozenset()
    assert presence.enter(renamed, "laptop") is False
    presence.exit(renamed, "laptop", grace_s=0, gone=gone.append)
    assert gone == [renamed]
    assert presence.stay(BEN) is False


def test_whose_sockets_were_put_out_stays(presence: Presence, gone: list[Participant]) -> None:
    presence.enter(BEN, "phone")
    presence.enter(BEN, "laptop")
    assert presence.put_out_sockets(BEN) is True
    assert presence.online_count(ROOM) == 0
    presence.exit(BEN, "phone", grace_s=0, gone=gone.append)
    assert gone == []
    assert not presence.has(BEN, "phone")
    assert presence.enter(BEN, "desk") is False
    assert presence.online_count(ROOM) == 1


def test_who_was_put_out_has_no_socket_here(presence: Presence) -> None:
    presence.enter(BEN, "phone")
    assert presence.has(BEN, "phone")
    presence.forget(BEN)
    assert not presence.has(BEN, "phone")
    assert presence.online(ROOM, [BEN]) == frozenset()
