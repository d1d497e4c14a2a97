"""`parley import`: a file becomes a conversation that opens, beside no running server."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from parley.cli import main
from parley.domain.importing import reading
from tests.importing import plain
from tests.servers import process

PATIENCE_S = 20
TEA = (
    {"at": "2024-01-31T10:01:00+00:00", "who": "ana", "text": "Tea?"},
    {"at": "2024-01-31T10:02:00+00:00", "who": "ben", "text": "Yes"},
)


@pytest.fixture(autouse=True)
def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "OPENER", plain.OPENER)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def parley(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_an_imported_conversation_opens_and_is_owned_by_whoever_opens_the_link(
    data: Path, tmp_path: Path
) -> None:
    file = plain.write(tmp_path / plain.NAME, *TEA, title="Tea time", ana="Ana")
    done = parley("import", file, "--data", data)
    assert done.exit_code == 0, done.output
    assert "People: 2 (Ana, ben)" in done.output
    *_, imported, owning = done.output.splitlines()
    room_id, code = imported.rpartition("/")[2], owning.rpartition("/")[2]
    with process(data, "--port", "0") as server:
        page = requests.get(f"{server.url}/conversation/{room_id}", timeout=PATIENCE_S)
        assert "Tea time" in page.text
        assert "Tea?" in page.text
        used = requests.post(f"{server.url}/api/links/{code}", timeout=PATIENCE_S).json()
        assert used["role"] == "owner"


def test_a_dry_run_makes_no_database(data: Path, tmp_path: Path) -> None:
    file = plain.write(tmp_path / plain.NAME, *TEA)
    done = parley("import", file, "--data", data, "--dry-run")
    assert done.exit_code == 0
    assert "Messages: 2" in done.output
    assert not data.exists()


def test_while_a_server_runs_it_says_what_to_do(data: Path, tmp_path: Path) -> None:
    file = plain.write(tmp_path / plain.NAME, *TEA)
    with process(data, "--port", "0"):
        done = parley("import", file, "--data", data)
    assert done.exit_code == 1
    assert "Import the file on its page /import" in done.output


def test_without_a_time_zone_it_says_which_option_to_give(data: Path, tmp_path: Path) -> None:
    file = plain.write(
        tmp_path / plain.NAME, {"at": "2024-01-31T10:01:00", "who": "ana", "text": "Tea?"}
    )
    done = parley("import", file, "--data", data)
    assert done.exit_code == 1
    assert done.output.count("--zone Europe/Berlin") == 1
    assert done.output.count("have no time zone") == 1
