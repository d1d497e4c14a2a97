"""Rocket.Chat's exports: a message a line, and messages as the database has them."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import rocket_chat, rocket_chat_words
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused, Person, Reaction
from tests.effort import some, times
from tests.importing import reading
from tests.importing.reading import SAMPLES, entries, problems, said

ROOM = SAMPLES / "rocket-chat-room.json"
DATABASE = SAMPLES / "rocket-chat-messages.json"
FIRST = datetime(2024, 1, 31, 17, 7, 40, 100_000, tzinfo=UTC)


def read(path: Path) -> Chat:
    return reading.recognised(rocket_chat.recognise, path)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def written(folder: Path, *messages: Any) -> Path:
    path = folder / "general.json"
    text = "\n".join(map(json.dumps, messages))
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def line(**changed: Any) -> dict[str, Any]:
    return {"msg": "Milk", "username": "ana", "ts": "2024-01-31T17:07:40.100Z", **changed}


def test_the_sample_of_a_room_holds_what_it_was_made_with() -> None:
    chat = read(ROOM)
    assert (chat.system, chat.title, chat.choices) == ("Rocket.Chat", "rocket-chat-room", ())
    assert (len(said(chat)), len(entries(chat))) == (5, 7)
    assert said(chat)[0].sent_at == FIRST
    assert [each.text for each in entries(chat)] == [
        "bo joined",
        "Hello **all** 👋",
        "*see* [the map](https://example.org/map)",
        "",
        "User_3 added by ana",
        "```js\nlet a = 1;\n```",
        "",
    ]
    assert [each.is_deleted for each in said(chat)] == [False, False, False, False, True]
    assert said(chat)[1].reply_to == "aQw3rT"
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 8", "Encrypted messages were left out: Rocket.Chat can't read them."),
        ("message 9", "Messages of the kind unheard-of were left out."),
    ]


def test_the_database_has_ids_edits_and_reactions() -> None:
    chat = read(DATABASE)
    assert chat.choices == ("r1", "r2")
    with pytest.raises(ImportRefused, match="Say which conversation"):
        list(chat.entries())
    chat.choose("r1")
    first, second, added = entries(chat)
    assert first.reactions == (
        Reaction("👍", ("bo", "cy"), 2),
        Reaction("🦜", ("bo",), 1),
    )
    assert (first.key, first.is_pinned) == ("m1", True)
    assert (second.reply_to, second.edited_at) == ("m1", datetime(2024, 1, 31, 17, 20, tzinfo=UTC))
    assert (added.text, added.is_service) == ("Ana Lima added cy", True)
    assert chat.people == {
        "ana": Person("ana", "Ana Lima"),
        "bo": Person("bo", "Bo Ek"),
        "cy": Person("cy", "cy"),
    }
    chat.choose("r2")
    answer, gone, build = entries(chat)
    assert (answer.text, answer.reply_to) == ("yes", "m9")
    assert gone.is_deleted
    assert build.text == "Build 7\nis **done**"
    assert chat.people["rocket.cat as Deploys"] == Person(
        "rocket.cat as Deploys", "Deploys", is_bot=True
    )


def test_rooms_of_the_database_have_their_names(tmp_path: Path) -> None:
    (tmp_path / "rocketchat_message.json").write_bytes(DATABASE.read_bytes())
    rooms = [{"_id": "r1", "name": "crew", "fname": "Harbour Crew"}, {"_id": "r2", "t": "d"}]
    rooms[1] |= {"usernames": ["ana", "bo"]}  # type: ignore[dict-item]
    (tmp_path / "rocketchat_room.json").write_text("\n".join(map(json.dumps, rooms)))
    assert read(tmp_path).choices == ("Harbour Crew", "ana, bo")


@pytest.mark.parametrize("form", ["list", "answer"])
def test_messages_may_stand_in_a_list(tmp_path: Path, form: str) -> None:
    messages = [each for each in lines(DATABASE) if each["rid"] == "r1"]
    content = messages if form == "list" else {"messages": messages, "success": True}
    path = tmp_path / "history.json"
    path.write_text(json.dumps(content))
    assert [each.key for each in entries(read(path))] == ["m1", "m2", "m3"]


def test_an_archive_has_rooms_and_files(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("channels.json", '{"roomId":"r1","roomName":"crew","type":"c"}')
        file.writestr("user.json", '{"username":"ana"}')
        file.write(ROOM, "crew.json")
        file.writestr("empty.json", "")
        file.writestr("assets/f1A2b3-harbour.jpg", b"JPEG")
    chat = read(path)
    assert chat.choices == ("crew", "empty")
    chat.choose("crew")
    [photo] = [file for each in entries(chat) for file in each.attachments]
    assert (photo.path, photo.size, photo.type) == ("assets/f1A2b3-harbour.jpg", 4, "image/jpeg")
    chat.choose("empty")
    assert not entries(chat)


def test_a_file_that_is_left_out_is_told() -> None:
    [photo] = [file for each in entries(read(ROOM)) for file in each.attachments]
    assert (photo.name, photo.size) == ("harbour.jpg", 4)
    assert photo.missing == "This file isn't in the export."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("*a* _b_ ~c~ `d`", "**a** *b* ~~c~~ `d`"),
        ("**a** __b__ ~~c~~", "**a** *b* ~~c~~"),
        ("*a _b_*", "**a** ***b***"),
        ("snake_case 2 * 3 * 4", "snake_case 2 * 3 * 4"),
        ("> old\nnew *x*", "> old\n\n\nnew **x**"),
        ("[see *this*](https://e.org)", r"[see \*this\*](https://e.org)"),
        ("[see](javascript:x)", "see (javascript:x)"),
        ("https://e.org/a_b_c *x*", "https://e.org/a_b_c **x**"),
        (":wave: `:wave:` :no_such:", "👋 `:wave:` :no_such:"),
        ("```\na *b*\n```", "```\na *b*\n```"),
        ("1. a", "1\\. a"),
    ],
)
def test_marks_become_markdown(written: str, text: str) -> None:
    assert rocket_chat_words.said(written) == text


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        line(),
        None,
        line(ts="2024-02-30T10:00:00Z"),
        line(ts=None),
        line(_id="a"),
        line(_id="a", tmid="a"),
    )
    chat = read(path)
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 2", "This isn't a message."),
        ("message 3", "This message has no valid date."),
        ("message 4", "This message has no valid date."),
        ("message 6", "Another message has the id a, too. Both are kept."),
    ]
    assert [each.key for each in entries(chat)] == ["message 1", "a", "message 6 (again)"]


def test_a_cut_off_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "crew.json"
    path.write_bytes(ROOM.read_bytes()[:-40])
    with pytest.raises(ImportRefused, match="cut off: it ends in line 9"):
        entries(read(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, line())
    path.write_text(path.read_text() + '\n{"msg":' + "[" * 100_000)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(path))


@pytest.mark.parametrize(
    "piece",
    some(["`", "[", "[a](", "*a", "_", "> ", "```", ":a:"], every=3, why="a third tells most"),
)
def test_no_text_takes_long(tmp_path: Path, piece: str) -> None:
    for length in (1_000_000, rocket_chat_words.MARKED_MAX_CHARS):
        long = piece * (length // len(piece))
        [_, entry] = entries(read(written(tmp_path, line(), line(msg=long))))
        assert len(entry.text) > 1000


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    [_, entry] = entries(read(written(tmp_path, line(), line(msg="word *a* " * 1_200_000))))
    assert len(entry.text) >= 10_800_000


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"messages": []}', "[{}]", "x", "\x00"])
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert rocket_chat.recognise(Archive(path)) is None


OF_BOTH = {path: lines(path) for path in (ROOM, DATABASE)}
PLACES = [(path, at) for path, whole in OF_BOTH.items() for at in reading.places(whole) if at]
FUZZED = settings(
    max_examples=times(25, full=100),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


@pytest.mark.longer
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[Path, tuple[Any, ...]], strange: Any
) -> None:
    messages = reading.replaced(OF_BOTH[place[0]], place[1], strange)
    reading.survives(rocket_chat.recognise, written(tmp_path, *messages))


@FUZZED
@given(st.text(st.sampled_from("*_~`>[]()\n :a.h/"), max_size=60))
def test_any_text_is_read(text: str) -> None:
    rocket_chat_words.said(text).encode()
