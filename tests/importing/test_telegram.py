"""Telegram's export, of one chat and of all, as it is written and as it is not."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import telegram
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused, Person, Reaction
from tests.effort import times
from tests.importing import reading
from tests.importing.reading import EXPECTED, SAMPLES, entries, problems, said

SAMPLE = SAMPLES / "telegram-result.json"
WRITTEN: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))


def read(path: Path) -> Chat:
    return reading.recognised(telegram.recognise, path)


def written(folder: Path, content: Any) -> Path:
    path = folder / "result.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def with_messages(*messages: Any) -> dict[str, Any]:
    return {**WRITTEN, "messages": list(messages)}


def message(**fields: Any) -> dict[str, Any]:
    return {**WRITTEN["messages"][1], **fields}


def one_text(folder: Path, **fields: Any) -> str:
    [entry] = entries(read(written(folder, with_messages(message(**fields)))))
    return entry.text


def test_the_sample_holds_what_is_said_of_it() -> None:
    chat, expected = read(SAMPLE), EXPECTED[SAMPLE.name]
    assert (chat.system, chat.title, chat.needs_zone) == ("Telegram", "Harbour Crew", False)
    assert len(said(chat)) == expected["people"]
    assert len(entries(chat)) - len(said(chat)) == expected["system"]
    assert [each.place for each in problems(chat)] == ["message 8 (id 8)"]
    assert reading.in_utc(said(chat)[0]) == expected["first_person_message"]
    files = [file for each in entries(chat) for file in each.attachments]
    assert len(files) == expected["attachments"]
    assert sum(each.edited_at is not None for each in entries(chat)) == expected["edited"]
    counts = [reaction.count for each in entries(chat) for reaction in each.reactions]
    assert sum(counts) == expected["reactions"]
    assert list(chat.people.values()) == [
        Person("user1001", "Ana Lima"),
        Person("user1002", "Bo Ek"),
        Person("user1003", "Deleted account"),
    ]


def test_what_the_sample_says() -> None:
    by_key = {each.key: each for each in entries(read(SAMPLE))}
    assert by_key["1"].text == "Ana Lima created the group “Harbour Crew” with Ana Lima and Bo Ek"
    assert by_key["1"].is_service
    assert by_key["3"].text == (
        "see **this** at https://example.org [map](https://example.org/map) Ana"
    )
    assert by_key["3"].reply_to == "2"
    assert by_key["3"].reactions == (Reaction("👍", ("user1001",), 2), Reaction("⭐", (), 1))
    assert by_key["4"].edited_at == datetime(2024, 1, 31, 17, 20, tzinfo=UTC)
    assert by_key["5"].attachments[0].name == "plan.pdf"
    assert by_key["5"].attachments[0].missing == "The export was made without this file."
    assert by_key["7"].text == "*Forwarded from Old Channel*"
    assert by_key["9"].text == "Poll: Which day?\n• Sat (2 votes)\n• Sun (1 vote)"


def test_files_of_the_folder_come_along(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.write(SAMPLE, "ChatExport_2024-01-31/result.json")
        file.writestr("ChatExport_2024-01-31/photos/photo_1@31-01-2024_18-08-39.jpg", b"JPEG")
    photo, plan, voice = [file for each in entries(read(path)) for file in each.attachments]
    assert photo.path == "ChatExport_2024-01-31/photos/photo_1@31-01-2024_18-08-39.jpg"
    assert (photo.size, photo.missing) == (4, None)
    assert plan.path is None
    assert voice.missing == "This file isn't in the export."


def all_chats() -> dict[str, Any]:
    def listed(name: str | None, kind: str, *messages: Any) -> dict[str, Any]:
        return {"name": name, "type": kind, "id": 1, "messages": list(messages)}

    return {
        "about": "Here is the data you requested. Telegram Desktop …",
        "contacts": {"about": "…", "list": [{"first_name": "Cy"}] * 3000},
        "chats": {
            "about": "…",
            "list": [
                listed("Ana", "personal_chat", message(text="first Ana")),
                listed("Ana", "personal_chat", message(text="second Ana")),
                listed(None, "personal_chat", message(text="gone")),
                {"type": "saved_messages", "id": 2, "messages": [message(text="mine")]},
            ],
        },
        "left_chats": {"list": [listed("Old", "private_group", message(text="left"))]},
    }


def test_one_of_all_chats_is_chosen(tmp_path: Path) -> None:
    chat = read(written(tmp_path, all_chats()))
    assert chat.choices == ("Ana", "Ana (2)", "Deleted account", "Saved Messages", "Old")
    with pytest.raises(ImportRefused, match="Say which conversation of this file you want"):
        list(chat.entries())
    with pytest.raises(ImportRefused, match="no conversation called Bo"):
        chat.choose("Bo")
    texts = {}
    for choice in chat.choices:
        chat.choose(choice)
        texts[choice] = [each.text for each in entries(chat)]
    assert texts == {
        "Ana": ["first Ana"],
        "Ana (2)": ["second Ana"],
        "Deleted account": ["gone"],
        "Saved Messages": ["mine"],
        "Old": ["left"],
    }
    assert chat.title == "Old"


def test_what_telegram_writes_instead_of_json_is_read(tmp_path: Path) -> None:
    text = SAMPLE.read_text("utf-8").replace("Hello all", "a\\x0Cb \\\\x41")
    bare = '"type": "custom_emoji",\n "text": "🔥",\n "document_id": %s\n}'
    for path in ("(File not included. Change data)", "stickers/a b.tgs", "123"):
        entity = "{\n" + bare % path
        mended = text.replace('{\n     "type": "bold",\n     "text": "this"\n    }', entity)
        assert mended != text
        by_key = {each.key: each for each in entries(read(written(tmp_path, mended)))}
        assert by_key["2"].text == "a\nb \\x41"
        assert by_key["3"].text.startswith("see 🔥 at")
    assert len(by_key) == 8


def test_times_without_their_twin_are_those_of_the_phone(tmp_path: Path) -> None:
    old = message()
    del old["date_unixtime"]
    chat = read(written(tmp_path, with_messages(old)))
    assert chat.needs_zone
    assert entries(chat)[0].sent_at == datetime(2024, 1, 31, 18, 7, 40)
    chat = read(written(tmp_path, with_messages(message(), {**old, "id": 9})))
    assert not chat.needs_zone
    assert {each.sent_at for each in entries(chat)} == {
        datetime(2024, 1, 31, 17, 7, 40, tzinfo=UTC)
    }


@pytest.mark.parametrize(
    ("entities", "text"),
    [
        ([{"type": "plain", "text": "*a* "}, {"type": "bold", "text": "b"}], r"\*a\* **b**"),
        ([{"type": "pre", "text": "x = 1", "language": "python"}], "```python\nx = 1\n```"),
        ([{"type": "blockquote", "text": "one\ntwo"}, {"type": "plain", "text": "\nme"}],
         "> one\n> two\n\n\nme"),
        ([{"type": "spoiler", "text": "Luke"}, {"type": "new_kind", "text": "!"}], "Luke!"),
        ([{"type": "strikethrough", "text": "no"}, "yes"], "~~no~~yes"),
        ([{"type": "italic", "text": ""}, None, 5, {"text": 5}], ""),
    ],
)  # fmt: skip
def test_marks_become_markdown(tmp_path: Path, entities: Any, text: str) -> None:
    assert one_text(tmp_path, text=entities, text_entities=entities) == text
    assert one_text(tmp_path, text=entities, text_entities=None) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "*Milk*"}, r"\*Milk\*"),
        ({"forwarded_from": None, "text": "Milk"}, "*Forwarded from a deleted account*\nMilk"),
        ({"forwarded_from": "A_b", "text": "*Milk*"}, "*Forwarded from A_b*\n\\*Milk\\*"),
        (
            {"location_information": {"latitude": 51.5, "longitude": -0.1}, "text": ""},
            "Location: 51.500000, -0.100000",
        ),
        (
            {"contact_information": {"first_name": "Cy", "phone_number": "+44 1"}, "text": ""},
            "Contact: Cy, +44 1",
        ),
        (
            {"media_type": "sticker", "sticker_emoji": "👋", "file": "(File", "text": ""},
            "Sticker 👋",
        ),
        ({"poll": None, "text": "look"}, "look\nPoll: "),
        ({"via_bot": "@gif", "text": "Milk"}, "Milk"),
    ],
)
def test_what_is_no_text_is_put_into_words(
    tmp_path: Path, fields: dict[str, Any], text: str
) -> None:
    fields.setdefault("text_entities", [])
    if fields["text"]:
        fields["text_entities"] = [{"type": "plain", "text": fields["text"]}]
    assert one_text(tmp_path, **fields) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"action": "invite_members", "members": ["Cy", None]},
            "Bo added Cy and a deleted account",
        ),
        ({"action": "edit_group_title", "title": "*New*"}, r"Bo renamed the group to “\*New\*”"),
        ({"action": "phone_call", "duration_seconds": 63}, "Bo called: 1:03"),
        ({"action": "phone_call", "discard_reason": "missed"}, "Bo called (missed)"),
        ({"action": "join_group_by_link", "actor": None}, "Somebody joined by link"),
    ],
)
def test_what_the_service_says_is_said_in_words(
    tmp_path: Path, fields: dict[str, Any], text: str
) -> None:
    service = {**WRITTEN["messages"][0], "actor": "Bo", **fields}
    [entry] = list(read(written(tmp_path, with_messages(service))).entries())
    assert getattr(entry, "text", entry) == text


def test_an_unknown_kind_of_service_is_kept_and_told(tmp_path: Path) -> None:
    service = {**WRITTEN["messages"][0], "action": "raise_flag"}
    chat = read(written(tmp_path, with_messages(service)))
    assert [each.text for each in entries(chat)] == ["Ana Lima: raise flag"]
    assert problems(chat)[0].what == "This kind of service message isn't known: raise_flag."


def test_a_pinned_message_is_led_to(tmp_path: Path) -> None:
    pin = {**WRITTEN["messages"][0], "id": 7, "action": "pin_message", "message_id": 2}
    [_, pinned] = entries(read(written(tmp_path, with_messages(message(), pin))))
    assert (pinned.text, pinned.reply_to) == ("Ana Lima pinned a message", "2")


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = read(
        written(
            tmp_path,
            with_messages(
                None,
                message(id=5),
                message(id=5),
                message(id=6, date_unixtime="never", date="2024-02-30T10:00:00"),
                message(id=None, type=["message"]),
                message(id=None),
            ),
        )
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 1", "This isn't a message."),
        ("message 3 (id 5)", "Another message has the id 5, too. Both are kept."),
        ("message 4 (id 6)", "This message has no valid date."),
        ("message 5", "Telegram didn't export what is in this message (without a name)."),
    ]
    assert [each.key for each in entries(chat)] == ["5", "message 3 (id 5) (again)", "message 6"]


def test_replies_may_lead_nowhere_and_in_circles(tmp_path: Path) -> None:
    circle = with_messages(
        message(id=1, reply_to_message_id=2),
        message(id=2, reply_to_message_id=1),
        message(id=3, reply_to_message_id=3),
        message(id=4, reply_to_message_id=99),
        message(id=5, reply_to_message_id=1, reply_to_peer_id="channel1"),
    )
    found = entries(read(written(tmp_path, circle)))
    assert [each.reply_to for each in found] == ["2", "1", None, "99", None]


def test_a_cut_off_file_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = SAMPLE.read_text("utf-8")
    path = written(tmp_path, whole[: len(whole) // 2])
    line = path.read_text("utf-8").count("\n") + 1
    with pytest.raises(ImportRefused, match=f"cut off: it ends in line {line}"):
        entries(read(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    deep = "[" * 100_000
    whole = SAMPLE.read_text("utf-8").replace('"Hello all"', deep, 1)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(written(tmp_path, whole)))


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    assert len(one_text(tmp_path, text="word _a_ " * 1_200_000)) == 10_800_000


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"messages": []}', '{"type": [], "messages": 1}', "x", "\x00"]
)
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    assert telegram.recognise(Archive(written(tmp_path, content))) is None


PLACES = list(reading.places(WRITTEN))
PLACES_OF_ALL = list(reading.places({**all_chats(), "contacts": None}))
FUZZED = settings(
    max_examples=times(25, full=100),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


@pytest.mark.longer
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[Any, ...], strange: Any
) -> None:
    path = written(tmp_path, reading.replaced(WRITTEN, place, strange))
    reading.survives(telegram.recognise, path)


@FUZZED
@given(st.sampled_from(PLACES_OF_ALL), reading.STRANGE)
def test_nor_among_all_chats(tmp_path: Path, place: tuple[Any, ...], strange: Any) -> None:
    whole = {**all_chats(), "contacts": None}
    path = written(tmp_path, reading.replaced(whole, place, strange))
    reading.survives(telegram.recognise, path)


@FUZZED
@given(st.integers(0, 5000), st.binary(max_size=8))
def test_nor_do_any_bytes(tmp_path: Path, at: int, strange: bytes) -> None:
    content = SAMPLE.read_bytes()
    path = tmp_path / "result.json"
    path.write_bytes(content[:at] + strange + content[at + len(strange) :])
    reading.survives(telegram.recognise, path)
