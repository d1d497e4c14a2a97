"""Schemathesis asks a server all that `/openapi.json` allows, and what it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from parley import contract
from parley.contract import posting
from tests.servers import Process, process

PROGRAM = Path(sys.executable).parent / "schemathesis"
HOOKS = Path(__file__).with_name("whole_numbers.py")
REASONS = Path(__file__).with_name("schemathesis.toml")
"""What it finds and stays, and why."""
LONG_S = 1800.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Process]:
    with process(tmp_path / "data") as started:
        yield started


def asked(served: Process, *options: str, cwd: Path, within_s: float) -> str:
    """What all its checks say of the server, with the token of who owns what it starts."""
    started = requests.post(f"{served.url}/api/conversations/create", json={}, timeout=30)
    done = subprocess.run(
        [
            *(str(PROGRAM), "--config-file", str(REASONS), "run", f"{served.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {started.json()['token']}"),
            *("--continue-on-failure", "--suppress-health-check", "all"),
            *("--no-color", "--request-timeout", "30", *options),
        ],
        cwd=cwd,  # it leaves a folder behind
        env={**os.environ, "PYTHONPATH": str(HOOKS.parent), "SCHEMATHESIS_HOOKS": HOOKS.stem},
        timeout=within_s,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.long("tests/fuzz/test_rest.py holds every call to its description every time")
@pytest.mark.timeout(180)
def test_the_edges_of_every_call_are_as_described(served: Process, tmp_path: Path) -> None:
    """Each bound, type and pattern, kept and broken, and every method: always the same ones."""
    said = asked(
        served,
        *("--phases", "coverage,fuzzing", "--max-examples", "2", "--generation-deterministic"),
        cwd=tmp_path,
        within_s=170.0,
    )
    calls = (*contract.CALLS.values(), posting.POST_TO_HOOK)
    described = [call for call in calls if not call.is_of_mail]  # it sends none
    ending = [call for call in described if not call.is_stream]
    assert f"{len(ending)} selected / {len(described)} total" in said


@pytest.mark.long("asks some ten thousand times, chosen afresh")
@pytest.mark.timeout(LONG_S)
def test_whatever_is_asked_in_whatever_order_is_as_described(
    served: Process, tmp_path: Path
) -> None:
    asked(
        served,
        *("--phases", "coverage,fuzzing,stateful", "--max-examples", "50"),
        cwd=tmp_path,
        within_s=LONG_S - 10,
    )
