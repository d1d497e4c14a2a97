"""The key of an encrypted conversation is changed at one process, and it holds at the others."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from parley.client.encryption.octets import to_base64url
from tests.cluster.talk import Cluster, cluster_at
from tests.encryption.members import Member
from tests.people import Json, Person
from tests.security.room import done


def is_at(seq: int, data: Json) -> bool:
    return bool(data["seq"] == seq)


class Room(NamedTuple):
    ada: Member
    """At the first process."""
    ben: Member
    """At the second, as the next are."""
    cleo: Member
    zoe: Person
    """Has the key, and reads along."""


@contextlib.asynccontextmanager
async def room_at(talk: Cluster) -> AsyncIterator[Room]:
    first, second = (server.url for server in talk.servers)
    people = [Person("Ada", first), *(Person(name, second) for name in ("Ben", "Cleo", "Zoe"))]
    try:
        ada = await Member.founds(people[0])
        link = ada.keyring.link
        ben = await Member.comes(people[1], link, ada.room_id)
        cleo = await Member.comes(people[2], link, ada.room_id)
        zoe, proof = people[3], {"read_proof": to_base64url(ada.keyring.newest.proof)}
        zoe.token = (await done(zoe, "POST", f"{ada.path}/enter", proof))["token"]
        await zoe.connect(auth={"token": zoe.token})
        assert (await zoe.ask("watch_room", {"room_id": ada.room_id}))["ok"]
        for each in (ada, ben, cleo):
            await each.learns()
        yield Room(ada, ben, cleo, zoe)
    finally:
        for person in people:
            await person.goes_home()


@pytest.mark.long("tests/cluster/test_deciding.py tells most of it")
async def test_it_holds_at_another_process_in_order(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk, room_at(talk) as room:
        ada, ben = room.ada, room.ben
        for number in range(1, 6):
            before = await ada.says(f"Before {number}")
            await ada.changes_key(ada.others())
            after = await ada.says(f"After {number}")
            assert (await ben.sends(ben.sealed("Late", f"late-{number}")))["code"] == "epoch_over"
            await ben.who.hears("new_message", partial(is_at, after["seq"]))
            [began] = [
                each for each in ben.who.all_heard("epoch_began") if each["number"] == number
            ]
            assert before["seq"] < began["seq"] < after["seq"]
            await ben.follows()
        told = [
            data["seq"] for name, data in ben.who.heard if name in ("new_message", "epoch_began")
        ]
        assert told == sorted(told)
        assert len(ben.who.all_heard("epoch_began")) == 5
        assert (await room.zoe.hears("removed"))["reason"] == "closed"
        assert not room.zoe.all_heard("epoch_began")
        await ada.changes_key(ada.others(room.cleo), remove=room.cleo.user_id)
        assert (await room.cleo.who.hears("removed"))["reason"] == "removed"
        await ben.hears_of(6)
        await ben.follows()
        await ben.says("Only us")
        assert (await ada.has_read())[-1] == "Only us"


@pytest.mark.long("several processes start for each")
async def test_without_hints_it_is_told_within_the_time_of_comparing(place: Path) -> None:
    async with cluster_at(place, with_redis=True) as talk, room_at(talk) as room:
        assert talk.redis is not None
        talk.redis.kill()
        before = await room.ada.says("Before")
        await room.ada.changes_key(room.ada.others())
        after = await room.ada.says("After")
        # In the transaction that would store it, whoever was told of it by then.
        assert (await room.ben.sends(room.ben.sealed("Late", "late")))["code"] == "epoch_over"
        began = await room.ben.who.hears("epoch_began")
        assert (await room.zoe.hears("removed"))["reason"] == "closed"
        await room.ben.who.hears("new_message", partial(is_at, after["seq"]))
        assert before["seq"] < began["seq"] < after["seq"]
        told = [
            data["seq"]
            for name, data in room.ben.who.heard
            if name in ("new_message", "epoch_began")
        ]
        assert told == sorted(told)
        await room.ben.follows()
        await room.ben.says("Only us")
