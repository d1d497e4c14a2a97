"""DiscordChatExporter's JSON: a file for each channel, with the media beside it if it was asked to.

Its times have the exporting machine's offset, which moves with summer time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from parley.importing import choosing, fields, heads
from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Chat, Entry, Problem, Reaction
from parley.importing.fields import mapping, mappings, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.markdown import Piece, joined, literal
from parley.importing.people import People

CHANNELS_MAX = 5000
"""Files that are looked at, once one of them is a channel. Discord's own limit is 500."""
_SPOKEN = frozenset({"Default", "Reply", "0", "19", "20", "21", "23"})
"""The last are commands to bots, and what a thread began with. What the exporter has no name for
it writes as a number."""
_SERVICE = {
    "RecipientAdd": "added somebody",
    "RecipientRemove": "removed somebody",
    "Call": "called",
    "ChannelNameChange": "renamed the channel",
    "ChannelIconChange": "changed the channel's picture",
    "ChannelPinnedMessage": "pinned a message",
    "GuildMemberJoin": "joined the server",
    "ThreadCreated": "started a thread",
    "8": "boosted the server",
    "9": "boosted the server to level 1",
    "10": "boosted the server to level 2",
    "11": "boosted the server to level 3",
    "12": "added a channel to follow",
    "27": "opened the stage",
    "28": "closed the stage",
    "29": "became a speaker",
    "31": "changed the topic of the stage",
    "46": "closed a poll",
}
_LINKED = "The export only links to this file."
_RAW = re.compile(
    r"(?P<code>```.*?```|(?<!`)``(?!`)(?:[^`\n]++|`(?!`))*+``|(?<!`)`[^`\n]++`(?!`))"
    r"|<@!?(?P<person>\d{1,20})>|<@&(?P<role>\d{1,20})>|<#(?P<channel>\d{1,20})>"
    r"|<a?:(?P<emoji>\w{1,40}):\d{1,20}>|<t:(?P<time>-?\d{1,13})(?::[a-zA-Z])?>"
    r"|</(?P<command>[^<>:\n]{1,100}):\d{1,20}>|<(?P<link>https?://[^<>\s]++)>",
    re.DOTALL,
)
_PART = re.compile(r"\[part (\d{1,6})\]\.json\Z", re.IGNORECASE)
_LONG_QUOTE = re.compile(r"(?:\A|(?<=\n))>>> (.*)\Z", re.DOTALL)


class _Listed(Struct, frozen=True):
    title: str
    key: str
    members: tuple[str, ...]
    """Of the archive. A long channel may have been exported in parts."""


def recognise(archive: Archive) -> Chat | None:
    listed: list[_Listed] = []
    for number, member in enumerate(heads.members(archive, ".json")):
        if number >= (CHANNELS_MAX if listed else heads.LOOKED_AT_MAX):
            break
        if found := _listed(archive, member):
            listed.append(found)
    return Discord(archive, _whole(listed)) if listed else None


def _whole(listed: list[_Listed]) -> list[_Listed]:
    """With the parts of a channel as one."""
    parts: dict[str, list[_Listed]] = {}
    for each in listed:
        parts.setdefault(each.key or each.members[0], []).append(each)
    return [
        _Listed(
            group[0].title,
            group[0].key,
            tuple(sorted([each.members[0] for each in group], key=_part)),
        )
        for group in parts.values()
    ]


def _part(member: str) -> tuple[int, str]:
    """The first has no number."""
    found = _PART.search(member)
    return (int(found[1]) if found else 1, member)


def _listed(archive: Archive, member: str) -> _Listed | None:
    first, _ = heads.first_members(archive, member, ("messages",))
    guild, channel = first.get("guild"), first.get("channel")
    if not isinstance(guild, dict) or not isinstance(channel, dict) or "name" not in channel:
        return None
    if not ("messages" in first or "exportedAt" in first or "dateRange" in first):
        return None
    name = fields.name(channel.get("name"), fields.name(guild.get("name"), "channel"))
    return _Listed(name, fields.key(channel.get("id")), (member,))


class Discord(choosing.OneOf[_Listed]):
    """Of one channel or several."""

    system = "Discord"
    needs_zone = False

    def __init__(self, archive: Archive, listed: list[_Listed]) -> None:
        super().__init__()
        self._archive = archive
        self._listed = listed

    def entries(self) -> Iterator[Entry | Problem]:
        taken = self._taken()
        reader = _Reader(self._archive, taken, self.people)
        for member in taken.members:
            shown = fields.name(member)
            with self._archive.open(member) as file:
                source = JsonStream(file, shown)
                for key in source.members():
                    if key == "messages":
                        yield from reader.entries(source, member)


