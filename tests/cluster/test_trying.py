"""`make cluster`: it starts, people at both Parleys talk, and Ctrl-C leaves nothing."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.eventually import until
from tests.people import Json, Person
from tests.workers.processes import is_running
from tools.cluster import PATHS, PROXIES

WITHIN_S = 180.0
NAMES = ("Ada", "Ben", "Cleo", "Dora")
HOME = Path(__file__).parent.parent.parent
WHY = "one proxy tells most of it"
FIRST, *OTHERS = (each.program for each in PROXIES)


class Trying(NamedTuple):
    process: subprocess.Popen[str]
    url: str
    ports: list[int]
    folder: Path


@pytest.fixture(
    params=[FIRST, *(pytest.param(each, marks=pytest.mark.long(WHY)) for each in OTHERS)]
)
def trying(request: pytest.FixtureRequest) -> Iterator[Trying]:
    if shutil.which(request.param, path=PATHS) is None:
        pytest.skip(f"{request.param} was not found; tests/system.sh says how to have it")
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.cluster", "--proxy", request.param],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=HOME,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        [url] = re.findall(r"http://localhost:\d+", said)
        [ports] = re.findall(r"ports (\d+) and (\d+)", said)
        [folder] = re.findall(r"logs are in (\S+)\.", said)
        yield Trying(process, url, [int(port) for port in ports], Path(folder))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=WITHIN_S)


def descendants(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def connections(port: int) -> int:
    health = requests.get(f"http://127.0.0.1:{port}/api/health", timeout=WITHIN_S).json()
    return int(health["active_connections"])


def is_from(name: str, data: Json) -> bool:
    return bool(data["message"] == f"I am {name}")


@pytest.mark.long("a proxy, PostgreSQL, Redis and two servers start")
@pytest.mark.timeout(2 * WITHIN_S)
async def test_people_at_both_talk_and_nothing_is_left(trying: Trying) -> None:
    people = [Person(name, trying.url) for name in NAMES]
    try:
        room_id = await people[0].starts()
        for person in people:
            await person.connect(auth={"token": person.token} if person.token else None)
        counts = [await asyncio.to_thread(connections, port) for port in trying.ports]
        assert sum(counts) == len(people)
        assert min(counts) >= 1
        for person in people:
            await person.join(room_id)
        for person in people:
            assert (await person.say(room_id, f"I am {person.name}"))["ok"]
        for person in people:
            for name in NAMES:
                await person.hears("new_message", partial(is_from, name))
    finally:
        for person in people:
            await person.goes_home()
    processes = descendants(trying.process.pid)
    assert len(processes) >= 5
    trying.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(trying.process.wait, WITHIN_S) == 0
    assert trying.process.stdout is not None
    assert trying.process.stdout.read() == "\nEverything has ended.\n"
    assert not trying.folder.exists()
    await until(lambda: not any(map(is_running, processes)))
