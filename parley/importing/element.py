"""Element's export of a Matrix room in JSON, alone or with its files in a ZIP file or a folder.

What it writes is in Element Web's `JSONExport.ts`: the room's events as the Client-Server API has
them (https://spec.matrix.org), decrypted where the device had the keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec.structs import replace

from parley.importing import element_files, element_words, fields, heads
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, Problem, Reaction
from parley.importing.fields import mapping, mappings
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.left_out import LeftOut
from parley.importing.people import PEOPLE_MAX, People
from parley.importing.relations import Relation, Relations, put_aside

PINNED_MAX = 1000
_ENCRYPTED = "Encrypted messages were left out: the device that exported them didn't have the keys."
_NOBODY = "nobody"
_LEFT = {
    "edit": "Edits of messages that aren't in the file were left out.",
    "reaction": "Reactions to messages that aren't in the file were left out.",
    "deletion": "Deletions of messages that aren't in the file were left out.",
    "vote": "Votes in polls that aren't in the file were left out.",
}


def recognise(archive: Archive) -> Chat | None:
    for name in islice(heads.members(archive, ".json"), heads.LOOKED_AT_MAX):
        first, _ = heads.first_members(archive, name, ("messages",))
        if "messages" in first and "room_name" in first and "exported_by" in first:
            return Element(archive, name, fields.name(first["room_name"]))
    return None


class Element(Chat):
    system = "Element"
    needs_zone = False

    def __init__(self, archive: Archive, name: str, title: str) -> None:
        self.title = title
        self.people: People = People()
        self._archive = archive
        self._name = name

    def entries(self) -> Iterator[Entry | Problem]:
        """Reads the file twice: what is said of a message may stand anywhere."""
        with put_aside() as relations:
            about = _About(relations)
            for event in self._events():
                if isinstance(event, dict):
                    about.learn(event)
            relations.complete()
            files = element_files.Files(self._archive, heads.folder(self._name))
            room = _Room(self.people, about, files)
            for number, event in enumerate(self._events(), start=1):
                yield from room.read(event, f"message {number}")
            yield from room.left_out()

    def _events(self) -> Iterator[Any]:
        with self._archive.open(self._name) as file:
            source = JsonStream(file, self._name)
            for key in source.members():
                if key == "messages" and source.kind() == "[":
                    yield from map(_decrypted, source.values())


def _decrypted(event: Any) -> Any:
    """Some versions write an encrypted event with both of its forms."""
    if isinstance(event, dict) and "type" not in event and "decrypted" in event:
        return event["decrypted"]
    return event


class _About:
    """What events tell of other events, and of people."""

    def __init__(self, relations: Relations) -> None:
        self.relations = relations
        self.names: dict[str, str] = {}
        self.pinned: frozenset[str] = frozenset()

    def learn(self, event: dict[str, Any]) -> None:
        content = mapping(event.get("content"))
        match event.get("type"):
            case "m.room.member":
                self._learn_name(event, content)
            case "m.room.pinned_events":
                pinned = fields.listing(content.get("pinned"))[:PINNED_MAX]
                self.pinned = frozenset(fields.key(each) for each in pinned)
            case _:
                self._learn_relation(event, content)

    def _learn_name(self, event: dict[str, Any], content: dict[str, Any]) -> None:
        """The latest is taken."""
        person, name = fields.key(event.get("state_key")), fields.name(content.get("displayname"))
        if name and person and (person in self.names or len(self.names) < PEOPLE_MAX):
            self.names[person] = name

    def _learn_relation(self, event: dict[str, Any], content: dict[str, Any]) -> None:
        found = relation_of(event, content)
        if found is None:
            return
        target, kind, said = found
        at = fields.whole(event.get("origin_server_ts")) or 0
        person = fields.key(event.get("sender")) or _NOBODY
        own = fields.key(event.get("event_id"))
        self.relations.add(target, own, Relation(kind, at, person, said))


def relation_of(event: dict[str, Any], content: dict[str, Any]) -> tuple[str, Any, str] | None:
    """What an event that is no message is about, what of it, and what it says of it."""
    related = mapping(content.get("m.relates_to"))
    target = fields.key(related.get("event_id"))
    kind = event.get("type")
    if kind == "m.room.redaction":
        target = fields.key(event.get("redacts")) or fields.key(content.get("redacts"))
        return (target, "deletion", "") if target else None
    if not target:
        return None
    if kind == "m.reaction":
        return target, "reaction", fields.name(related.get("key"))
    if related.get("rel_type") == "m.replace":
        return target, "edit", json.dumps(mapping(content.get("m.new_content")))
    if kind in element_words.POLL_RESPONSES:
        return target, "vote", json.dumps(element_words.chosen(content))
    return None


class _Room:
    """Its messages, in the order of the file."""

    def __init__(self, people: People, about: _About, files: element_files.Files) -> None:
        self._people = people
        self._about = about
        self._files = files
        self._keys = Keys()
        self._left = LeftOut()

    def read(self, event: Any, place: str) -> Iterator[Entry | Problem]:
        if not isinstance(event, dict):
            yield Problem(place, "This isn't a message.")
            return
        kind, content = fields.name(event.get("type")), mapping(event.get("content"))
        if kind in element_words.UNSAID or relation_of(event, content):
            return
        is_gone = not content or "redacted_because" in mapping(event.get("unsigned"))
        if kind == "m.room.encrypted" and is_gone:
            kind = "m.room.message"
        if kind == "m.room.encrypted" or content.get("msgtype") == "m.bad.encrypted":
            self._left.add(_ENCRYPTED, place)
            return
        sent_at = fields.moment_ms(event.get("origin_server_ts"))
        if sent_at is None:
            yield Problem(place, "This message has no valid date.")
            return
        person = fields.key(event.get("sender")) or _NOBODY
        if kind not in element_words.SAID:
            yield from self._service(event, kind, place, sent_at, self._name(person))
            return
        own = fields.key(event.get("event_id"))
        yield from self._keys.give(own, place)
        yield self._message(event, content, place, sent_at, person)

    def left_out(self) -> Iterator[Problem]:
        for kind, count in self._about.relations.left():
            yield Problem(f"{count:,} in the whole file", _LEFT[kind])
        yield from self._left.problems()

    def _message(
        self, event: dict[str, Any], first: dict[str, Any], place: str, sent_at: datetime, who: str
    ) -> Entry:
        key, own = self._keys.given, fields.key(event.get("event_id"))
        unsigned = mapping(event.get("unsigned"))
        related = self._about.relations.of(own) if own else []
        is_deleted = (
            not first
            or "redacted_because" in unsigned
            or any(each.kind == "deletion" for each in related)
        )
        entry = Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=self._met(who),
            is_deleted=is_deleted,
            is_pinned=bool(own) and own in self._about.pinned,
        )
        if is_deleted:
            return entry
        content, edited_at = self._edited(first, unsigned, related, who, place)
        bundled = mapping(unsigned.get("m.relations"))
        return replace(
            entry,
            text=element_words.said(event, content, first, _votes(related)),
            edited_at=edited_at and max(edited_at, sent_at),
            reply_to=_answered(first, own),
            attachments=self._files.of(event, content, sent_at),
            reactions=self._reactions(related) or _counted(bundled),
        )

    def _edited(
        self,
        content: dict[str, Any],
        unsigned: dict[str, Any],
        related: list[Relation],
        who: str,
        place: str,
    ) -> tuple[dict[str, Any], datetime | None]:
        """What a message says by now, and since when. Only its author can have edited it."""
        edited_at = None
        bundled = mapping(mapping(unsigned.get("m.relations")).get("m.replace"))
        if bundled.get("sender") == who:
            content = mapping(mapping(bundled.get("content")).get("m.new_content")) or content
            edited_at = fields.moment_ms(bundled.get("origin_server_ts"))
        for each in related:
            if each.kind != "edit":
                continue
            if each.person != who:
                self._left.add("Edits by somebody other than the author were left out.", place)
            else:
                content = mapping(json.loads(each.said)) or content
                edited_at = fields.moment_ms(each.at) or edited_at
        return content, edited_at

    def _reactions(self, related: list[Relation]) -> tuple[Reaction, ...]:
        people: dict[str, dict[str, None]] = {}
        for each in related:
            if each.kind == "reaction" and each.said:
                people.setdefault(each.said, {})[self._met(each.person)] = None
        return tuple(Reaction(emoji, tuple(by), len(by)) for emoji, by in people.items())

    def _service(
        self, event: dict[str, Any], kind: str, place: str, sent_at: datetime, who: str
    ) -> Iterator[Entry | Problem]:
        happened = element_words.happened(event, kind, who, self._name)
        if happened is None:
            self._left.add(f"Events of the kind {kind or 'without a name'} were left out.", place)
            return
        if not happened:
            return
        yield from self._keys.give(fields.key(event.get("event_id")), place)
        yield Entry(
            key=self._keys.given, place=place, sent_at=sent_at, text=happened, is_service=True
        )

    def _name(self, person: str) -> str:
        return self._about.names.get(person) or _local(person)

    def _met(self, person: str) -> str:
        return self._people.meet(person, self._name(person))


def _local(person: str) -> str:
    """Of `@ana:example.org`, the name."""
    return fields.name(person.removeprefix("@").partition(":")[0]) or "Somebody"


def _answered(content: dict[str, Any], own: str) -> str | None:
    """What a message answers; in a thread, its first message unless it answers another."""
    related = mapping(content.get("m.relates_to"))
    answered = fields.key(mapping(related.get("m.in_reply_to")).get("event_id"))
    if related.get("rel_type") == "m.thread" and (
        related.get("is_falling_back") is True or not answered
    ):
        answered = fields.key(related.get("event_id"))
    return answered if answered and answered != own else None


def _votes(related: list[Relation]) -> list[list[str]]:
    """Everybody's last one."""
    last = {each.person: each.said for each in related if each.kind == "vote"}
    return [json.loads(said) for said in last.values()]


def _counted(bundled: dict[str, Any]) -> tuple[Reaction, ...]:
    """Reactions as some servers sum them up."""
    annotations = mapping(bundled.get("m.annotation"))
    found = [
        Reaction(emoji, (), fields.count(each.get("count")))
        for each in mappings(annotations.get("chunk"))
        if (emoji := fields.name(each.get("key")))
    ]
    return tuple(found)
