"""The original system's client, unchanged: its habits, and the examples of its guide."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parley.wire import listening
from tests import original_examples
from tests.calls import FRONTEND
from tests.eventually import until
from tests.people import Json, Person
from tests.servers import Process, process

People = Callable[..., Person]
ORIGINS = [FRONTEND, "http://127.0.0.1:3000"]


class OriginalClient:
    """Joins over REST, forgets the reply, joins again on a fresh socket, and asks for no acks."""

    def __init__(self, person: Person, user_id: str, origin: str) -> None:
        self.person = person
        self.me = {"user_id": user_id, "username": person.name}
        self.origin = origin

    async def creates(self) -> str:
        body = {"title": "My Conversation", "description": "", "user_id": self.me["user_id"]}
        reply = await self._fetch("/api/conversations/create", body)
        return str(reply["room_id"])

    async def enters(self, room_id: str) -> None:
        await self._fetch(f"/api/conversations/{room_id}/join", self.me)
        await self.person.connect(headers={"Origin": self.origin})
        await self.person.tell("join_room", {"room_id": room_id, **self.me})
        await self.person.hears("conversation_state")

    async def tells(self, event: str, room_id: str, **more: object) -> None:
        await self.person.tell(event, {"room_id": room_id, **more, **self.me})

    async def _fetch(self, path: str, body: Json) -> Json:
        status, reply = await self.person.call("POST", path, body, headers={"Origin": self.origin})
        assert status in (200, 201)
        assert reply["success"] is True
        return reply


@pytest.mark.parametrize("origin", ORIGINS)
async def test_two_original_clients_talk(
    person: People, transports: tuple[str, ...], origin: str
) -> None:
    ada = OriginalClient(person("Ada", transports), "user123", origin)
    ben = OriginalClient(person("Ben", transports), "user456", origin)
    room_id = await ada.creates()
    await ada.enters(room_id)
    await ben.enters(room_id)
    joined = await ada.person.hears("user_joined")
    assert joined.pop("unproven") is True  # which it does not know, and need not
    assert joined == {"user_id": "user456", "username": "Ben", "participant_count": 2}

    await ben.tells("typing", room_id, is_typing=True)
    typing = await ada.person.hears("user_typing")
    assert typing == {"user_id": "user456", "username": "Ben", "is_typing": True}

    await ben.tells("send_message", room_id, message="Hello", type="text")
    for each in (ada, ben):
        message = await each.person.hears("new_message")
        assert (message["user_id"], message["username"]) == ("user456", "Ben")
        assert (message["message"], message["type"]) == ("Hello", "text")

    await ben.tells("leave_room", room_id)
    left = await ada.person.hears("user_left")
    assert left == {"user_id": "user456", "username": "Ben", "participant_count": 1}
    assert ada.person.all_heard("error") == ben.person.all_heard("error") == []


async def test_the_state_an_original_client_gets_has_what_it_reads(person: People) -> None:
    ada = OriginalClient(person("Ada"), "user123", FRONTEND)
    room_id = await ada.creates()
    await ada.enters(room_id)
    state = await ada.person.hears("conversation_state")
    conversation = state["conversation"]
    assert conversation["created_by"] == "user123"
    assert [p["username"] for p in conversation["participants"]] == ["Ada"]
    assert {"messages", "title", "description", "created_at", "is_active"} <= set(conversation)


async def test_the_errors_an_original_client_gets_have_a_message(person: People) -> None:
    ada = await person("Ada").connect(headers={"Origin": FRONTEND})
    await ada.tell("join_room", {"room_id": "abc12345", "user_id": "u", "username": "Ada"})
    assert isinstance((await ada.hears("error"))["message"], str)


# --- the examples of the guide, against `parley serve` ---


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Process]:
    """On port 8081, as the guide says, where that is free."""
    try:
        for sock in listening.listen("localhost", 8081):
            sock.close()
    except listening.CannotListen:
        flags: tuple[str, ...] = ("--port", "0")
    else:
        flags = ()
    with process(tmp_path / "data", *flags) as server:
        yield server


def run_curl(command: str, port: int) -> Json:
    """What the command prints, run by curl, or sent as curl would where there is none."""
    one_line = command.replace("\\\n", " ")
    arguments = shlex.split(one_line.replace("localhost:8081", f"localhost:{port}"))
    if shutil.which("curl"):
        output = subprocess.run(arguments, capture_output=True, check=True, timeout=30).stdout
    else:
        output = _as_curl_would(arguments)
    reply: Json = json.loads(output)
    return reply


def _as_curl_would(arguments: list[str]) -> bytes:
    name, _, method, url, _, header, _, body = arguments
    assert name == "curl"
    key, value = header.split(": ")
    request = urllib.request.Request(url, body.encode(), {key: value}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        content: bytes = response.read()
    return content


async def test_the_examples_of_the_guide_work(served: Process) -> None:
    created = await asyncio.to_thread(run_curl, original_examples.CREATE, served.port)
    assert created["success"] is True
    assert created["conversation"]["title"] == "My Conversation"
    assert created["conversation"]["created_by"] == "user123"
    room_id = created["room_id"]
    link = created["join_link"]
    assert link == f"http://localhost:{served.port}/conversation/{room_id}"

    join = original_examples.JOIN.replace("abc12345", room_id)
    joined = await asyncio.to_thread(run_curl, join, served.port)
    assert joined["success"] is True
    assert [p["username"] for p in joined["conversation"]["participants"]] == ["John Doe"]

    john = await runs_the_socket_example(served, room_id)
    await john.hears("conversation_state")
    await john.tell("send_message", {"room_id": room_id, "message": "It works"})
    message = await john.hears("new_message")
    assert (message["user_id"], message["username"]) == ("user123", "John Doe")
    await john.goes_home()


async def test_the_rest_examples_of_the_guide_work_a_second_time(served: Process) -> None:
    created = [run_curl(original_examples.CREATE, served.port) for _ in range(2)]
    assert [each["success"] for each in created] == [True, True]
    assert created[0]["room_id"] != created[1]["room_id"]
    room_id = created[0]["room_id"]
    join = original_examples.JOIN.replace("abc12345", room_id)
    for joined in [run_curl(join, served.port) for _ in range(2)]:
        assert joined["success"] is True
        people = joined["conversation"]["participants"]
        assert [(each["user_id"], each["username"]) for each in people] == [("user456", "John Doe")]
    asking = Person("Ada", served.url)
    for _ in range(2):
        for path in ("health", "conversations", f"conversations/{room_id}"):
            status, reply = await asking.call("GET", f"/api/{path}")
            assert (status, reply["success"]) == (200, True)
    asking.token = created[0]["token"]
    end = f"/api/conversations/{room_id}/end"
    assert [(await asking.call("POST", end))[0] for _ in range(2)] == [200, 410]
    await asking.goes_home()


async def test_the_socket_example_of_the_guide_works_a_second_time(
    served: Process, transports: tuple[str, ...]
) -> None:
    room_id = run_curl(original_examples.CREATE, served.port)["room_id"]
    for turn in (1, 2):
        john = await runs_the_socket_example(served, room_id, transports)
        await john.hears("conversation_state")
        await john.tell("send_message", {"room_id": room_id, "message": f"Turn {turn}"})
        message = await john.hears("new_message")
        assert (message["user_id"], message["message"]) == ("user123", f"Turn {turn}")
        assert john.all_heard("error") == []
        await john.goes_home()
        await until(lambda: is_nobody_online(served, room_id))


async def test_the_socket_example_runs_once_at_a_time(served: Process) -> None:
    room_id = run_curl(original_examples.CREATE, served.port)["room_id"]
    first = await runs_the_socket_example(served, room_id)
    await first.hears("conversation_state")
    second = await runs_the_socket_example(served, room_id)
    assert (await second.hears("error"))["code"] == "identity_taken"
    for each in (first, second):
        await each.goes_home()


async def runs_the_socket_example(
    served: Process, room_id: str, transports: tuple[str, ...] = ("polling", "websocket")
) -> Person:
    """What the JavaScript example sends, from a program that keeps nothing."""
    [said] = re.findall(r"emit\('(\w+)', \{(.*?)\}\)", original_examples.CONNECT, re.DOTALL)
    fields = dict(re.findall(r"(\w+): '([^']*)'", said[1]))
    john = await Person("John Doe", served.url, transports).connect()
    await john.tell(said[0], {**fields, "room_id": room_id})
    return john


def is_nobody_online(served: Process, room_id: str) -> bool:
    with urllib.request.urlopen(f"{served.url}/api/conversations/{room_id}", timeout=30) as reply:
        return not json.load(reply)["conversation"]["online_count"]


async def test_a_room_of_the_guide_that_nobody_made_is_not_found(served: Process) -> None:
    reply = await asyncio.to_thread(run_curl, original_examples.JOIN, served.port)
    assert reply["success"] is False
    assert reply["code"] == "conversation_not_found"
