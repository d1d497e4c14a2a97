"""Which database the tests use: SQLite, or PostgreSQL where DATABASE=postgresql.

A test has a data folder either way. On PostgreSQL the database that belongs to it is made of a
template when it is first asked for, in a server that the run starts for itself.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.config import Config
from parley.domain.names import VERSION
from parley.domain.naming import KEYS
from parley.domain.rekeying import MARKS
from parley.storage import folder
from parley.storage.choice import database_of
from parley.storage.database import Database
from parley.storage.postgresql.database import LOCK

ON_POSTGRESQL = os.environ.get("DATABASE", "sqlite") == "postgresql"
SERVER = "TESTS_POSTGRESQL"
"""The variable with the folder of the server that the run has started, for pytest's workers."""
TEMPLATE = "parley_first"
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""The variable with pytest's folder: in memory, a database for a test costs a third."""
PREFIX = "parley-postgresql-"
START_WITHIN_S = 60.0
sqlite_only = pytest.mark.sqlite("It looks into its file.")
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
SETTINGS = {
    # Nobody cuts the power of a test.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "600",
}


class NoPostgresql(Exception):
    """There is none on this machine."""


def programs() -> Path:
    """The folder with initdb and postgres. Raises `NoPostgresql`."""
    found = [path for each in PLACES for path in sorted(Path("/").glob(each[1:]))]
    if (there := shutil.which("initdb")) is not None:
        found.append(Path(there).resolve().parent)
    for place in reversed(found):
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise NoPostgresql("Debian: apt-get install postgresql")


@functools.cache
def first_data() -> str:
    """The folder that initdb makes: once, since that takes longer than all else of a start."""
    place = Path(tempfile.mkdtemp(prefix="parley-initdb-", dir=os.environ.get(TEMPORARY) or None))
    atexit.register(_remove, place, os.getpid())
    if os.geteuid() == 0:
        shutil.chown(place, "postgres", "postgres")
    data = str(place / "data")
    _run("initdb", "-D", data, "-U", "parley", "-A", "trust", "--no-sync",
         "--locale=C", "-E", "UTF8")  # fmt: skip
    return data


def _remove(place: Path, of: int) -> None:
    if os.getpid() == of:  # not a child that was forked
        shutil.rmtree(place, ignore_errors=True)


class Server:
    """A PostgreSQL of our own, reached by a socket in its folder, which nobody else can enter."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = settings
        self._as = _somebody_else()
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = programs()

    def make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        copied = ["cp", "-a", first_data(), self._data]
        subprocess.run(copied, check=True, stdin=subprocess.DEVNULL)
        lines = "".join(f"{name} = {value}\n" for name, value in self._settings.items())
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n{lines}")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        """Returns once it takes connections."""
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [*self._as, str(self._programs / "postgres"), "-D", self._data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        until_s = time.monotonic() + START_WITHIN_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(asked, stdin=subprocess.DEVNULL).returncode == 0

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """By SIGQUIT as a crash would, by SIGINT as an administrator does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_WITHIN_S)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://parley@/{name}?host={self.folder}"


@contextlib.contextmanager
def asking(server: Server, name: str) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(server.url(name), autocommit=True) as own:
        yield own


