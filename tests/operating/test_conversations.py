"""What a host does with conversations at the command line, beside a server and without one."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from parley import tables
from tests import databases, forking
from tests.databases import ON_POSTGRESQL, sqlite_only
from tests.eventually import until
from tests.people import Json, Person
from tests.servers import START_WITHIN_S, Process, begin_folder, process
from tests.test_cli import assert_says_why
from tests.uploading import sends, uploads

PATIENCE_S = 30


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Process]:
    with process(data) as started:
        yield started


def parley(*arguments: str, database_of: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command about a data folder, and the database that belongs to it."""
    data = Path(arguments[arguments.index("--data") + 1]) if "--data" in arguments else None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    folder = database_of or data
    env = clean | ({} if folder is None else databases.environ_of(folder))
    return forking.run(*arguments, env=env, timeout=START_WITHIN_S)


async def host(data: Path, *arguments: str) -> Any:
    """What a command prints with --json, run beside those who talk."""
    ended = await asyncio.to_thread(parley, *arguments, "--json", "--data", str(data))
    assert ended.returncode == 0, ended
    assert ended.stderr == ""
    return json.loads(ended.stdout)


async def owns(ada: Person, room_id: str) -> None:
    """Ada joins as who started it."""
    await ada.connect(auth={"token": ada.token})
    await ada.join(room_id)


def health(server: Process) -> Json:
    found: Json = requests.get(f"{server.url}/api/health", timeout=PATIENCE_S).json()
    return found


def listed(data: Path, *flags: str) -> list[Json]:
    ended = parley("list", "--json", "--data", str(data), *flags)
    assert ended.returncode == 0, ended
    return [json.loads(line) for line in ended.stdout.splitlines()]


async def test_who_is_there_is_told_that_the_host_ended_it(data: Path, server: Process) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await owns(ada, room_id)
    await ben.join(room_id)
    before = await asyncio.to_thread(health, server)
    assert await host(data, "end", room_id) == {"room_id": room_id}
    assert (await ben.hears("conversation_ended"))["room_id"] == room_id
    after = await asyncio.to_thread(health, server)
    assert after["active_conversations"] == before["active_conversations"] - 1
    assert after["total_conversations"] == before["total_conversations"]
    refused = await ben.ask("send_message", {"room_id": room_id, "message": "Still there?"})
    assert refused["code"] == "conversation_ended"
    _, acts = await ada.call("GET", f"/api/conversations/{room_id}/acts")
    assert [(each["who"], each["act"]) for each in acts["acts"]] == [("The host", "ended")]
    again = await asyncio.to_thread(parley, "end", room_id, "--data", str(data))
    assert_says_why(again, "has ended")
    await ada.goes_home()
    await ben.goes_home()


async def test_what_the_host_deletes_is_gone_for_all_who_are_there(
    data: Path, server: Process
) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id, kept = await ada.starts(), await ada.starts()
    await ada.join(room_id)
    await ben.join(room_id)
    await ada.say(room_id, "A word that nobody is to find")
    before = await asyncio.to_thread(health, server)
    gone = await host(data, "delete", f"{server.url}/conversation/{room_id}", "--yes")
    assert (gone["room_id"], gone["messages"], gone["participants"]) == (room_id, 1, 2)
    assert (await ben.hears("conversation_deleted"))["room_id"] == room_id
    after = await asyncio.to_thread(health, server)
    assert after["total_conversations"] == before["total_conversations"] - 1
    missing = await asyncio.to_thread(
        requests.get, f"{server.url}/api/conversations/{room_id}", timeout=PATIENCE_S
    )
    assert missing.status_code == 404
    assert [each["room_id"] for each in await asyncio.to_thread(listed, data)] == [kept]
    await ada.goes_home()
    await ben.goes_home()


async def test_people_who_are_online_are_counted(data: Path, server: Process) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await owns(ada, room_id)
    await ben.join(room_id)
    found = await host(data, "show", room_id)
    assert (found["online"], found["people"], found["owners"]) == (2, 2, ["Ada"])
    assert (found["state"], found["door"], found["ended_at"]) == ("active", "open", None)
    # Whoever only went away owns it still; who left for good may never come back.
    await ada.ask("leave_room", {"room_id": room_id})
    found = await host(data, "show", room_id)
    assert (found["people"], found["owners"]) == (1, ["Ada"])
    await ada.call("POST", f"/api/conversations/{room_id}/leave", {})
    assert (await host(data, "show", room_id))["owners"] == []
    await ada.goes_home()
    await ben.goes_home()


