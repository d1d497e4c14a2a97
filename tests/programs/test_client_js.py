"""The client for JavaScript, in Node.js: its promises hold over restarts of a real server, too."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from parley.pages.assets import BUILT, FOLDER
from tests.asking_node import Other, asking, needs_node
from tests.servers import Process, free_port, process

PROGRAM = Path(__file__).parent / "client.mjs"
WITHIN_S = 30

pytestmark = [pytest.mark.longer, needs_node]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("client") / "data") as started:
        yield started


@pytest.fixture
def ask() -> Iterator[Other]:
    with asking(PROGRAM) as ask:
        yield ask


def together(ask: Other, server: Process) -> str:
    """Ada starts a conversation, and Ben comes."""
    made = ask("start", server=server.url, title="Tea")
    assert (
        ask("join", who="ada", link=made["link"], token=made["token"], name="Ada")["me"]["role"]
        == "owner"
    )
    ben = ask("join", who="ben", link=made["link"], name="Ben")
    assert (ben["me"]["username"], ben["me"]["role"]) == ("Ben", "member")
    link: str = made["link"]
    return link


def does(ask: Other, who: str, what: str, *given: Any) -> Any:
    return ask("do", who=who, what=what, given=given)


def texts_in(ask: Other, who: str, **which: Any) -> list[str]:
    return [each["message"] for each in does(ask, who, "history", which)]


def test_what_is_said_while_it_comes_in_is_said_to_it(ask: Other, shared: Process) -> None:
    made = ask("start", server=shared.url, title="Tea")
    ask("join", who="ada", link=made["link"], token=made["token"], name="Ada")
    for name in ("Ben", "Cleo", "Dora"):
        ask("greet", who="ada", text=f"Welcome, {name}")
        ask("join", who=name, link=made["link"], name=name)
        assert ask("hear", who=name) == {"said": [f"Welcome, {name}"]}


def test_it_talks(ask: Other, shared: Process) -> None:
    together(ask, shared)
    ask("listen", who="ada", names=["message_changed"])
    said = does(ask, "ada", "send", "Hello")
    assert ask("hear", who="ben") == {"said": ["Hello"]}
    does(ask, "ben", "react", said, "👍")
    does(ask, "ada", "edit", said, "Hello!")
    does(ask, "ada", "pin", said["id"])
    changes = [ask("happens", who="ada", names=["message_changed"])["data"] for _ in range(3)]
    assert changes[0]["reactions"][0]["emoji"] == "👍"
    assert (changes[1]["message"], changes[2]["pinned"]) == ("Hello!", True)
    cake = ask("upload", who="ben", text="flour", name="cake.txt")
    answer = does(ask, "ben", "send", "This", {"replyTo": said, "files": [cake]})
    assert ask("hear", who="ada") == {"said": ["This"]}
    [_, shown] = does(ask, "ada", "history")
    assert (shown["reply_to"]["id"], shown["attachments"][0]["name"]) == (said["id"], "cake.txt")
    assert ask("download", who="ada", file=shown["attachments"][0]) == "flour"
    assert [each["file"]["id"] for each in does(ask, "ada", "files")] == [cake["id"]]
    does(ask, "ben", "read", answer["seq"])
    does(ask, "ben", "delete", answer)
    assert [each["username"] for each in ask("all", who="ben", what="people")] == ["Ada", "Ben"]
    found = ask("all", who="ben", what="search", given=["hello"])
    assert [each["message"]["id"] for each in found] == [said["id"]]


def test_what_is_refused_has_a_code(ask: Other, shared: Process) -> None:
    link = together(ask, shared)
    said = does(ask, "ada", "send", "Mine")
    refused = does(ask, "ben", "edit", said, "Not yours")
    assert (refused["error"], refused["code"]) == ("Refused", "forbidden")
    nowhere = ask("join", who="cleo", link=link.rsplit("/", 1)[0] + "/nowhere1", name="Cleo")
    assert (nowhere["error"], nowhere["code"]) == ("Refused", "conversation_not_found")
    nobody = f"127.0.0.1:{free_port()}"
    silence = ask("join", who="cleo", link=f"http://{nobody}/conversation/nowhere1")
    assert (silence["error"], silence["text"]) == (
        "Unreachable",
        f"Nothing answers at {nobody}. Is the server running?",
    )
    assert ask("join", who="cleo", link="https://a.example/tea")["error"] == "BadLink"
    assert ask("join", who="cleo", link=f"{link}#k=key")["code"] == "encrypted"


def test_whoever_has_the_token_comes_back_and_is_told_what_was_missed(
    ask: Other, shared: Process
) -> None:
    link = together(ask, shared)
    first = does(ask, "ada", "send", "One")
    assert ask("hear", who="ben") == {"said": ["One"]}
    ben = ask("join", who="ben again", link=link, name="Ben too")
    ask("close", who="ben again")
    # Edited after another was said: it stands last in the log, and is new all the same.
    said = does(ask, "ada", "send", "Too")
    does(ask, "ada", "send", "Three")
    does(ask, "ada", "edit", said, "Two")
    back = ask("join", who="ben", link=link, token=ben["token"], since=first["seq"])
    assert back["me"]["user_id"] == ben["me"]["user_id"]
    assert ask("hear", who="ben", count=2) == {"said": ["Two", "Three"]}


def test_loops_end_as_the_conversation_does(ask: Other, shared: Process) -> None:
    link = together(ask, shared)
    does(ask, "ada", "send", "The last")
    does(ask, "ben", "leave")
    assert ask("hear", who="ben", count=2) == {"said": ["The last"], "over": True}
    over = does(ask, "ben", "send", "Too late")
    assert over["error"] == "Over"
    cleo = ask("join", who="cleo", link=link, name="Cleo")
    api = link.replace("/conversation/", "/api/conversations/")
    token = {"Authorization": f"Bearer {ask('token', who='ada')}"}
    put_out = {"user_id": cleo["me"]["user_id"]}
    assert requests.post(f"{api}/remove", json=put_out, headers=token, timeout=WITHIN_S).ok
    told = ask("hear", who="cleo")
    assert (told["error"], told["reason"]) == ("Over", "removed")
    assert requests.post(f"{api}/end", json={}, headers=token, timeout=WITHIN_S).ok
    assert ask("hear", who="ada") == {"said": [], "over": True}
    assert does(ask, "ada", "send", "Too late")["code"] == "ended"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_restart_of_the_server_loses_and_repeats_nothing(
    ask: Other, tmp_path: Path, how: signal.Signals
) -> None:
    with process(tmp_path / "data", "--port", str(free_port())) as server:
        together(ask, server)
        does(ask, "ada", "send", "Before")
        assert ask("hear", who="ben") == {"said": ["Before"]}
        before = [f"Meanwhile {number}" for number in range(20)]
        ask("begin", who="ada", texts=before)
        ask("listen", who="ada", names=["connected", "disconnected"])
        server.stop(how)
        lost = ask("happens", who="ada", names=["connected", "disconnected"])
        assert lost == {"name": "disconnected"}
        ask("begin", who="ada", texts=["While it is down"])
        assert ask("get", who="ada", what="unsent") >= 1
        server.start()
        back = ask("happens", who="ada", names=["connected", "disconnected"])
        assert back == {"name": "connected"}
        seqs = ask("finish")
        assert ask("get", who="ada", what="unsent") == 0
        assert seqs == sorted(set(seqs))
        assert ask("hear", who="ben", count=21)["said"] == [*before, "While it is down"]
        does(ask, "ben", "send", "Heard")
        assert ask("hear", who="ada") == {"said": ["Heard"]}
        assert texts_in(ask, "ben") == ["Before", *before, "While it is down", "Heard"]


def test_a_server_sends_it_as_one_module(ask: Other, shared: Process, tmp_path: Path) -> None:
    if not (FOLDER / BUILT / "js/client.js").exists():
        pytest.skip("no bundle was made: make bundle does")
    address = f"{shared.url}/client.js"
    names = ["BadLink", "ClientError", "Over", "Refused", "Talk", "Unreachable", "join", "start"]
    assert ask("use", url=address, **{"as": str(tmp_path / "client.mjs")}) == names
    together(ask, shared)
    does(ask, "ada", "send", "Hello")
    assert ask("hear", who="ben") == {"said": ["Hello"]}
    reply = requests.get(address, timeout=WITHIN_S)
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert not re.search(r"^import\b", reply.text, re.MULTILINE)
    types = requests.get(f"{shared.url}/client.d.ts", timeout=WITHIN_S)
    assert types.headers["Content-Type"].startswith("text/plain")
    assert "export class Talk" in types.text
    known = {"If-None-Match": reply.headers["ETag"]}
    assert requests.get(address, headers=known, timeout=WITHIN_S).status_code == 304