class _Reader:
    """The messages of one channel."""

    def __init__(self, archive: Archive, listed: _Listed, people: People) -> None:
        self._archive = archive
        self._folder = ""
        self._channel = listed.key
        self._is_in_parts = len(listed.members) > 1
        self._people = people
        self._keys = Keys()

    def entries(self, source: JsonStream, member: str) -> Iterator[Entry | Problem]:
        self._folder = heads.folder(member)
        before = f"{fields.name(member)}, " if self._is_in_parts else ""
        if source.kind() != "[":
            yield Problem(f"{before}messages", "There is no list of messages.")
            return
        for number, message in enumerate(source.values(), start=1):
            if not isinstance(message, dict):
                yield Problem(f"{before}message {number}", "This isn't a message.")
                continue
            own = fields.key(message.get("id"))
            place = f"{before}message {number}"
            yield from self._read(message, own, f"{place} (id {own})" if own else place)

    def _read(self, message: dict[str, Any], own: str, place: str) -> Iterator[Entry | Problem]:
        sent_at = _time(message.get("timestamp"))
        if sent_at is None:
            yield Problem(place, "This message has no valid date.")
            return
        yield from self._keys.give(own, place)
        key = self._keys.given
        kind = fields.name(message.get("type"))
        if kind not in _SPOKEN and kind not in _SERVICE:
            yield Problem(place, f"This kind of message isn't known: {kind or 'without a name'}.")
        is_said = kind in _SPOKEN
        author = self._author(mapping(message.get("author")))
        attachments = tuple(self._attachments(message))
        yield Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=author if is_said else None,
            text=self._text(message, attachments) if is_said else self._service(message, kind),
            is_service=not is_said,
            edited_at=_time(message.get("timestampEdited")),
            reply_to=self._replied(mapping(message.get("reference")), key),
            attachments=attachments,
            reactions=self._reactions(message) if message.get("reactions") else (),
            is_pinned=message.get("isPinned") is True,
        )

    def _author(self, author: dict[str, Any]) -> str:
        """Of a webhook, many speak by one id: each name is a person."""
        name = fields.name(author.get("nickname")) or fields.name(author.get("name"))
        key = fields.key(author.get("id")) or name or "nobody"
        known = self._people.get(key)
        is_bot = author.get("isBot") is True
        if known is not None and is_bot and name and known.name != name:
            key = f"{key} {name}"
        elif known is not None:
            return key
        return self._people.meet(key, name or "Deleted User", is_bot=is_bot)

    def _replied(self, reference: dict[str, Any], key: str) -> str | None:
        """Not where the answered message is in another channel, or passed on from there."""
        if not reference or reference.get("type") == "Forward":
            return None
        if fields.key(reference.get("channelId")) not in ("", self._channel):
            return None
        replied = fields.key(reference.get("messageId"))
        return replied if replied and replied != key else None

    def _text(self, message: dict[str, Any], attachments: tuple[Attachment, ...]) -> str:
        """What is said is Markdown; what is put into words stands in paragraphs of its own."""
        said = self._markdown(text(message.get("content")), message)
        parts = [said] if said else []
        if forwarded := mapping(message.get("forwardedMessage")):
            parts.append(self._forwarded(forwarded))
        is_bot = mapping(message.get("author")).get("isBot") is True
        if message.get("embeds") and (is_bot or not said):
            parts += [_embedded(embed) for embed in mappings(message["embeds"])]
        if poll := mapping(message.get("poll")):
            parts.append(_poll(poll))
        held = {each.name for each in attachments if each.path}
        for sticker in mappings(message.get("stickers")):
            name = fields.name(sticker.get("name"), "without a name")
            parts += [literal(f"Sticker: {name}")] if name not in held else []
        return "\n\n".join(filter(None, parts))

    def _markdown(self, content: str, message: dict[str, Any]) -> str:
        if "<" in content:
            names = {
                fields.key(each.get("id")): fields.name(each.get("nickname"))
                or fields.name(each.get("name"))
                for each in mappings(message.get("mentions"))
            }
            content = _RAW.sub(lambda found: self._rendered(found, names), content)
        if ">>> " in content:
            content = _LONG_QUOTE.sub(lambda found: _quote(found[1]), content)
        return content

    def _rendered(self, found: re.Match[str], names: dict[str, str]) -> str:
        """What was left as the protocol has it, as people see it."""
        kind, value = found.lastgroup, found[found.lastgroup or 0]
        match kind:
            case "person":
                known = self._people.get(value)
                return f"@{names.get(value) or (known.name if known else '') or 'somebody'}"
            case "role":
                return "@role"
            case "channel":
                return "#channel"
            case "emoji":
                return f":{value}:"
            case "time":
                at = fields.moment(value)
                return at.strftime("%Y-%m-%d %H:%M UTC") if at else found[0]
            case "command":
                return f"/{value}"
            case "link":
                return value
        return found[0]

    def _forwarded(self, forwarded: dict[str, Any]) -> str:
        content = self._markdown(text(forwarded.get("content")), forwarded)
        said = [content, *(_embedded(each) for each in mappings(forwarded.get("embeds")))]
        quoted = _quote("\n\n".join(filter(None, said)))
        return f"*Forwarded*\n{quoted}" if quoted else "*Forwarded*"

    def _service(self, message: dict[str, Any], kind: str) -> str:
        """`Joined the server.` becomes `Bo joined the server`."""
        author = mapping(message.get("author"))
        who = fields.name(author.get("nickname")) or fields.name(author.get("name"), "Somebody")
        said = text(message.get("content")).strip()
        if said:
            happened = said[0].lower() + said[1:].removesuffix(".")
        else:
            happened = _SERVICE.get(kind, f"did something of a kind that isn't known ({kind})")
        return literal(f"{who} {happened}")

    def _reactions(self, message: dict[str, Any]) -> tuple[Reaction, ...]:
        return tuple([self._reaction(each) for each in mappings(message["reactions"])])

    def _reaction(self, reaction: dict[str, Any]) -> Reaction:
        emoji = mapping(reaction.get("emoji"))
        name = emoji.get("name")
        is_own = fields.key(emoji.get("id")) != ""
        shown = f":{fields.name(name, 'unknown')}:" if is_own else fields.emoji(name)
        keys = [self._author(each) for each in mappings(reaction.get("users"))]
        people = tuple(dict.fromkeys(keys))
        return Reaction(shown, people, max(len(people), fields.count(reaction.get("count"))))

    def _attachments(self, message: dict[str, Any]) -> Iterator[Attachment]:
        forwarded = mapping(message.get("forwardedMessage"))
        for holder in (message, forwarded):
            for file in mappings(holder.get("attachments")):
                path = self._path(text(file.get("url")))
                size = self._archive.size(path) if path else fields.size(file.get("fileSizeBytes"))
                name = fields.file_name(file.get("fileName"), fields.file_name(file.get("url")))
                yield Attachment(name, path, None, size, None if path else _LINKED)
            for sticker in mappings(holder.get("stickers")):
                if path := self._path(text(sticker.get("sourceUrl"))):
                    name = fields.name(sticker.get("name"), "sticker")
                    yield Attachment(name, path, None, self._archive.size(path))

    def _path(self, url: str) -> str | None:
        """Of a file that was exported, too: its address is relative to the JSON."""
        if not url or url.startswith(("http://", "https://")):
            return None
        inside = url.replace("\\", "/").removeprefix("./")
        for path in (f"{self._folder}{inside}", f"{self._folder}{unquote(inside)}"):
            if path in self._archive:
                return path
        return None


