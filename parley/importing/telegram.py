"""Telegram Desktop's export in JSON: of one chat, or `result.json` of them all, with its files.

What it writes is in tdesktop's `export_output_json.cpp`: control characters as `\\x0C`, which is no
JSON, and (4.1) `document_id` without quotation marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from msgspec import Struct

from parley.importing import choosing, fields, heads, telegram_words
from parley.importing.archive import Archive
from parley.importing.chats import NOT_THERE, Attachment, Chat, Entry, Problem, Reaction
from parley.importing.fields import mappings, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.markdown import literal
from parley.importing.people import People

SYSTEM = "Telegram"
_BARE_ID = re.compile(r'("document_id":[ \t]*)([^\s"\d\[{][^\n"]*?)[ \t]*(?=,?[ \t]*\r?\n)')
_KINDS = frozenset(
    {
        "saved_messages",
        "replies",
        "verify_codes",
        "personal_chat",
        "bot_chat",
        "private_group",
        "private_supergroup",
        "public_supergroup",
        "private_channel",
        "public_channel",
    }
)
_LEFT_OUT = re.compile(r"\(File (not included|exceeds|unavailable)[^()]*\)\Z")
"""Instead of a path, perhaps after the file's name."""
_WHY = {
    "not included": "The export was made without this file.",
    "exceeds": "The file was larger than the export allowed.",
    "unavailable": "Telegram couldn't fetch this file for the export.",
}
_SAVED = "Saved Messages"


class _Listed(Struct, frozen=True):
    """A chat of an export of all."""

    title: str
    kind: str
    needs_zone: bool
    at: tuple[str, int]
    """Which list it is in, and where."""


def recognise(archive: Archive) -> Chat | None:
    for name in islice(heads.members(archive, ".json"), heads.LOOKED_AT_MAX):
        first, head = heads.first_members(archive, name, ("messages", "chats", "left_chats"))
        if "messages" in first and text(first.get("type")) in _KINDS:
            return Telegram(archive, name, _listed(first, needs_zone=_is_old(head)))
        about = first.get("about")
        if "chats" in first or (isinstance(about, str) and "Telegram" in about):
            return Telegram(archive, name)
    return None


class Telegram(choosing.OneOf[_Listed]):
    """Of a file with one chat, which is `listed`, or with all of them."""

    system = SYSTEM

    def __init__(self, archive: Archive, name: str, listed: _Listed | None = None) -> None:
        super().__init__()
        self._archive = archive
        self._name = name
        self._listed = [listed] if listed else None

    @property
    def needs_zone(self) -> bool:  # type: ignore[override]
        return self._taken().needs_zone if self._is_clear() else False

    def entries(self) -> Iterator[Entry | Problem]:
        taken = self._taken()
        with self._archive.open(self._name) as file:
            source = JsonStream(file, fields.name(self._name), _quoted)
            chat = _Reader(self._archive, heads.folder(self._name), self.people, taken)
            for key in source.members():
                if key == "messages" and not taken.at[0]:
                    yield from chat.entries(source)
                elif key == taken.at[0]:
                    yield from _in_list(source, taken.at[1], chat)

    def _list(self) -> Iterator[_Listed]:
        with self._archive.open(self._name) as file:
            yield from _chats(JsonStream(file, fields.name(self._name), _quoted))


def _listed(chat: dict[str, Any], *, needs_zone: bool, at: tuple[str, int] = ("", 0)) -> _Listed:
    kind = text(chat.get("type"))
    otherwise = _SAVED if kind == "saved_messages" else "Deleted account"
    return _Listed(fields.name(chat.get("name"), otherwise), kind, needs_zone, at)


def _is_old(head: bytes) -> bool:
    """Whether it was written before there were exact times (2021)."""
    return b'"date"' in head and b'"date_unixtime"' not in head


def _chats(source: JsonStream) -> Iterator[_Listed]:
    """Those in an export of all."""
    for key in source.members():
        if key not in ("chats", "left_chats") or source.kind() != "{":
            continue
        for inner in source.members():
            if inner != "list" or source.kind() != "[":
                continue
            for number in source.elements():
                if source.kind() == "{":
                    yield _listed_one(source, (key, number))


def _listed_one(source: JsonStream, at: tuple[str, int]) -> _Listed:
    chat: dict[str, Any] = {}
    needs_zone = False
    for key in source.members():
        if key == "messages" and source.kind() == "[":
            for number, message in enumerate(source.values()):
                if number == 0 and isinstance(message, dict):
                    needs_zone = "date" in message and "date_unixtime" not in message
        elif key in ("name", "type"):
            chat[key] = source.value()
    return _listed(chat, needs_zone=needs_zone, at=at)


def _in_list(source: JsonStream, wanted: int, chat: _Reader) -> Iterator[Entry | Problem]:
    for inner in source.members() if source.kind() == "{" else ():
        for number in source.elements() if inner == "list" and source.kind() == "[" else ():
            if number != wanted or source.kind() != "{":
                continue
            for key in source.members():
                if key == "messages":
                    yield from chat.entries(source)


def _quoted(written: str) -> str:
    """Of `"document_id": stickers/a.tgs`, the path in quotation marks."""
    return _BARE_ID.sub(lambda match: match[1] + json.dumps(match[2]), written)


