"""What a program brings along that uses `parley.client`: nothing of the server."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {"parley", "msgspec", "websockets", "cryptography", "cffi", "_cffi_backend"}
ALLOWED |= {"typing_extensions"}  # which cryptography takes where it is there
LISTS = """
import json, sys
before = set(sys.modules)
import parley.client, parley.client.sealed, parley.client.sealed_files
print(json.dumps([n for n in sys.modules if n not in before]))
"""


def test_it_imports_nothing_of_the_server() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LISTS], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    loaded: list[str] = json.loads(said)
    ours = {name for name in loaded if name.startswith("parley.")}
    assert {name for name in ours if not name.startswith("parley.client")} == set()
    others = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert {name for name in others if not name.startswith("_")} <= ALLOWED


def test_an_open_conversation_loads_no_encryption() -> None:
    asks = "import sys, parley.client; print('cryptography' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", asks], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert said == "False\n"


def test_both_distributions_are_of_one_version_and_need_the_same() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    alone = tomllib.loads((ROOT / "deploy/client/pyproject.toml").read_text())["project"]
    assert alone["version"] == whole["version"]
    assert alone["requires-python"] == whole["requires-python"]
    assert set(alone["dependencies"]) == set(whole["optional-dependencies"]["client"])
    assert set(alone["dependencies"]) <= set(whole["dependencies"])


@pytest.mark.long("builds a wheel, with what pip gets for that")
def test_alone_it_is_the_client_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "-w",
            tmp_path,
            "./deploy/client",
        ],
        check=True,
        cwd=ROOT,
        timeout=200,
    )
    [wheel] = tmp_path.glob("*.whl")
    files = [name for name in zipfile.ZipFile(wheel).namelist() if "dist-info" not in name]
    assert [name for name in files if not name.startswith("parley/client/")] == []
    assert [name for name in files if not name.endswith(".py")] == []
    assert "parley/client/__init__.py" in files
