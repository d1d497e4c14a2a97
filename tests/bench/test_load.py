"""The load tells the truth: against real servers, every delivery is counted once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from bench import rounds
from bench.crowd import crowd
from bench.hostile.acts import Target, by_many
from bench.hostile.parts import PARTS, Part
from bench.machine import Cores
from bench.paces import all_arrived, as_fast_as_they_arrive, at_rate
from bench.results import Results
from bench.scale import TINY
from bench.servers import Busboy, Floor, Kind, Missing, Nginx, Parley
from bench.websocket import frame
from bench.workloads import WORKLOADS
from parley.config import Config
from tests.generous import generous
from tests.servers import Running, running

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

PEOPLE = 4


def port_of(server: Running) -> int:
    return int(server.url.rpartition(":")[2])


async def room_at(server: Running) -> str:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.url}/api/conversations/create", json={}) as reply,
    ):
        return str((await reply.json())["room_id"])


def measured(workload: str, *kinds: Kind) -> Results:
    """That workload, tiny, on these servers as they are started for a measurement."""
    results = Results("here", "2030-01-02", "tiny")
    chosen = [work for work in WORKLOADS if work.name == workload]
    cores = Cores.of_this_process()
    rounds.measure(chosen, list(kinds), TINY, rounds=1, cores=cores, minutes=1, results=results)
    return results


async def test_every_delivery_to_everybody_is_counted_once(tmp_path: Path) -> None:
    async with running(generous(Config(data=tmp_path))) as server, crowd() as people:
        await people.join(port_of(server), [await room_at(server)], PEOPLE)
        await at_rate(people.clients, per_second=50, seconds=0.2)
        assert await all_arrived(people.tally, PEOPLE) == 0
        assert people.tally.delivered == people.tally.sent * PEOPLE == 10 * PEOPLE
        assert people.tally.answered == people.tally.sent
        assert min(people.tally.latencies_s) > 0


async def test_as_fast_as_they_arrive_keeps_messages_coming(tmp_path: Path) -> None:
    async with running(generous(Config(data=tmp_path))) as server, crowd() as people:
        await people.join(port_of(server), [await room_at(server)], PEOPLE)
        await as_fast_as_they_arrive(people.clients, PEOPLE, in_flight=3, seconds=0.3)
        assert await all_arrived(people.tally, PEOPLE) == 0
        assert people.tally.sent > 3
        assert people.tally.delivered == people.tally.sent * PEOPLE


async def test_whoever_may_not_join_counts_as_refused(tmp_path: Path) -> None:
    async with running(generous(Config(data=tmp_path))) as server, crowd() as people:
        await people.join(port_of(server), ["nowhere1"], 2)
        assert people.refused == 2
        assert people.clients == []


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_unmasks_to_what_was_said(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    made = frame(payload)
    start = len(made) - size
    mask = made[start - 4 : start]
    assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(made[start:])) == payload


LONG = pytest.mark.long("the others tell most of it")


@pytest.mark.long("those below measure a room every time")
@pytest.mark.parametrize("workload", ["big-room", "arrivals"])
def test_parley_and_the_floor_are_measured(workload: str) -> None:
    results = measured(workload, Parley(), Floor())
    assert results.failures(workload) == []
    (chosen,) = [work for work in WORKLOADS if work.name == workload]
    for server in ("parley", "floor"):
        for measure in chosen.measures:
            assert results.spread(workload, server, measure.key) is not None


@pytest.mark.long("one workload tells most of it")
@pytest.mark.parametrize("workload", ["reactions", pytest.param("reacted-state", marks=LONG)])
def test_reactions_are_measured_beside_what_has_none(workload: str) -> None:
    results = measured(workload, Parley())
    assert results.failures(workload) == []
    spread = results.spread(workload, "parley", "ratio")
    assert spread is not None
    assert spread.least >= 0


@pytest.mark.long("one workload tells most of it")
@pytest.mark.parametrize(
    ("workload", "key", "peer"),
    [
        pytest.param("upload", "mb_s", Busboy(), marks=LONG),
        ("download", "mb_s", Nginx()),
        pytest.param("photo", "took_s", None, marks=LONG),
        ("export", "messages_s", None),
        pytest.param("export-page", "messages_s", None, marks=LONG),
        pytest.param("export-archive", "messages_s", None, marks=LONG),
        pytest.param("beside-files", "ratio_up", None, marks=LONG),
    ],
)
def test_files_are_measured_beside_the_plainest(workload: str, key: str, peer: Kind | None) -> None:
    # A machine may have no nginx; that Parley is measured does not hang on it.
    wanted: list[Kind] = [Parley(), *([peer] if peer else [])]
    kinds = rounds.available(wanted, Results("here", "2030-01-02", "tiny"))
    results = measured(workload, *kinds)
    assert results.failures(workload) == []
    for kind in kinds:
        spread = results.spread(workload, kind.name, key)
        assert spread is not None
        assert spread.least > 0


@pytest.mark.long("one workload tells most of it")
def test_a_message_that_never_ends_is_cut_off() -> None:
    results = measured("endless-message", Parley())
    assert results.spread("endless-message", "parley", "cut_after_mib") is not None


@pytest.mark.long("one workload tells most of it")
@pytest.mark.parametrize("part", ["health", pytest.param("crowded-name", marks=LONG)])
def test_a_hostile_address_acts_while_people_talk(part: str) -> None:
    name = f"hostile-{part}"
    results = measured(name, Parley())
    assert results.failures(name) == []
    for key in ("p99_without_ms", "p99_with_ms", "ratio", "peak_mib"):
        spread = results.spread(name, "parley", key)
        assert spread is not None
        assert spread.least > 0
    lost = results.spread(name, "parley", "lost")
    assert lost is not None
    assert lost.most == 0


@LONG
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
async def test_each_hostile_act_goes_on_until_it_is_ended(tmp_path: Path, part: Part) -> None:
    async with running(Config(data=tmp_path)) as server:
        port = port_of(server)
        target = Target(port, await asyncio.to_thread(part.prepare, port, TINY))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await by_many(target, 2, part.once)


def test_a_server_that_cannot_be_had_is_told_of() -> None:
    class Nowhere(Floor):
        def prepare(self) -> None:
            raise Missing("There is none.")

    results = Results("here", "2030-01-02", "tiny")
    assert rounds.available([Nowhere()], results) == []
    assert results.missing == {"floor": "There is none."}
