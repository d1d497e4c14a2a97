"""What notifying costs: `python -m tests.push.measure`.

One real server, and a push service that decrypts in a process of its own. In one conversation a
thousand people are away who are notified of everything, in another a thousand who have no device.
Ada says something in each by turns, and times her acknowledgements; all the while Ben and Cleo talk
in a third, and time theirs. Then the CPU is read that a thousand notifications took.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from parley.domain.notices import REST_S
from tests.people import Person
from tests.push.service import NETWORKS, certificates, serving
from tests.servers import process

TALK_EVERY_S = 0.05
MESSAGES, SAYS_EVERY_S = 10, 0.3
TOLD_WITHIN_S = 200.0
TICKS = os.sysconf("SC_CLK_TCK")
MOST_TALK, MOST_CPU_S = 1.05, 3.0


@dataclasses.dataclass
class Round:
    acks_ms: list[float]
    beside_ms: list[float]
    cpu_s: float
    took_s: float


def serve(folder: str, count: int, pipe: Connection) -> None:
    """The push service, in a process of its own."""

    # It is elsewhere in truth, and takes no core from the server.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    async def main() -> None:
        async with serving(Path(folder)) as service:
            browsers = [service.browser() for _ in range(count)]
            pipe.send([browser.subscription for browser in browsers])
            loop = asyncio.get_running_loop()
            while True:
                seq: int = await loop.run_in_executor(None, pipe.recv)

                def is_told(seq: int = seq) -> bool:
                    return all(each.got and each.got[-1]["seq"] >= seq for each in browsers)

                await service.until(is_told, TOLD_WITHIN_S)
                await loop.run_in_executor(None, pipe.send, len(service.asked))

    asyncio.run(main())


def cpu_s(pid: int) -> float:
    """Of a process and its children, those that ended among them."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if folder.name == str(pid) or fields[1] == str(pid):
            total += sum(map(int, fields[11:15])) / TICKS
    return total


async def crowd(url: str, room_id: str, subscriptions: list[dict[str, object]], count: int) -> None:
    """People who joined, are away, and want to be notified of everything."""
    places = asyncio.Semaphore(8)

    async def one(number: int) -> None:
        async with places:
            person = Person(f"P{number}", url)
            await person.joins_over_rest(room_id)
            path = f"/api/conversations/{room_id}/notifications"
            assert (await person.call("PUT", path, {"level": "all"}))[0] == 200
            if subscriptions:
                status, reply = await person.call("POST", "/api/push", subscriptions[number])
                assert status == 200, reply
            await person.goes_home()

    await asyncio.gather(*(one(number) for number in range(count)))


async def timed(person: Person, room_id: str) -> tuple[float, int]:
    """After how many milliseconds it was acknowledged, and its seq."""
    began = time.perf_counter()
    ack = await person.say(room_id, "Is anybody there?")
    assert ack["ok"], ack
    return (time.perf_counter() - began) * 1000, ack["seq"]


async def measure(url: str, pid: int, pipe: Connection, count: int, rounds: int) -> bool:
    loop = asyncio.get_running_loop()
    subscriptions = await loop.run_in_executor(None, pipe.recv)
    ada, ben, cleo = (Person(name, url) for name in ("Ada", "Ben", "Cleo"))
    rooms = {name: await ada.starts(name) for name in ("notified", "not notified", "beside")}
    for each in (ada, ben, cleo):
        for room_id in rooms.values() if each is ada else [rooms["beside"]]:
            await each.join(room_id, token=each.token)
    for name in ("notified", "not notified"):
        await crowd(url, rooms[name], subscriptions if name == "notified" else [], count)
    found: dict[str, list[Round]] = {"notified": [], "not notified": []}
    for number in range(rounds):
        for name in sorted(found, reverse=bool(number % 2)):
            beside: list[float] = []
            talking = asyncio.Event()

            async def talk(beside: list[float] = beside, talking: asyncio.Event = talking) -> None:
                while not talking.is_set():
                    beside.append((await timed(ben, rooms["beside"]))[0])
                    await asyncio.sleep(TALK_EVERY_S)

            before, began = cpu_s(pid), time.perf_counter()
            task = asyncio.create_task(talk())
            acks, seqs = [], []
            for _ in range(MESSAGES):
                ack_ms, seq = await timed(ada, rooms[name])
                acks.append(ack_ms)
                seqs.append(seq)
                await asyncio.sleep(SAYS_EVERY_S)
            if name == "notified":
                # What comes after the first is told of after a rest, in one.
                await loop.run_in_executor(None, pipe.send, seqs[0])
                await loop.run_in_executor(None, pipe.recv)
                took_s = time.perf_counter() - began
            else:
                last = found["notified"][-1].took_s if found["notified"] else 6.0
                await asyncio.sleep(max(0.0, last - MESSAGES * SAYS_EVERY_S))
                took_s = last
            talking.set()
            await task
            found[name].append(Round(acks, beside, cpu_s(pid) - before, took_s))
            if name == "notified":  # the rest of what was said, and the rest after that
                await loop.run_in_executor(None, pipe.send, seqs[-1])
                await loop.run_in_executor(None, pipe.recv)
                await asyncio.sleep(REST_S + 1)
    for each in (ada, ben, cleo):
        await each.goes_home()
    return report(found, count)


def report(found: dict[str, list[Round]], count: int) -> bool:
    with_, without = found["notified"], found["not notified"]
    acks = [
        statistics.median(value for each in some for value in each.acks_ms)
        for some in (with_, without)
    ]
    beside = [
        statistics.median(value for each in some for value in each.beside_ms)
        for some in (with_, without)
    ]
    cpu = statistics.median(a.cpu_s - b.cpu_s for a, b in zip(with_, without, strict=True))
    print(f"{count} people who are away, {len(with_)} rounds by turns, medians")
    print(f"acknowledged after: {acks[0]:.2f} ms where they are notified, {acks[1]:.2f} ms where")
    print(f"  they cannot be: {acks[0] / acks[1]:.2f} x (at most {MOST_TALK})")
    print(f"others' messages meanwhile: {beside[0]:.2f} ms and {beside[1]:.2f} ms:")
    print(f"  {beside[0] / beside[1]:.2f} x (at most {MOST_TALK})")
    print(f"{count} notifications: {cpu:.2f} s of one core (at most {MOST_CPU_S}), handed over")
    print(f"  within {statistics.median(each.took_s for each in with_):.2f} s")
    within = max(acks[0] / acks[1], beside[0] / beside[1]) <= MOST_TALK
    return within and cpu <= MOST_CPU_S * count / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what notifying costs.")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    spawning = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SSL_CERT_FILE"] = str(certificates(Path(folder)))
        pipe, theirs = spawning.Pipe()
        service = spawning.Process(target=serve, args=(folder, given.people, theirs), daemon=True)
        service.start()
        flags = ("--port", "0", "--rate-limits", "off", "--push-networks", NETWORKS)
        try:
            with process(Path(folder, "data"), *flags) as server:
                is_within = asyncio.run(
                    measure(server.url, server.pid, pipe, given.people, given.rounds)
                )
        finally:
            service.kill()
    sys.exit(0 if is_within else 1)


if __name__ == "__main__":
    main()
