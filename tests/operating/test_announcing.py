"""What the host decides for all at the command line: an announcement, and who may not write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.operating.test_conversations import PATIENCE_S, health, host, parley
from tests.people import Person
from tests.servers import Process, process
from tests.test_cli import assert_says_why


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Process]:
    with process(data) as started:
        yield started


def page(server: Process, path: str = "/", closed: str = "") -> str:
    cookies = {"parley-closed": closed}
    return requests.get(server.url + path, cookies=cookies, timeout=PATIENCE_S).text


async def test_everybody_is_told_what_is_announced(data: Path, server: Process) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    assert "announcement" not in await asyncio.to_thread(health, server)
    line = "Down <b>at 8</b>\u202e for an hour"
    told = await host(data, "announce", line)
    assert told == {"text": "Down <b>at 8</b> for an hour"}
    first = await ada.hears("announced")
    assert first["text"] == told["text"]
    await ben.join(room_id)
    assert await ben.hears("announced") == first
    assert (await asyncio.to_thread(health, server))["announcement"] == told["text"]
    for path in ("/", f"/conversation/{room_id}", "/conversations", "/nowhere"):
        shown = await asyncio.to_thread(page, server, path)
        assert "Down &lt;b&gt;at 8&lt;/b&gt; for an hour" in shown, path
        closed = await asyncio.to_thread(page, server, path, first["id"])
        assert "for an hour" not in closed, path
    await host(data, "announce", "Back again")
    second = await ben.hears("announced", lambda data: data["text"] == "Back again")
    assert second["id"] != first["id"]
    assert "Back again" in await asyncio.to_thread(page, server, "/", first["id"])
    await host(data, "announce", "--clear")
    await ben.hears("announced", lambda data: data == {"id": "", "text": ""})
    assert "announcement" not in await asyncio.to_thread(page, server)
    await ada.goes_home()
    await ben.goes_home()


def test_without_a_server_it_waits_for_one(data: Path) -> None:
    with process(data):
        pass
    assert parley("announce", "Soon", "--data", str(data)).returncode == 0
    assert parley("block", "127.0.0.1", "--note", "Spam", "--data", str(data)).returncode == 0
    with process(data) as server:
        assert "Soon" in page(server)
        refused = requests.post(
            f"{server.url}/api/conversations/create", json={}, timeout=PATIENCE_S
        )
        assert refused.json()["code"] == "blocked"


def test_what_cannot_be_announced_is_told(data: Path, server: Process) -> None:
    assert_says_why(parley("announce", "x" * 301, "--data", str(data)), "at most 300")
    for arguments in ((), ("", "--clear", "Hello"), ("  ",), ("Hello", "--clear")):
        ended = parley("announce", "--data", str(data), *arguments)
        assert ended.returncode == 2, arguments


def test_blocks_are_listed_and_lifted(data: Path, server: Process) -> None:
    with_data = ("--data", str(data))
    assert parley("block", "192.0.2.9", "--note", "Spam\x1b[2J", *with_data).returncode == 0
    assert parley("block", "2001:db8::1/64", *with_data).returncode == 0
    shown = parley("blocks", *with_data).stdout
    assert "192.0.2.9" in shown
    assert "\x1b" not in shown
    listed = [
        json.loads(line) for line in parley("blocks", "--json", *with_data).stdout.splitlines()
    ]
    assert [each["network"] for each in listed] == ["192.0.2.9", "2001:db8::/64"]
    assert parley("unblock", "192.0.2.9", *with_data).returncode == 0
    assert_says_why(parley("unblock", "192.0.2.9", *with_data), "is not blocked")
    assert_says_why(parley("block", "everybody", *with_data), "an address or a network")
    assert_says_why(parley("block", "0.0.0.0/0", *with_data), "block everybody")
    create = f"{server.url}/api/conversations/create"
    assert requests.post(create, json={}, timeout=PATIENCE_S).status_code == 201
    parley("block", "127.0.0.0/8", *with_data)
    assert requests.post(create, json={}, timeout=PATIENCE_S).json()["code"] == "blocked"
    parley("unblock", "127.0.0.0/8", *with_data)
    assert requests.post(create, json={}, timeout=PATIENCE_S).status_code == 201
