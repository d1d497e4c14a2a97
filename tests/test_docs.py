"""The documents say what is so: generated pages are fresh, the README's examples run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio

from parley import contract
from parley.config import SETTINGS
from tests import effort
from tests.faults.test_answers_lost import MESSAGES
from tests.faults.test_ending import ENDINGS
from tests.faults.test_killed import KILLS
from tests.servers import Process, free_port, process
from tests.test_cli import loaded_parley
from tools import client_types, reference
from tools.differences import DIFFERENCES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATIENCE_S = 20
ASKS_AGAIN_S = 4


def blocks(language: str) -> list[str]:
    """The README's examples in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language: str, containing: str) -> str:
    (found,) = [text for text in blocks(language) if containing in text]
    return found


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("docs") / "data") as started:
        yield started


def run(script: str, server: Process, **variables: str) -> str:
    """Run an example in bash as it stands, but for the port; what it prints."""
    here = script.replace("http://localhost:8081", server.url)
    done = subprocess.run(
        ["bash", "-euc", here],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout


def test_the_types_of_the_client_are_those_of_the_contract() -> None:
    assert reference.CLIENT_TYPES.read_text(encoding="utf-8") == client_types.module()


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_a_generated_page_is_what_the_source_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == reference.pages()[name]


def test_every_setting_stands_in_the_help_of_serve() -> None:
    done = loaded_parley("serve", "--help")
    assert all(setting.flag in done.stdout for setting in SETTINGS)


def test_every_page_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_makefile_has_the_targets_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        line.split()[1]
        for text in blocks("bash")
        for line in text.splitlines()
        if line.startswith("make ")
    }
    assert {"run", "test"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


@pytest.mark.skipif(effort.IS_EVERYTHING, reason="the page says how often it is usually")
def test_the_guarantees_say_how_often_each_is_tried() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    said = f"{KILLS} kills, {MESSAGES:,} sends with lost answers, {ENDINGS} endings"
    assert said in " ".join(page.split())


def test_every_test_the_guarantees_name_is_there() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+|test_\w+\.py)`", page)
    assert named
    found = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert [name for name in named if not ((ROOT / name).exists() or name in found)] == []


def test_the_readmes_curl_examples_work(
    parley: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = json.loads(run(block("bash", "conversations/create"), parley))
    assert created["conversation"]["title"] == "Tea at four"

    monkeypatch.chdir(tmp_path)
    joining, sending = block("bash", "/join").strip().split("\n\n")
    joined = json.loads(run(joining, parley, ROOM=created["room_id"]))
    assert joined["username"] == "Ben"
    sent = json.loads(run(sending, parley, ROOM=created["room_id"], TOKEN=joined["token"]))
    assert sent["success"]
    assert sent["seq"] == 1
    (tmp_path / "cake.jpg").write_bytes(b"A cake")
    variables = {"ROOM": created["room_id"], "TOKEN": joined["token"]}
    uploaded = json.loads(run(block("bash", "file=@"), parley, **variables))
    assert (uploaded["file"]["name"], uploaded["file"]["size"]) == ("cake.jpg", 6)
    variables["FILE"] = uploaded["file"]["id"]
    assert json.loads(run(block("bash", "attachments"), parley, **variables))["seq"] == 2


def test_the_readmes_stream_is_heard(parley: Process, tmp_path: Path) -> None:
    created = json.loads(run(block("bash", "conversations/create"), parley))
    script = block("bash", "/events").replace("http://localhost:8081", parley.url)
    hearing = subprocess.Popen(
        ["bash", "-euc", f"exec {script}"],
        env={**os.environ, "ROOM": created["room_id"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert hearing.stdout is not None
        lines = iter(hearing.stdout.readline, "")
        assert "event: conversation_state\n" in lines
        joining, sending = block("bash", "/join").strip().split("\n\n")
        joined = json.loads(run(joining, parley, ROOM=created["room_id"]))
        run(sending, parley, ROOM=created["room_id"], TOKEN=joined["token"])
        assert "event: new_message\n" in lines
        assert "I will bring the cake." in next(lines)
    finally:
        hearing.kill()
        hearing.communicate()


def test_the_extra_that_the_readme_installs_is_spelt_as_its_package_spells_it() -> None:
    # Older pips do not take an underscore for a hyphen: they install nothing and go on.
    named = re.findall(r"pip install \"([\w-]+)\[([\w-]+)\]\"", README)
    assert named
    for package, extra in named:
        assert extra in (metadata(package).get_all("Provides-Extra") or [])


def protocol_example(parley: Process, folder: Path) -> Path:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    script = folder / "example.py"
    script.write_text(example.replace("http://localhost:8081", parley.url), encoding="utf-8")
    return script


def bot_script(parley: Process, folder: Path, library: str = "AsyncClient") -> Path:
    script = folder / "bot.py"
    source = block("python", library).replace("http://localhost:8081", parley.url)
    script.write_text(source, encoding="utf-8")
    return script


BOTS = {"parley.client": "{url}/conversation/{room_id}", "AsyncClient": "{room_id}"}
"""The README's bots by what they are made with, and what each is started with."""
OTHER_BOT = "both of them talk every time"
NO_SERVER = {"parley.client": "Nothing answers at", "AsyncClient": "can't be reached"}


@pytest.mark.parametrize("library", effort.some(list(BOTS), every=2, why=OTHER_BOT))
def test_the_readmes_bot_says_why_it_may_not_join_and_stops(
    parley: Process, tmp_path: Path, library: str
) -> None:
    where = BOTS[library].format(url=parley.url, room_id="nowhere0")
    done = subprocess.run(
        [sys.executable, str(bot_script(parley, tmp_path, library)), where],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "conversation" in done.stderr


@pytest.mark.parametrize("library", effort.some(list(BOTS), every=2, why=OTHER_BOT))
def test_the_readmes_bot_says_where_it_finds_no_server(library: str) -> None:
    port = free_port()
    source = block("python", library).replace(":8081", f":{port}")
    where = BOTS[library].format(url=f"http://localhost:{port}", room_id="nowhere0")
    done = subprocess.run(
        [sys.executable, "-c", source, where],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert NO_SERVER[library] in done.stderr


@pytest.mark.long("each example starts")
def test_ctrl_c_ends_the_examples_without_a_word(parley: Process, tmp_path: Path) -> None:
    create = f"{parley.url}/api/conversations/create"
    room_id = requests.post(create, timeout=PATIENCE_S).json()["room_id"]
    ada = socketio.SimpleClient()
    ada.connect(parley.url, transports=["websocket"], wait_timeout=30)
    ada.call("join_room", {"room_id": room_id, "username": "Ada"}, timeout=PATIENCE_S)
    link = BOTS["parley.client"].format(url=parley.url, room_id=room_id)
    for library, where, said in (
        ("AsyncClient", room_id, ""),
        ("parley.client", link, ""),
        ("", room_id, "Ben: Hello\n"),
    ):
        by = (
            bot_script(parley, tmp_path, library) if library else protocol_example(parley, tmp_path)
        )
        example = subprocess.Popen(
            [sys.executable, str(by), where],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            hear(ada, "user_joined")
            # One speaks when asked, the other at once: before or after it is proven.
            missing = {"proven", "new_message"}
            for name, data in heard_while_asking(ada, room_id):
                if data.get("username") != "Ada":
                    missing.discard(name)
                if not missing:
                    break
            # Before Python 3.12, `asyncio.wait_for` loses a Ctrl+C that comes with the answer it
            # waits for. Once it hears what it said, it waits for no answer.
            assert example.stdout is not None
            while said and example.stdout.readline() != said:
                assert example.poll() is None
            example.send_signal(signal.SIGINT)
            _, complaint = example.communicate(timeout=PATIENCE_S)
            assert (complaint, example.returncode) == ("", 0)
        finally:
            example.kill()
    ada.disconnect()


@pytest.mark.parametrize("library", BOTS)
def test_the_readmes_bot_answers_and_is_proven(
    parley: Process, tmp_path: Path, library: str
) -> None:
    script = bot_script(parley, tmp_path, library)
    room_id = requests.post(f"{parley.url}/api/conversations/create", timeout=PATIENCE_S).json()[
        "room_id"
    ]
    ada = socketio.SimpleClient()
    ada.connect(parley.url, transports=["websocket"], wait_timeout=30)
    ada.call("join_room", {"room_id": room_id, "username": "Ada"}, timeout=PATIENCE_S)
    where = BOTS[library].format(url=parley.url, room_id=room_id)
    bot = subprocess.Popen([sys.executable, str(script), where])
    try:
        echo = hear(ada, "user_joined")["user_id"]
        assert hear(ada, "proven") == {"room_id": room_id, "user_id": echo}
        for name, data in heard_while_asking(ada, room_id):
            if name == "new_message" and data["user_id"] == echo:
                assert data["message"] == "pong"
                break
    finally:
        bot.terminate()
        bot.wait(PATIENCE_S)
        ada.disconnect()


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
def test_an_example_waits_for_as_long_as_a_busy_machine_needs(page: str) -> None:
    # The client's own second is over before a busy server has answered.
    examples = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S
    )
    connecting = re.findall(r"\.connect\((.*)\)", "".join(examples))
    assert connecting
    for arguments in connecting:
        waits = re.search(r"wait_timeout=(\d+)", arguments)
        assert waits is not None
        assert int(waits[1]) >= 10


def test_the_protocols_example_of_a_socket_runs(parley: Process, tmp_path: Path) -> None:
    script = protocol_example(parley, tmp_path)
    created = requests.post(f"{parley.url}/api/conversations/create", timeout=PATIENCE_S).json()
    room = f"{parley.url}/api/conversations/{created['room_id']}"
    ada = {"Authorization": f"Bearer {created['token']}"}
    requests.post(f"{room}/join", json={"username": "Ada"}, headers=ada, timeout=PATIENCE_S)
    ben = subprocess.Popen(
        [sys.executable, "-u", str(script), created["room_id"]], stdout=subprocess.PIPE, text=True
    )
    try:
        assert ben.stdout is not None
        heard = [ben.stdout.readline() for _ in range(2)]
        assert sorted(heard) == ["Ben: Hello\n", "Stored as 1\n"]
        hi = {"message": "Hi Ben"}
        requests.post(f"{room}/messages", json=hi, headers=ada, timeout=PATIENCE_S)
        assert ben.stdout.readline() == "Ada: Hi Ben\n"
    finally:
        ben.terminate()
        ben.communicate(timeout=PATIENCE_S)
    people = requests.get(room, timeout=PATIENCE_S).json()["conversation"]["participants"]
    assert [person.get("unproven") for person in people] == [None, None]


@pytest.mark.long("a bot of the README says so every time")
def test_the_protocols_example_says_why_it_may_not_join(parley: Process, tmp_path: Path) -> None:
    script = protocol_example(parley, tmp_path)
    done = subprocess.run(
        [sys.executable, str(script), "nowhere0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("There's no conversation")
    assert len(done.stderr.splitlines()) == 1


def test_the_differences_name_what_there_is() -> None:
    said = " ".join(text for row in DIFFERENCES for text in row)
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", said))
    fields = {field for struct in reference._structs() for field in struct.__struct_fields__}
    parameters = {each.name for call in contract.CALLS.values() for each in call.parameters}
    events = {*contract.CLIENT_EVENTS, *contract.SERVER_EVENTS, "connect", "disconnect"}
    known = {*contract.CODES, *fields, *parameters, *events, *contract.CALLS}
    assert named - known == set()
    assert {"conversation_ended", "identity_taken", "token_required"} <= named


@pytest.mark.long("another program starts")
def test_the_readmes_app_around_parley_serves_both(tmp_path: Path) -> None:
    (tmp_path / "around.py").write_text(block("python", "create_app"), encoding="utf-8")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "hypercorn", "around:app", "--bind", f"127.0.0.1:{port}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        while "Running on" not in (line := server.stderr.readline()):
            assert line, "it did not start"
        url = f"http://127.0.0.1:{port}"
        assert requests.get(f"{url}/hello", timeout=PATIENCE_S).text.startswith("Hello")
        assert requests.get(f"{url}/api/health", timeout=PATIENCE_S).json()["status"] == "healthy"
        room_id = requests.post(f"{url}/api/conversations/create", timeout=PATIENCE_S).json()[
            "room_id"
        ]
        ada = socketio.SimpleClient()
        ada.connect(url)
        ada.emit("join_room", {"room_id": room_id})
        assert hear(ada, "conversation_state")["room_id"] == room_id
        ada.disconnect()
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE_S)


def hear(client: socketio.SimpleClient, event: str) -> dict[str, str]:
    """The next such event."""
    while True:
        name, data = client.receive(timeout=PATIENCE_S)
        if name == event:
            heard: dict[str, str] = data
            return heard


def heard_while_asking(
    client: socketio.SimpleClient, room_id: str, question: str = "ping"
) -> Iterator[tuple[str, Any]]:
    """What is heard by somebody who asks the bot, and asks again if nothing comes of it: while it
    joins with its token, what is said may reach it with the state, and not as news.
    """
    for _ in range(PATIENCE_S // ASKS_AGAIN_S):
        client.emit("send_message", {"room_id": room_id, "message": question})
        with contextlib.suppress(socketio.exceptions.TimeoutError):
            while True:
                name, data = client.receive(timeout=ASKS_AGAIN_S)
                yield name, data
    raise AssertionError("nobody answered")
