"""What a file is that no reader knows, and what to do about it, as sentences for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parley.importing.archive import Archive
from parley.importing.heads import head

FORMATS = (
    "Parley reads exports of WhatsApp, Telegram (as JSON), Slack, Discord (by DiscordChatExporter, "
    "as JSON), Mattermost, Element (as JSON), Google Chat (by Takeout), Microsoft Teams and Skype, "
    "Rocket.Chat, logs of IRC, and its own."
)
_AGAIN = "Export the chat again from {} and choose JSON."
_WHATSAPP_BACKUP = (
    "This is an encrypted backup of WhatsApp. Open the chat in WhatsApp, choose Export chat, and "
    "import the file that it makes."
)
_SIGNAL_BACKUP = "This is an encrypted backup of Signal, which Parley can't read."
_UNPACK = "This is a packed file ({}). Unpack it, and import the folder or a ZIP file of it."
_PICTURE = "This is a picture, not an export of a chat."
_FILM = "This is a film or a recording, not an export of a chat."
_DOCUMENT = "This is a document, not an export of a chat."
_DATABASE = "This is a database of a program, not an export. Export the chat from the program."
_TELEGRAM_PAGE = (
    "This is Telegram's export as web pages. Export it again as “Machine-readable JSON”."
)
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"\x1aE\xdf\xa3", _FILM),
    (b"OggS", _FILM),
    (b"ID3", _FILM),
    (b"fLaC", _FILM),
    (b"%PDF", _DOCUMENT),
    (b"{\\rtf", _DOCUMENT),
    (b"\xd0\xcf\x11\xe0", _DOCUMENT),
    (b"SQLite format 3\x00", _DATABASE),
    (b"7z\xbc\xaf", _UNPACK.format("7z")),
    (b"Rar!", _UNPACK.format("RAR")),
    (b"\x1f\x8b", _UNPACK.format("gzip")),
    (b"BZh", _UNPACK.format("bzip2")),
    (b"\xfd7zXZ", _UNPACK.format("xz")),
    (b"\x28\xb5\x2f\xfd", _UNPACK.format("zstd")),
)
_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.crypt\d{1,2}$"), _WHATSAPP_BACKUP),
    (re.compile(r"signal.*\.backup$"), _SIGNAL_BACKUP),
    (re.compile(r"\.tar$"), _UNPACK.format("TAR")),
    (re.compile(r"\.(?:docx|xlsx|pptx|odt|ods)$"), _DOCUMENT),
    (re.compile(r"\.(?:csv|tsv)$"), "This is a table. Export the chat in another form."),
)
_PAGES: tuple[tuple[bytes, str], ...] = (
    (b"DiscordChatExporter", _AGAIN.format("DiscordChatExporter")),
    (b"chatlog__", _AGAIN.format("DiscordChatExporter")),
    (b"mx_", _AGAIN.format("Element")),
    (b"page_wrap", _TELEGRAM_PAGE),
    (b"telegram", _TELEGRAM_PAGE),
    (b"slack", "This is a web page made from Slack's export. Import the ZIP file by Slack itself."),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b'"sender_name"', "This is an export of Facebook or Instagram, which Parley can't read."),
    (b'"conversation_state"', "This is an export of Hangouts, which Parley can't read."),
    (b'"zerver_', "This is an export of Zulip, which Parley can't read."),
)
_LOOKED_AT = 5
"""Members of an archive."""


def what_it_is(archive: Archive) -> str:
    names = list(archive.names())
    if not names:
        return f"There is nothing in this archive. {FORMATS}"
    is_archive = archive.path.is_dir() or names != [archive.path.name]
    said = list(_reasons(archive, names))
    if said:
        return f"{said[0]} {FORMATS}"
    if is_archive:
        return f"None of the files in it is an export that Parley knows. {FORMATS}"
    return f"Parley can't tell what this file is. {FORMATS}"


def _reasons(archive: Archive, names: list[str]) -> Iterator[str]:
    """The likeliest first."""
    if any(name.endswith("[Content_Types].xml") for name in names):
        yield _DOCUMENT
    is_alone = len(names) == 1
    telling = (".html", ".htm", ".json", ".txt", ".xml")
    looked_at = names if is_alone else [each for each in names if each.endswith(telling)]
    looked_at.sort(key=lambda name: (name.count("/"), name))
    for name in looked_at[:_LOOKED_AT]:
        yield from _of_text(head(archive, name), is_alone=is_alone)
    for name in names if is_alone else []:
        yield from (why for ending, why in _ENDINGS if ending.search(name.casefold()))
        yield from _of_binary(head(archive, name), archive.size(name))


def _of_binary(begun: bytes, size: int) -> Iterator[str]:
    if not size:
        yield "This file is empty."
    yield from (why for start, why in _BEGINNINGS if begun.startswith(start))
    if begun[:4] == b"RIFF":
        yield _PICTURE if begun[8:12] == b"WEBP" else _FILM
    if begun[4:8] == b"ftyp":
        is_picture = begun[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"msf1")
        yield _PICTURE if is_picture else _FILM
    if begun[257:262] == b"ustar":
        yield _UNPACK.format("TAR")


def _of_text(begun: bytes, *, is_alone: bool) -> Iterator[str]:
    start = begun.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        if b"<html" in begun[:4096].lower() or b"<meta" in begun[:200].lower():
            yield from (why for mark, why in _PAGES if mark.lower() in begun.lower())
            yield "This is a web page. Export the chat again in another form, best as JSON."
        else:
            yield "This is XML, in a form that Parley doesn't know."
    if start[:1] in (b"{", b"["):
        yield from (why for mark, why in _FOREIGN if mark in begun)
        if is_alone:
            yield "This is JSON, but not of a chat that Parley knows."