def _time(written: Any) -> datetime | None:
    found = fields.iso(written)
    return found if found is not None and found.tzinfo is not None else None


def _quote(said: str) -> str:
    return "\n".join([f"> {line}".rstrip() for line in said.split("\n")]) if said else ""


def _embedded(embed: dict[str, Any]) -> str:
    """What a bot says in a box."""
    title, address = text(embed.get("title")), text(embed.get("url"))
    lines = [
        text(mapping(embed.get("author")).get("name")),
        joined([Piece(title, (), address)]) if title else "",
        text(embed.get("description")),
    ]
    for field in mappings(embed.get("fields")):
        lines.append(f"{text(field.get('name'))}: {text(field.get('value'))}")
    lines.append(text(mapping(embed.get("footer")).get("text")))
    return "\n".join(filter(None, lines))


def _poll(poll: dict[str, Any]) -> str:
    asked = poll.get("question")
    lines = [f"Poll: {text(asked) or text(mapping(asked).get('text'))}"]
    results = mappings(mapping(poll.get("results")).get("answers"))
    counts = {fields.key(each.get("id")): fields.count(each.get("count")) for each in results}
    for answer in mappings(poll.get("answers")):
        votes = counts.get(fields.key(answer.get("id")), 0)
        lines.append(f"• {text(answer.get('text'))} ({votes:,} vote{'s' if votes != 1 else ''})")
    return literal("\n".join(lines))
