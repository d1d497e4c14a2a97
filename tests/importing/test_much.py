"""However many messages a file holds, as much of it is in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.importing import element, google_chat, rocket_chat, teams
from tests.importing import reading
from tests.importing.reading import Recognise

COUNT = 2_500
TEXT = "word " * 1_000


def in_list(before: str, messages: Iterator[Any], after: str) -> Iterator[str]:
    yield before
    for number, message in enumerate(messages):
        yield ("," if number else "") + json.dumps(message)
    yield after


def of_element() -> Iterator[str]:
    def events() -> Iterator[Any]:
        for number in range(COUNT):
            event = {"event_id": f"$e{number}", "sender": "@ana:h", "origin_server_ts": 1706720860}
            said = {"msgtype": "m.text", "body": TEXT}
            yield {**event, "type": "m.room.message", "content": said}
            about = {"rel_type": "m.replace", "event_id": f"$e{number}"}
            edit = {"msgtype": "m.text", "body": "*", "m.new_content": said, "m.relates_to": about}
            own = {"event_id": f"$r{number}", "type": "m.room.message"}
            yield {**event, **own, "content": edit}

    return in_list('{"room_name": "Big", "exported_by": "Ana", "messages": [', events(), "]}")


def of_google() -> Iterator[str]:
    date = "Wednesday, January 31, 2024 at 5:07:40 PM UTC"
    messages = (
        {
            "creator": {"email": "a@h"},
            "created_date": date,
            "text": TEXT,
            "message_id": f"S/{n}/{n}",
        }
        for n in range(COUNT)
    )
    return in_list('{"messages": [', messages, "]}")


def of_teams() -> Iterator[str]:
    messages = (
        {"id": str(COUNT - number), "originalarrivaltime": "2024-01-31T17:07:40Z", "from": "8:ana",
         "messagetype": "RichText", "content": TEXT}
        for number in range(COUNT)
    )  # fmt: skip
    before = '{"userId": "8:ana", "conversations": [{"id": "19:x", "MessageList": ['
    return in_list(before, messages, "]}]}")


def of_rocket_chat() -> Iterator[str]:
    for _ in range(COUNT):
        message = {"msg": TEXT, "username": "ana", "ts": "2024-01-31T17:07:40.100Z"}
        yield json.dumps(message) + "\n"


LONG = pytest.mark.long("the others are read in the same way")


@pytest.mark.long("a large file")
@pytest.mark.parametrize(
    ("recognise", "like"),
    [
        pytest.param(element.recognise, of_element, marks=LONG),
        pytest.param(google_chat.recognise, of_google, marks=LONG),
        pytest.param(teams.recognise, of_teams, marks=LONG),
        (rocket_chat.recognise, of_rocket_chat),
    ],
    ids=["element", "google_chat", "teams", "rocket_chat"],
)
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, recognise: Recognise, like: Callable[[], Iterator[str]]
) -> None:
    path = tmp_path / "export.json"
    with path.open("w") as file:
        file.writelines(like())
    reading.needs_little_memory(recognise, path, COUNT)
