"""Rocket.Chat's exports: of a room, of all that one takes part in, and the messages as its database
and its REST API have them.

What it writes is in its `exportRoomMessagesToFile.ts`: one message a line, without ids, edits and
reactions; where the export is of one's own data, others are called `User_2`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from parley.importing import choosing, fields, heads, rocket_chat_words, short_names
from parley.importing.archive import Archive
from parley.importing.chats import NOT_THERE, Attachment, Chat, Entry, Person, Problem, Reaction
from parley.importing.fields import mapping, mappings, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.left_out import LeftOut
from parley.importing.people import People

ROOMS_MAX = 100_000
_NO_ROOMS = frozenset({"channels.json", "user.json", "users.json"})
_ENCRYPTED = "Encrypted messages were left out: Rocket.Chat can't read them."


class _Room(Struct, frozen=True):
    title: str
    file: str
    own: str = ""
    """Its id, where the file holds messages of several."""


def recognise(archive: Archive) -> Chat | None:
    for name in islice(heads.members(archive, ".json"), heads.LOOKED_AT_MAX):
        if name.rpartition("/")[2] in _NO_ROOMS:
            continue
        first, head = heads.first_members(archive, name, ("messages",))
        if _is_line(first):
            return RocketChat(archive, _rooms(archive, name))
        is_raw = b'"rid"' in head and b'"ts"' in head and b'"u"' in head
        if is_raw and ("_id" in first or "messages" in first or head.lstrip()[:1] == b"["):
            return RocketChat(archive, None, name)
    return None


def _is_line(first: dict[str, Any]) -> bool:
    return {"msg", "username", "ts"} <= first.keys() or (
        {"username", "ts", "attachments"} <= first.keys()
    )


def _rooms(archive: Archive, name: str) -> list[_Room]:
    """Every room has a file beside the first one."""
    folder = heads.folder(name)
    found = [
        each[len(folder) :]
        for each in archive.names()
        if each.startswith(folder) and each.casefold().endswith(".json")
    ]
    files = sorted(each for each in found if "/" not in each and each not in _NO_ROOMS)
    return [_Room(fields.name(each[:-5], "Room"), f"{folder}{each}") for each in files]


class RocketChat(choosing.OneOf[_Room]):
    """Of rooms with a file each, or of one file `raw` with messages as the database has them."""

    system = "Rocket.Chat"
    needs_zone = False

    def __init__(self, archive: Archive, rooms: list[_Room] | None, raw: str = "") -> None:
        super().__init__()
        self._archive = archive
        self._raw = raw
        self._listed = rooms

    def entries(self) -> Iterator[Entry | Problem]:
        room = self._taken()
        reader = _Reader(self._archive, heads.folder(room.file), self.people)
        for number, message in enumerate(_messages(self._archive, room.file), start=1):
            if not room.own or not isinstance(message, dict) or _own_room(message) == room.own:
                yield from reader.read(message, f"message {number}")
        yield from reader.left.problems()
        self.people.update(reader.unnamed())

    def _list(self) -> Iterator[_Room]:
        return _rooms_within(self._archive, self._raw)


def _messages(archive: Archive, name: str) -> Iterator[Any]:
    """One a line, in a list, or in the list that the REST API answers with."""
    with archive.open(name) as file:
        source = JsonStream(file, name)
        if source.kind() == "[":
            yield from source.values()
            return
        first, _ = heads.first_members(archive, name, ("messages",))
        if "messages" in first:
            for key in source.members():
                if key == "messages" and source.kind() == "[":
                    yield from source.values()
            return
        while source.kind():
            yield source.value()


def _own_room(message: dict[str, Any]) -> str:
    return fields.key(message.get("rid"))


def _rooms_within(archive: Archive, file: str) -> Iterator[_Room]:
    found: dict[str, None] = {}
    for message in _messages(archive, file):
        if isinstance(message, dict) and len(found) < ROOMS_MAX and (own := _own_room(message)):
            found[own] = None
    names = _names_of_rooms(archive, file)
    for own in found:
        yield _Room(names.get(own) or (fields.name(own) if len(found) > 1 else ""), file, own)


def _names_of_rooms(archive: Archive, file: str) -> dict[str, str]:
    """Of the collection of rooms, exported beside that of messages."""
    beside = file.replace("message", "room")
    if beside == file or beside not in archive:
        return {}
    names: dict[str, str] = {}
    for room in _messages(archive, beside):
        own = fields.key(mapping(room).get("_id"))
        if own and len(names) < ROOMS_MAX:
            names[own] = _name_of_room(room)
    return names


def _name_of_room(room: dict[str, Any]) -> str:
    people = [fields.name(each) for each in fields.listing(room.get("usernames"))[:5]]
    return fields.name(room.get("fname")) or fields.name(
        room.get("name"), ", ".join(filter(None, people)) or "Room"
    )


class _Reader:
    def __init__(self, archive: Archive, folder: str, people: People) -> None:
        self._archive = archive
        self._people = people
        self._keys = Keys()
        self.left = LeftOut()
        assets = f"{folder}assets/"
        self._assets = {
            name[len(assets) :].partition("-")[0]: name
            for name in archive.names()
            if name.startswith(assets)
        }

    def read(self, message: Any, place: str) -> Iterator[Entry | Problem]:
        if not isinstance(message, dict):
            yield Problem(place, "This isn't a message.")
            return
        sent_at = fields.iso(message.get("ts")) or _of_database(message.get("ts"))
        if sent_at is None or sent_at.tzinfo is None:
            yield Problem(place, "This message has no valid date.")
            return
        is_told = "u" not in message
        kind = fields.name(message.get("t" if not is_told else "type"))
        if kind == "e2e":
            self.left.add(_ENCRYPTED, place)
            return
        yield from self._keys.give(fields.key(message.get("_id")), place)
        key, who = self._keys.given, self._author(message)
        if kind and kind not in ("rm", "discussion-message"):
            happened = rocket_chat_words.happened(
                kind, self._people[who].name, text(message.get("msg")), is_told=is_told
            )
            if happened is None:
                self.left.add(f"Messages of the kind {kind} were left out.", place)
                return
            yield Entry(key=key, place=place, sent_at=sent_at, text=happened, is_service=True)
            return
        if kind == "rm":
            yield Entry(key=key, place=place, sent_at=sent_at, person=who, is_deleted=True)
            return
        words, quoted = rocket_chat_words.without_quotes(text(message.get("msg")))
        replied = quoted or fields.key(message.get("tmid"))
        edited_at = _of_database(message.get("editedAt")) or fields.iso(message.get("editedAt"))
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=who,
            text=rocket_chat_words.said("\n".join(filter(None, (words, *_captions(message))))),
            edited_at=edited_at if edited_at and edited_at.tzinfo else None,
            reply_to=replied if replied and replied != key else None,
            attachments=tuple(self._attachments(message)),
            reactions=tuple(self._reactions(message)),
            is_pinned=message.get("pinned") is True,
        )

    def unnamed(self) -> dict[str, Person]:
        """Those who have only reacted go by their key."""
        nameless = [key for key, person in self._people.items() if not person.name]
        return {key: Person(key, fields.name(key, "Somebody")) for key in nameless}

    def _author(self, message: dict[str, Any]) -> str:
        author = mapping(message.get("u"))
        own = fields.key(author.get("username")) or fields.key(message.get("username"))
        name = fields.name(message.get("alias")) or fields.name(author.get("name"))
        is_bot = isinstance(message.get("bot"), dict)
        if is_bot and name:
            own = f"{own} as {name}"
        return self._people.meet(
            own or "nobody", name or fields.name(own, "Somebody"), is_bot=is_bot
        )

    def _attachments(self, message: dict[str, Any]) -> Iterator[Attachment]:
        for each in mappings(message.get("attachments")):
            address = _address(each)
            if (
                not address
                or text(each.get("message_link"))
                or (each.get("type") != "file" and ("file-upload" not in address))
            ):
                continue
            name = fields.file_name(each.get("title"), fields.file_name(unquote(address)))
            told = fields.name(_first(each, "image_type", "audio_type", "video_type")) or None
            found = next(
                (self._assets[part] for part in address.split("/")[:20] if part in self._assets),
                None,
            )
            if found is None:
                size = _first(each, "image_size", "audio_size", "video_size")
                yield Attachment(name, None, told, fields.size(size), NOT_THERE)
            else:
                yield Attachment(name, found, told, self._archive.size(found))

    def _reactions(self, message: dict[str, Any]) -> Iterator[Reaction]:
        for name, reacted in mapping(message.get("reactions")).items():
            names = fields.listing(mapping(reacted).get("usernames"))
            people = dict.fromkeys(
                self._people.meet(own, "") for each in names if (own := fields.key(each))
            )
            if people and (clean := fields.name(name.strip(":"))):
                yield Reaction(short_names.reaction(clean), tuple(people), len(people))


def _of_database(value: Any) -> Any:
    """`{"$date": …}`, as MongoDB's tools write it in several ways."""
    date = mapping(value).get("$date", value if isinstance(value, int) else None)
    date = mapping(date).get("$numberLong", date)
    return fields.iso(date) or fields.moment_ms(date)


def _first(attachment: dict[str, Any], *names: str) -> Any:
    return next((attachment[name] for name in names if attachment.get(name)), None)


def _address(attachment: dict[str, Any]) -> str:
    return text(_first(attachment, "title_link", "image_url", "audio_url", "video_url", "url"))[
        :2000
    ]


def _captions(message: dict[str, Any]) -> Iterator[str]:
    """What stands under files, and in the boxes that programs write."""
    for each in mappings(message.get("attachments")):
        if text(each.get("message_link")):
            continue
        is_file = each.get("type") == "file"
        for field in ("description",) if is_file else ("pretext", "title", "text", "description"):
            if field == "title" and _address(each):
                continue
            if words := text(each.get(field)):
                yield words
