# ruff: noqa: RUF001  # letters and marks of other scripts, meant
"""WhatsApp's exports: the samples, and what makes a chat of them."""

from __future__ import annotations

import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.importing import whatsapp
from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Entry
from parley.importing.whatsapp_messages import LEFT_OUT, NOT_THERE, VIEW_ONCE
from tests.effort import times
from tests.importing.opening import EXPECTED, SAMPLES, read, said

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
    path = tmp_path / "a.txt"
    path.write_text(
        "31/01/2024 17:07 - Ana: @447700900123\n31/01/2024 17:07 - +44 7700 900123: Hi\n"
    )
    with Archive(path) as archive:
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
            "\u200e[31/01/2024 17:07:09] Ana: The jetty \u200e<xyz： Jetty é.jpg>\r\n"
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


def iphone(path: Path, *messages: str) -> list[Entry]:
    """Each of `messages` is what follows the time; a mark before it goes before the bracket."""
    lines = []
    for message in ("Crew: \u200eEncrypted.", *messages):
        mark = "\u200e" if message.startswith("\u200e") else ""
        lines.append(f"{mark}[31/01/2024 17:07:09] {message.removeprefix(mark)}\r\n")
    path.write_text("".join(lines), newline="")
    return read(path, whatsapp.recognise)[1][1:]


def android(path: Path, *messages: str) -> list[Entry]:
    path.write_text("".join(f"31/01/2024 17:07 - {message}\n" for message in messages))
    return read(path, whatsapp.recognise)[1]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Ana: \u200eVoice call, \u200e9 min", "Voice call, 9 min"),
        ("Ana: \u200eМовний дзвінок, \u200eНемає відповіді", "Мовний дзвінок, Немає відповіді"),
        ("Ana: \u200eMissed video call", "Missed video call"),
        (
            "Ana: \u200eLocation: https://maps.google.com/?q=1,2",
            "Location: https://maps.google.com/?q=1,2",
        ),
        ("Ana: Hi @\u2068Bo Ek\u2069 and @\u2068~\u202fCy\u2069!", "Hi @Bo Ek and @Cy!"),
        ("Ana: so *bold*", "so **bold**"),
    ],
)
def test_calls_places_and_mentions_are_somebodys(message: str, text: str, tmp_path: Path) -> None:
    [entry] = iphone(tmp_path / "a.txt", message)
    assert (entry.person, entry.text, entry.is_service) == ("Ana", text, False)


def test_iphones_marks_need_no_words_of_a_language(tmp_path: Path) -> None:
    edited, left_out, named, document = iphone(
        tmp_path / "a.txt",
        "Ana: Maito \u200e<muokattu>",
        "\u200eAna: \u200ekuva on poissa",
        "\u200eAna: Report.pdf • \u200e3 pages \u200edocument omitted",
        "\u200eAna: Report.pdf • \u200e3 pages \u200e<attached: 00000001-Report.pdf>",
    )
    assert (edited.text, edited.edited_at) == ("Maito", edited.sent_at)
    assert left_out.attachments == (Attachment("media", missing=LEFT_OUT),)
    assert named.attachments == (Attachment("Report.pdf", missing=LEFT_OUT),)
    assert document.attachments == (Attachment("00000001-Report.pdf", missing=NOT_THERE),)
    assert [left_out.text, named.text, document.text] == ["", "", ""]


def test_brackets_without_marks_are_read_as_android_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    texts = ("Ana created this group", "Ana: <Media omitted>", "Ana: IMG-20240131-WA0012.jpg (xyz)")
    path.write_text("".join(f"[31/01/2024, 17:07] {text}\n" for text in texts))
    _, (service, left_out, file), _ = read(path, whatsapp.recognise)
    assert service.is_service
    assert left_out.attachments == (Attachment("media", missing=LEFT_OUT),)
    assert file.attachments == (Attachment("IMG-20240131-WA0012.jpg", missing=NOT_THERE),)


def test_what_the_service_says_in_a_chat_of_two_is_nobodys(tmp_path: Path) -> None:
    said_by_service, deleted, words = iphone(
        tmp_path / "a.txt",
        "Crew: \u200eYour security code with Crew changed.",
        "Crew: \u200eThis message was deleted.",
        "Crew: Hello",
    )
    assert said_by_service.is_service
    assert said_by_service.person is None
    assert (deleted.person, deleted.is_deleted) == ("Crew", True)
    assert (words.person, words.is_service) == ("Crew", False)


