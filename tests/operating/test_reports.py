"""Reports as whoever runs the server sees them, at the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operating.test_conversations import host, parley
from tests.people import Json, Person
from tests.servers import Process, process
from tests.test_cli import assert_says_why


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Process]:
    with process(data) as started:
        yield started


async def printed(data: Path, *arguments: str) -> str:
    ended = await asyncio.to_thread(parley, "reports", "--data", str(data), *arguments)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout


async def listed(data: Path, *flags: str) -> list[Json]:
    return [json.loads(line) for line in (await printed(data, "--json", *flags)).splitlines()]


async def test_the_host_lists_reads_and_resolves_them(data: Path, server: Process) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    await ada.joins_over_rest(room_id)
    await ben.joins_over_rest(room_id, user_id="ben-1")
    _, said = await ben.call("POST", f"{path}/messages", {"message": "Buy\x1b[2J now!\nCheap"})
    body = {"message_id": said["id"], "reason": "spam", "words": "Again\x1b[1A and again"}
    assert (await ada.call("POST", f"{path}/reports", body))[0] == 200
    assert (await ada.call("POST", f"{path}/reports", {"user_id": "ben-1", "reason": "abuse"}))[0]
    person, message = await listed(data)
    assert person["report"]["user_id"] == "ben-1"
    assert message["room_id"] == room_id
    assert message["link"].endswith(f"/conversation/{room_id}?at={said['seq']}")
    assert message["report"]["text"] == "Buy\x1b[2J now!\nCheap"
    number = str(message["report"]["id"])
    for shown in (await printed(data), await printed(data, "show", number)):
        assert "\x1b" not in shown
        assert "Buy" in shown
    assert "Cheap" in shown
    assert "Again" in shown
    await printed(data, "resolve", number)
    assert [each["report"]["user_id"] for each in await listed(data)] == ["ben-1"]
    assert len(await listed(data, "--all")) == 2
    # Owners decide for themselves.
    assert (await ada.call("GET", f"{path}/manage"))[1]["reports"] == 2
    for deed in ("show", "resolve"):
        ended = await asyncio.to_thread(parley, "reports", "--data", str(data), deed, "99")
        assert_says_why(ended, "No such report")
    await host(data, "delete", room_id, "--yes")
    assert await listed(data, "--all") == []
    await ada.goes_home()
    await ben.goes_home()
