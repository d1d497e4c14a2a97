"""Google Chat as Takeout exports it: a folder for each conversation, with its files.

People are known by their e-mail address. A deleted message has lost its author, and mostly its
date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from parley.importing import choosing, fields, google_chat_words, heads
from parley.importing.archive import Archive
from parley.importing.chats import NOT_THERE, Attachment, Chat, Entry, Problem, Reaction
from parley.importing.fields import mapping, mappings, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.left_out import LeftOut
from parley.importing.local_dates import Reader as DateReader
from parley.importing.people import PEOPLE_MAX, People

MESSAGES = "messages.json"
ABOUT = "group_info.json"
_OWN = "user_info.json"
NAMED_MAX = 5
"""People in the name of a conversation that has none."""
_DELETED = "deleted"
_UNTOLD = "Deleted messages before the first one that has a date were left out."


class _Listed(Struct, frozen=True):
    title: str
    file: str


def recognise(archive: Archive) -> Chat | None:
    every = [name for name in archive.names() if name.rpartition("/")[2] == MESSAGES]
    every.sort()
    if any(f"{heads.folder(name)}{ABOUT}" in archive for name in every):
        return GoogleChat(archive, every)
    for name in islice(heads.members(archive, ".json"), heads.LOOKED_AT_MAX):
        first, head = heads.first_members(archive, name, ("messages",))
        is_message = b'"topic_id"' in head or (b'"creator"' in head and b'"created_date"' in head)
        if set(first) == {"messages"} and is_message:
            return GoogleChat(archive, [name])
    return None


class GoogleChat(choosing.OneOf[_Listed]):
    system = "Google Chat"
    needs_zone = False

    def __init__(self, archive: Archive, files: list[str]) -> None:
        super().__init__()
        self._archive = archive
        self._files = files

    def entries(self) -> Iterator[Entry | Problem]:
        taken = self._taken()
        folder = heads.folder(taken.file)
        names = {key: name for key, name in _members(self._archive, folder) if name}
        reader = _Reader(self._archive, folder, self.people, names)
        with self._archive.open(taken.file) as file:
            source = JsonStream(file, taken.file)
            for key in source.members():
                if key == "messages" and source.kind() == "[":
                    for number, message in enumerate(source.values(), start=1):
                        yield from reader.read(message, f"message {number}")
        yield from reader.left.problems()

    def _list(self) -> Iterator[_Listed]:
        own = _own_address(self._archive, self._files)
        for name in self._files:
            yield _Listed(_title(self._archive, name, own), name)


def _title(archive: Archive, file: str, own: str) -> str:
    """A conversation of two or some people has no name of its own: it is called by theirs."""
    folder = heads.folder(file)
    if named := fields.name(_about(archive, folder).get("name")):
        return named
    others = [name or key for key, name in _members(archive, folder) if key != own]
    if others:
        more = f" and {len(others) - NAMED_MAX} more" if len(others) > NAMED_MAX else ""
        return ", ".join(others[:NAMED_MAX]) + more
    return fields.name(folder.rstrip("/").rpartition("/")[2])


def _about(archive: Archive, folder: str) -> dict[str, Any]:
    """The name and the members."""
    name = f"{folder}{ABOUT}"
    if name not in archive:
        return {}
    with archive.open(name) as file:
        source = JsonStream(file, name)
        if source.kind() != "{":
            return {}
        return {key: source.value() for key in source.members() if key in ("name", "members")}


def _members(archive: Archive, folder: str) -> list[tuple[str, str]]:
    """Their keys and names."""
    found = mappings(_about(archive, folder).get("members"))[:PEOPLE_MAX]
    return [(key, fields.name(each.get("name"))) for each in found if (key := key_of(each))]


def _own_address(archive: Archive, files: list[str]) -> str:
    """Whose export it is."""
    tops = {file.rpartition("/")[0].rpartition("/")[0].rpartition("/")[0] for file in files[:1]}
    for name in archive.names():
        if name.rpartition("/")[2] == _OWN and any(name.startswith(top) for top in tops):
            with archive.open(name) as file:
                source = JsonStream(file, name)
                for key in source.members() if source.kind() == "{" else ():
                    if key == "user":
                        return key_of(mapping(source.value()))
    return ""


def key_of(person: dict[str, Any]) -> str:
    """The address, which is written now with capitals and now without."""
    return fields.key(person.get("email")).casefold() or fields.name(person.get("name"))


class _Reader:
    def __init__(
        self, archive: Archive, folder: str, people: People, names: dict[str, str]
    ) -> None:
        self._archive = archive
        self._folder = folder
        self._people = people
        self._names = names
        self._keys = Keys()
        self._dates = DateReader()
        self._last: datetime | None = None
        self.left = LeftOut()

    def read(self, message: Any, place: str) -> Iterator[Entry | Problem]:
        if not isinstance(message, dict):
            yield Problem(place, "This isn't a message.")
            return
        own = fields.key(message.get("message_id"))
        is_deleted = message.get("message_state") == "DELETED" or (
            "creator" not in message and "created_date" not in message
        )
        sent_at = self._sent_at(message)
        if is_deleted:
            yield from self._deleted(message, own, place, sent_at)
            return
        if sent_at is None:
            written = fields.name(message.get("created_date"))[:80]
            yield Problem(
                place,
                f"This message has no date that can be read: {written}."
                if written
                else "This message has no date.",
            )
            return
        self._last = sent_at
        yield from self._keys.give(own, place)
        key = self._keys.given
        quoted = mapping(message.get("quoted_message_metadata"))
        answered = fields.key(quoted.get("message_id")) or _thread(own)
        edited_at = self._dates.read(message.get("updated_date"))
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=self._met(mapping(message.get("creator"))),
            text=google_chat_words.said(message, quoted),
            edited_at=edited_at and max(edited_at, sent_at),
            reply_to=answered if answered and answered != key else None,
            attachments=tuple(self._attachments(message)),
            reactions=tuple(self._reactions(message)),
        )

    def _sent_at(self, message: dict[str, Any]) -> datetime | None:
        """Of an edited message it may stand only with what it said before."""
        found = self._dates.read(message.get("created_date"))
        for before in mappings(message.get("previous_message_versions"))[:100]:
            found = found or self._dates.read(before.get("created_date"))
        if found is None and "created_date" not in message:
            found = self._dates.read(message.get("updated_date"))
        return found

    def _deleted(
        self, message: dict[str, Any], own: str, place: str, sent_at: datetime | None
    ) -> Iterator[Entry | Problem]:
        """Where nothing tells its time, it is put after the message before it."""
        at = sent_at or self._last or self._dates.read(message.get("deleted_date"))
        if at is None:
            self.left.add(_UNTOLD, place)
            return
        yield from self._keys.give(own, place)
        author = mapping(message.get("creator"))
        person = self._met(author) if author else self._people.meet(_DELETED, "Somebody")
        yield Entry(key=self._keys.given, place=place, sent_at=at, person=person, is_deleted=True)

    def _met(self, person: dict[str, Any]) -> str:
        key = key_of(person) or "nobody"
        name = fields.name(person.get("name")) or self._names.get(key) or fields.name(key)
        return self._people.meet(key, name, is_bot=person.get("user_type") == "Bot")

    def _reactions(self, message: dict[str, Any]) -> Iterator[Reaction]:
        for each in mappings(message.get("reactions")):
            emoji = mapping(each.get("emoji"))
            custom = mapping(emoji.get("custom_emoji"))
            shown = fields.name(emoji.get("unicode"))
            if not shown and (named := fields.name(custom.get("short_code")).strip(":")):
                shown = f":{named}:"
            people = tuple(
                dict.fromkeys(
                    self._met({"email": address})
                    for address in fields.listing(each.get("reactor_emails"))
                    if fields.key(address)
                )
            )
            if shown:
                yield Reaction(shown, people, max(1, len(people)))

    def _attachments(self, message: dict[str, Any]) -> Iterator[Attachment]:
        for each in mappings(message.get("attached_files"))[:100]:
            written = text(each.get("export_name")) or text(each.get("original_name"))
            name = fields.file_name(each.get("original_name"), fields.file_name(written))
            # What a file can't be called is written as `_` where it is a file.
            paths = [f"{self._folder}{as_file}" for as_file in (written, written.replace("?", "_"))]
            path = next((path for path in paths if written and path in self._archive), None)
            if path is None:
                yield Attachment(name, missing=NOT_THERE)
            else:
                yield Attachment(name, path, None, self._archive.size(path))


def _thread(own: str) -> str:
    """Of a message's id, `space/topic/message`, that of the first of its topic."""
    parts = own.split("/")
    if len(parts) != 3 or parts[1] == parts[2]:
        return ""
    return f"{parts[0]}/{parts[1]}/{parts[1]}"
