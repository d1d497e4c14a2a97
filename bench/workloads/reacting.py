"""People react: many at once in a big room; and what reactions weigh where much is read."""

from __future__ import annotations

import asyncio
import json
import urllib.request

from bench.client import Client
from bench.crowd import Crowd, crowd
from bench.machine import Meter
from bench.paces import ARRIVE_WITHIN_S, all_arrived
from bench.scale import Scale
from bench.servers import Running
from bench.tally import clock
from bench.workloads.workload import Figures, Measure, Workload

AT_ONCE = 20
EMOJI = ("👍", "❤️", "😂", "🎉", "🙏")
SAID = 100
"""As many messages as a state holds."""
BURSTS = 10
"""In a turn: the system tells what a process used in hundredths of a second."""


async def _bursts(server: Running, scale: Scale) -> Figures:
    """Twenty react at once, on and off again; and the same number say something at once, in turn:
    what changes on the machine meanwhile meets both.
    """
    copies = scale.big_room_people
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(1), copies)
        actors = people.clients[:AT_ONCE]
        await _say_once(people, actors[:1], copies)
        (id,) = await asyncio.to_thread(_ids, server.port, actors[0].room_id)
        cost_s = {"reaction": 0.0, "message": 0.0}
        deliveries = {"reaction": 0, "message": 0}
        bytes_of = dict(deliveries)
        until = clock() + 2 * scale.window_s
        while clock() < until:
            for kind in cost_s:
                before, meter = people.bytes_received, Meter(server.pid)
                for number in range(BURSTS):
                    people.tally.reset()
                    if kind == "message":
                        await _say_once(people, actors, copies)
                    else:
                        await _react_once(people, actors, copies, id, on=number % 2 == 0)
                meter.read()
                cost_s[kind] += meter.server_s
                deliveries[kind] += BURSTS * len(actors) * copies
                bytes_of[kind] += people.bytes_received - before
        costs = {kind: 1e6 * cost_s[kind] / deliveries[kind] for kind in cost_s}
        return {
            "cpu_us_a_delivery": costs["reaction"],
            "message_cpu_us_a_delivery": costs["message"],
            "ratio": costs["reaction"] / max(costs["message"], 1e-9),
            "bytes_a_delivery": bytes_of["reaction"] / deliveries["reaction"],
            "message_bytes_a_delivery": bytes_of["message"] / deliveries["message"],
        }


async def _say_once(people: Crowd, clients: list[Client], copies: int) -> None:
    for client in clients:
        client.say()
    await all_arrived(people.tally, copies)


async def _react_once(
    people: Crowd, clients: list[Client], copies: int, id: str, *, on: bool
) -> None:
    for number, client in enumerate(clients):
        client.react(id, EMOJI[number % len(EMOJI)], on=on)
    await _all_told(people, len(clients) * copies)


async def _all_told(people: Crowd, changes: int) -> None:
    until = clock() + ARRIVE_WITHIN_S
    while clock() < until:
        if people.tally.changed >= changes:
            return
        await asyncio.sleep(0.01)


def _ids(port: int, room_id: str) -> list[str]:
    """Of its messages, in order."""
    path = f"http://127.0.0.1:{port}/api/conversations/{room_id}/messages?limit={SAID}"
    with urllib.request.urlopen(path) as reply:
        return [said["id"] for said in json.load(reply)["messages"]]


async def _states(server: Running, scale: Scale) -> Figures:
    """Somebody joins again and again, here where a hundred messages have five reactions each, there
    where they have none.
    """
    with_them, without = server.make_rooms(2)
    async with crowd() as speakers, crowd() as here, crowd() as there:
        await speakers.join(server.port, [with_them], len(EMOJI))
        await _fill(server, speakers)
        async with crowd() as others:
            await others.join(server.port, [without], 1)
            await _say(others, others.clients[0])
        await here.join(server.port, [with_them], 1)
        await there.join(server.port, [without], 1)
        cost_s, counted, until = [0.0, 0.0], 0, clock() + 2 * scale.window_s
        while clock() < until:
            for number, (people, room_id) in enumerate(((here, with_them), (there, without))):
                meter = Meter(server.pid)
                for _ in range(10):
                    await people.clients[0].join(room_id)
                meter.read()
                cost_s[number] += meter.server_s
            counted += 10
        cost, plain = (1e3 * each / counted for each in cost_s)
        return {"cpu_ms_a_state": cost, "plain_cpu_ms_a_state": plain, "ratio": cost / plain}


async def _fill(server: Running, speakers: Crowd) -> None:
    first = speakers.clients[0]
    await _say(speakers, first)
    ids = await asyncio.to_thread(_ids, server.port, first.room_id)
    speakers.tally.reset()
    for client, emoji in zip(speakers.clients, EMOJI, strict=True):
        for id in ids:
            client.react(id, emoji, on=True)
    await _all_told(speakers, len(ids) * len(EMOJI) * len(EMOJI))


async def _say(people: Crowd, client: Client) -> None:
    for _ in range(SAID):
        client.say()
    await all_arrived(people.tally, len(people.clients))


BURST = Workload(
    name="reactions",
    title="Many react at once",
    text=lambda scale: (
        f"{scale.big_room_people} people in one room, of whom {AT_ONCE} react to a message at "
        "once, and take it back at once; and between, say something at once."
    ),
    run=_bursts,
    measures=(
        Measure("cpu_us_a_delivery", "CPU a delivery of a reaction, µs"),
        Measure("message_cpu_us_a_delivery", "CPU a delivery of a message, µs"),
        Measure("ratio", "a reaction costs, times a message", 2),
        Measure("bytes_a_delivery", "bytes a delivery of a reaction", 0),
        Measure("message_bytes_a_delivery", "bytes a delivery of a message", 0),
    ),
    headline="ratio",
    servers=("parley",),
)
STATE = Workload(
    name="reacted-state",
    title="A state full of reactions",
    text=lambda scale: (
        f"One person joins again and again where {SAID} messages have {len(EMOJI)} reactions each, "
        "and where they have none."
    ),
    run=_states,
    measures=(
        Measure("cpu_ms_a_state", "CPU a join, ms", 2),
        Measure("plain_cpu_ms_a_state", "CPU a join without reactions, ms", 2),
        Measure("ratio", "with reactions, times without", 2),
    ),
    headline="ratio",
    servers=("parley",),
)
