"""The examples of the documentation's guides, run as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import socketio

from tests.servers import Process, process
from tests.test_docs import heard_while_asking

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
EXPORT = ROOT / "tests" / "importing" / "samples" / "slack-export.zip"
PATIENCE_S = 120
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq (Debian: jq)")


def examples(page: str, language: str = "bash") -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return found


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("guides") / "data") as started:
        yield started


def run(script: str, folder: Path, url: str = "", **variables: str) -> str:
    """What it prints; run by bash, in a folder of its own, where `parley` is the one under test."""
    done = subprocess.run(
        ["bash", "-uc", script.replace("http://localhost:8081", url)],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def started(parley: Process) -> tuple[str, str]:
    """A conversation, and the token of its owner, who takes part."""
    made = requests.post(f"{parley.url}/api/conversations/create", timeout=PATIENCE_S).json()
    says(parley, made["room_id"], made["token"])
    return made["room_id"], made["token"]


def says(parley: Process, room_id: str, token: str, message: str = "") -> None:
    room = f"{parley.url}/api/conversations/{room_id}"
    ada = {"Authorization": f"Bearer {token}"}
    requests.post(f"{room}/join", json={"username": "Ada"}, headers=ada, timeout=PATIENCE_S)
    if message:
        said = {"message": message}
        requests.post(f"{room}/messages", json=said, headers=ada, timeout=PATIENCE_S)


@needs_jq
def test_the_first_message(parley: Process, tmp_path: Path) -> None:
    [script] = [each for each in examples("programs.md") if "conversations/create" in each]
    said = json.loads(run(f"{script}\necho $ROOM > room", tmp_path, parley.url))
    assert (said["success"], said["seq"]) == (True, 1)
    room_id = (tmp_path / "room").read_text().strip()
    room = f"{parley.url}/api/conversations/{room_id}"
    [message] = requests.get(room, timeout=PATIENCE_S).json()["conversation"]["messages"]
    assert (message["username"], message["message"]) == ("Weather", "Rain from four o’clock.")


def test_the_bot_rolls_dice(parley: Process, tmp_path: Path) -> None:
    [source] = examples("guides/bot.md", "python")
    (tmp_path / "dice.py").write_text(source.replace("http://localhost:8081", parley.url))
    room_id, _ = started(parley)
    ada = socketio.SimpleClient()
    ada.connect(parley.url, transports=["websocket"], wait_timeout=30)
    ada.call("join_room", {"room_id": room_id, "username": "Bea"}, timeout=PATIENCE_S)
    bot = subprocess.Popen([sys.executable, str(tmp_path / "dice.py"), room_id])
    try:
        heard = ada.receive(timeout=PATIENCE_S)
        while heard[0] != "proven":
            heard = ada.receive(timeout=PATIENCE_S)
        for name, data in heard_while_asking(ada, room_id, "Dice"):
            if name == "new_message" and data["username"] == "Dice":
                assert data["message"] in "123456"
                assert data["reply_to"]["excerpt"] == "Dice"
                break
    finally:
        bot.kill()
        bot.wait(PATIENCE_S)
        ada.disconnect()


@needs_jq
def test_an_archive_is_taken_and_brought_up_to_date(parley: Process, tmp_path: Path) -> None:
    whole, later = examples("guides/archive.md")
    room_id, token = started(parley)
    says(parley, room_id, token, "First")
    here = {"ROOM": room_id, "TOKEN": token}
    assert "Nothing was changed" in run(whole, tmp_path, parley.url, **here)
    for message in ("Second", "Third"):
        run(later, tmp_path, parley.url, **here)
        says(parley, room_id, token, message)
    run(later, tmp_path, parley.url, **here)
    kept = [json.loads(line) for line in (tmp_path / "tea.log").read_text().splitlines()]
    assert [each["message"] for each in kept] == ["First", "Second", "Third"]


@pytest.mark.long("tests/test_importing.py imports every time")
def test_a_channel_of_slack_becomes_a_conversation(tmp_path: Path) -> None:
    with zipfile.ZipFile(EXPORT) as old, zipfile.ZipFile(tmp_path / EXPORT.name, "w") as new:
        for name in set(old.namelist()) - {"channels.json"}:
            new.writestr(re.sub(r"^g.+ral/", "general/", name), old.read(name))
            if name.endswith("-31.json"):
                new.writestr("random/2024-01-31.json", old.read(name))
        channels = [{"id": f"C-{name}", "name": name} for name in ("general", "random")]
        new.writestr("channels.json", json.dumps(channels))
    look, choose, store = examples("guides/from-slack.md")
    assert "random" in run(look, tmp_path)
    assert "Nothing was stored" in run(choose, tmp_path)
    assert "/conversation/" in run(store, tmp_path)


@needs_jq
def test_alerts_come_to_a_conversation(parley: Process, tmp_path: Path) -> None:
    room_id, token = started(parley)
    script = "".join(examples("guides/alerts.md"))
    # As often as cron would run it: the failure is told once a day.
    run(
        script + script[script.index("if ! backup") :],
        tmp_path,
        parley.url,
        ROOM=room_id,
        TOKEN=token,
    )
    room = f"{parley.url}/api/conversations/{room_id}"
    said = requests.get(room, timeout=PATIENCE_S).json()["conversation"]["messages"]
    assert [each["username"] for each in said] == ["Alerts", "Alerts"]
    assert said[0]["message"] == "The disk of **db1** is 91 % full."
    assert said[1]["message"].startswith("The backup failed on ")
