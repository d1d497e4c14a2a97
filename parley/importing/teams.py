"""Microsoft's export of Skype and of Teams for private people: `messages.json` and its files.

All conversations are in one file, the newest message of each first. An edited message may come
more than once: what it says by now, and what it said before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from parley.importing import choosing, fields, heads, teams_words
from parley.importing.archive import Archive
from parley.importing.chats import NOT_THERE, Attachment, Chat, Entry, Problem, Reaction
from parley.importing.fields import mapping, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.left_out import LeftOut
from parley.importing.people import PEOPLE_MAX, People

EDITED_MAX = 200_000
"""Messages of a conversation that were edited, which are held in memory."""
LOOKED_AT_MAX = 200
"""Messages of a conversation without a name, in search of who is in it."""
_TEAMS = (b"@thread.v2", b"@unq.gbl.spaces", b"thread.tacv2", b"orgid:")
_NOT_TALK = ("48:calllogs", "48:notifications", "48:threads", "48:mentions", "48:starred")
_WORDS = frozenset({"Text", "RichText", "RichText/Html"})
_FILES = frozenset(
    {
        *("RichText/UriObject", "RichText/Media_GenericFile", "RichText/Media_Video"),
        *("RichText/Media_AudioMsg", "RichText/Media_CallRecording", "RichText/Media_FlikMsg"),
    }
)
_SAID = _WORDS | _FILES | {"RichText/Location", "RichText/Contacts", "RichText/Media_Card", "Poll"}
_UNSAID = frozenset({"RichText/Media_Album"})
"""The files in an album come each in a message of its own."""
_ENCRYPTED = "Encrypted messages were left out: Skype's export doesn't hold the keys."
_ELSEWHERE = "Teams keeps this file in OneDrive or SharePoint, and doesn't export it."


class _Listed(Struct, frozen=True):
    title: str
    own: str
    number: int
    """In the list of conversations."""


def recognise(archive: Archive) -> Chat | None:
    for name in islice(heads.members(archive, ".json"), heads.LOOKED_AT_MAX):
        first, head = heads.first_members(archive, name, ("conversations",))
        if "conversations" in first and ("exportDate" in first or "userId" in first):
            is_teams = any(mark in head for mark in _TEAMS)
            return Teams(archive, name, "Microsoft Teams" if is_teams else "Skype")
    return None


class Teams(choosing.OneOf[_Listed]):
    needs_zone = False

    def __init__(self, archive: Archive, name: str, system: str) -> None:
        super().__init__()
        self.system = system
        self._archive = archive
        self._name = name

    def entries(self) -> Iterator[Entry | Problem]:
        """Reads it twice: who somebody is may be told only by their oldest message."""
        taken = self._taken()
        before = _Before()
        for message in self._messages(taken):
            if isinstance(message, dict):
                before.learn(message)
        reader = _Reader(self._archive, heads.folder(self._name), self.people, taken.own, before)
        for number, message in enumerate(self._messages(taken), start=1):
            yield from reader.read(message, f"message {number}")
        yield from reader.left.problems()

    def _messages(self, taken: _Listed) -> Iterator[Any]:
        with self._archive.open(self._name) as file:
            source = JsonStream(file, self._name)
            for number in _conversations(source):
                if number != taken.number or source.kind() != "{":
                    continue
                for key in source.members():
                    if key == "MessageList" and source.kind() == "[":
                        yield from source.values()

    def _list(self) -> Iterator[_Listed]:
        with self._archive.open(self._name) as file:
            yield from _listed(JsonStream(file, self._name))


def _conversations(source: JsonStream) -> Iterator[int]:
    for key in source.members():
        if key == "conversations" and source.kind() == "[":
            yield from source.elements()


def _listed(source: JsonStream) -> Iterator[_Listed]:
    """Those in which something was said."""
    for number in _conversations(source):
        if source.kind() != "{":
            continue
        told: dict[str, Any] = {}
        count = 0
        for key in source.members():
            if key == "MessageList" and source.kind() == "[":
                for count in source.elements():
                    if count <= LOOKED_AT_MAX and "name" not in told:
                        told |= _partner(source.value(), fields.key(told.get("id")))
            elif key in ("id", "displayName", "threadProperties"):
                told[key] = source.value()
        own = fields.key(told.get("id"))
        if count and not own.startswith(_NOT_TALK):
            topic = mapping(told.get("threadProperties")).get("topic")
            title = fields.name(told.get("displayName")) or fields.name(topic)
            title = title or told.get("name") or fields.name(_bare(own), "Conversation")
            yield _Listed(title, own, number)


def _partner(message: Any, own: str) -> dict[str, str]:
    """What the other one of two is called, by whose id their conversation goes."""
    if not isinstance(message, dict) or _author(message) != own or not _named(message):
        return {}
    return {"name": _named(message)}


def _bare(own: str) -> str:
    """Of `8:live:bo`, the name."""
    bare = own.rpartition("/")[2]
    if bare[:2].rstrip(":").isdigit() and ":" in bare[:3]:
        bare = bare.partition(":")[2]
    return bare.removeprefix("live:").removeprefix("orgid:").removeprefix(".cid.")


def _author(message: dict[str, Any]) -> str:
    """It may be written as an address that ends with the id."""
    return fields.key(text(message.get("from")).rpartition("/")[2])


def _named(message: dict[str, Any]) -> str:
    return fields.name(message.get("displayName")) or fields.name(message.get("imdisplayname"))


class _Before:
    """What is known of a conversation before its entries are read."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.edits: dict[tuple[str, int], datetime] = {}
        """Of which messages of whom, by the time they were sent, and the last one's time."""
        self.ids: dict[tuple[str, int], Any] = {}
        """What those were before they were edited: others answer that."""

    def learn(self, message: dict[str, Any]) -> None:
        author, name = _author(message), _named(message)
        if author and name and len(self.names) < PEOPLE_MAX:
            self.names.setdefault(author, name)
        of = edited_of(message)
        arrived = _arrived(message)
        if of and arrived and (of in self.edits or len(self.edits) < EDITED_MAX):
            self.edits[of] = max(arrived, self.edits.get(of, arrived))
        elif arrived and (own := (author, _ms(arrived))) in self.edits:
            self.ids[own] = message.get("id")


