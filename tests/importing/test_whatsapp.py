"""WhatsApp's exports: the samples, and what makes a chat of them."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from parley.importing import whatsapp
from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Entry
from parley.importing.whatsapp_messages import LEFT_OUT, NOT_THERE, VIEW_ONCE
from tests.importing.reading import EXPECTED, SAMPLES, read, said

NAMES = sorted(name for name in EXPECTED if name.startswith("whatsapp-"))


def files(entries: list[Entry], missing: str | None) -> list[Attachment]:
    return [file for each in entries for file in each.attachments if file.missing == missing]


@pytest.mark.parametrize("name", NAMES)
def test_samples_hold_what_was_written_down(name: str) -> None:
    expected = EXPECTED[name]
    chat, entries, problems = read(SAMPLES / name, whatsapp.recognise)
    people = said(entries)
    assert not problems
    assert chat.title == "Harbour Crew"
    assert chat.needs_zone
    assert len(people) == expected["people"]
    assert len(entries) - len(people) == expected["system"]
    assert sorted({each.person for each in people if each.person}) == expected["senders"]
    assert set(chat.people) == set(expected["senders"])
    assert people[0].sent_at == datetime.fromisoformat(expected["first_person_message"])
    assert sum(each.edited_at is not None for each in people) == expected["edited"]
    assert sum(each.is_deleted for each in people) == expected["deleted"]
    assert len(files(people, NOT_THERE)) == expected["attachments"]
    assert len(files(people, LEFT_OUT)) == expected["omitted"]
    assert len(files(people, VIEW_ONCE)) == expected.get("view_once", 0)
    assert sum("\n- " in each.text for each in people) == expected["polls"]


@pytest.mark.parametrize("name", NAMES)
def test_a_message_of_several_lines_is_one(name: str) -> None:
    _, entries, _ = read(SAMPLES / name, whatsapp.recognise)
    assert "line one\nline two: with colon\n\nline four" in [each.text for each in entries]


@pytest.mark.parametrize("name", [name for name in NAMES if "ios" in name])
def test_pasted_headers_are_words_of_who_pasted_them(name: str) -> None:
    chat, entries, _ = read(SAMPLES / name, whatsapp.recognise)
    assert "Zed" not in chat.people
    pasted = next(each for each in entries if "Zed" in each.text)
    assert pasted.text.count("\n") == 1
    assert pasted.person == "Bo Ek"


@pytest.mark.parametrize("name", NAMES)
def test_midnight_is_the_next_day(name: str) -> None:
    _, entries, _ = read(SAMPLES / name, whatsapp.recognise)
    assert entries[-1].sent_at.replace(second=0) == datetime(2024, 2, 1, 0, 1)


def test_entries_can_be_read_again(tmp_path: Path) -> None:
    with Archive(SAMPLES / NAMES[0]) as archive:
        chat = whatsapp.recognise(archive)
        assert chat is not None
        assert list(chat.entries()) == list(chat.entries())


def test_a_zip_file_holds_what_was_sent(tmp_path: Path) -> None:
    """Whatever the word is that stands before the name: it is told by the file."""
    path = tmp_path / "WhatsApp Chat - Harbour Crew.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.txt", "Milk\n" * 9)
        file.writestr("Jetty é.jpg".replace("é", "e\u0301"), b"picture")
        file.writestr(
            "_chat.txt",
            "\u200e[31/01/2024 17:07:09] Ana: The jetty \u200e<xyz： Jetty é.jpg>\r\n"  # noqa: RUF001
            "[31/01/2024 17:07:10] Ana: <xyz: Jetty é.jpg>\r\n"
            "[31/01/2024 17:07:10] Ana: <xyz: other.jpg>\r\n",
        )
    _, entries, _ = read(path, whatsapp.recognise)
    assert [each.text for each in entries] == ["The jetty", "", "<xyz: other.jpg>"]
    expected = Attachment("Jetty é.jpg", "Jetty é.jpg")
    assert [each.attachments for each in entries] == [(expected,), (expected,), ()]


def test_what_is_something_else_is_not_recognised(tmp_path: Path) -> None:
    for content in ("", "Milk\n", "2024-01-31 17:07:09\tana\tHello\n" * 9, '{"a": 1}', "\n" * 99):
        path = tmp_path / "a.txt"
        path.write_text(content)
        with Archive(path) as archive:
            assert whatsapp.recognise(archive) is None