@sqlite_only
def test_without_a_server_the_command_does_it_itself(data: Path) -> None:
    with process(data) as server:
        ended_id, deleted_id = asyncio.run(two(server))
        server.stop()
    assert asyncio.run(host(data, "show", ended_id))["online"] is None
    assert asyncio.run(host(data, "end", ended_id)) == {"room_id": ended_id}
    gone = asyncio.run(host(data, "delete", deleted_id, "--yes"))
    assert (gone["messages"], gone["files"]) == (2, 1)
    [left] = listed(data)
    assert (left["room_id"], left["state"]) == (ended_id, "ended")
    with closing(sqlite3.connect(data / "parley.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (1,)
    assert not [path for path in (data / "files").rglob("*") if path.is_file()]
    assert b"the second said" not in (data / "parley.db").read_bytes()
    with process(data) as server:
        counts = health(server)
        assert (counts["active_conversations"], counts["total_conversations"]) == (0, 1)


async def two(server: Process) -> tuple[str, str]:
    """Conversations in which something was said; the second has a file."""
    ada = Person("Ada", server.url)
    first, second = await ada.starts(), await ada.starts()
    for room_id in (first, second):
        await ada.join(room_id)
    await ada.say(first, "What the first said")
    await ada.say(second, "What the second said")
    await sends(ada, second, await uploads(ada, second, b"%PDF-1.4 a file"))
    await ada.goes_home()
    return first, second


def test_the_list_is_a_table_with_the_newest_first(data: Path, server: Process) -> None:
    async def talk() -> list[str]:
        ada = Person("Ada", server.url)
        ids = [
            await ada.starts(title="Plans", visibility="unlisted"),
            await ada.starts(title="Tea at \N{CJK UNIFIED IDEOGRAPH-8336}"),
        ]
        await owns(ada, ids[0])
        await ada.say(ids[0], "Not to be shown here")
        await ada.goes_home()
        return ids

    ids = asyncio.run(talk())
    ended = parley("list", "--data", str(data))
    assert ended.returncode == 0
    heads, first, second = ended.stdout.splitlines()
    assert heads.split()[:3] == ["ID", "TITLE", "STATE"]
    assert first.startswith(ids[1])
    assert "Tea at \N{CJK UNIFIED IDEOGRAPH-8336}" in first
    assert second.startswith(ids[0])
    assert "active, unlisted" in second
    assert "Not to be shown" not in ended.stdout
    assert [each["room_id"] for each in listed(data)] == ids[::-1]
    assert [each["room_id"] for each in listed(data, "--limit", "1")] == ids[1:]
    parley("end", ids[0], "--data", str(data))
    assert [each["room_id"] for each in listed(data, "--state", "active")] == ids[1:]
    assert [each["room_id"] for each in listed(data, "--state", "ended")] == ids[:1]
    shown = parley("show", ids[0], "--data", str(data))
    assert "Not to be shown" not in shown.stdout
    assert "State:            ended " in shown.stdout


def test_a_long_list_is_read_page_by_page(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley import operating
    from parley.config import Config

    with process(data) as server:

        async def begin() -> list[str]:
            ada = Person("Ada", server.url)
            ids = [await ada.starts() for _ in range(7)]
            await ada.goes_home()
            return ids

        ids = asyncio.run(begin())
    monkeypatch.setattr(operating, "READ_AT_ONCE", 3)
    config = Config(data=data, database_url=databases.url_of(data))
    assert [each.room_id for each in operating.listed(config)] == ids[::-1]
    assert [each.room_id for each in operating.listed(config, limit=4)] == ids[:2:-1]


def test_nothing_is_deleted_without_being_sure(data: Path, server: Process) -> None:
    async def begin() -> str:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.goes_home()
        return room_id

    room_id = asyncio.run(begin())
    assert_says_why(parley("delete", room_id, "--data", str(data)), "--yes")
    assert [each["room_id"] for each in listed(data)] == [room_id]


def test_a_replaced_link_shows_the_conversation_but_ends_nothing(
    data: Path, server: Process
) -> None:
    async def replace() -> tuple[str, str]:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await owns(ada, room_id)
        now = (await ada.ask("replace_link", {"room_id": room_id}))["room_id"]
        await ada.goes_home()
        return room_id, now

    old, now = asyncio.run(replace())
    assert asyncio.run(host(data, "show", old))["room_id"] == now
    for command in (("end", old), ("delete", old, "--yes")):
        assert_says_why(parley(*command, "--data", str(data)), "was replaced", now)


def test_what_is_no_conversation_is_one_sentence(data: Path) -> None:
    begin_folder(data)
    for command in (("show", "nowhere"), ("end", "-hidden"), ("delete", "x" * 300, "--yes")):
        assert_says_why(parley(*command, "--data", str(data)), "no conversation", "link")
    if not ON_POSTGRESQL:
        assert_says_why(parley("list", "--data", str(data / "none")), "no database", "--data")
    assert parley("show", "--help").stdout.startswith("Usage: ")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such socket")
def test_the_control_socket_is_this_users_alone_and_goes_with_the_server(
    data: Path, server: Process
) -> None:
    path = data / "parley-0.control"
    asyncio.run(until(path.exists, every_s=0.05))
    mode = path.stat().st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)
    assert server.stop()[0] == 0
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such socket")
@pytest.mark.parametrize("asked", [b"{}", b'{"do": []}', b'{"do": {}}', b"[" * 10_000, b"\xff"])
async def test_what_is_no_command_is_refused(data: Path, server: Process, asked: bytes) -> None:
    path = data / "parley-0.control"
    await until(path.exists, every_s=0.05)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(asked + b"\n")
    assert b"knows no such command" in await reader.readline()
    writer.close()


def test_a_deep_data_folder_has_its_socket_too(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 100) / ("e" * 100) / "data"
    with process(data) as server:
        room_id, _ = asyncio.run(two(server))
        assert asyncio.run(host(data, "show", room_id))["online"] == 0
        assert asyncio.run(host(data, "end", room_id)) == {"room_id": room_id}


@pytest.mark.skipif(not ON_POSTGRESQL, reason="On SQLite there is one process alone.")
async def test_processes_elsewhere_are_told_what_the_host_does(
    data: Path, tmp_path: Path, server: Process
) -> None:
    ada = Person("Ada", server.url)
    ended, deleted = await ada.starts(), await ada.starts()
    for room_id in (ended, deleted):
        await ada.join(room_id)
    # On a machine of its own, as it were: with a folder in which no server runs.
    away = ("--data", str(tmp_path / "away"))
    for command in (("end", ended), ("delete", deleted, "--yes")):
        done = await asyncio.to_thread(parley, *command, *away, database_of=data)
        assert done.returncode == 0, done
    assert (await ada.hears("conversation_ended"))["room_id"] == ended
    assert (await ada.hears("conversation_deleted"))["room_id"] == deleted
    await ada.goes_home()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="On SQLite there is one process alone.")
def test_each_process_in_a_folder_has_a_number_of_its_own(data: Path, server: Process) -> None:
    first, second = data / "parley-0.control", data / "parley-1.control"
    asyncio.run(until(first.exists, every_s=0.05))
    with process(data) as other:
        asyncio.run(until(second.exists, every_s=0.05))
        assert first.exists()
        other.stop()
        assert not second.exists()


def test_cells_are_cut_and_aligned_by_what_they_take_on_the_screen() -> None:
    rows = [
        ("ab", "1"),
        ("\N{CJK UNIFIED IDEOGRAPH-8336}", "2"),
        ("e\N{COMBINING ACUTE ACCENT}", "3"),
    ]
    lines = tables.lines(("A", "B"), rows)
    assert lines == [
        "A   B",
        "ab  1",
        "\N{CJK UNIFIED IDEOGRAPH-8336}  2",
        "e\N{COMBINING ACUTE ACCENT}   3",
    ]
    assert tables.plain("x" * 100) == "x" * (tables.CELL_MAX - 1) + "…"
    assert "\n" not in tables.plain("a\nb\x1b[2J")
