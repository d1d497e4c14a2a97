"""`make audit` tells what it learned, and plainly where it could learn nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import audit

ROOT = Path(__file__).parent.parent
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody runs."""


def report(*packages: Mapping[str, object]) -> str:
    """As pip-audit writes it."""
    return json.dumps({"dependencies": list(packages), "fixes": []})


@pytest.mark.long("a program of its own starts for it")
def test_without_a_network_it_fails_with_a_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tools.audit"],
        cwd=ROOT,
        env={**os.environ, "HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == "The vendored browser files are all as they were listed.\n"
    assert ended.stderr == audit.NOT_REACHED + "\n"


def test_a_service_that_knows_no_package_is_no_audit() -> None:
    skipped = {"name": "quart", "skip_reason": "not found"}
    with pytest.raises(audit.AuditImpossible, match="none was audited"):
        audit.read(report(skipped, {"name": "parley", "skip_reason": "editable"}), "")


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ("No module named pip_audit", "make setup"),
        ("ERROR: something new", "something new"),
        ("", "it said nothing"),
    ],
)
def test_what_else_keeps_it_from_an_answer_is_a_sentence(errors: str, words: str) -> None:
    with pytest.raises(audit.AuditImpossible, match=words):
        audit.read("Not JSON", errors)


def test_each_fault_is_a_sentence() -> None:
    packages = audit.read(
        report(
            {"name": "parley", "skip_reason": "editable"},
            {"name": "sound", "version": "1.0", "vulns": []},
            {
                "name": "broken",
                "version": "2.0",
                "vulns": [
                    {"id": "CVE-1", "fix_versions": ["2.1", "3.0"]},
                    {"id": "CVE-2", "fix_versions": []},
                ],
            },
            {"name": "unknown", "skip_reason": "not found"},
        ),
        "",
    )
    assert list(audit.known_faults(packages)) == [
        "broken 2.0 has CVE-1, fixed in 2.1, 3.0.",
        "broken 2.0 has CVE-2, fixed in no version yet.",
        "unknown was not audited: not found.",
    ]