def _arrived(message: dict[str, Any]) -> datetime | None:
    arrived = fields.iso(message.get("originalarrivaltime"))
    return arrived if arrived is None or arrived.tzinfo else arrived.replace(tzinfo=UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000 + 0.5)


def edited_of(message: dict[str, Any]) -> tuple[str, int] | None:
    """Whose message, sent when (in milliseconds since 1970), this one says anew; None for one of
    its own, as are those that bear the mark of somebody else's edit."""
    content = message.get("content")
    if not isinstance(content, str) or "<e_m" not in content:
        return None
    told = teams_words.edited(content) or {}
    sent = fields.whole(told.get("ts_ms")) or (fields.whole(told.get("ts")) or 0) * 1000
    author = _author(message)
    if fields.moment_ms(sent) is None or _bare(told.get("a", author)) != _bare(author):
        return None
    return author, sent


class _Reader:
    def __init__(
        self, archive: Archive, folder: str, people: People, conversation: str, before: _Before
    ) -> None:
        self._archive = archive
        self._people = people
        self._conversation = conversation
        self._before = before
        self._keys = Keys()
        self.left = LeftOut()
        media = f"{folder}media/"
        self._media = {
            name[len(media) :].partition(".")[0]: name
            for name in archive.names()
            if name.startswith(media) and not name.endswith(".json")
        }

    def read(self, message: Any, place: str) -> Iterator[Entry | Problem]:
        if not isinstance(message, dict):
            yield Problem(place, "This isn't a message.")
            return
        kind = fields.name(message.get("messagetype"))
        if kind in _UNSAID:
            return
        if kind.startswith("EndToEndEncryption/"):
            self.left.add(_ENCRYPTED, place)
            return
        arrived = _arrived(message)
        if arrived is None:
            yield Problem(place, "This message has no valid date.")
            return
        author = _author(message) or "nobody"
        if kind in _SAID:
            yield from self._said(message, kind, place, arrived, author)
        else:
            yield from self._service(message, kind, place, arrived, author)

    def _said(
        self, message: dict[str, Any], kind: str, place: str, arrived: datetime, author: str
    ) -> Iterator[Entry | Problem]:
        of = edited_of(message)
        sent_at = (fields.moment_ms(of[1]) if of else None) or arrived
        last = self._before.edits.get((author, _ms(sent_at)))
        if last is not None and (of is None or arrived != last):
            return  # What it said before.
        told = teams_words.properties(message)
        own = self._before.ids.get(of, message.get("id")) if of else message.get("id")
        yield from self._keys.give(fields.key(own), place)
        key = self._keys.given
        attachments = tuple(self._attachments(message, kind, told))
        content = text(message.get("content"))
        if told.get("deletetime") or (kind in _WORDS and not content and not attachments):
            yield Entry(
                key=key, place=place, sent_at=sent_at, person=self._met(author), is_deleted=True
            )
            return
        edited_at = arrived if of else fields.moment_ms(told.get("edittime"))
        rest, answered = teams_words.answered(content, self._conversation)
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=self._met(author),
            text="" if kind in _FILES and attachments else teams_words.said(kind, rest),
            edited_at=edited_at and max(edited_at, sent_at),
            reply_to=answered if answered and answered != key else None,
            attachments=attachments,
            reactions=tuple(self._reactions(told)),
        )

    def _service(
        self, message: dict[str, Any], kind: str, place: str, sent_at: datetime, author: str
    ) -> Iterator[Entry | Problem]:
        content = text(message.get("content"))
        happened = teams_words.happened(kind, content, self._name(author), self._name)
        if happened is None:
            self.left.add(f"Messages of the kind {kind or 'without a name'} were left out.", place)
        elif happened:
            yield from self._keys.give(fields.key(message.get("id")), place)
            yield Entry(
                key=self._keys.given, place=place, sent_at=sent_at, text=happened, is_service=True
            )

    def _name(self, person: str) -> str:
        return self._before.names.get(person) or fields.name(_bare(person), "Somebody")

    def _met(self, person: str) -> str:
        return self._people.meet(person, self._name(person), is_bot=person.startswith("28:"))

    def _reactions(self, told: dict[str, Any]) -> Iterator[Reaction]:
        for emoji, reacted in teams_words.reactions(told):
            people = tuple(dict.fromkeys(map(self._met, reacted)))
            yield Reaction(emoji, people, len(people))

    def _attachments(
        self, message: dict[str, Any], kind: str, told: dict[str, Any]
    ) -> Iterator[Attachment]:
        content = text(message.get("content"))
        found = teams_words.element(content, "URIObject") if kind in _FILES else None
        if found is not None:
            address = found.get("uri") or found.get("doc_id", "")
            named = (teams_words.element(content, "OriginalName") or {}).get("v")
            named = named or (teams_words.element(content, "meta") or {}).get("originalname")
            size = (teams_words.element(content, "FileSize") or {}).get("v")
            yield self._attachment(address.rpartition("/")[2], named, fields.size(size))
        elif kind in _WORDS:
            for own in teams_words.references(message):
                yield self._attachment(own, None, None)
        for each in teams_words.files(told)[:100]:
            yield Attachment(fields.file_name(each.get("fileName")), missing=_ELSEWHERE)

    def _attachment(self, own: str, named: str | None, size: int | None) -> Attachment:
        path = self._media.get(own)
        if path is None:
            return Attachment(fields.file_name(named), None, None, size, NOT_THERE)
        name = fields.file_name(named, fields.file_name(path))
        return Attachment(name, path, None, self._archive.size(path))
