"""What a program brings along that uses `parley.client`: nothing of the server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.people import Person
from tests.servers import Running

ROOT = Path(__file__).parents[2]
ALLOWED = {"parley", "msgspec", "websockets", "cryptography", "cffi", "_cffi_backend"}
ALLOWED |= {"typing_extensions"}  # which cryptography takes where it is there
OURS = ("parley/client/", "parley/talking/", "parley/commands/talking.py", "parley/harmless.py")
PIP_WITHIN_S = 200.0
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
async def test_alone_it_is_the_client_and_its_commands(
    server: Running, person: Callable[..., Person], tmp_path: Path
) -> None:
    pip = (sys.executable, "-m", "pip")
    await ran(*pip, "wheel", "-q", "--no-deps", "-w", tmp_path, "./deploy/client")
    [name] = [name for name in os.listdir(tmp_path) if name.endswith(".whl")]
    wheel = tmp_path / name
    files = [name for name in zipfile.ZipFile(wheel).namelist() if "dist-info" not in name]
    assert [name for name in files if not name.startswith(OURS)] == []
    assert [name for name in files if not name.endswith(".py")] == []
    assert "parley/client/__init__.py" in files

    await ran(sys.executable, "-m", "venv", tmp_path / "venv")
    await ran(tmp_path / "venv/bin/python", "-m", "pip", "install", "-q", wheel)
    parley = tmp_path / "venv/bin/parley"
    assert (await ran(parley, "--version")).startswith("parley-client ")
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    link = f"{server.url}/conversation/{room}"
    await ran(parley, "say", link, "Backup done", "--name", "Cron", state=tmp_path)
    assert (await ada.hears("new_message"))["username"] == "Cron"
    await ran(parley, "upload", link, wheel, state=tmp_path)
    await ada.ask("end_conversation", {"room_id": room})
    said = await ran(parley, "tail", link, state=tmp_path)
    assert [line.partition(": ")[2] for line in said.splitlines()[:1]] == ["Backup done"]


async def ran(*command: str | Path, state: Path | None = None) -> str:
    """What it prints. It ends well."""
    environ = os.environ if state is None else {**os.environ, "XDG_STATE_HOME": str(state)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT if state is None else state, env=environ, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(PIP_WITHIN_S):
        said, _ = await process.communicate()
    assert process.returncode == 0, command
    return said.decode()