def test_a_title_with_a_colon_is_no_person(tmp_path: Path) -> None:
    entries = android(
        tmp_path / "a.txt", 'Ana changed the subject from "Crew: old" to "Crew: new"', "Ana: a: b"
    )
    assert [(each.person, each.text) for each in entries] == [
        (None, 'Ana changed the subject from "Crew: old" to "Crew: new"'),
        ("Ana", "a: b"),
    ]


def test_a_tilde_within_a_name_stays(tmp_path: Path) -> None:
    entries = iphone(tmp_path / "a.txt", "~\u00a0Cy ~ Dee: one", "Bo ~ Ek: two")
    assert [each.person for each in entries] == ["Cy ~ Dee", "Bo ~ Ek"]


def test_numbers_are_compared_by_digits(tmp_path: Path) -> None:
    entries = iphone(
        tmp_path / "a.txt",
        "\u202a+44\u00a07700\u00a0900123\u202c: one",
        "+44 7700 900-123: two",
        "Ana: ask @447700900123 or @4477009001234",
    )
    assert [each.person for each in entries] == ["+44 7700 900123"] * 2 + ["Ana"]
    assert entries[2].text == "ask @+44 7700 900123 or @4477009001234"


def test_polls_become_a_question_and_a_list(tmp_path: Path) -> None:
    [entry] = iphone(
        tmp_path / "a.txt",
        "Ana: \u200e投票：\n哪一天？\n\u200e选项：周六（2 票）\n\u200e选项：*周日* (1) （0 票）\n",
    )
    assert entry.text == "哪一天？\n\n- 周六 （2 票）\n- **周日** (1) （0 票）"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("WhatsApp Chat with Harbour Crew.txt", "Harbour Crew"),
        ("WhatsApp Chat mit Ana & Bo.txt", "Ana & Bo"),
        ("Conversa do WhatsApp com Ana.txt", "Ana"),
        ("Chat de WhatsApp con Ana.txt", "Ana"),
        ("Discussion WhatsApp avec Ana.txt", "Ana"),
        ("WhatsApp-chat met Ana.txt", "Ana"),
        ("Чат WhatsApp с контактом Ana.txt", "Ana"),
        ("a.txt", ""),
    ],
)
def test_android_names_the_conversation_in_the_files_name(
    name: str, title: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("31/01/2024 17:07 - Ana: Hello\n")
    chat, _, _ = read(tmp_path / name, whatsapp.recognise)
    assert chat.title == title


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_git_or_an_editor_made_of_it_is_read_alike(end: str, tmp_path: Path) -> None:
    whole = (SAMPLES / "whatsapp-ios-de.txt").read_bytes().decode()
    path = tmp_path / "a.txt"
    path.write_text(whole.replace("\r\n", "\n").replace("\n", end).rstrip(), newline="")
    _, entries, problems = read(path, whatsapp.recognise)
    _, expected, _ = read(SAMPLES / "whatsapp-ios-de.txt", whatsapp.recognise)
    assert not problems
    assert [each.text for each in entries] == [each.text for each in expected]


def test_a_file_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((SAMPLES / "whatsapp-ios-de.txt").read_bytes().decode().encode("utf-16"))
    _, entries, _ = read(path, whatsapp.recognise)
    assert entries == read(SAMPLES / "whatsapp-ios-de.txt", whatsapp.recognise)[1]


letters = st.text(
    st.characters(categories=["L", "N", "So"], include_characters=" ,!?'\n"),
    min_size=1,
    max_size=60,
).map(str.strip)
messages = st.lists(
    st.tuples(
        st.datetimes(datetime(2010, 1, 1), datetime(2024, 12, 31)),
        st.sampled_from(["Ana Lima", "Zoë", "王", "+44 7700 900123"]),
        letters.filter(lambda text: bool(text) and text != "null"),
    ),
    min_size=1,
    max_size=20,
)


@pytest.mark.longer
@given(messages, st.booleans())
@settings(max_examples=times(60, full=150), deadline=None, derandomize=True)
def test_what_was_said_is_what_is_read(
    spoken: list[tuple[datetime, str, str]], is_iphone: bool
) -> None:
    spoken = [
        (at.replace(microsecond=0, second=at.second if is_iphone else 0), name, text)
        for at, name, text in spoken
    ]
    header, end = (
        ("[{:%Y-%m-%d, %H:%M:%S}] ", "\r\n") if is_iphone else ("{:%Y-%m-%d, %H:%M} - ", "\n")
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        written = (f"{header.format(at)}{name}: {text}{end}" for at, name, text in spoken)
        path.write_text("".join(written), newline="")
        _, entries, problems = read(path, whatsapp.recognise)
    assert not problems
    assert [(each.sent_at, each.person, each.text) for each in entries] == spoken
