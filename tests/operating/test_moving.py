"""From SQLite to PostgreSQL and back: all of it, wherever it was stopped, and to no other place."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parley import moving
from parley.config import Config
from parley.errors import DatabaseMoved, DatabaseUnusable, MoveFailed
from parley.storage import folder
from parley.storage.choice import database_of
from parley.storage.moved import MOVED, MOVING
from parley.storage.moving import move
from parley.storage.moving.places import TABLES
from parley.storage.moving.sqlite import Sqlite
from parley.storage.schema import Instant, facts
from parley.storage.sqlite.database import SqliteDatabase
from tests import databases
from tests.effort import times
from tests.people import Person
from tests.servers import begin_folder, process
from tests.test_hosting import parley, said_in

postgresql = pytest.importorskip("psycopg")
ROWS = times(15, full=40)
MANY = 4_000
KILLS = 5
FEW_AT_ONCE = (
    "import parley.cli as c, parley.storage.moving.move as m; c.TOLD_EVERY_ROWS = 1; "
    "m.ROWS_AT_ONCE = 100; "
)


@pytest.fixture
def url() -> Iterator[str]:
    """Of an empty PostgreSQL database."""
    try:
        place = databases.server()
    except databases.NoPostgresql as error:
        pytest.skip(str(error))
    name = f"moving_{secrets.token_hex(6)}"
    with databases._asking("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield f"postgresql://parley@/{name}?host={place}"
    with databases._asking("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def nothing(_table: str, _rows: int) -> None:
    pass


class Filler:
    """Rows that mean nothing, in every table and every column: what they could hold at the most."""

    def __init__(self) -> None:
        self._random = random.Random(4)
        self._keys: dict[str, list[Any]] = {}

    def fill(self, connection: sqlite3.Connection, table: sa.Table, count: int = ROWS) -> None:
        names = [column.name for column in table.columns]
        rows = (
            [self._value(column, number) for column in table.columns] for number in range(count)
        )
        marks = ", ".join("?" for _ in names)
        connection.executemany(
            f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({marks})", rows
        )
        key = table.primary_key.columns[0].name
        found = connection.execute(f"SELECT {key} FROM {table.name}").fetchall()
        assert found, table.name
        self._keys[table.name] = [row[0] for row in found]

    def _value(self, column: sa.Column[Any], number: int) -> Any:
        chance = self._random
        for key in column.foreign_keys:
            return chance.choice(self._keys[key.column.table.name])
        if column.nullable and number % 3 == 0:
            return None
        kind = column.type
        if isinstance(kind, sa.Boolean):
            return chance.randrange(2)
        if isinstance(kind, sa.LargeBinary):
            return chance.randbytes(kind.length or chance.randrange(2_000))
        if isinstance(kind, Instant | sa.BigInteger):
            return number + 1 if column.primary_key else chance.choice([0, number, 2**53 - number])
        if isinstance(kind, sa.Integer):
            return chance.randrange(-(2**31), 2**31)
        text = chance.choice(["", "Ä\u0301\U0001f468\u200d\U0001f469", 'a"\\\n\t\x01{}', "\u202e"])
        return f"{text}{number}{'x' * chance.choice([0, 9, 5_000])}"


async def filled(data: Path, rows: int = ROWS) -> None:
    """A database with something in every table."""
    begin_folder(data)
    filler = Filler()
    with closing(sqlite3.connect(data / folder.NAME)) as connection, connection:
        for table in TABLES:
            filler.fill(connection, table, rows if table.name == "messages" else ROWS)
        connection.execute("UPDATE sqlite_sequence SET seq = seq + 1000")


@pytest.mark.longer
async def test_there_and_back_everything_is_the_same(data: Path, url: str, tmp_path: Path) -> None:
    await filled(data)
    there = moving.move_data(str(data), url, nothing)
    assert {table.name for table in there} == {table.name for table in TABLES}
    assert all(table.rows for table in there), "something of every table was moved"
    back = moving.move_data(url, str(tmp_path / "back"), nothing)
    assert back == there
    with (
        closing(sqlite3.connect(data / folder.NAME)) as before,
        closing(sqlite3.connect(tmp_path / "back" / folder.NAME)) as after,
    ):
        ids = "SELECT name, seq FROM sqlite_sequence ORDER BY name"
        assert before.execute(ids).fetchall() == after.execute(ids).fetchall()


@pytest.mark.long("it is killed again and again")
@pytest.mark.parametrize(
    "is_back", [False, pytest.param(True, marks=pytest.mark.long("The way there is tried."))]
)
def test_it_goes_on_wherever_it_was_killed(
    data: Path, url: str, tmp_path: Path, *, is_back: bool
) -> None:
    asyncio.run(filled(data, MANY))
    source, target = str(data), url
    if is_back:
        moving.move_data(source, target, nothing)
        source, target = url, str(tmp_path / "back")
    kills = 0
    while True:
        code = f"from parley.cli import main; main(['move-data', {source!r}, {target!r}])"
        running = subprocess.Popen(
            [sys.executable, "-c", FEW_AT_ONCE + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what is read beyond a line is lost to `communicate`
        )
        assert running.stdout is not None
        # Sooner or later in it each time: whatever it says first, it has just stored.
        said = b"".join(running.stdout.readline() for _ in range(7 * kills + 1))
        if running.poll() is None and kills < KILLS:
            running.send_signal(signal.SIGKILL)
            kills += 1
        output, errors = running.communicate(timeout=120)
        if b"the same in both" in said + output or b"were moved already" in errors:
            break  # the latter where it was killed at the very end
        assert running.returncode == -signal.SIGKILL, errors
    assert kills
    with contextlib.closing(_place(target)) as place:
        assert place.count(facts.metadata.tables["messages"]) > MANY // 2
        assert place.fact(MOVING) is None


def _place(named: str) -> Any:
    return moving._place(named, is_target=False)


@pytest.mark.longer
async def test_a_difference_is_found(data: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(data)
    real = move._put

    def put(source: Any, target: Any, table: sa.Table, tell: Any) -> None:
        real(source, target, table, tell)
        if table.name == "messages":
            move._in_one(target, lambda: target.ask("UPDATE messages SET text = text || '!'"))

    monkeypatch.setattr(move, "_put", put)
    with pytest.raises(MoveFailed, match="table messages is not the same"):
        moving.move_data(str(data), url, nothing)
    with contextlib.closing(_place(str(data))) as place:
        assert place.fact(MOVED) is None


@pytest.mark.long("what is found to differ tells most")
async def test_what_postgresql_cannot_store_is_named(data: Path, url: str) -> None:
    await filled(data)
    with closing(sqlite3.connect(data / folder.NAME)) as connection, connection:
        connection.execute("UPDATE conversations SET title = 'a' || char(0) || 'b' WHERE id = 7")
    with pytest.raises(MoveFailed, match="row of the table conversations"):
        moving.move_data(str(data), url, nothing)


@pytest.mark.long("all is moved twice")
async def test_a_refused_move_leaves_the_target_as_it_is(
    data: Path, url: str, tmp_path: Path
) -> None:
    await filled(data)
    await filled(tmp_path / "other")
    moving.move_data(str(data), url, nothing)
    with pytest.raises(MoveFailed, match="There are conversations in"):
        moving.move_data(str(tmp_path / "other"), url, nothing)
    with contextlib.closing(_place(url)) as place:
        off = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'"
        assert place.ask(off) == [(0,)]


@pytest.mark.long("all is moved three times")
async def test_a_database_that_was_empty_when_it_was_moved_can_be_moved_into(
    data: Path, url: str, tmp_path: Path
) -> None:
    with contextlib.closing(Sqlite(tmp_path / "empty", is_target=True)):
        pass
    moving.move_data(str(tmp_path / "empty"), url, nothing)
    moving.move_data(url, str(tmp_path / "back"), nothing)
    await filled(data)
    moving.move_data(str(data), url, nothing)
    moved = database_of(Config(data=data, database_url=url))
    await moved.open()
    await moved.close()


@pytest.mark.long("what is moved already tells most")
async def test_two_moves_at_once_are_refused_in_words(data: Path, url: str) -> None:
    await filled(data)
    moving.move_data(str(data), url, nothing)
    with contextlib.closing(_place(url)):
        refused = parley("move-data", url, str(data.parent / "back"))
    assert refused.returncode == 1
    assert "Something else writes to the PostgreSQL database" in refused.stderr


@pytest.mark.long("another move beside it tells most")
async def test_nobody_becomes_an_owner_beside_a_move(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data)
    moving.move_data(str(data), url, nothing)
    refused = []
    real = move._put

    def put(source: Any, target: Any, table: sa.Table, tell: Any) -> None:
        real(source, target, table, tell)
        if table.name == "conversations":
            [(room_id,)] = source.ask("SELECT room_id FROM conversations LIMIT 1")
            for where in (["--database-url", url], ["--data", str(data.parent / "back")]):
                refused.append(parley("owner-link", room_id, *where))

    monkeypatch.setattr(move, "_put", put)
    moving.move_data(url, str(data.parent / "back"), nothing)
    for told, words in zip(
        refused, ("are being moved to another", "are being moved into this"), strict=True
    ):
        assert told.returncode == 1
        assert words in told.stderr


async def test_a_file_that_is_no_database_is_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / folder.NAME).write_bytes(b"This is no database." * 1_000)
    with pytest.raises(DatabaseUnusable, match="cannot be used"):
        moving.move_data(str(tmp_path / "odd"), url, nothing)


@pytest.mark.long("a file that is no database tells most")
async def test_a_folder_that_cannot_be_used_is_named(data: Path, url: str, tmp_path: Path) -> None:
    await filled(data)
    (tmp_path / "file").touch()
    moving.move_data(str(data), url, nothing)
    refused = parley("move-data", url, str(tmp_path / "file"))
    assert refused.returncode == 1
    assert "is a file, not a folder. Give a folder for the data." in refused.stderr


async def test_nothing_is_mixed_or_moved_twice(data: Path, url: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    await filled(data)
    await filled(other)
    moving.move_data(str(data), url, nothing)
    with pytest.raises(MoveFailed, match="There are conversations in"):
        moving.move_data(str(other), url, nothing)
    with pytest.raises(MoveFailed, match="were moved already"):
        moving.move_data(str(data), url, nothing)
    with pytest.raises(MoveFailed, match="There are conversations in"):
        moving.move_data(url, str(other), nothing)
    for source, target in ((str(data), str(other)), (url, url)):
        with pytest.raises(MoveFailed, match="either way"):
            moving.move_data(source, target, nothing)
    with pytest.raises(DatabaseUnusable, match="There is no database"):
        moving.move_data(str(tmp_path / "nowhere"), url, nothing)


async def test_a_mistyped_database_is_named(data: Path, url: str) -> None:
    await filled(data)
    mistyped = url.replace("/moving_", "/nowhere_")
    for command in (
        ["move-data", str(data), mistyped],
        ["serve", "--data", str(data), "--database-url", mistyped, "--port", "0"],
        ["list", "--data", str(data), "--database-url", mistyped],
    ):
        refused = parley(*command)
        assert refused.returncode == 1
        assert "nowhere_" in refused.stderr
        assert '" does not exist.' in refused.stderr


async def test_no_server_runs_on_what_was_moved_or_is_half_there(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data)
    real = move._put

    def stops(source: Any, target: Any, table: sa.Table, tell: Any) -> None:
        if table.name == "messages":
            raise KeyboardInterrupt
        real(source, target, table, tell)

    monkeypatch.setattr(move, "_put", stops)
    with pytest.raises(KeyboardInterrupt):
        moving.move_data(str(data), url, nothing)
    half = parley("serve", "--data", str(data), "--database-url", url, "--port", "0")
    assert half.returncode == 1
    assert "Run the same `parley move-data` again" in half.stderr
    # Nor where it is whole: what would be said there would be left behind.
    with pytest.raises(DatabaseMoved, match="are being moved to another"):
        await SqliteDatabase(data).open()

    monkeypatch.setattr(move, "_put", real)
    moving.move_data(str(data), url, nothing)
    with closing(sqlite3.connect(data / folder.NAME)) as connection:
        [room_id] = connection.execute("SELECT room_id FROM conversations LIMIT 1").fetchone()
    for command in (
        ["serve"],
        ["list"],
        ["owner-link", room_id],
        ["end", room_id],
        ["delete", "--yes", room_id],
    ):
        refused = parley(*command, "--data", str(data))
        assert refused.returncode == 1
        assert "were moved to another" in refused.stderr
    assert moving.reopen(str(data))
    assert not moving.reopen(str(data))
    await SqliteDatabase(data).open()


@pytest.mark.long("servers start, and wait for each other")
async def test_nothing_is_moved_beside_a_server(data: Path, url: str) -> None:
    with process(data, "--port", "0", environ={"PARLEY_DATABASE_URL": ""}):
        refused = parley("move-data", str(data), url)
        assert refused.returncode == 1
        assert "A Parley server, or another" in refused.stderr
        assert "--data" not in refused.stderr, "which it does not have"
    with process(data, "--port", "0", environ={"PARLEY_DATABASE_URL": url}):
        refused = parley("move-data", url, str(data.parent / "back"))
        assert refused.returncode == 1
        assert "Stop all of them" in refused.stderr


@pytest.mark.long("that all is the same tells most")
async def test_a_server_goes_on_with_what_was_said_there_and_back(
    data: Path, url: str, tmp_path: Path
) -> None:
    on_sqlite, on_postgresql = {"PARLEY_DATABASE_URL": ""}, {"PARLEY_DATABASE_URL": url}
    with process(data, "--port", "0", environ=on_sqlite) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        first = await ada.say(room_id, "On SQLite")
        await ada.goes_home()
    there = parley("move-data", str(data), url)
    assert there.returncode == 0, there.stderr
    assert "the same in both. Start the servers with --database-url" in there.stdout
    with process(data, "--port", "0", environ=on_postgresql) as server:
        assert said_in(server.url, room_id) == ["On SQLite"]
        again = Person("Ada", server.url)
        again.token = ada.token
        await again.join(room_id)
        second = await again.say(room_id, "On PostgreSQL")
        assert second["seq"] == first["seq"] + 1
        await again.goes_home()
    (data / folder.NAME).rename(tmp_path / "as it was")
    with contextlib.suppress(FileNotFoundError):
        (data / f"{folder.NAME}-wal").unlink()
    back = parley("move-data", url, str(data))
    assert back.returncode == 0, back.stderr
    with process(data, "--port", "0", environ=on_sqlite) as server:
        assert said_in(server.url, room_id) == ["On SQLite", "On PostgreSQL"]
    moved = database_of(Config(data=data, database_url=url))
    with pytest.raises(DatabaseMoved):
        await moved.open()


def test_the_command_says_what_it_takes() -> None:
    for arguments in (["move-data", "here"], ["move-data", "here", "there", "--reopen"]):
        refused = parley(*arguments)
        assert refused.returncode == 2
        assert "FROM and TO" in refused.stderr


@pytest.mark.long("A quarter of a million rows.")
@pytest.mark.skipif(sys.platform != "linux", reason="Only there a process tells it.")
def test_memory_is_bounded(data: Path, url: str) -> None:
    asyncio.run(filled(data, 250_000))
    # Its own, that is: what `getrusage` tells is at least what this process had when it forked.
    code = (
        "import pathlib, re; from parley import moving; "
        f"moving.move_data({str(data)!r}, {url!r}, lambda *_: None); "
        "status = pathlib.Path('/proc/self/status').read_text(); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(ended.stdout) < 150 * 1024, "KiB"


def test_a_folder_is_free_again_afterwards(data: Path) -> None:
    with contextlib.closing(Sqlite(data, is_target=True)):
        pass
    with contextlib.closing(Sqlite(data, is_target=False)):
        pass
