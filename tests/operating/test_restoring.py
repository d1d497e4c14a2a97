"""A backup put back: to a server that is the same, all of it or nothing, over nothing."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import requests

from parley.errors import RestoreFailed
from parley.storage import restoring
from tests import lean
from tests.people import PATIENCE_S, Json, Person
from tests.servers import START_WITHIN_S, begin_folder, process
from tests.test_cli import assert_says_why
from tests.test_hosting import parley, said_in
from tests.uploading import files_of, sends, uploads

ROOMS, SPEAKERS = 3, 4


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def restored(copy: Path, to: Path, *flags: str) -> str:
    ended = parley("restore", str(copy), "--data", str(to), *flags)
    assert ended.returncode == 0, ended
    return ended.stdout


def dump(database: Path) -> list[str]:
    """All that is in it."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


class Talk:
    """Rooms in which several speak all the time, and send files."""

    def __init__(self, url: str) -> None:
        self.ada = Person("Ada", url)
        self.people = [Person(f"Speaker {number}", url) for number in range(SPEAKERS)]
        self.rooms: list[str] = []
        self.acknowledged: dict[str, list[str]] = {}
        self.is_over = False

    async def begin(self) -> None:
        self.rooms = [await self.ada.starts() for _ in range(ROOMS)]
        self.acknowledged = {room_id: [] for room_id in self.rooms}
        for person in self.people:
            for room_id in self.rooms:
                await person.join(room_id)

    async def go_on(self) -> None:
        await asyncio.gather(*map(self._speak, self.people))

    async def _speak(self, person: Person) -> None:
        number = 0
        while not self.is_over:
            for room_id in self.rooms:
                number += 1
                text = f"{person.name} {number}"
                if number % 5 == 0:
                    file = await uploads(
                        person, room_id, secrets.token_bytes(3_000), f"{number}.bin"
                    )
                    await sends(person, room_id, file, message=text)
                else:
                    assert (await person.say(room_id, text))["ok"]
                self.acknowledged[room_id].append(text)

    async def end(self) -> None:
        for person in (self.ada, *self.people):
            await person.goes_home()


async def test_a_backup_made_under_load_is_restored_to_the_same_server(
    data: Path, tmp_path: Path
) -> None:
    copy, again = tmp_path / "copy.db", tmp_path / "again"
    with process(data, "--port", "0", "--rate-limits", "off") as server:
        talk = Talk(server.url)
        await talk.begin()
        talking = asyncio.create_task(talk.go_on())
        while min(map(len, talk.acknowledged.values())) < 20:
            await asyncio.wait([talking], timeout=0.05)
            assert not talking.done()
        before = {room_id: list(texts) for room_id, texts in talk.acknowledged.items()}
        ended = await asyncio.to_thread(parley, "backup", str(copy), "--data", str(data))
        assert ended.returncode == 0, ended
        talk.is_over = True
        await talking
        token = talk.people[0].token
        secret = data / "parley.secret"
        said = await asyncio.to_thread(restored, copy, again, "--secret", str(secret))
        assert "checked and on disk" in said
        assert "makes a new one" not in said
        await talk.end()
        everything = {room_id: said_in(server.url, room_id) for room_id in talk.rooms}
    assert dump(again / "parley.db") == dump(copy)
    assert (again / "parley.secret").read_bytes() == secret.read_bytes()
    with process(again, "--port", "0", "--rate-limits", "off") as server:
        for room_id, texts in before.items():
            found = said_in(server.url, room_id)
            assert set(texts) <= set(found), "all that was acknowledged before it began"
            assert found == everything[room_id][: len(found)], "in the same order, as of one moment"
        # Who had a token is who they were, and may go on.
        back = Person("Speaker 0", server.url)
        back.token = token
        await back.connect(auth={"token": token})
        await back.join(talk.rooms[0])
        assert (await back.say(talk.rooms[0], "Back again"))["ok"]
        _, listing = await back.call("GET", files_of(talk.rooms[0]))
        assert listing["files"]
        await back.goes_home()
    checked = parley("files", "check", "--contents", "--data", str(again))
    assert checked.returncode == 0, checked


def backup_with_files(data: Path, copy: Path) -> list[str]:
    """A backup of a talk with two files; their ids."""

    async def talk(url: str) -> list[str]:
        ada = Person("Ada", url)
        room_id = await ada.starts()
        await ada.join(room_id)
        files: list[Json] = [await uploads(ada, room_id, text) for text in (b"One", b"Two, longer")]
        for file in files:
            await sends(ada, room_id, file)
        await ada.goes_home()
        return [file["id"] for file in files]

    with process(data) as server:
        ids = asyncio.run(talk(server.url))
    assert parley("backup", str(copy), "--data", str(data)).returncode == 0
    # Of their own: those of the server have the same bytes on the disk.
    own = copy.with_name("own")
    shutil.copytree(f"{copy}.files", own)
    shutil.rmtree(f"{copy}.files")
    own.rename(f"{copy}.files")
    return ids


