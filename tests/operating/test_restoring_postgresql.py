"""A backup of PostgreSQL, put back into an empty database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg

from parley.storage.postgresql import backup
from tests import databases
from tests.databases import sqlite_only
from tests.people import Person
from tests.servers import process
from tests.test_cli import assert_says_why
from tests.test_hosting import parley, said_in
from tests.uploading import sends, uploads

pytestmark = sqlite_only  # it has a database for itself


def made(name: str) -> str:
    with psycopg.connect(databases._url("postgres"), autocommit=True) as own:
        own.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        own.execute(f"CREATE DATABASE {name} TEMPLATE template0")
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


def test_the_tools_are_given_no_password_on_their_command_line() -> None:
    told = backup._without_password("postgresql://parley:hidden@db:6432/talk?sslmode=require")
    assert "hidden" not in told
    assert {"host=db", "port=6432", "dbname=talk", "sslmode=require"} <= set(told.split())
