"""Every format is known by its file, and of any other file it is said what it is."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley import importing
from parley.importing import fields, recognising
from parley.importing.archive import Archive
from parley.importing.chats import ImportRefused
from parley.importing.recognising import READERS, open_chat
from tests.importing import reading
from tests.importing.reading import SAMPLES, entries

PACKAGE = Path(importing.__file__).parent
SYSTEMS = {
    "telegram": "Telegram",
    "slack": "Slack",
    "discord": "Discord",
    "mattermost": "Mattermost",
    "element": "Element",
    "google-chat": "Google Chat",
    "teams": "Microsoft Teams",
    "skype": "Skype",
    "rocket-chat": "Rocket.Chat",
    "whatsapp": "WhatsApp",
    "irc": "IRC",
}


ALL_SAMPLES = sorted(path.name for path in SAMPLES.iterdir() if path.name != "expected.json")


def refusal(path: Path) -> str:
    with Archive(path) as archive, pytest.raises(ImportRefused) as refused:
        open_chat(archive)
    return str(refused.value)


def test_every_reader_is_asked() -> None:
    modules = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    found = {
        name for name in modules if hasattr(import_module(f"parley.importing.{name}"), "recognise")
    }
    assert found == set(READERS)


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_each_sample_is_known_by_its_own_reader_alone(sample: str) -> None:
    system = next(name for begin, name in SYSTEMS.items() if sample.startswith(begin))
    taken = list[str]()
    with Archive(SAMPLES / sample) as archive:
        for name in READERS:
            chat = import_module(f"parley.importing.{name}").recognise(archive)
            taken += [] if chat is None else [chat.system]
        assert open_chat(archive).system == system
    assert taken == [system]


@pytest.mark.parametrize("sample", ALL_SAMPLES)
def test_a_chat_is_read_twice_alike(sample: str) -> None:
    with Archive(SAMPLES / sample) as archive:
        chat = open_chat(archive)
        if len(chat.choices) > 1:
            chat.choose(chat.choices[-1])
        first = list(chat.entries())
        assert first
        assert list(islice(chat.entries(), 2)) == first[:2]
        assert list(chat.entries()) == first
        reading.fits(chat)
    reading.survives(open_chat, SAMPLES / sample)


HOSTILE = "\u202eanA\x00\ud800\n<b>*_`[x](javascript:1) " + "x" * 10_000
NAMES = frozenset(
    {
        *("name", "displayName", "displayname", "username", "email", "from", "sender"),
        *("room_name", "alias", "original_name", "export_name", "title", "body", "emoji"),
    }
)


def hostile(value: Any, key: str = "") -> Any:
    """With the worst of names in every place of one."""
    if isinstance(value, dict):
        return {each: hostile(inner, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value]
    return HOSTILE if key in NAMES and isinstance(value, str) else value


@pytest.mark.parametrize(
    "sample",
    [
        *("element-export.json", "skype-messages.json", "teams-messages.json"),
        *("rocket-chat-room.json", "google-chat/Google Chat/Groups/Space AAA/messages.json"),
    ],
)
def test_hostile_names_are_made_fit(tmp_path: Path, sample: str) -> None:
    path = tmp_path / "messages.json"
    text = (SAMPLES / sample).read_text("utf-8")
    whole = (
        [json.loads(line) for line in text.splitlines()] if "room" in sample else [json.loads(text)]
    )
    path.write_text("\n".join(json.dumps(hostile(each)) for each in whole))
    with Archive(path) as archive:
        chat = open_chat(archive)
        if chat.choices:
            chat.choose(chat.choices[0])
        found = entries(chat)
        reading.fits(chat)
        names = [person.name for person in chat.people.values()]
        names += [file.name for each in found for file in each.attachments]
        assert any("anA" in name for name in names)
        for name in (chat.title, *names):
            assert len(name) <= fields.NAME_MAX_CHARS
            assert not set("\u202e\x00\ud800\n") & set(name)


def test_a_conversation_is_chosen() -> None:
    with Archive(SAMPLES / "rocket-chat-messages.json") as archive:
        assert len(entries(open_chat(archive, choose="r1"))) == 3
        assert len(open_chat(archive, choose="").choices) == 2
        with pytest.raises(ImportRefused, match="no conversation called r9"):
            open_chat(archive, choose="r9")


def test_the_order_of_dates_reaches_the_reader_that_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = list[str | None]()

    def recognise(archive: Archive, order: str | None = None) -> None:
        asked.append(order)

    monkeypatch.setattr("parley.importing.telegram.recognise", recognise)
    monkeypatch.setattr(recognising, "READERS", ("telegram", "element"))
    with Archive(SAMPLES / "element-export.json") as archive:
        assert open_chat(archive, order="dmy").system == "Element"
        assert open_chat(archive, order="").system == "Element"
    assert asked == ["dmy", None]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("chat.txt", b"", "This file is empty"),
        ("msgstore.db.crypt14", b"\x01\x02\x03" * 99, "encrypted backup of WhatsApp"),
        ("msgstore.db.crypt15", b"\x01\x02\x03" * 99, "encrypted backup of WhatsApp"),
        ("signal-2024-01-31.backup", b"\x01\x02\x03" * 99, "encrypted backup of Signal"),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00", "This is a picture"),
        ("_chat.txt", b"\xff\xd8\xff\xe0\x00", "This is a picture"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBP", "This is a picture"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "This is a picture"),
        ("a.mp4", b"\x00\x00\x00\x18ftypisom", "This is a film"),
        ("a.pdf", b"%PDF-1.7", "This is a document"),
        ("msgstore.db", b"SQLite format 3\x00\x10", "database of a program"),
        ("export.tar.gz", b"\x1f\x8b\x08\x00", "packed file (gzip)"),
        ("8_live.tar", b"messages.json\x00", "packed file (TAR)"),
        ("a.csv", b"AuthorID,Author,Date", "This is a table"),
        (
            "messages.html",
            b'<!DOCTYPE html><html><head></head><body><div class="page_wrap">',
            "Machine-readable JSON",
        ),
        ("a.html", b'<html><body class="mx_Export">', "again from Element and choose JSON"),
        ("a.html", b"<html><div class=chatlog__message>", "again from DiscordChatExporter"),
        ("a.html", b"<html><title>Slack export", "ZIP file by Slack itself"),
        ("a.html", b"<html><p>Hi", "This is a web page"),
        ("sms.xml", b"<?xml version='1.0'?><smses/>", "This is XML"),
        ("message_1.json", b'{"messages":[{"sender_name":"Ana"}]}', "Facebook or Instagram"),
        ("Hangouts.json", b'{"conversation_state":[]}', "export of Hangouts"),
        ("a.json", b'{"a": 1}', "This is JSON, but not of a chat"),
        ("a.bin", b"\x00\x01\x02", "can't tell what this file is"),
    ],
)
def test_what_else_it_is_is_told(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    said = refusal(path)
    assert why in said
    assert "Parley reads exports of WhatsApp, Telegram" in said


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "nothing in this archive"),
        ({"a.jpg": b"\xff\xd8\xff\xe0"}, "This is a picture"),
        ({"a.jpg": b"\xff\xd8", "b.jpg": b"\xff\xd8"}, "None of the files in it"),
        (
            {"ChatExport/messages.html": b'<!DOCTYPE html><html><div class="page_wrap">', "a": b""},
            "Machine-readable JSON",
        ),
        ({"[Content_Types].xml": b"<?xml?>", "word/document.xml": b"<w/>"}, "document"),
    ],
)
def test_so_of_an_archive(tmp_path: Path, members: dict[str, bytes], why: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    assert why in refusal(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=100) | st.text(st.sampled_from('{}[]":,<>ahtml1 \n'), max_size=100))
def test_any_file_is_told_or_read(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reading.survives(open_chat, path)
