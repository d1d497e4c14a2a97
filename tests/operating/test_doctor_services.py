"""`parley doctor` beside a PostgreSQL, a Redis and a mail server, each set up badly on purpose."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from parley.storage.postgresql.database import PostgresqlDatabase
from tests import databases
from tests.cluster.engines import Redis
from tests.effort import some
from tests.eventually import until
from tests.mail.postbox import PASSWORD, USER, postbox
from tests.operating.test_doctor import WITH_FILES, Found, doctor
from tests.servers import begin_folder, free_port, process
from tests.storage.test_pgbouncer import Bouncer

SAFE = {"max_connections": "60", "shared_buffers": "32MB", "autovacuum_naptime": "600"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    begin_folder(folder)
    return folder


# --- PostgreSQL ---


@contextmanager
def postgresql(**settings: str) -> Iterator[databases.Server]:
    """A server with an empty database called `talk`."""
    try:
        databases.programs()
    except databases.NoPostgresql as error:
        pytest.skip(f"There is no PostgreSQL ({error}).")
    folder = Path(tempfile.mkdtemp(prefix="parley-doctor-"))
    folder.chmod(0o755)
    server = databases.Server(folder / "server", **{**SAFE, **settings})
    server.make()
    server.start()
    try:
        with databases.asking(server, "postgres") as own:
            own.execute("CREATE DATABASE talk")
        yield server
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def beside(data: Path, url: str, *flags: str) -> Found:
    return doctor(data, "--database-url", url, *flags)


@pytest.mark.long("one that loses data tells most")
def test_a_postgresql_that_is_set_up_well_is_in_order(data: Path) -> None:
    with postgresql() as server:
        url = server.url("talk")
        found = beside(data, url)
        assert found.says("skip", "database", "empty")
        environ = {"PARLEY_DATABASE_URL": url}
        with process(data, "--port", "0", environ=environ):
            found = beside(data, url, "--workers", "2")
        assert found.states("database") == {"ok"}, found.lines
        assert found.says("ok", "database", "PostgreSQL 1", "answers")
        assert found.says("ok", "database", "2 × 8")
        assert found.says("ok", "clock", "PostgreSQL")
        with databases.asking(server, "talk") as own:
            own.execute("UPDATE alembic_version SET version_num = '0020'")
        assert beside(data, url).says("warn", "database", "parley migrate")


def test_a_postgresql_that_loses_data_or_has_too_few_connections_is_found(data: Path) -> None:
    unsafe = {"fsync": "off", "synchronous_commit": "off", "max_connections": "20"}
    with postgresql(**unsafe) as server:
        found = beside(data, server.url("talk"), "--workers", "4")
    assert found.says("fail", "database", "fsync off", "destroy")
    assert found.says("fail", "database", "synchronous_commit off", "loses messages")
    assert found.says("warn", "database", "4 × 8", "max_connections")
    assert found.code == 2


@pytest.mark.long("PostgreSQL starts for it")
def test_a_postgresql_that_is_not_there_or_has_no_such_database_is_found(data: Path) -> None:
    with postgresql() as server:
        found = beside(data, server.url("nowhere"))
        url = server.url("talk")
    assert found.says("fail", "database", "does not exist"), found.lines
    assert beside(data, url).says("fail", "database", "can't be used")


@pytest.mark.long("PostgreSQL and PgBouncer start for each")
@pytest.mark.parametrize(
    ("mode", "state", "words"),
    [
        ("transaction", "warn", "LISTEN"),
        ("session", "ok", "PgBouncer is in between"),
        ("statement", "fail", "pool_mode = transaction"),
    ],
)
def test_what_pgbouncer_breaks_is_found(mode: str, state: str, words: str, data: Path) -> None:
    with postgresql() as server:
        PostgresqlDatabase(server.url("talk"), data)._prepare()
        folder = server.folder.parent / "bouncer"
        folder.mkdir()
        bouncer = Bouncer(folder, server, mode)
        try:
            asyncio.run(until(lambda: bouncer.is_up, 60.0))
            found = beside(data, bouncer.url("talk"))
        finally:
            bouncer.stop()
    assert found.says(state, "database", words), found.lines
    assert found.states("database") <= {"ok", state}, found.lines


# --- Redis ---


@pytest.fixture
def redis() -> Iterator[Redis]:
    if not (shutil.which("redis-server") or shutil.which("valkey-server")):
        pytest.skip("redis-server was not found; tests/system.sh says how to have it")
    folder = Path(tempfile.mkdtemp(prefix="parley-doctor-"))
    started = Redis(folder / "redis")
    started.start()
    yield started
    started.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.long("the doctor asks it four times")
def test_what_a_redis_forgets_is_found(redis: Redis, data: Path) -> None:
    url = f"redis://127.0.0.1:{redis.port}"

    def told(*settings: str) -> Found:
        from redis import Redis as Client

        with Client.from_url(url) as client:
            for name, value in zip(settings[::2], settings[1::2], strict=True):
                client.config_set(name, value)
        return doctor(data, "--rate-limit-storage", url)

    found = told()
    assert found.states("redis") == {"ok"}, found.lines
    assert found.says("ok", "clock", "Redis")
    found = told("maxmemory", "100mb", "maxmemory-policy", "allkeys-lru")
    assert found.says("warn", "redis", "allkeys-lru", "noeviction"), found.lines
    found = told("maxmemory", "100mb", "maxmemory-policy", "noeviction")
    assert found.says("ok", "redis", "noeviction"), found.lines
    redis.pause()
    found = doctor(data, "--redis-url", url)
    assert found.says("fail", "redis", "doesn't answer"), found.lines
    assert found.says("warn", "settings", "--redis-url without --database-url")


# --- mail ---


@pytest.mark.parametrize(
    "password", some([PASSWORD, "another"], every=2, why="a wrong one is answered late")
)
async def test_whether_the_mail_server_takes_us_is_found_and_nothing_sent(
    password: str, data: Path
) -> None:
    async with postbox(is_tls=True, needs_login=True) as box:
        found = await asyncio.to_thread(
            doctor,
            data,
            *("--smtp-url", f"smtp://{USER}:{quote(password, safe='')}@127.0.0.1:{box.port}"),
            *("--mail-from", "parley@example.org", "--public-url", "http://localhost:9"),
        )
    assert box.logins
    assert box.mails == []
    assert box.tried == []
    if password == PASSWORD:
        assert found.says("ok", "mail", USER), found.lines
    else:
        assert found.says("fail", "mail", "user and password"), found.lines
    assert password not in found.text


def test_the_bucket_that_is_not_there_is_found(data: Path) -> None:
    found = doctor(
        data,
        *("--files-url", "s3://no-such-bucket"),
        **WITH_FILES,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}",
        AWS_ALLOW_HTTP="true",
        AWS_ACCESS_KEY_ID="doctors-key",
        AWS_SECRET_ACCESS_KEY="doctors-secret",
        AWS_REGION="us-east-1",
    )
    assert found.states("files") >= {"fail"}, found.lines
    assert "doctors-secret" not in found.text