def test_files_that_are_missing_or_changed_are_told_before_anything_is_restored(
    data: Path, tmp_path: Path
) -> None:
    copy, again = tmp_path / "copy.db", tmp_path / "again"
    first, second = backup_with_files(data, copy)
    kept = [path for path in Path(f"{copy}.files").rglob("*") if path.name in (first, second)]
    next(path for path in kept if path.name == first).write_bytes(b"Two")
    next(path for path in kept if path.name == second).unlink()
    assert_says_why(
        parley("restore", str(copy), "--data", str(again)), first, second, "--incomplete"
    )
    assert not again.exists()
    said = restored(copy, again, "--incomplete")
    assert f"{first}: missing or damaged" in said
    assert f"{second}: missing or damaged" in said
    assert "makes a new one" in said
    with process(again) as server:
        assert server.stop()[0] == 0


def test_files_in_a_bucket_stay_there(data: Path, tmp_path: Path) -> None:
    copy, again = tmp_path / "copy.db", tmp_path / "again"
    backup_with_files(data, copy)
    shutil.rmtree(f"{copy}.files")
    restored(copy, again, "--files-url", "s3://bucket")
    assert not (again / "files").exists()


def test_nothing_is_restored_over_what_is_there(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup_with_files(data, copy)
    before = dump(data / "parley.db")
    assert_says_why(parley("restore", str(copy), "--data", str(data)), "not empty", "mv ")
    for name in ("parley.db-wal", "files", "uploads"):
        other = tmp_path / f"with-{name}"
        (other / name).mkdir(parents=True)
        assert_says_why(parley("restore", str(copy), "--data", str(other)), "not empty", name)
        assert {path.name for path in other.iterdir()} <= {name, "parley.lock"}
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "parley.secret").write_text("a" * 64)
    secret = ("--secret", str(data / "parley.secret"))
    assert_says_why(
        parley("restore", str(copy), "--data", str(tmp_path / "kept"), *secret), "already"
    )
    assert dump(data / "parley.db") == before
    assert "makes a new one" not in restored(copy, tmp_path / "kept")


def test_nothing_is_restored_below_a_running_server(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    begin_folder(data)
    assert parley("backup", str(copy), "--data", str(data)).returncode == 0
    with process(data) as server:
        requests.get(f"{server.url}/api/ready", timeout=PATIENCE_S).raise_for_status()
        for name in ("parley.db", "parley.db-wal", "parley.db-shm"):
            (data / name).unlink()
        refused = parley("restore", str(copy), "--data", str(data))
        assert_says_why(refused, "server is using", "stop it")
        server.stop(signal.SIGKILL)


def test_what_is_no_backup_is_one_sentence(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    again, copy = tmp_path / "again", tmp_path / "copy.db"

    def says(*words: str, flags: tuple[str, ...] = ()) -> None:
        ended = parley("restore", str(copy), "--data", str(again), *flags)
        assert_says_why(ended, str(copy), *words)
        assert not again.exists()

    says("no file")
    copy.write_bytes(b"Dear diary, this is no database.\n" * 200)
    says("no backup of Parley's")
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE diary (day)")
    says("something else")
    shutil.copy(data / "parley.db", copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    says("newer version")
    shutil.copy(data / "parley.db", copy)
    Path(f"{copy}-wal").write_bytes(b"What was said last")
    says("no backup but a database in use")
    Path(f"{copy}-wal").unlink()
    torn = copy.read_bytes()
    copy.write_bytes(torn[:8192] + b"\xff" * 8192 + torn[16384:])
    says("damaged")
    shutil.copy(data / "parley.db", copy)
    (tmp_path / "secret").write_text("none")
    ended = parley(
        *("restore", str(copy), "--data", str(again), "--secret", str(tmp_path / "secret"))
    )
    assert_says_why(ended, "not a secret")
    assert not again.exists()


@pytest.mark.long("a disk is made, and filled")
def test_a_disk_that_is_full_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    begin_folder(data)
    copy, again = tmp_path / "copy.db", tmp_path / "again"
    assert parley("backup", str(copy), "--data", str(data)).returncode == 0
    command = [*lean.COMMAND, "restore", str(copy), "--data", str(again)]
    ended = subprocess.run(
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "bash", *command],
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        check=False,
    )
    assert_says_why(ended, str(again), "Nothing was restored")
    assert not again.exists()


def test_a_failure_on_the_way_leaves_the_folder_as_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, again = tmp_path / "copy.db", tmp_path / "again"
    backup_with_files(data, copy)

    def fails(*_arguments: object) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(restoring, "_name", fails)
    with pytest.raises(RestoreFailed, match="Nothing was restored"):
        restoring.restore(copy, again)
    assert not again.exists()
    again.mkdir()
    with pytest.raises(RestoreFailed):
        restoring.restore(copy, again)
    assert {path.name for path in again.iterdir()} <= {"parley.lock"}
