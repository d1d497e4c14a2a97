"""Workers come and go: whoever talks at another notices nothing, and nobody loses anything."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from parley.wire import listening
from parley.workers import supervisor
from tests.cluster.engines import Postgresql
from tests.effort import IS_EVERYTHING, times
from tests.eventually import until
from tests.faults.clients import Client
from tests.faults.talk import says_and_does, talks
from tests.faults.verify import assert_kept
from tests.servers import START_WITHIN_S, STOP_WITHIN_S
from tests.test_cli import assert_says_why, loaded_parley
from tests.wire.test_tls import issued
from tests.workers.processes import Workers, connections, is_running, workers_at

PATIENCE_S = 4 * START_WITHIN_S
"""For several that are started one after the other."""
ROOM = ("Ada", "Ben", "Cleo", "Dora")
READY = b"GET /api/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter, too."""
    folder = Path(tempfile.mkdtemp(prefix="parley-workers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _lean_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a start of Python, most of which would be loading what only tests need."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here / "leaner"), str(here.parents[1])]))


@pytest.fixture(autouse=True)
def _patient_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes start while they talk, on as many cores as there are."""
    monkeypatch.setattr(Client.until, "__defaults__", (PATIENCE_S,))


@contextlib.asynccontextmanager
async def all_talk(talk: Workers) -> AsyncIterator[asyncio.Event]:
    """Within the block everybody speaks without a pause, until that is set."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as speakers:
        for client in talk.clients:
            speakers.create_task(talks(client, enough.is_set))
        try:
            yield enough
        finally:
            enough.set()


async def has_started(talk: Workers, count: int) -> None:
    """So many workers, those included that have ended."""
    await until(lambda: len(talk.started()) >= count, PATIENCE_S)