class _Reader:
    """The messages of one chat."""

    def __init__(self, archive: Archive, folder: str, people: People, listed: _Listed) -> None:
        self._archive = archive
        self._folder = folder
        self._people = people
        self._bot = listed.title if listed.kind == "bot_chat" else None
        self._needs_zone = listed.needs_zone
        self._keys = Keys()
        self._offset: timedelta | None = None
        """Of the exporter's zone, where a message tells both times."""

    def entries(self, source: JsonStream) -> Iterator[Entry | Problem]:
        if source.kind() != "[":
            yield Problem("messages", "There is no list of messages.")
            return
        for number, message in enumerate(source.values(), start=1):
            if not isinstance(message, dict):
                yield Problem(f"message {number}", "This isn't a message.")
                continue
            own = fields.key(message.get("id"))
            yield from self._read(
                message, own, f"message {number} (id {own})" if own else f"message {number}"
            )

    def _read(self, message: dict[str, Any], own: str, place: str) -> Iterator[Entry | Problem]:
        kind = message.get("type")
        if kind not in ("message", "service"):
            named = fields.name(kind, "without a name")
            yield Problem(place, f"Telegram didn't export what is in this message ({named}).")
            return
        sent_at = self._time(message)
        if sent_at is None:
            yield Problem(place, "This message has no valid date.")
            return
        yield from self._keys.give(own, place)
        key = self._keys.given
        if kind == "service":
            yield from self._service(message, key, place, sent_at)
            return
        author = self._author(message, "from")
        attachments = tuple(self._attachments(message))
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=author,
            text=telegram_words.said(message, attachments),
            edited_at=self._edited(message),
            reply_to=self._replied(message, key),
            attachments=attachments,
            reactions=self._reactions(message) if "reactions" in message else (),
        )

    def _time(self, message: dict[str, Any]) -> datetime | None:
        """Exact, by `date_unixtime`; else as the exporter's clock said."""
        exact = fields.moment(message.get("date_unixtime"))
        if exact is not None:
            if self._offset is None and (local := fields.iso(message.get("date"))):
                self._offset = local.replace(tzinfo=UTC) - exact
            return exact
        return self._local(message.get("date"))

    def _local(self, written: Any) -> datetime | None:
        local = fields.iso(written)
        if local is None or local.tzinfo is not None or self._needs_zone:
            return local
        return None if self._offset is None else local.replace(tzinfo=UTC) - self._offset

    def _edited(self, message: dict[str, Any]) -> datetime | None:
        if "edited" not in message and "edited_unixtime" not in message:
            return None
        edited = fields.moment(message.get("edited_unixtime"))
        return edited or self._local(message.get("edited"))

    def _author(self, message: dict[str, Any], field: str) -> str:
        name = fields.name(message.get(field))
        key = fields.key(message.get(f"{field}_id")) or name or "nobody"
        if key in self._people and (name or self._people[key].name):
            return key
        is_bot = self._bot is not None and name == self._bot
        return self._people.meet(key, name or "Deleted account", is_bot=is_bot)

    def _replied(self, message: dict[str, Any], key: str) -> str | None:
        """Not where the answered message is in another chat."""
        if "reply_to_message_id" not in message or "reply_to_peer_id" in message:
            return None
        replied = fields.key(message["reply_to_message_id"])
        return replied if replied and replied != key else None

    def _reactions(self, message: dict[str, Any]) -> tuple[Reaction, ...]:
        return tuple([self._reaction(each) for each in mappings(message["reactions"])])

    def _reaction(self, reaction: dict[str, Any]) -> Reaction:
        match reaction.get("type"):
            case "paid":
                emoji = "⭐"
            case "emoji":
                emoji = fields.emoji(reaction.get("emoji"))
            case _:
                emoji = ":custom_emoji:"
        recent = [self._author(each, "from") for each in mappings(reaction.get("recent"))]
        people = tuple(dict.fromkeys(recent))
        return Reaction(emoji, people, max(len(people), fields.count(reaction.get("count"))))

    def _attachments(self, message: dict[str, Any]) -> Iterator[Attachment]:
        if "photo" in message:
            yield self._attachment(
                message["photo"], None, "image/jpeg", message.get("photo_file_size")
            )
        if "file" in message:
            yield self._attachment(
                message["file"],
                message.get("file_name"),
                message.get("mime_type"),
                message.get("file_size"),
            )
        if "contact_vcard" in message:
            size = message.get("contact_vcard_file_size")
            yield self._attachment(message["contact_vcard"], None, "text/vcard", size)

    def _attachment(self, path: Any, name: Any, type: Any, size: Any) -> Attachment:
        written = text(path)
        left_out = _LEFT_OUT.search(written)
        inside = f"{self._folder}{written}"
        shown = fields.file_name(name, "") or fields.file_name("" if left_out else written)
        told = fields.name(type) or None
        if written and inside in self._archive:
            return Attachment(shown, inside, told, self._archive.size(inside))
        missing = _WHY[left_out[1]] if left_out else NOT_THERE
        return Attachment(shown, None, told, fields.size(size), missing)

    def _service(
        self, message: dict[str, Any], key: str, place: str, sent_at: datetime
    ) -> Iterator[Entry | Problem]:
        action = fields.name(message.get("action"), "")
        if not action and "information_text" in message:
            action = "information_text"
        action = action or "nothing known"
        who = fields.name(message.get("actor")) or fields.name(message.get("from"), "Somebody")
        said = telegram_words.ACTIONS.get(action)
        if said is None:
            yield Problem(place, f"This kind of service message isn't known: {action}.")
        pinned = message.get("message_id") if action == "pin_message" else None
        happened = said(message) if said else action.replace("_", " ")
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            text=literal(f"{who} {happened}" if said else f"{who}: {happened}"),
            is_service=True,
            reply_to=fields.key(pinned) or None,
            attachments=tuple(self._attachments(message)),
        )
