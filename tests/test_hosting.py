"""What a host does beside the server: a backup that is whole, and a link back for an owner."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
import requests

from parley import contract
from tests import forking, lean
from tests.people import Json, Person
from tests.servers import START_WITHIN_S, Process, begin_folder, process
from tests.test_cli import assert_says_why
from tests.uploading import sends, uploads

PATIENCE_S = 20
FORM = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def parley(
    *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return forking.run(*arguments, env=clean | dict(environ or {}), timeout=START_WITHIN_S)


def said_in(url: str, room_id: str) -> list[str]:
    """All that was said, the oldest first."""
    said: list[str] = []
    before: dict[str, int] = {}
    while True:
        page = requests.get(
            f"{url}/api/conversations/{room_id}/messages",
            params={"limit": 100, **before},
            timeout=PATIENCE_S,
        ).json()["messages"]
        if not page:
            return said
        said = [message["message"] for message in page] + said
        before = {"before": page[0]["seq"]}


async def talk(server: Process, count: int) -> str:
    """A conversation in which so much was said, and acknowledged."""
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    for number in range(count):
        assert (await ada.say(room_id, f"Message {number}"))["ok"]
    await ada.goes_home()
    return room_id


def restore(copy: Path, data: Path) -> None:
    """As docs/backups.md says."""
    data.mkdir(mode=0o700)
    (data / "parley.db").write_bytes(copy.read_bytes())


# --- parley backup ---


async def test_a_backup_beside_a_running_server_has_all_that_was_acknowledged(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with process(data, "--port", "0", "--rate-limits", "off") as server:
        room_id = await talk(server, 100)
        ended = await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
        # A plain copy has not: so few are not put into the database by and by.
        plain = tmp_path / "plain.db"
        plain.write_bytes((data / "parley.db").read_bytes())
        assert (await talk(server, 1)) != room_id, "the server goes on"
    assert ended.returncode == 0, ended
    assert ended.stdout.startswith(f"Saved 100 messages in 1 conversation to {copy} (")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(plain)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone()[0] < 100
    restore(copy, tmp_path / "again")
    with process(tmp_path / "again", "--port", "0", "--rate-limits", "off") as server:
        assert said_in(server.url, room_id) == [f"Message {number}" for number in range(100)]


async def test_a_backup_while_people_talk_ends_at_one_moment(data: Path, tmp_path: Path) -> None:
    with process(data, "--port", "0", "--rate-limits", "off") as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        acknowledged, is_over = 0, False

        async def talks() -> None:
            nonlocal acknowledged
            while not is_over:
                assert (await ada.say(room_id, f"Message {acknowledged}"))["ok"]
                acknowledged += 1

        talking = asyncio.create_task(talks())
        for number in range(2):
            before = acknowledged
            copy = tmp_path / f"{number}.db"
            ended = await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
            assert ended.returncode == 0, ended
            with closing(sqlite3.connect(copy)) as connection:
                found = connection.execute("SELECT text FROM messages ORDER BY seq").fetchall()
            assert before <= len(found) <= acknowledged + 1
            assert [text for (text,) in found] == [f"Message {n}" for n in range(len(found))]
        is_over = True
        await talking
        await ada.goes_home()


def test_a_backup_of_a_server_that_was_killed_has_all_too(data: Path, tmp_path: Path) -> None:
    with process(data, "--port", "0", "--rate-limits", "off") as server:
        asyncio.run(talk(server, 50))
        server.stop(signal.SIGKILL)
    ended = parley("backup", str(tmp_path / "copy.db"), "--data", str(data))
    assert "Saved 50 messages in 1 conversation" in ended.stdout
    begun = sorted(path.name for path in data.iterdir())
    with process(data, "--port", "0") as server:
        assert server.stop()[0] == 0
    assert {"parley.db", "parley.secret"} <= set(begun)


def test_a_backup_overwrites_nothing(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    taken, dangling = tmp_path / "taken", tmp_path / "dangling"
    taken.write_text("Dear diary")
    dangling.symlink_to(tmp_path / "elsewhere")
    for path in (taken, dangling):
        ended = parley("backup", str(path), "--data", str(data))
        assert_says_why(ended, str(path), "already there", "another name")
    assert taken.read_text() == "Dear diary"
    assert not (tmp_path / "elsewhere").exists()
    for path, word in ((tmp_path, "is a folder"), (data / "parley.db-wal", "own files")):
        assert_says_why(parley("backup", str(path), "--data", str(data)), str(path), word)
    missing = tmp_path / "no" / "copy"
    assert_says_why(parley("backup", str(missing), "--data", str(data)), "no folder", "Make it")


def test_a_backup_of_nothing_is_one_sentence(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert_says_why(parley("backup", str(copy), "--data", str(data)), str(data), "--data")
    data.mkdir()
    (data / "parley.db").write_bytes(b"Dear diary, this is no database.\n" * 200)
    assert_says_why(parley("backup", str(copy), "--data", str(data)), "not a database")
    (data / "parley.db").unlink()
    with closing(sqlite3.connect(data / "parley.db")) as connection:
        connection.execute("CREATE TABLE diary (day)")
    assert_says_why(parley("backup", str(copy), "--data", str(data)), "no such table")
    assert list(tmp_path.iterdir()) == [data]


@pytest.mark.long("a program of its own starts for it")
def test_a_backup_that_finds_no_room_leaves_nothing(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    into = tmp_path / "into"
    into.mkdir()
    command = [*lean.COMMAND, "backup", str(into / "copy.db"), "--data", str(data)]
    ended = subprocess.run(
        # No file may grow beyond 8 KB; whoever tries is told so rather than killed.
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "bash", *command],
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        check=False,
    )
    assert_says_why(ended, "copy.db")
    assert list(into.iterdir()) == []


def test_a_backup_may_have_any_name_that_a_file_may_have(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    odd = tmp_path / os.fsdecode(b"caf\xe9?#%41 .db")
    assert parley("backup", str(odd), "--data", str(data)).returncode == 0
    with closing(sqlite3.connect(odd)) as copy:
        assert copy.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    long = tmp_path / ("x" * 400)
    assert_says_why(parley("backup", str(long), "--data", str(data)), "cannot be written")


@pytest.mark.long("a program of its own starts for it")
def test_a_backup_that_is_ended_leaves_nothing(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    into = tmp_path / "into"
    into.mkdir()
    command = [*lean.COMMAND, "backup", str(into / "copy.db"), "--data", str(data)]
    lock = sqlite3.connect(data / "parley.db")
    lock.execute("BEGIN EXCLUSIVE")  # so that it waits
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as backup:
        while not list(into.iterdir()):
            assert backup.poll() is None
        backup.terminate()
        lock.rollback()
        lock.close()
        backup.communicate(timeout=START_WITHIN_S)
    assert list(into.glob(".*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are the system's own there")
def test_a_backup_is_closed_to_others_whatever_the_umask(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    before = os.umask(0)
    try:
        ended = parley("backup", str(tmp_path / "copy.db"), "--data", str(data))
    finally:
        os.umask(before)
    assert ended.returncode == 0
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]


# --- parley owner-link ---


def made_link(data: Path, room: str, *flags: str) -> str:
    ended = parley("owner-link", room, "--data", str(data), *flags)
    assert ended.returncode == 0, ended
    [link] = ended.stdout.splitlines()
    return link


async def test_who_opens_a_link_of_the_hosts_owns_the_conversation(data: Path) -> None:
    with process(data) as server:
        room_id = await talk(server, 1)
        manage = f"{server.url}/conversation/{room_id}/manage"
        link = await asyncio.to_thread(made_link, data, room_id, "--port", str(server.port))
        assert link.startswith(f"http://localhost:{server.port}/link/")
        with requests.Session() as ada, requests.Session() as mallory:
            assert ada.get(manage, timeout=PATIENCE_S).status_code == 403
            for _ in range(3):  # as previews do
                assert "It works once." in ada.get(link, timeout=PATIENCE_S).text
                assert ada.get(manage, timeout=PATIENCE_S).status_code == 403
            # Another site's page does not use it up either.
            foreign = {"Origin": "https://mallory.example", "Sec-Fetch-Site": "cross-site"}
            assert mallory.post(link, headers=foreign, timeout=PATIENCE_S).status_code == 403
            opened = ada.post(link, headers=FORM, timeout=PATIENCE_S)
            assert opened.status_code == 200
            page = ada.get(manage, timeout=PATIENCE_S)
            assert page.status_code == 200
            assert "The host" in page.text
            assert "for an owner who lost access" in page.text
            assert mallory.post(link, headers=FORM, timeout=PATIENCE_S).status_code == 404
            assert mallory.get(manage, timeout=PATIENCE_S).status_code == 403


async def test_a_link_of_the_hosts_makes_a_founder_where_that_one_is_gone(data: Path) -> None:
    with process(data) as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts()
        path = f"/api/conversations/{room_id}"
        founder = await ada.joins_over_rest(room_id)
        link = await asyncio.to_thread(made_link, data, room_id, "--founder")
        _, reply = await ben.call("POST", f"/api/links/{link.rsplit('/', 1)[1]}")
        ben.token = reply["token"]
        removal = {"user_id": founder["user_id"]}
        assert (await ben.call("POST", f"{path}/remove", removal))[0] == 200
        _, found = await ben.call("GET", f"{path}/acts")
        assert found["acts"][-1]["about"] == "owner: for a new founder"
        await ada.goes_home()
        await ben.goes_home()


def test_a_link_of_the_hosts_is_valid_for_ten_minutes(data: Path) -> None:
    with process(data) as server:
        room_id = asyncio.run(talk(server, 1))
        link = made_link(data, room_id)
        code = link.rsplit("/", 1)[1]
        with closing(sqlite3.connect(data / "parley.db")) as connection, connection:
            columns = "(expires_at - created_at) / 1000, uses_max, role"
            [found] = connection.execute(f"SELECT {columns} FROM links").fetchall()
            assert found == (contract.OWNER_LINK_VALID_S, 1, "owner")
            connection.execute(f"UPDATE links SET expires_at = expires_at - {found[0] * 1000}")
        reply = requests.post(f"{server.url}/api/links/{code}", timeout=PATIENCE_S)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_it_is_made_while_the_server_rests_and_of_a_whole_link(data: Path) -> None:
    with process(data) as server:
        room_id = asyncio.run(talk(server, 1))
        server.stop()
    public = ("--public-url", "https://talk.example")
    link = made_link(data, f"https://talk.example/conversation/{room_id}/?x#y", *public)
    assert link.startswith("https://talk.example/link/")
    with process(data) as server:
        code = link.rsplit("/", 1)[1]
        reply = requests.post(f"{server.url}/api/links/{code}", timeout=PATIENCE_S).json()
        assert reply["role"] == "owner"


def test_a_link_to_nothing_is_one_sentence(data: Path) -> None:
    for room in ("nowhere0", "-nowhere", "https://talk.example/", "x" * 500):
        assert_says_why(parley("owner-link", room, "--data", str(data)), "no database")
    begin_folder(data)
    for room in (
        "nowhere0",
        "-nowhere",
        "https://talk.example/conversation/nowhere0",
        "http://[nowhere/conversation/a",
        os.fsdecode(b"nowhere\xff"),
    ):
        ended = parley("owner-link", room, "--data", str(data))
        assert_says_why(ended, "no conversation", "nowhere", "its link")
    with closing(sqlite3.connect(data / "parley.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    ended = parley("owner-link", "nowhere0", "--data", str(data))
    assert_says_why(ended, "another version", "parley migrate")


async def test_a_link_of_the_hosts_leads_by_the_conversations_newest_link_alone(
    data: Path,
) -> None:
    with process(data) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        status, _ = await ada.call("POST", f"/api/conversations/{room_id}/link", {})
        await ada.goes_home()
        assert status == 200
        ended = await asyncio.to_thread(parley, "owner-link", room_id, "--data", str(data))
    assert_says_why(ended, "replaced", "it has now")


def test_help_is_read_of_every_command_that_a_host_has(data: Path) -> None:
    for command in ("backup", "owner-link"):
        for flag in ("-h", "--help"):
            ended = parley(command, flag, "--data", str(data))
            assert (ended.returncode, ended.stderr) == (0, ""), ended
            assert ended.stdout.startswith(f"Usage: parley {command} ")
            assert "The server's data folder." in ended.stdout


# --- files ---


async def with_files(server: Process) -> tuple[str, list[Json]]:
    """A conversation with two files that are sent, and one that is not."""
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.joins_over_rest(room_id)
    sent = [await uploads(ada, room_id, text, "a.txt") for text in (b"Hello", b"World")]
    await sends(ada, room_id, *sent)
    await uploads(ada, room_id, b"Not sent")
    await ada.goes_home()
    return room_id, sent


async def test_a_backup_has_the_files_of_messages_and_they_are_there_after_restoring(
    data: Path, tmp_path: Path
) -> None:
    copy, restored = tmp_path / "copy.db", tmp_path / "restored"
    with process(data) as server:
        _, sent = await with_files(server)
        ended = await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
    assert ended.returncode == 0, ended.stderr
    assert f"Their 2 files (10 bytes) are in the folder {copy}.files." in ended.stdout
    shutil.rmtree(data)
    restored.mkdir(mode=0o700)
    copy.rename(restored / "parley.db")
    (tmp_path / "copy.db.files").rename(restored / "files")
    check = await asyncio.to_thread(parley, "files", "check", "--data", str(restored))
    assert (check.returncode, check.stdout) == (0, "2 files, all in order.\n")
    usage = await asyncio.to_thread(parley, "files", "--data", str(restored))
    assert usage.stdout.splitlines()[:2] == ["2 files, 10 bytes", "0 uploads not done, 0 bytes"]
    with process(restored) as server:
        cleo = Person("Cleo", server.url)
        texts = [(await cleo.send("GET", file["url"])).body for file in sent]
        await cleo.goes_home()
        assert texts == [b"Hello", b"World"]


async def test_a_backup_keeps_its_files_when_they_are_deleted(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with process(data) as server:
        await with_files(server)
        await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
    shutil.rmtree(data / "files")
    kept = [path for path in (tmp_path / "copy.db.files").glob("*/*") if path.is_file()]
    assert sorted(path.read_bytes() for path in kept) == [b"Hello", b"World"]
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


async def test_a_backup_overwrites_no_folder_of_files(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    (tmp_path / "copy.db.files").mkdir()
    with process(data) as server:
        await with_files(server)
        refused = await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
    assert_says_why(refused, f"{copy}.files", "already there")
    assert not copy.exists()


async def test_how_much_there_is_and_that_all_is_in_order_beside_a_running_server(
    data: Path,
) -> None:
    with process(data) as server:
        room_id, _ = await with_files(server)
        usage = await asyncio.to_thread(parley, "files", "--data", str(data))
        assert usage.stdout.splitlines() == [
            "3 files, 18 bytes",
            "0 uploads not done, 0 bytes",
            "At most 20 GB in all, as --files-in-all is set here",
        ]
        found = await asyncio.to_thread(parley, "files", "check", "--data", str(data))
    assert (found.returncode, found.stdout) == (0, "3 files, all in order.\n")
    assert room_id


async def test_what_is_missing_damaged_or_nobodys_is_named(data: Path) -> None:
    with process(data) as server:
        _, (one, two) = await with_files(server)
        place = data / "files"
        (place / one["id"][:2] / one["id"]).unlink()
        (place / two["id"][:2] / two["id"]).write_bytes(b"Short")
        stray = place / "ab" / ("ab" * 16)
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(b"?")
        (place / "ab" / f"{stray.name}.preview").write_bytes(b"?")
        (place / two["id"][:2] / two["id"]).write_bytes(b"Shor")
        found = await asyncio.to_thread(parley, "files", "--data", str(data), "check")
    assert found.returncode == 1
    assert set(found.stdout.splitlines()) == {
        f"{one['id']}: missing",
        f"{two['id']}: of another size than it had",
        f"{stray.name}: kept, but in no conversation",
        f"{stray.name}.preview: kept, but in no conversation",
        "1 file in order, 1 missing, 1 damaged, 2 in no conversation.",
    }


async def test_what_was_changed_in_place_is_named_where_contents_are_read(data: Path) -> None:
    with process(data) as server:
        _, (one, _) = await with_files(server)
        kept = data / "files" / one["id"][:2] / one["id"]
        whole = await asyncio.to_thread(parley, "files", "check", "--contents", "--data", str(data))
        kept.write_bytes(bytes(kept.stat().st_size))
        sizes = await asyncio.to_thread(parley, "files", "check", "--data", str(data))
        read = await asyncio.to_thread(parley, "files", "check", "--contents", "--data", str(data))
    assert (whole.returncode, whole.stdout) == (0, "3 files, all in order.\n")
    assert (sizes.returncode, sizes.stdout) == (0, "3 files, all in order.\n")
    assert read.returncode == 1
    assert read.stdout.splitlines() == [
        f"{one['id']}: changed",
        "2 files in order, 0 missing, 1 damaged, 0 in no conversation.",
    ]


def test_files_of_no_server_are_one_sentence(data: Path) -> None:
    for command in (("files",), ("files", "check")):
        assert_says_why(parley(*command, "--data", str(data)), str(data), "--data")