class Visitors:
    """Come one after the other, each on a connection of their own, and want an answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.served = 0
        self.failed: list[str] = []

    async def come(self) -> None:
        while True:
            try:
                async with asyncio.timeout(START_WITHIN_S):
                    answer = await self._ask()
                if not answer.startswith(b"HTTP/1.1 200 "):
                    self.failed.append(repr(answer[:80]))
            except (OSError, TimeoutError) as error:
                self.failed.append(repr(error))
            self.served += 1

    async def _ask(self) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(READY)
            return await reader.read()
        finally:
            writer.close()


@pytest.mark.long("a stop of all tells most of it")
async def test_a_worker_that_is_killed_is_replaced_and_the_others_notice_nothing(
    place: Path,
) -> None:
    async with workers_at(place) as talk:
        await talk.opens(*ROOM, tabs=2)
        await talk.all_in()
        first, second = talk.running()
        counts = [connections(pid, talk.port) for pid in (first, second)]
        assert counts == [len(talk.clients) // 2] * 2
        before = talk.lines()
        async with all_talk(talk):
            os.kill(first, signal.SIGKILL)
            await until(lambda: len(talk.started()) == 3, PATIENCE_S)
            # Who was on the other notices in a while.
            await until(lambda: len(talk.kept(before)) == counts[1], PATIENCE_S)
            kept = talk.kept(before)
            spoken = talk.record.counts["acks"]
            await until(lambda: talk.record.counts["acks"] > spoken + 50, PATIENCE_S)
            assert talk.kept(before) == kept
        await talk.all_in()
        await talk.is_kept()
        assert talk.kept(before) == kept
        assert second in talk.running()
        [told] = talk.logged("worker_ended")
        assert "reason='SIGKILL'" in told
        assert f"pid={first}" in told


@pytest.mark.long("a stop of all tells most of it")
async def test_a_worker_that_ends_again_and_again_is_waited_for_longer_each_time(
    place: Path,
) -> None:
    async with workers_at(place) as talk:
        for number in range(3):
            await has_started(talk, number + 2)
            os.kill(talk.started()[-1], signal.SIGKILL)
        await has_started(talk, 5)
        waits = [line.rpartition("again_in_s=")[2] for line in talk.logged("worker_ended")]
        assert waits == ["0.0", "1.0", "2.0"]
        assert talk.started()[0] in talk.running()


@pytest.mark.long("a stop of all tells most of it")
async def test_a_rolling_restart_refuses_nobody_and_loses_nothing(place: Path) -> None:
    async with workers_at(place) as talk:
        await talk.opens(*ROOM, tabs=2)
        await talk.all_in()
        visitors = Visitors(talk.port)
        coming = [asyncio.create_task(visitors.come()) for _ in range(3)]
        before = set(talk.running())
        async with all_talk(talk):
            talk.server.signal(signal.SIGHUP)
            await until(lambda: bool(talk.logged("rolling_restart_done")), PATIENCE_S)
        for each in coming:
            each.cancel()
        await asyncio.wait(coming)
        assert visitors.failed == []
        assert visitors.served > 20
        await talk.all_in()
        await talk.is_kept()
        # Everybody was told to come back, nobody was just cut off.
        assert talk.record.counts["goodbyes"] == talk.record.counts["lines"] - len(talk.clients)
        now = talk.running()
        assert len(now) == 2
        assert not before & set(now)
        # And they are spread as before.
        # Those of the last visitors end in a while.
        await until(
            lambda: sum(connections(pid, talk.port) for pid in now) == len(talk.clients), PATIENCE_S
        )
        counts = sorted(connections(pid, talk.port) for pid in now)
        assert counts[1] - counts[0] <= 2


@pytest.mark.long("a stop of all tells most of it")
async def test_a_worker_that_somebody_stops_hands_over_to_another(place: Path) -> None:
    async with workers_at(place) as talk:
        await talk.opens(*ROOM)
        await talk.all_in()
        first = talk.running()[0]
        count = connections(first, talk.port)
        assert count
        async with all_talk(talk):
            os.kill(first, signal.SIGTERM)
            await until(lambda: not is_running(first), PATIENCE_S)
        await talk.all_in()
        await talk.is_kept()
        assert len(talk.running()) == 2
        assert talk.logged("worker_ended") == []
        cut = talk.record.counts["lines"] - len(talk.clients)
        assert talk.record.counts["goodbyes"] == cut == count


@pytest.mark.longer
async def test_all_talk_however_they_come_until_a_stop_that_leaves_no_process(place: Path) -> None:
    count = times(2, full=3)
    async with workers_at(place, workers=count) as talk:
        await those_who_poll_talk_with_everybody_else(talk)
        for client in talk.clients:
            await client.stop()
        talk.clients.clear()
        # Then everybody is told of a stop.
        await talk.opens(*ROOM, tabs=times(1, full=2))
        await talk.all_in()
        pids = talk.running()
        assert len(pids) == count
        async with all_talk(talk) as enough:
            await until(lambda: talk.record.counts["acks"] > times(20, full=50), PATIENCE_S)
            talk.place.is_up.clear()
            enough.set()
            talk.server.signal(signal.SIGTERM)
            assert await talk.server.ends(STOP_WITHIN_S) == 0
        assert not any(map(is_running, pids))
        assert talk.record.counts["goodbyes"] == len(talk.clients)
        assert "Traceback" not in talk.log.read_text()
        assert_kept(talk.record, await asyncio.to_thread(talk.stored))
        if not IS_EVERYTHING:  # tests/faults comes back after a stop every time
            return
        await talk.server.start()
        talk.place.is_up.set()
        await talk.all_in()
        await talk.is_kept()


async def those_who_poll_talk_with_everybody_else(talk: Workers) -> None:
    await talk.opens("Ada", "Ben", transports=("polling",))
    await talk.opens("Cleo")
    await talk.all_in()
    served = set(talk.serving())
    for client in talk.clients:
        await says_and_does(client, times(4, full=10))
        # A connection that isn't used any more may be closed by the end.
        served |= set(talk.serving())
    # Most were answered by the worker that knows them, but not all by the one that was asked. The
    # system gives each new connection to either.
    for number in range(30):
        if len(served) > 1:
            break
        await talk.opens(f"Newcomer {number}", transports=("polling",))
        await talk.all_in()
        served |= set(talk.serving())
    assert len(served) > 1
    await talk.is_kept()


@pytest.mark.long("a stop of all tells most of it")
async def test_workers_do_not_outlive_their_supervisor(place: Path) -> None:
    async with workers_at(place) as talk:
        await talk.opens(*ROOM)
        await talk.all_in()
        pids = talk.running()
        talk.place.is_up.clear()
        talk.server.kill()
        await talk.server.ends()
        await until(lambda: not any(map(is_running, pids)), PATIENCE_S)
        # In order, as if it had told them.
        await until(lambda: talk.record.counts["goodbyes"] == len(talk.clients))


@pytest.mark.long("a stop of all tells most of it")
async def test_where_new_workers_cannot_start_the_old_ones_go_on(
    place: Path, tmp_path: Path
) -> None:
    files = issued(tmp_path / "tls")
    async with workers_at(place, *files.flags) as talk:
        before = talk.running()
        files.certificate.write_text("nonsense")
        talk.server.signal(signal.SIGHUP)
        await until(lambda: bool(talk.logged("rolling_restart_given_up")), PATIENCE_S)
        assert talk.running() == before
        assert "holds no certificate" in talk.log.read_text()
        os.kill(talk.server.pid, signal.SIGTERM)
        assert await talk.server.ends() == 0


@pytest.mark.long("a stop of all tells most of it")
async def test_the_log_says_which_worker_tells(place: Path) -> None:
    async with workers_at(place, "--log-level", "debug") as talk:
        await talk.opens(*ROOM)
        for client in talk.clients:
            await says_and_does(client, 2)
        told = {re.search(r"worker=(\d+)", line)[1] for line in talk.logged("request")}  # type: ignore[index]
        assert told <= {"1", "2"}
        assert told


@pytest.mark.long("a stop of all tells most of it")
async def test_polls_are_answered_whichever_worker_they_reach(place: Path) -> None:
    async with workers_at(place) as talk:
        url = f"{talk.server.url}/socket.io/?EIO=4&transport=polling"
        opened = await asyncio.to_thread(requests.get, url, timeout=PATIENCE_S)
        session = json.loads(opened.text[1:])["sid"]
        post = functools.partial(requests.post, data="3", timeout=PATIENCE_S)
        # Each on a connection of its own, which go to the workers by turns.
        for _ in range(4):
            posted = await asyncio.to_thread(post, f"{url}&sid={session}")
            assert (posted.status_code, posted.text) == (200, "OK")
        # A worker that there is not, and a session that one does not know.
        for unknown in (f"77.{session}", f"1.{session[2:]}x", f"2.{session[2:]}x"):
            posted = await asyncio.to_thread(post, f"{url}&sid={unknown}")
            refused = (posted.status_code, posted.json()["message"])
            assert refused == (400, "Session ID unknown")


@pytest.mark.long("a stop of all tells most of it")
async def test_a_poll_that_is_broken_off_at_another_worker_ends_the_session(place: Path) -> None:
    async with workers_at(place) as talk:
        path = "/socket.io/?EIO=4&transport=polling"
        url = f"{talk.server.url}{path}"

        def is_over(session: str) -> bool:
            posted = requests.post(f"{url}&sid={session}", data="3", timeout=PATIENCE_S)
            return posted.status_code == 400

        # Connections go to the workers by turns, so some of these polls come to the other one.
        for _ in range(4):
            opened = await asyncio.to_thread(requests.get, url, timeout=PATIENCE_S)
            session = json.loads(opened.text[1:])["sid"]
            assert not await asyncio.to_thread(is_over, session)
            _reader, writer = await asyncio.open_connection("127.0.0.1", talk.port)
            writer.write(f"GET {path}&sid={session} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            await writer.drain()
            writer.close()
            async with asyncio.timeout(PATIENCE_S):
                while not await asyncio.to_thread(is_over, session):
                    pass


@pytest.mark.long("a stop of all tells most of it")
async def test_a_worker_whose_event_loop_stands_still_is_replaced(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SILENT_S", 10.0)
    monkeypatch.setattr(supervisor, "LOOK_EVERY_S", 1.0)
    postgresql = Postgresql(place / "postgresql")
    postgresql.start()
    sockets = listening.listen("127.0.0.1", 0)
    flags = ["--workers", "2", "--database-url", postgresql.url(), "--data", str(place / "data")]
    supervising = supervisor.Supervisor(2, sockets, ["serve", *flags])
    try:
        with capture_logs() as entries:
            await supervising.start()
            stuck = next(entry["pid"] for entry in entries if entry["event"] == "worker_started")
            os.kill(stuck, signal.SIGSTOP)

            def told(event: str) -> list[Any]:
                return [entry for entry in entries if entry["event"] == event]

            await until(lambda: len(told("worker_started")) == 3, PATIENCE_S)
            assert len(told("worker_silent")) == 1
            assert [entry["reason"] for entry in told("worker_ended")] == ["SIGKILL"]
            assert not is_running(stuck)
    finally:
        await supervising.stop()
        postgresql.end()


def test_without_postgresql_it_says_what_it_needs(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    ended = loaded_parley("serve", "--workers", "2", "--port", "0", "--data", data)
    assert_says_why(ended, "--workers 2", "PostgreSQL", "--database-url")


@pytest.mark.long("several processes start")
def test_what_keeps_all_of_them_from_starting_is_said_once(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    ended = loaded_parley(
        *("serve", "--workers", "3", "--database-url", nowhere, "--port", "0"),
        *("--data", str(tmp_path / "data"), "--log-level", "error"),
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert line.startswith("parley: The PostgreSQL database")
