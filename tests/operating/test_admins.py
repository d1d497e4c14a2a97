"""Admins at the command line, beside a server that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
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


async def listed(data: Path) -> list[Json]:
    ended = await asyncio.to_thread(parley, "admins", "--json", "--data", str(data))
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return [json.loads(line) for line in ended.stdout.splitlines()]


async def becomes_admin(data: Path, server: Process, *flags: str) -> tuple[str, Json]:
    """Somebody takes the link in a browser: a token of a program of theirs, and the link."""
    made = await host(data, "admin-link", *flags)
    path = "/admin-link/" + made["link"].rpartition("/")[2]
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"Origin": server.url}
    async with aiohttp.ClientSession(server.url, cookie_jar=jar, headers=headers) as browser:
        async with browser.post("/api/account", json={"name": "Ada's"}) as started:
            codes = (await started.json())["codes"]
        async with browser.post(path, allow_redirects=False) as used:
            assert (used.status, used.headers["Location"]) == (303, "/admin")
        async with browser.get("/admin") as page:
            assert page.status == 200
            assert "Conversations" in await page.text()
    program = Person("Ada", server.url)
    _, reply = await program.call("POST", "/api/account/sign-in", {"code": codes[0]})
    await program.goes_home()
    return reply["token"], made


async def test_an_admin_is_made_listed_and_removed_at_once(data: Path, server: Process) -> None:
    token, made = await becomes_admin(data, server, "--label", "Ada at home")
    assert made["role"] == "admin"
    ada = Person("Ada", server.url)
    ada.token = token
    status, overview = await ada.call("GET", "/api/admin")
    assert (status, overview["role"]) == (200, "admin")
    [row] = await listed(data)
    assert (row["role"], row["name"]) == ("admin", "Ada at home")
    told = await asyncio.to_thread(parley, "admins", "--data", str(data), "remove", str(row["id"]))
    assert told.stdout == "Ada at home is no longer an admin.\n", told
    status, refused = await ada.call("GET", "/api/admin")
    assert (status, refused["code"]) == (403, "forbidden")
    assert await listed(data) == []
    again = await asyncio.to_thread(parley, "admins", "--data", str(data), "remove", "1")
    assert_says_why(again, "There is no admin")
    await ada.goes_home()


async def test_what_commands_did_is_in_the_list_too(data: Path, server: Process) -> None:
    token, _ = await becomes_admin(data, server)
    ada = Person("Ada", server.url)
    ada.token = token
    await host(data, "block", "192.0.2.7")
    await host(data, "invite")
    _, reply = await ada.call("GET", "/api/admin/acts")
    acts = [(each["who"], each["act"], each["about"]) for each in reply["acts"]]
    assert acts == [
        ("Command line", "invited", "1"),
        ("Command line", "blocked", "192.0.2.7"),
        ("Ada's", "became_admin", "admin"),
    ]
    await ada.goes_home()


async def test_somebody_is_blocked_where_they_are_connected_from(
    data: Path, server: Process
) -> None:
    """And nobody blocks themselves by it: here all come from one address."""
    token, _ = await becomes_admin(data, server)
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    ada.token = token
    room_id = await ben.starts()
    await ben.join(room_id, token=ben.token, user_id="ben-1", username="Ben")
    path = f"/api/admin/conversations/{room_id}"
    _, found = await ada.call("GET", f"{path}/people")
    assert [(each["user_id"], each["online"]) for each in found["people"]] == [("ben-1", True)]
    status, reply = await ada.call("POST", f"{path}/people/ben-1/block", {})
    assert (status, reply["error"]) == (400, "That would block you, too.")
    cleo = Person("Cleo", server.url)
    await cleo.joins_over_rest(room_id, user_id="cleo-1")
    status, reply = await ada.call("POST", f"{path}/people/cleo-1/block", {})
    assert (status, reply["code"]) == (404, "not_found")
    for each in (ada, ben, cleo):
        await each.goes_home()
