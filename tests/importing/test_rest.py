"""Importing over REST: a file is sent, it is told what it becomes, and then it is there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from parley.app import web_site
from parley.config import Config
from parley.domain.importing import imports, reading
from tests.browser.making_files import png
from tests.eventually import until
from tests.importing import plain
from tests.people import Json, Person
from tests.servers import Running, running

People = Callable[..., Person]
Over = Callable[[Person, str], Awaitable[Json]]
TEA = (
    {"at": "2024-01-31T10:01:00+00:00", "who": "ana", "text": "Tea?"},
    {"at": "2024-01-31T10:02:00+00:00", "who": "ben", "text": "Yes"},
)


@pytest.fixture(autouse=True)
def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "OPENER", plain.OPENER)


@pytest.fixture
def tea(tmp_path: Path) -> bytes:
    return plain.write(tmp_path / plain.NAME, *TEA, ana="Ana", ben="Ben").read_bytes()


async def send(who: Person, data: bytes, query: str = "name=chat.jsonl") -> Json:
    answer = await who.send("POST", f"/api/import?{query}", data)
    assert answer.status == 202, answer
    who.token = answer.json.get("token", who.token)
    progress: Json = answer.json["progress"]
    return progress


async def state(who: Person, id: str) -> Json:
    status, reply = await who.call("GET", f"/api/import/{id}")
    assert status == 200, reply
    progress: Json = reply["progress"]
    return progress


@pytest.fixture
def over(server: Running) -> Over:
    """How an import ended, or that it waits to be stored."""

    async def over(who: Person, id: str) -> Json:
        found = web_site(server.app).imports
        assert found is not None
        known = found._all[id]
        await until(lambda: known.state not in ("reading", "storing"), within_s=60)
        return await state(who, id)

    return over


async def said(who: Person, room_id: str) -> list[Json]:
    _, reply = await who.call("GET", f"/api/conversations/{room_id}/messages")
    found: list[Json] = reply["messages"]
    return found


async def test_a_file_becomes_a_conversation_of_whoever_sent_it(
    person: People, over: Over, tea: bytes
) -> None:
    ada = person("Ada")
    done = await over(ada, (await send(ada, tea))["id"])
    assert done["state"] == "done", done
    assert [each["message"] for each in await said(ada, done["room_id"])] == ["Tea?", "Yes"]
    _, manage = await ada.call("GET", f"/api/conversations/{done['room_id']}/manage")
    assert manage["success"]


async def test_a_dry_run_waits_until_it_is_to_be_stored(
    person: People, over: Over, tea: bytes
) -> None:
    ada = person("Ada")
    id = (await send(ada, tea, "name=chat.jsonl&dry_run=true"))["id"]
    ready = await over(ada, id)
    assert (ready["state"], ready["contents"]["people"]) == ("ready", ["Ana", "Ben"])
    assert "room_id" not in ready
    status, _ = await ada.call("POST", f"/api/import/{id}/store", {"title": "Five o'clock"})
    assert status == 202
    done = await over(ada, id)
    _, reply = await ada.call("GET", f"/api/conversations/{done['room_id']}")
    assert reply["conversation"]["title"] == "Five o'clock"


async def test_an_import_is_nobody_elses(person: People, tea: bytes) -> None:
    ada, ben = person("Ada"), person("Ben")
    id = (await send(ada, tea, "dry_run=true&name=chat.jsonl"))["id"]
    await ben.starts()
    for method, path in (("GET", f"/api/import/{id}"), ("POST", f"/api/import/{id}/store")):
        status, reply = await ben.call(method, path)
        assert (status, reply["code"]) == (404, "not_found")


async def test_a_file_may_have_a_name_longer_than_the_disk_takes(
    person: People, over: Over, tea: bytes
) -> None:
    name = quote("\U00020000" * 100 + ".jsonl")
    ada = person("Ada")
    ready = await over(ada, (await send(ada, tea, f"name={name}&dry_run=true"))["id"])
    assert ready["state"] == "ready"


async def test_pictures_come_along_and_others_are_told_why_not(
    person: People, over: Over, tmp_path: Path
) -> None:
    message: dict[str, Any] = {
        **TEA[0],
        "files": [
            {"name": "cup.png", "path": "cup.png"},
            {"name": "broken.png", "path": "broken.png"},
            {"name": "gone.mp4"},
        ],
    }
    plain.write(tmp_path / plain.NAME, message, ana="Ana")
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as made:
        made.write(tmp_path / plain.NAME, plain.NAME)
        made.writestr("cup.png", png(40, 30))
        made.writestr("broken.png", b"\x89PNG\r\n\x1a\n and nothing else")
    ada = person("Ada")
    data = (tmp_path / "chat.zip").read_bytes()
    done = await over(ada, (await send(ada, data, "name=chat.zip"))["id"])
    assert done["files_refused"] == ["broken.png"]
    [found] = await said(ada, done["room_id"])
    assert [(each["name"], each["width"]) for each in found["attachments"]] == [("cup.png", 40)]
    assert "gone.mp4: The export doesn't include this file." in found["message"]
    answer = await ada.send("GET", found["attachments"][0]["url"])
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")


async def test_a_second_file_of_one_session_waits_for_the_first(person: People, tea: bytes) -> None:
    ada = person("Ada")
    await send(ada, tea + b"!hang\n")
    answer = await ada.send("POST", "/api/import?name=chat.jsonl", tea)
    assert (answer.status, answer.json["error"]) == (429, imports.ONE_AT_A_TIME)


async def test_what_is_no_export_is_told_and_nothing_is_stored(
    person: People, over: Over, tea: bytes
) -> None:
    ada = person("Ada")
    failed = await over(ada, (await send(ada, tea + b"!refuse\n"))["id"])
    assert failed["state"] == "failed"
    assert failed["error"] == "From here on nothing can be read."
    _, health = await ada.call("GET", "/api/health")
    assert health["total_conversations"] == 0


@pytest.mark.long("it takes all the memory it may")
async def test_a_file_that_eats_all_memory_is_refused(
    person: People, over: Over, tea: bytes
) -> None:
    ada = person("Ada")
    failed = await over(ada, (await send(ada, tea + b"!eat\n"))["id"])
    assert "takes more memory" in failed["error"]


@pytest.mark.long("it waits for all that a reading is given")
async def test_a_file_that_is_read_for_ever_is_ended(
    person: People, over: Over, tea: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WITHIN_S", 3)
    ada = person("Ada")
    failed = await over(ada, (await send(ada, tea + b"!hang\n"))["id"])
    assert failed["state"] == "failed"
    assert "can't be read" in failed["error"] or "too long" in failed["error"]


async def test_of_several_conversations_one_is_chosen_and_shown_first(
    person: People, over: Over
) -> None:
    head = {"title": "", "choices": ["tea", "work"]}
    lines = [head, {**TEA[0], "in": "tea"}, {**TEA[1], "in": "work"}]
    ada, data = person("Ada"), "\n".join(map(json.dumps, lines)).encode()
    id = (await send(ada, data))["id"]
    ready = await over(ada, id)
    assert (ready["state"], ready["contents"]["choices"]) == ("ready", ["tea", "work"])
    status, reply = await ada.call("POST", f"/api/import/{id}/store", {})
    assert (status, reply["code"]) == (400, "bad_request")
    await ada.call("POST", f"/api/import/{id}/store", {"choose": "work"})
    ready = await over(ada, id)
    assert (ready["state"], ready["contents"]["messages"]) == ("ready", 1)
    await ada.call("POST", f"/api/import/{id}/store", {"choose": "work"})
    done = await over(ada, id)
    assert [each["message"] for each in await said(ada, done["room_id"])] == ["Yes"]


async def test_where_imports_are_off_none_is_taken(config: Config, tea: bytes) -> None:
    async with running(replace(config, imports=False)) as server:
        ada = Person("Ada", server.url)
        answer = await ada.send("POST", "/api/import?name=chat.jsonl", tea)
        assert (answer.status, answer.json["error"]) == (403, imports.NO_IMPORTS)
        page = await ada.send("GET", "/import")
        assert page.status == 403
        await ada.goes_home()
