"""PgBouncer in transaction mode: each transaction may have another connection of the server's."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.errors import BackupFailed, RestoreFailed
from parley.storage.postgresql import backup
from parley.storage.postgresql.connections import driver, engine_of
from parley.storage.prepared import execute
from tests.databases import Server, asking
from tests.eventually import until
from tests.servers import free_port
from tests.storage.test_postgresql import (
    PATIENCE_S,
    _make_conversations,
    adding,
    counting,
    names,
    opened,
    read_names,
)


class Bouncer:
    """As few connections to the server as it takes: they are shared for sure."""

    def __init__(self, folder: Path, server: Server, mode: str = "transaction") -> None:
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            pytest.skip("There is no PgBouncer (Debian: apt-get install pgbouncer).")
        self._log = folder / "pgbouncer.log"
        self._port = free_port()
        (folder / "users").write_text('"parley" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={server.folder} port=5432\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self._port}\n"
            f"unix_socket_dir =\nauth_type = trust\nauth_file = {folder / 'users'}\n"
            f"pool_mode = {mode}\ndefault_pool_size = 2\nmax_client_conn = 200\n"
        )
        own = [] if shutil.which("setpriv") is None else ["setpriv", "--pdeathsig=KILL"]
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755)
        somebody = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        as_somebody = [*own, *somebody] if own and os.geteuid() == 0 else own
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*as_somebody, program, str(folder / "pgbouncer.ini")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )

    def url(self, name: str) -> str:
        return f"postgresql://parley@127.0.0.1:{self._port}/{name}?sslmode=disable"

    @property
    def is_up(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(self._log.read_text())
        return "process up" in self._log.read_text()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def bouncer(
    server: Server, name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bouncer]:
    folder = Path("/tmp") / f"parley-bouncer-{free_port()}"
    folder.mkdir()
    started = Bouncer(folder, server)
    yield started
    started.stop()
    shutil.rmtree(folder)


@pytest.mark.long("PgBouncer and PostgreSQL start")
async def test_everything_goes_through_it(
    bouncer: Bouncer,
    server: Server,
    name: str,
    tmp_path: Path,
) -> None:
    await until(lambda: bouncer.is_up, within_s=PATIENCE_S)
    async with (
        opened(bouncer.url(name), tmp_path) as one,
        opened(bouncer.url(name), tmp_path) as other,
    ):
        await one.write(_make_conversations)
        counts = await asyncio.gather(
            *(
                each.write(counting(at % 2 + 1), conversation=at % 2 + 1)
                for at in range(40)
                for each in (one, other)
            ),
            *(read_names(each) for _ in range(20) for each in (one, other)),
        )
        assert sorted(each for each in counts if isinstance(each, int)) == sorted(
            [*range(1, 41), *range(1, 41)]
        )
        with asking(server, name) as own:
            own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )
        await one.write(adding("after"))
        assert await read_names(other) == ["after"]
    assert names(server, name) == ["after"]


@pytest.mark.long("that all goes through it tells most of it")
async def test_it_is_recognised_and_nothing_is_left_in_a_session(
    bouncer: Bouncer,
    server: Server,
    name: str,
    tmp_path: Path,
) -> None:
    await until(lambda: bouncer.is_up, within_s=PATIENCE_S)
    with (
        engine_of(bouncer.url(name)).connect() as through,
        engine_of(server.url(name)).connect() as direct,
    ):
        assert driver(through).prepare_threshold is None
        assert driver(direct).prepare_threshold is not None
    async with opened(bouncer.url(name), tmp_path) as database:
        await asyncio.gather(*(database.write(adding(str(at))) for at in range(20)))

        with engine_of(bouncer.url(name)).connect() as through:
            assert execute(through, "SHOW lock_timeout") == [("0",)]
            assert execute(through, "SELECT 1 FROM pg_prepared_statements") == []


@pytest.mark.long("that all else does tells most of it")
async def test_backups_do_not_go_through_it(
    bouncer: Bouncer, server: Server, name: str, tmp_path: Path
) -> None:
    """They would change sessions that it hands to servers."""
    await until(lambda: bouncer.is_up, within_s=PATIENCE_S)
    async with opened(bouncer.url(name), tmp_path):
        with pytest.raises(BackupFailed, match="This is PgBouncer"):
            backup.back_up(bouncer.url(name), tmp_path, tmp_path / "refused", with_files=True)
        assert not (tmp_path / "refused").exists()
        copy = tmp_path / "copy"
        backup.back_up(server.url(name), tmp_path, copy, with_files=True)
        with pytest.raises(RestoreFailed, match="This is PgBouncer"):
            backup.restore(
                bouncer.url(name),
                copy,
                tmp_path / "again",
                secret=None,
                with_files=True,
                is_incomplete_ok=False,
            )
