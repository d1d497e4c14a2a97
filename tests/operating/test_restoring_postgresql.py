"""A backup of PostgreSQL, put back into an empty database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from parley.errors import DatabaseTooNew, RestoreFailed
from parley.storage.postgresql import backup
from tests import databases
from tests.databases import sqlite_only
from tests.operating.test_restoring import Talk
from tests.people import Person
from tests.servers import process
from tests.test_cli import assert_says_why
from tests.test_hosting import parley, said_in
from tests.uploading import sends, uploads

pytestmark = sqlite_only  # it has a database for itself


def made(name: str, template: str = "template0") -> str:
    with psycopg.connect(databases._url("postgres"), autocommit=True) as own:
        own.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        own.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return databases._url(name)


def test_a_backup_beside_a_running_server_is_restored_with_its_files(tmp_path: Path) -> None:
    url, other = made("saved"), made("restored")
    data, again, copy = tmp_path / "data", tmp_path / "again", tmp_path / "copy.dump"

    async def talk(at: str) -> tuple[str, str]:
        ada = Person("Ada", at)
        room_id = await ada.starts()
        await ada.join(room_id)
        await ada.say(room_id, "One")
        file = await uploads(ada, room_id, b"Bytes", "a.bin")
        await sends(ada, room_id, file, message="Two")
        await uploads(ada, room_id, b"Never sent", "b.bin")
        await ada.goes_home()
        return room_id, file["id"]

    with process(data, "--port", "0", "--database-url", url) as server:
        room_id, file_id = asyncio.run(talk(server.url))
        saved = parley("backup", str(copy), "--data", str(data), "--database-url", url)
        assert saved.returncode == 0, saved
        assert server.stop()[0] == 0
    assert saved.stdout.startswith("Saved 2 messages in 1 conversation")
    assert copy.stat().st_mode & 0o777 == 0o600
    back = ("restore", str(copy), "--data", str(again), "--database-url")
    secret = ("--secret", str(data / "parley.secret"))
    assert_says_why(parley(*back, url, *secret), "not empty")
    [kept] = [each for each in Path(f"{copy}.files").rglob("*") if each.name == file_id]
    moved = kept.rename(tmp_path / "moved")
    assert_says_why(parley(*back, other, *secret), file_id, "--incomplete")
    moved.rename(kept)
    put = parley(*back, other, *secret)
    assert put.returncode == 0, put
    assert "With 1 file" in put.stdout
    with process(again, "--port", "0", "--database-url", other) as server:
        assert said_in(server.url, room_id) == ["One", "Two"]
        assert server.stop()[0] == 0
    checked = parley("files", "check", "--contents", "--data", str(again), "--database-url", other)
    assert checked.returncode == 0, checked
    copy.write_bytes(b"Dear diary")
    assert_says_why(parley(*back, made("third")), "is no backup of a PostgreSQL database")


def tables_in(url: str) -> int:
    with psycopg.connect(url) as own:
        [count] = own.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() or [-1]
    return int(count)


@pytest.mark.long("one that is restored tells most of it")
def test_a_backup_that_cannot_be_restored_leaves_the_database_empty(tmp_path: Path) -> None:
    other, again = made("refused"), tmp_path / "again"
    databases.server()
    source = made("refused_source", databases.TEMPLATE)

    def refuses(copy: Path, *words: str, secret: Path | None = None) -> None:
        with pytest.raises((RestoreFailed, DatabaseTooNew)) as refused:
            backup.restore(
                other, copy, again, secret=secret, with_files=True, is_incomplete_ok=False
            )
        told = str(refused.value)
        assert "\n" not in told
        assert told.endswith(".")
        for word in words:
            assert word in told
        assert tables_in(other) == 0
        assert not again.exists() or not list(again.iterdir())

    whole, torn, newer, foreign = (tmp_path / name for name in ("whole", "torn", "newer", "else"))
    backup.back_up(source, tmp_path, whole, with_files=True)
    torn.write_bytes(whole.read_bytes()[:-2_000])
    refuses(torn, "pg_restore failed")
    with psycopg.connect(source, autocommit=True) as own:
        own.execute("UPDATE alembic_version SET version_num = '9999'")
        backup.back_up(source, tmp_path, newer, with_files=True)
        refuses(newer, "newer version", "9999")
        own.execute("DROP TABLE alembic_version")
        backup.back_up(source, tmp_path, foreign, with_files=True)
        refuses(foreign, "something else")
    # What is in its way only pg_restore finds, halfway.
    with psycopg.connect(other, autocommit=True) as own:
        own.execute("CREATE VIEW messages AS SELECT 1 AS one")
    secret = tmp_path / "secret"
    secret.write_text("a" * 64)
    refuses(whole, "pg_restore failed", "already exists", secret=secret)


@pytest.mark.long("tests/operating/test_restoring.py makes one under load every time")
async def test_a_backup_made_under_load_has_all_that_was_acknowledged(tmp_path: Path) -> None:
    url, other = made("loaded"), made("loaded_again")
    data, again, copy = tmp_path / "data", tmp_path / "again", tmp_path / "copy.dump"
    at = ("--port", "0", "--rate-limits", "off", "--database-url")
    with process(data, *at, url) as server:
        talk = Talk(server.url)
        await talk.begin()
        talking = asyncio.create_task(talk.go_on())
        while min(map(len, talk.acknowledged.values())) < 20:
            await asyncio.wait([talking], timeout=0.05)
            assert not talking.done()
        before = {room_id: list(texts) for room_id, texts in talk.acknowledged.items()}
        saved = await asyncio.to_thread(
            parley, "backup", str(copy), "--data", str(data), "--database-url", url
        )
        talk.is_over = True
        await talking
        await talk.end()
        assert saved.returncode == 0, saved
        everything = {room_id: said_in(server.url, room_id) for room_id in talk.rooms}
    secret = ("--secret", str(data / "parley.secret"))
    put = await asyncio.to_thread(
        parley, "restore", str(copy), "--data", str(again), "--database-url", other, *secret
    )
    assert put.returncode == 0, put
    with process(again, *at, other) as server:
        for room_id, texts in before.items():
            found = said_in(server.url, room_id)
            assert set(texts) <= set(found), "all that was acknowledged before it began"
            assert found == everything[room_id][: len(found)], "in the same order, as of one moment"
    checked = await asyncio.to_thread(
        parley, *("files", "check", "--contents", "--data", str(again), "--database-url", other)
    )
    assert checked.returncode == 0, checked


def test_the_tools_are_given_no_password_on_their_command_line() -> None:
    told = backup._without_password("postgresql://parley:hidden@db:6432/talk?sslmode=require")
    assert "hidden" not in told
    assert {"host=db", "port=6432", "dbname=talk", "sslmode=require"} <= set(told.split())