def _run(program: str, *arguments: str) -> None:
    ran = subprocess.run(
        [*_somebody_else(), str(programs() / program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
    )
    if ran.returncode:
        raise AssertionError(ran.stdout.decode())


def _somebody_else() -> list[str]:
    """PostgreSQL refuses to run as root; and it ends with whoever started it, also where that is
    killed.
    """
    if shutil.which("setpriv") is None:
        return []
    somebody = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return ["setpriv", "--pdeathsig=QUIT", *(somebody if os.geteuid() == 0 else [])]


@functools.cache
def server() -> str:
    """The folder of the run's server; it is started where no other process has."""
    if SERVER not in os.environ:
        begin_run()
    return os.environ[SERVER]


def begin_run() -> None:
    """Start the run's server, before pytest starts its workers."""
    root = Path(os.environ.get(TEMPORARY) or tempfile.gettempdir())
    _remove_left(root)
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    own = Server(place, **SETTINGS)
    own.make()
    own.start()
    os.environ[SERVER] = str(place)

    def end(pid: int = os.getpid()) -> None:
        if os.getpid() == pid:  # not a child that was forked
            own.remove()

    atexit.register(end)
    with _asking("postgres") as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    from parley.storage.postgresql.database import PostgresqlDatabase

    PostgresqlDatabase(_url(TEMPLATE), place)._prepare()
    with _asking(TEMPLATE) as connection:
        as_after_a_start(Beside(connection))


def as_after_a_start(beside: Beside) -> None:
    """Note in a database that was just made what a first start does: nobody's name is looked at."""
    for name in (KEYS, MARKS):
        beside.execute("INSERT INTO facts (name, value) VALUES (?, ?)", (name, VERSION))


def _remove_left(root: Path) -> None:
    """What runs that were killed have left: their servers have ended with them."""
    for left in root.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            is_starting = time.time() - left.stat().st_mtime < START_WITHIN_S
            if not is_starting and not _is_answered(left / ".s.PGSQL.5432"):
                shutil.rmtree(left, ignore_errors=True)


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _url(name: str) -> str:
    return f"postgresql://parley@/{name}?host={server()}"


def _asking(name: str) -> Any:
    return _asking_url(_url(name))


def _asking_url(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True)


def _name(data: Path) -> str:
    return "t_" + hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:24]


_made: set[str] = set()


def url_of(data: Path, *, is_new: bool = False) -> str:
    """Of the database that belongs to a data folder; empty on SQLite, which needs none.

    `is_new`: without a table, for a test of a first start.
    """
    if not ON_POSTGRESQL:
        return ""
    name = _name(data)
    if name not in _made:
        _made.add(name)
        template = "template0" if is_new else TEMPLATE
        with _asking("postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not found.fetchone():
                connection.execute(
                    f"CREATE DATABASE {name} TEMPLATE {template} {_copied(connection)}"
                )
    return _url(name)


def _copied(connection: Any) -> str:
    """How the template is, where it can be chosen: page by page, the log would have all of it."""
    return "STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""


def made() -> frozenset[str]:
    """The names of those that are there."""
    return frozenset(_made)


def drop_all(*, but: frozenset[str]) -> None:
    """What the test that ends had made."""
    for name in _made - but:
        _made.discard(name)
        with _asking("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def one_for_several(config: Config) -> Iterator[Config]:
    """The same with an empty database on PostgreSQL, whichever the run uses, for several servers at
    a time. A test that asks for one is skipped where there is no PostgreSQL.
    """
    try:
        server()
    except NoPostgresql as error:
        pytest.skip(str(error))
    name = f"several_{secrets.token_hex(6)}"
    with _asking("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield replace(config, database_url=_url(name))
    with _asking("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Beside:
    """A connection of a test's own. Each statement is committed at once, unless it is in a
    `transaction()`; its values stand at `?`.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._is_sqlite = isinstance(connection, sqlite3.Connection)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(self._placed(sql), values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.cursor().executemany(self._placed(sql), list(rows))

    @contextlib.contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[None]:
        """All or nothing; where nothing is written, all of one moment."""
        of_one_moment = "BEGIN" if self._is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ"
        self.execute(of_one_moment if reading else "BEGIN")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def _placed(self, sql: str) -> str:
        return sql if self._is_sqlite else sql.replace("?", "%s")


@contextlib.contextmanager
def beside(data: Path) -> Iterator[Beside]:
    """Beside the server's connections, which may go on meanwhile."""
    if ON_POSTGRESQL:
        with _asking_url(url_of(data)) as connection:
            yield Beside(connection)
        return
    path = data / folder.NAME
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as own:
        yield Beside(own)


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Another program keeps everybody from writing; reads go on."""
    with beside(data) as other:
        if ON_POSTGRESQL:
            other.execute("BEGIN")
            other.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        else:
            other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def taking_no_writes(data: Path) -> Iterator[None]:
    """PostgreSQL's database, as one that is a copy of another: reads go on."""
    name = _name(data)

    def put(setting: str) -> None:
        with _asking("postgres") as connection:
            connection.execute(f"ALTER DATABASE {name} {setting}")
            # Only who comes anew has it.
            connection.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )

    put("SET default_transaction_read_only = on")
    yield
    put("RESET default_transaction_read_only")


def environ_of(data: Path) -> dict[str, str]:
    """The settings of a `parley serve` with this data folder."""
    return {"PARLEY_DATABASE_URL": url_of(data)} if ON_POSTGRESQL else {}


def database_in(data: Path) -> Database:
    """The database that belongs to a data folder, not opened yet."""
    return database_of(Config(data=data, database_url=url_of(data)))
