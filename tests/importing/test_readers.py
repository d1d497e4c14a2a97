"""What holds for every reader of JSON: each knows its own format alone, and holds little of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.importing import choosing, discord, heads, mattermost, people, telegram
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused
from tests.effort import some
from tests.importing import reading
from tests.importing.reading import SAMPLES, Recognise


def telegram_like(numbers: range, text: str) -> Iterator[str]:
    yield '{"name": "Big", "type": "private_group", "id": 1, "messages": ['
    for number in numbers:
        message = {"id": number, "type": "message", "date_unixtime": "1706720860",
                   "date": "2024-01-31T18:07:40", "from": "Ana", "from_id": "user1",
                   "text": text}  # fmt: skip
        yield json.dumps(message, ensure_ascii=False) + ("," if number != numbers[-1] else "]}")


def discord_like(numbers: range, text: str) -> Iterator[str]:
    yield '{"guild": {}, "channel": {"id": "1", "name": "Big"}, "messages": ['
    for number in numbers:
        message = {"id": str(number), "type": "Default", "content": text,
                   "timestamp": "2024-01-31T18:07:40+01:00", "author": {"id": "1"}}  # fmt: skip
        yield json.dumps(message, ensure_ascii=False) + ("," if number != numbers[-1] else "]}")


def mattermost_like(numbers: range, text: str) -> Iterator[str]:
    yield '{"type": "version", "version": 1}\n'
    yield '{"type": "channel", "channel": {"team": "a", "name": "Big"}}\n'
    for number in numbers:
        post = {"team": "a", "channel": "Big", "user": "ana", "message": text,
                "create_at": 1706720860000 + number}  # fmt: skip
        yield json.dumps({"type": "post", "post": post}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    ("recognise", "like"),
    [
        pytest.param(telegram.recognise, telegram_like, id="telegram"),
        pytest.param(
            discord.recognise,
            discord_like,
            marks=pytest.mark.long("Telegram's is a list in JSON, too"),
            id="discord",
        ),
        pytest.param(mattermost.recognise, mattermost_like, id="mattermost"),
    ],
)
@pytest.mark.parametrize(
    "numbers",
    some([range(1, 3_001), range(3_000, 0, -1)], every=2, why="one tells most"),
    ids=["up", "down"],
)
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path,
    recognise: Recognise,
    like: Callable[[range, str], Iterator[str]],
    numbers: range,
) -> None:
    path = tmp_path / "export"
    with path.open("w") as file:
        file.writelines(like(numbers, "word " * 1_000))
    reading.needs_little_memory(recognise, path, len(numbers))


def test_more_people_than_can_be_held_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PEOPLE_MAX", 2)
    with pytest.raises(ImportRefused, match="More than 2 people speak in this file"):
        list(telegram_chat().entries())


def telegram_chat() -> Chat:
    return reading.recognised(telegram.recognise, SAMPLES / "telegram-result.json")


def test_a_single_conversation_leaves_nothing_to_choose() -> None:
    chat = telegram_chat()
    assert chat.choices == ()
    with pytest.raises(ImportRefused, match="nothing to choose from"):
        chat.choose("x")


def test_names_are_told_apart_and_the_list_of_them_has_an_end() -> None:
    assert choosing.distinct(["a", "a (2)", "a", "a"]) == ("a", "a (2)", "a (3)", "a (4)")
    said = choosing.said([str(number) for number in range(1000)])
    assert said.endswith("18, 19 and 980 more.")
    assert choosing.said([]) == "There is none at all."


def test_strange_values_are_strange() -> None:
    """So that the tests that use them do not prove nothing."""
    value: Any = {"a": [1, {"b": None}]}
    assert list(reading.places(value)) == [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b")]
    assert reading.replaced(value, ("a", 1, "b"), 5) == {"a": [1, {"b": 5}]}
    assert value == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("more", range(4))
def test_a_head_may_end_in_the_middle_of_a_letter(tmp_path: Path, more: int) -> None:
    for recognise, like in (
        (telegram.recognise, telegram_like),
        (discord.recognise, discord_like),
        (mattermost.recognise, mattermost_like),
    ):
        path = tmp_path / "export"
        path.write_text(" " * more + "".join(like(range(1, 200), "👍" * 500)), "utf-8")
        assert path.stat().st_size > 3 * heads.HEAD_BYTES
        assert recognise(Archive(path)) is not None
