"""Mattermost's bulk export: a record of JSON on each line, with files in `data/` beside it.

Records are in the order of https://docs.mattermost.com/administration-guide/onboard/bulk-loading-data.html:
channels and users before posts, direct channels after them. Posts have no ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from msgspec import Struct

from parley.importing import choosing, fields, heads, short_names
from parley.importing.archive import Archive
from parley.importing.chats import (
    NOT_THERE,
    Attachment,
    Chat,
    Entry,
    ImportRefused,
    Problem,
    Reaction,
)
from parley.importing.fields import mapping, mappings, text
from parley.importing.people import People

LINE_MAX_BYTES = 16 * 1024 * 1024
"""Of a post with all its replies, of which one is held in memory."""
CHANNELS_MAX = 100_000
MEMBERS_NAMED = 20
"""Of a direct channel, in its name."""

_IS_POST = re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:direct_)?post"')
_SPOKEN = frozenset({"", "me", "slack_attachment"})
_CODE = re.compile(r"(```.*?```|(?<!`)`[^`\n]++`(?!`))", re.DOTALL)

_Identity = tuple[str, ...]
"""Of a channel: its team and name; of a direct one, its members."""


class _Channel(Struct, frozen=True):
    title: str
    identity: _Identity


def recognise(archive: Archive) -> Chat | None:
    for member in islice(heads.members(archive, ".jsonl"), heads.LOOKED_AT_MAX):
        first = heads.head(archive, member).partition(b"\n")[0]
        try:
            record = json.loads(first)
        except (ValueError, RecursionError):
            continue
        is_first = isinstance(record, dict) and record.get("type") == "version"
        if is_first and fields.whole(record.get("version")) is not None:
            return Mattermost(archive, member)
    return None


class Mattermost(choosing.OneOf[_Channel]):
    """A server's, with all its channels."""

    system = "Mattermost"
    needs_zone = False

    def __init__(self, archive: Archive, member: str) -> None:
        super().__init__()
        self._archive = archive
        self._member = member
        self._known = People()

    def entries(self) -> Iterator[Entry | Problem]:
        channel = self._taken()
        reader = _Reader(self._archive, heads.folder(self._member), self._known, self.people)
        for number, line in self._lines():
            if not _IS_POST.match(line):
                continue
            record = self._record(number, line)
            kind = text(record.get("type"))
            post = record.get(kind)
            if not isinstance(post, dict):
                yield Problem(f"line {number}", "This isn't a post.")
            elif _identity(kind, post) == channel.identity:
                yield from reader.entries(post, f"line {number}")

    def _list(self) -> Iterable[_Channel]:
        found: dict[_Identity, str] = {}
        for number, line in self._lines():
            if not _IS_POST.match(line):
                self._learn(self._record(number, line), found)
            if len(found) > CHANNELS_MAX:
                raise ImportRefused(f"This export has more than {CHANNELS_MAX:,} channels.")
        listed = [_Channel(name, identity) for identity, name in found.items()]
        return listed or self._unlisted()

    def _unlisted(self) -> Iterator[_Channel]:
        """Of a file that holds posts alone, where they were posted."""
        found = set[_Identity]()
        for number, line in self._lines():
            record = self._record(number, line) if _IS_POST.match(line) else {}
            kind = text(record.get("type"))
            identity = _identity(kind, mapping(record.get(kind)))
            if record and identity not in found and len(found) < CHANNELS_MAX:
                found.add(identity)
                yield _Channel(fields.name(", ".join(filter(None, identity)), "channel"), identity)

    def _learn(self, record: dict[str, Any], found: dict[_Identity, str]) -> None:
        """Who there is, and which channels."""
        kind = text(record.get("type"))
        about = mapping(record.get(kind))
        match kind:
            case "user" | "bot":
                if key := fields.key(about.get("username")):
                    self._known.meet(key, _name(about), is_bot=kind == "bot")
            case "channel":
                identity = _identity(kind, about)
                found[identity] = fields.name(about.get("display_name"), identity[-1] or "channel")
            case "direct_channel":
                identity = _identity(kind, about)
                names = [self._name_of(key) for key in identity[:MEMBERS_NAMED]]
                found[identity] = fields.name(", ".join(names), "direct messages")

    def _name_of(self, key: str) -> str:
        return self._known[key].name if key in self._known else key

    def _record(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except RecursionError as error:
            raise self._refusal(number, "holds lists within lists too deep to read") from error
        except ValueError as error:
            is_last = not line.endswith(b"\n")
            what = "is cut off: it ends" if is_last else "isn't JSON"
            raise self._refusal(number, what) from error
        return mapping(record)

    def _refusal(self, number: int, what: str) -> ImportRefused:
        return ImportRefused(f"{fields.name(self._member)} {what} in line {number}.")

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Those with something in them, counted from one."""
        with self._archive.open(self._member) as file:
            number = 0
            while line := _line(file):
                number += 1
                if len(line) > LINE_MAX_BYTES:
                    raise self._refusal(number, "holds more than a post would")
                if not line.isspace():
                    yield number, line


def _line(file: IO[bytes]) -> bytes:
    return file.readline(LINE_MAX_BYTES + 1)


def _identity(kind: str, about: dict[str, Any]) -> _Identity:
    if kind.startswith("direct_"):
        members = about.get("channel_members") or about.get("members")
        # Newer ones tell more of each than the name.
        names = [
            fields.key(each) or fields.key(mapping(each).get("username"))
            for each in fields.listing(members) or fields.listing(about.get("participants"))
        ]
        return tuple(sorted(set(names)))
    return (
        "",
        fields.key(about.get("team")),
        fields.key(about.get("name" if kind == "channel" else "channel")),
    )


def _name(user: dict[str, Any]) -> str:
    whole = f"{fields.name(user.get('first_name'))} {fields.name(user.get('last_name'))}".strip()
    return (
        fields.name(user.get("nickname"))
        or fields.name(user.get("display_name"))
        or whole
        or fields.name(user.get("username"))
    )


class _Reader:
    """The posts of one channel."""

    def __init__(self, archive: Archive, folder: str, known: People, people: People) -> None:
        self._archive = archive
        self._folder = folder
        self._known = known
        self._people = people
        self._seen = fields.Seen()

    def entries(self, post: dict[str, Any], place: str) -> Iterator[Entry | Problem]:
        """The post, then its replies."""
        made = self._post(post, place, None)
        yield from made
        root = made[-1].key if isinstance(made[-1], Entry) else None
        for number, reply in enumerate(fields.listing(post.get("replies")), start=1):
            where = f"{place}, reply {number}"
            if isinstance(reply, dict):
                yield from self._post(reply, where, root)
            else:
                yield Problem(where, "This isn't a reply.")

    def _post(
        self, post: dict[str, Any], place: str, reply_to: str | None
    ) -> list[Entry | Problem]:
        """What could be read, at its end."""
        sent_at = fields.moment_ms(post.get("create_at"))
        if sent_at is None:
            return [Problem(place, "This post has no valid date.")]
        kind = text(post.get("type"))
        is_service = kind.startswith("system_")
        found: list[Entry | Problem] = []
        if not is_service and kind not in _SPOKEN:
            found.append(Problem(place, f"This kind of post isn't known: {fields.name(kind)}."))
        is_deleted = fields.count(post.get("delete_at")) > 0
        found.append(
            Entry(
                key=self._key(post, place),
                place=place,
                sent_at=sent_at,
                person=None if is_service else self._author(post),
                text="" if is_deleted else _said(post, kind),
                is_service=is_service,
                is_deleted=is_deleted,
                edited_at=fields.moment_ms(post.get("edit_at")),
                reply_to=reply_to,
                attachments=() if is_deleted else tuple(self._files(post)),
                reactions=self._reactions(post) if post.get("reactions") else (),
                is_pinned=post.get("is_pinned") is True,
            )
        )
        return found

    def _key(self, post: dict[str, Any], place: str) -> str:
        """Two may be of one millisecond, even by one person."""
        created = fields.key(post.get("create_at"))
        user = fields.key(post.get("user"))
        return f"{created} {user}" if self._seen.add(created) else f"{created} {user}, {place}"

    def _author(self, post: dict[str, Any]) -> str:
        props = mapping(post.get("props"))
        user = fields.key(post.get("user"))
        name = fields.name(props.get("override_username"))
        if name and props.get("from_webhook"):
            return self._people.meet(f"{user} {name}".strip(), name, is_bot=True)
        return self._met(user)

    def _met(self, key: str) -> str:
        if key in self._people:
            return key
        known = self._known.get(key)
        if known is not None and known.name:
            return self._people.meet(key, known.name, is_bot=known.is_bot)
        return self._people.meet(key or "nobody", fields.name(key, "somebody"))

    def _files(self, post: dict[str, Any]) -> Iterator[Attachment]:
        for file in mappings(post.get("attachments")):
            written = text(file.get("path"))
            path = self._path(written)
            size = self._archive.size(path) if path else None
            missing = None if path else NOT_THERE
            yield Attachment(fields.file_name(written), path, None, size, missing)

    def _path(self, written: str) -> str | None:
        inside = written.replace("\\", "/").removeprefix("./")
        for path in (f"{self._folder}{inside}", f"{self._folder}data/{inside}"):
            if inside and path in self._archive:
                return path
        return None

    def _reactions(self, post: dict[str, Any]) -> tuple[Reaction, ...]:
        people: dict[str, dict[str, None]] = {}
        for reaction in mappings(post["reactions"]):
            emoji = short_names.reaction(fields.name(reaction.get("emoji_name"), "unknown"))
            who = self._met(fields.key(reaction.get("user")))
            people.setdefault(emoji, {})[who] = None
        return tuple([Reaction(emoji, tuple(who), len(who)) for emoji, who in people.items()])


def _said(post: dict[str, Any], kind: str) -> str:
    """It is Markdown; what bots say in boxes follows it."""
    said = _with_emoji(text(post.get("message")))
    if kind == "me" and said and "\n" not in said:
        said = f"*{said.strip('*')}*"
    boxes = [_boxed(each) for each in mappings(mapping(post.get("props")).get("attachments"))]
    return "\n\n".join(filter(None, [said, *boxes]))


def _boxed(box: dict[str, Any]) -> str:
    title, address = text(box.get("title")), text(box.get("title_link"))
    lines = [text(box.get("pretext")), f"[{title}]({address})" if title and address else title]
    lines.append(text(box.get("text")))
    for field in mappings(box.get("fields")):
        lines.append(f"{text(field.get('title'))}: {text(field.get('value'))}")
    said = "\n".join(filter(None, lines)) or text(box.get("fallback"))
    return _with_emoji(said)


def _with_emoji(said: str) -> str:
    """Names of emoji stand for them, but for those in code."""
    if ":" not in said:
        return said
    pieces = _CODE.split(said)
    pieces[::2] = [short_names.replaced(each) for each in pieces[::2]]
    return "".join(pieces)
