"""Google Chat's part of a Takeout: conversations in folders, dates in the account's language."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.importing import google_chat, google_chat_words
from parley.importing.archive import Archive
from parley.importing.chats import Chat, ImportRefused, Person, Reaction
from tests.effort import times
from tests.importing import reading
from tests.importing.reading import SAMPLES, entries, problems, said

SAMPLE = SAMPLES / "google-chat"
CREW = SAMPLE / "Google Chat" / "Groups" / "Space AAA" / "messages.json"
WRITTEN: dict[str, Any] = json.loads(CREW.read_text("utf-8"))
ANA, BO, CY = "ana@harbour.example", "bo@harbour.example", "cy@harbour.example"


def at(minute: int, second: int = 0) -> datetime:
    return datetime(2024, 1, 31, 17, minute, second, tzinfo=UTC)


def read(path: Path, choose: str = "") -> Chat:
    chat = reading.recognised(google_chat.recognise, path)
    if choose:
        chat.choose(choose)
    return chat


def written(folder: Path, content: Any) -> Path:
    path = folder / "messages.json"
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, "utf-8", "surrogatepass")
    return path


def message(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "creator": {"name": "Ana Lima", "email": "Ana@harbour.example", "user_type": "Human"},
        "created_date": f"Wednesday, January 31, 2024 at 5:{number:02}:00\u202fPM UTC",
        "text": "Milk",
        "topic_id": f"t{number}",
        "message_id": f"S/t{number}/t{number}",
        **changed,
    }


def one(folder: Path, *messages: Any) -> Chat:
    return read(written(folder, {"messages": list(messages)}))


def test_conversations_are_called_by_name_or_by_whom_they_are_with() -> None:
    chat = read(SAMPLE)
    assert (chat.system, chat.title, chat.choices) == ("Google Chat", "", ("Bo Ek", "Harbour Crew"))
    with pytest.raises(ImportRefused, match="Say which conversation"):
        list(chat.entries())
    chat.choose("Bo Ek")
    assert (chat.title, [each.text for each in entries(chat)]) == ("Bo Ek", ["psst"])


def test_the_sample_holds_what_it_was_made_with() -> None:
    chat = read(SAMPLE, "Harbour Crew")
    assert [each.text for each in said(chat)] == [
        "Hello **all** & welcome",
        "see [the map](https://example.org/map)",
        "",
        "at seven",
        "",
        "> Ana Lima: Shall we?\n\n\nyes",
        "me too",
        "Meet?\nCall: https://meet.example/abc",
    ]
    assert not problems(chat)
    first, second, gone, edited, photo, _, third, _ = entries(chat)
    assert first.sent_at == at(7, 40)
    assert first.reactions == (Reaction("👍", (BO, CY), 2), Reaction(":parrot:", (ANA,), 1))
    assert second.reply_to == first.key
    assert (gone.is_deleted, gone.sent_at) == (True, second.sent_at)
    assert edited.edited_at == at(20)
    assert third.reply_to == "S/t6/t6"
    here, missing = photo.attachments
    assert here.path == "Google Chat/Groups/Space AAA/File-harbour_account_id=3.jpg"
    assert (here.name, here.size, here.missing) == ("harbour.jpg", 4, None)
    assert (missing.name, missing.missing) == ("plan.pdf", "This file isn't in the export.")
    assert set(chat.people.values()) == {
        Person(ANA, "Ana Lima"),
        Person(BO, "Bo Ek"),
        Person(CY, "Cy"),
        Person("deleted", "Somebody"),
        Person("Planner", "Planner", is_bot=True),
    }


def test_a_zip_file_of_one_conversation_needs_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "takeout.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("messages.json", "group_info.json"):
            file.write(CREW.parent / name, f"Takeout/Google Chat/Groups/Space AAA/{name}")
    chat = read(path)
    assert (chat.title, chat.choices, len(entries(chat))) == ("Harbour Crew", (), 8)


def test_a_file_alone_is_read(tmp_path: Path) -> None:
    chat = one(tmp_path, message())
    assert (chat.title, [each.sent_at for each in entries(chat)]) == ("", [at(1)])


def test_an_edited_message_was_sent_when_it_was_first(tmp_path: Path) -> None:
    versions = [{"created_date": message(1)["created_date"], "text": "Mlik"}]
    edited = message(1, updated_date=message(5)["created_date"], previous_message_versions=versions)
    del edited["created_date"]
    [entry] = entries(one(tmp_path, edited))
    assert (entry.sent_at, entry.edited_at, entry.text) == (at(1), at(5), "Milk")


def test_a_deleted_message_is_put_after_the_one_before_it(tmp_path: Path) -> None:
    gone = {"topic_id": "x", "message_id": "S/x/x"}
    chat = one(tmp_path, gone, gone, message(2), {**gone, "message_id": "S/y/y"})
    assert [(each.key, each.sent_at, each.is_deleted) for each in entries(chat)] == [
        ("S/t2/t2", at(2), False),
        ("S/y/y", at(2), True),
    ]
    [problem] = problems(chat)
    assert problem.place == "message 1 and 1 more"
    assert problem.what.startswith("Deleted messages before the first one that has a date")


@pytest.mark.parametrize(
    ("text", "start", "length", "kind", "marked"),
    [
        ("a b c", 2, 1, "BOLD", "a **b** c"),
        ("a b c", 2, 1, "MONOSPACE", "a `b` c"),
        ("a b c", 2, 99, "ITALIC", "a *b c*"),
        ("🙂 b c", 3, 1, "STRIKE", "🙂 ~~b~~ c"),
        ("a\nb", 2, 1, "MONOSPACE_BLOCK", "a\n```\nb\n```"),
        ("*b*", 0, 1, "BULLETED_LIST", r"\*b\*"),
        ("a", -1, 5, "BOLD", "a"),
        ("a", 5, 5, "BOLD", "a"),
        ("a", 0, -5, "BOLD", "a"),
        ("a", "0", 10**30, "BOLD", "a"),
    ],
)
def test_marks_stand_beside_the_text(
    tmp_path: Path, text: str, start: Any, length: int, kind: str, marked: str
) -> None:
    annotation = {"start_index": start, "length": length, "format_metadata": {"format_type": kind}}
    [entry] = entries(one(tmp_path, message(text=text, annotations=[annotation])))
    assert entry.text == marked


def test_marks_may_overlap(tmp_path: Path) -> None:
    marks = [
        {"start_index": 0, "length": length, "format_metadata": {"format_type": kind}}
        for length, kind in ((4, "BOLD"), (2, "STRIKE"), (7, "ITALIC"))
    ]
    [entry] = entries(one(tmp_path, message(text="abcd ef gh", annotations=marks)))
    assert entry.text == "**abcd** *ef* gh"


def test_bad_messages_are_told_with_their_place(tmp_path: Path) -> None:
    chat = one(
        tmp_path,
        message(1),
        True,
        message(1),
        message(2, created_date="Wednesday, January 32, 2024 at 5:00:00 PM UTC"),
        message(3, created_date=None),
        message(4, message_id=7, creator="Ana", quoted_message_metadata={"message_id": 7}),
    )
    assert [(each.place, each.what) for each in problems(chat)] == [
        ("message 2", "This isn't a message."),
        ("message 3", "Another message has the id S/t1/t1, too. Both are kept."),
        (
            "message 4",
            "This message has no date that can be read: "
            "Wednesday, January 32, 2024 at 5:00:00 PM UTC.",
        ),
        ("message 5", "This message has no date."),
    ]
    assert [each.key for each in entries(chat)] == ["S/t1/t1", "message 3 (again)", "7"]
    assert [each.reply_to for each in entries(chat)] == [None, None, None]


def test_a_cut_off_file_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = CREW.read_text("utf-8")
    path = written(tmp_path, whole[: len(whole) // 2])
    line = path.read_text("utf-8").count("\n") + 1
    with pytest.raises(ImportRefused, match=f"cut off: it ends in line {line}"):
        entries(read(path))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    whole = CREW.read_text("utf-8").replace('"at seven"', "[" * 100_000, 1)
    with pytest.raises(ImportRefused, match="too deep"):
        entries(read(written(tmp_path, whole)))


@pytest.mark.long("tests/importing/test_markdown.py reads as many every time")
def test_a_text_of_ten_million_letters_is_read(tmp_path: Path) -> None:
    marks = [
        {"start_index": at, "length": 5 + at, "format_metadata": {"format_type": "BOLD"}}
        for at in range(google_chat_words.ANNOTATIONS_MAX + 5)
    ]
    for length in (google_chat_words.MARKED_MAX_CHARS // 9, 1_200_000):
        [entry] = entries(one(tmp_path, message(text="word _🙂_ " * length, annotations=marks)))
        assert len(entry.text) >= 9 * length - 1


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"messages": []}', '{"messages": [{"creator": 1}]}', "x", "\x00"],
)
def test_other_files_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    assert google_chat.recognise(Archive(written(tmp_path, content))) is None


FILES = (
    *("Groups/Space AAA/messages.json", "Groups/Space AAA/group_info.json"),
    *("Groups/DM bbb/group_info.json", "Users/User 1001/user_info.json"),
)
WHOLE = {name: json.loads((SAMPLE / "Google Chat" / name).read_text("utf-8")) for name in FILES}
PLACES = [(name, place) for name, content in WHOLE.items() for place in reading.places(content)]
FUZZED = settings(
    max_examples=times(25, full=100),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


@pytest.mark.longer
@FUZZED
@given(st.sampled_from(PLACES), reading.STRANGE)
def test_any_value_in_any_place_does_no_harm(
    tmp_path: Path, place: tuple[str, tuple[Any, ...]], strange: Any
) -> None:
    folder = tmp_path / "export"
    if not folder.exists():
        shutil.copytree(SAMPLE, folder)
    file = folder / "Google Chat" / place[0]
    content = reading.replaced(WHOLE[place[0]], place[1], strange)
    file.write_text(json.dumps(content), "utf-8", "surrogatepass")
    try:
        reading.survives(google_chat.recognise, folder)
    finally:
        file.write_text(json.dumps(WHOLE[place[0]]), "utf-8")
