"""A server that is killed while it imports: after a start all of it is there, or nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.databases import ON_POSTGRESQL, beside
from tests.forking import OPENER
from tests.importing import plain
from tests.servers import Process

PATIENCE_S = 60
MESSAGES = 60_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    started = Process(
        tmp_path / "data", "--port", "0", "--keep-empty-days", "0", environ={OPENER: plain.OPENER}
    )
    started.start()
    yield started
    if started.is_running:
        started.stop(signal.SIGKILL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    said = (
        {"at": f"2024-01-31T10:00:{n % 60:02}+00:00", "who": f"p{n % 9}", "text": f"Message {n}"}
        for n in range(MESSAGES)
    )
    return plain.write(tmp_path / plain.NAME, *said)


def until_state(server: Process, file: Path, wanted: str, least: int) -> None:
    """Send it, and return once it is there, with at least so much read or stored."""
    with file.open("rb") as data:
        sent = requests.post(
            f"{server.url}/api/import?name=chat.jsonl", data=data, timeout=PATIENCE_S
        ).json()
    headers = {"Authorization": f"Bearer {sent['token']}"}
    path, until_s = f"{server.url}/api/import/{sent['progress']['id']}", time.monotonic() + 120
    while time.monotonic() < until_s:
        told = requests.get(path, headers=headers, timeout=PATIENCE_S).json()["progress"]
        done = told["stored"] if wanted == "storing" else told["read"]
        if told["state"] == wanted and done >= least:
            return
        assert told["state"] in ("reading", "storing"), told
    raise TimeoutError


def rows(folder: Path, table: str) -> int:
    with beside(folder) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


STORING = pytest.mark.long("tests/domain/test_import_interrupted.py cuts it off every time")


@pytest.mark.parametrize(
    ("wanted", "least"), [("reading", 1), pytest.param("storing", 2_000, marks=STORING)]
)
def test_nothing_is_left_of_an_import_that_was_killed(
    server: Process, file: Path, tmp_path: Path, wanted: str, least: int
) -> None:
    until_state(server, file, wanted, least)
    server.stop(signal.SIGKILL)
    data = tmp_path / "data"
    assert [*data.glob("import-*")]
    server.start()
    health = requests.get(f"{server.url}/api/health", timeout=PATIENCE_S).json()
    assert health["total_conversations"] == 0
    until_s = time.monotonic() + 120
    # On SQLite nothing can be left once it has started; on PostgreSQL it may be another process's,
    # until the lease of the one that was killed is over.
    assert ON_POSTGRESQL or not [*data.glob("import-*")]
    while [*data.glob("import-*")] or rows(data, "messages") or rows(data, "conversations"):
        assert time.monotonic() < until_s
        requests.get(f"{server.url}/api/health", timeout=PATIENCE_S)  # it goes on meanwhile
