"""Slack's export: a ZIP file with a folder for each channel and a file for each day."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from parley.importing import choosing, fields, heads, short_names, slack_text
from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Chat, Entry, ImportRefused, Problem, Reaction
from parley.importing.fields import mapping, mappings, text
from parley.importing.json_stream import JsonStream
from parley.importing.keys import Keys
from parley.importing.markdown import Piece, joined
from parley.importing.people import People

LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")
CHANNELS_MAX = 100_000
_DAY = re.compile(r"(.*/)\d{4}-\d\d-\d\d\.json", re.DOTALL)
_SLACKBOT = "USLACKBOT"
_SPOKEN = frozenset(
    {
        *("", "bot_message", "me_message", "file_share", "file_comment", "file_mention"),
        *("thread_broadcast", "reply_broadcast", "slackbot_response", "assistant_app_thread"),
        "document_mention",
    }
)
"""Kinds of messages that are somebody's."""
_OF_THE_SERVICE = frozenset(
    {
        *("join", "leave", "topic", "purpose", "name", "archive", "unarchive"),
        *("convert_to_private", "convert_to_public", "posting_permissions", "canvas_updated"),
    }
)
"""Behind `channel_` or `group_`."""
_OTHERS_OF_THE_SERVICE = frozenset(
    {
        *("bot_add", "bot_remove", "bot_enable", "bot_disable", "pinned_item", "unpinned_item"),
        *(
            "reminder_add",
            "sh_room_created",
            "sh_room_shared",
            "huddle_thread",
            "app_conversation_join",
        ),
        *(
            "tabbed_canvas_updated",
            "list_record_comment",
            "ekm_access_denied",
            "joiner_notification",
        ),
        "joiner_notification_for_inviter",
    }
)
_MISSING = {
    "tombstone": "This file was deleted.",
    "hidden_by_limit": "Slack had hidden this file: there were more than the plan allowed.",
    "access_denied": "The export wasn't allowed to read this file.",
    "file_not_found": "This file was gone when the export was made.",
}
_LINKED = "Slack's export only links to its files."


class _Channel(Struct, frozen=True):
    title: str
    days: tuple[str, ...]
    """Members of the archive, in order."""
    folder: str


def recognise(archive: Archive) -> Chat | None:
    for name in heads.members(archive, "users.json"):
        top = heads.folder(name)
        if name == f"{top}users.json" and any(f"{top}{each}" in archive for each in LISTS):
            return Slack(archive, top)
    return None


class Slack(choosing.OneOf[_Channel]):
    """`top` stands before the names of all that belongs to the export."""

    system = "Slack"
    needs_zone = False

    def __init__(self, archive: Archive, top: str) -> None:
        super().__init__()
        self._archive = archive
        self._top = top
        self._known: People | None = None
        self._channel_names: dict[str, str] = {}

    def entries(self) -> Iterator[Entry | Problem]:
        channel = self._taken()
        reader = _Reader(
            self._archive, self._top, channel, self._directory(), self.people, self._channel_names
        )
        for day in channel.days:
            with self._archive.open(day) as file:
                shown = fields.name(day.removeprefix(self._top))
                yield from reader.entries(JsonStream(file, shown), shown)

    def _directory(self) -> People:
        """Whom the workspace knows."""
        if self._known is None:
            self._known = People()
            self._known.meet(_SLACKBOT, "Slackbot", is_bot=True)
            for user in self._records("users.json"):
                if key := fields.key(user.get("id")):
                    self._known.meet(key, _name(user), is_bot=user.get("is_bot") is True)
        return self._known

    def _list(self) -> Iterator[_Channel]:
        """Those that are listed, then folders of which no list tells."""
        days: dict[str, list[str]] = {}
        for member in self._archive.names():
            if member.startswith(self._top) and (found := _DAY.fullmatch(member)):
                days.setdefault(found[1], []).append(member)
        for each in LISTS:
            for channel in self._records(each):
                folder, name = self._named(channel, each)
                key = fields.key(channel.get("id"))
                if len(self._channel_names) > CHANNELS_MAX:
                    raise ImportRefused(f"This export has more than {CHANNELS_MAX:,} channels.")
                self._channel_names.setdefault(key, name)
                found_days = sorted(days.pop(f"{self._top}{folder}/", ()))
                yield _Channel(name, tuple(found_days), folder)
        for folder, members in sorted(days.items()):
            inside = folder.removeprefix(self._top).removesuffix("/")
            yield _Channel(fields.name(inside, "channel"), tuple(sorted(members)), inside)

    def _named(self, channel: dict[str, Any], listed_in: str) -> tuple[str, str]:
        """The folder of a channel, and what people call it."""
        key, name = fields.key(channel.get("id")), text(channel.get("name"))
        folder = unicodedata.normalize("NFC", name) if name else key
        if listed_in in ("dms.json", "mpims.json"):
            known = self._directory()
            members = [fields.key(each) for each in fields.listing(channel.get("members"))]
            names = [known[each].name if each in known else each for each in members[:20]]
            return folder, fields.name(", ".join(names), fields.name(folder, "channel"))
        return folder, fields.name(name, fields.name(key, "channel"))

    def _records(self, name: str) -> Iterator[dict[str, Any]]:
        if f"{self._top}{name}" not in self._archive:
            return
        with self._archive.open(f"{self._top}{name}") as file:
            source = JsonStream(file, name)
            if source.kind() == "[":
                yield from (each for each in source.values() if isinstance(each, dict))


def _name(user: dict[str, Any]) -> str:
    """As the whole team knows somebody, rather than the short name."""
    profile = mapping(user.get("profile"))
    for source, field in (
        (profile, "real_name"),
        (user, "real_name"),
        (profile, "display_name"),
        (user, "name"),
    ):
        if name := fields.name(source.get(field)):
            return name
    return ""


class _Reader:
    """The messages of one channel."""

    def __init__(
        self,
        archive: Archive,
        top: str,
        channel: _Channel,
        known: People,
        people: People,
        channel_names: dict[str, str],
    ) -> None:
        self._archive = archive
        self._top = top
        self._channel = channel
        self._known = known
        self._people = people
        self._channel_names = channel_names
        self._keys = Keys()

    def entries(self, source: JsonStream, day: str) -> Iterator[Entry | Problem]:
        if source.kind() != "[":
            yield Problem(day, "There is no list of messages.")
            return
        for number, message in enumerate(source.values(), start=1):
            place = f"{day}, message {number}"
            if isinstance(message, dict):
                yield from self._read(message, place)
            else:
                yield Problem(place, "This isn't a message.")

    def _read(self, message: dict[str, Any], place: str) -> Iterator[Entry | Problem]:
        told = fields.key(message.get("ts"))
        sent_at = fields.moment_exactly(told)
        if sent_at is None:
            yield Problem(place, "This message has no valid date.")
            return
        yield from self._keys.give(told, place, "time")
        own = self._keys.given
        kind = text(message.get("subtype"))
        is_service = _is_of_the_service(kind)
        is_deleted = kind == "tombstone"
        if not (is_service or is_deleted or kind in _SPOKEN):
            yield Problem(place, f"This kind of message isn't known: {fields.name(kind)}.")
            if not any(message.get(field) for field in ("text", "files", "attachments", "blocks")):
                return
        author = None if is_service else self._author(message)
        thread = fields.key(message.get("thread_ts"))
        edited = mapping(message.get("edited"))
        yield Entry(
            key=own,
            place=place,
            sent_at=sent_at,
            person=author,
            text="" if is_deleted else self._text(message, kind, author),
            is_service=author is None and not is_deleted,
            is_deleted=is_deleted,
            edited_at=fields.moment_exactly(edited.get("ts")),
            reply_to=thread if thread not in ("", told) else None,
            attachments=() if is_deleted else tuple(self._files(message)),
            reactions=self._reactions(message) if "reactions" in message else (),
            is_pinned=bool(fields.listing(message.get("pinned_to"))),
        )

    def _author(self, message: dict[str, Any]) -> str | None:
        """None where the service speaks, and where nobody knows who did."""
        user = fields.key(message.get("user"))
        if message.get("subtype") == "tombstone" and user in ("", _SLACKBOT):
            return None
        if user in self._people:
            return user
        if user:
            return self._met(user, _name({"profile": message.get("user_profile")}))
        bot = fields.key(message.get("bot_id"))
        profile = mapping(message.get("bot_profile"))
        name = fields.name(message.get("username"), fields.name(profile.get("name")))
        if not bot and not name:
            return None
        # One bot may speak by many names.
        key = bot if not name else f"{bot} {name}".strip()
        return self._people.meet(key, name or bot, is_bot=True)

    def _met(self, key: str, name: str = "") -> str:
        if key in self._people:
            return key
        known = self._known.get(key)
        if known is not None and known.name:
            return self._people.meet(key, known.name, is_bot=known.is_bot)
        return self._people.meet(key, name or key)

    def _person(self, key: str) -> str:
        for known in (self._known, self._people):
            if key in known:
                return known[key].name
        return ""

    def _text(self, message: dict[str, Any], kind: str, author: str | None) -> str:
        written = text(message.get("text"))
        shared = mappings(message.get("attachments"))
        if not shared and kind != "me_message" and author is not None and written:
            return slack_text.markdown(written, self._person, self._channel_name)
        if not written and not shared:
            written = _of_blocks(message.get("blocks"))
        pieces = self._pieces(written)
        if author is None and pieces and pieces[0].text.startswith("@"):
            pieces[0] = Piece(pieces[0].text[1:])  # `Ana has joined`, not `@Ana has joined`
        if kind == "me_message":
            pieces = [Piece(each.text, each.marks or ("em",), each.address) for each in pieces]
        for each in shared:
            added = self._attached(each)
            pieces += [Piece("\n"), *added] if pieces and added else added
        return joined(pieces)

    def _pieces(self, written: str) -> list[Piece]:
        return slack_text.pieces(written, self._person, self._channel_name)

    def _channel_name(self, key: str) -> str:
        return self._channel_names.get(key, "")

    def _attached(self, shared: dict[str, Any]) -> list[Piece]:
        """What a bot says in a box, or another's message that was passed on. A page that is only
        shown in small is left out: its link is in the text."""
        is_passed_on = shared.get("is_share") is True or shared.get("is_msg_unfurl") is True
        if not is_passed_on and (shared.get("from_url") or shared.get("original_url")):
            return []
        if is_passed_on:
            name = fields.name(shared.get("author_name"), "somebody")
            words = "".join([each.text for each in self._pieces(text(shared.get("text")))])
            return [Piece(f"Forwarded from {name}", ("em",)), Piece("\n"), Piece(words, ("quote",))]
        lines = [text(shared.get("pretext")), "", text(shared.get("text"))]
        for field in mappings(shared.get("fields")):
            lines.append(f"{text(field.get('title'))}: {text(field.get('value'))}")
        title = text(shared.get("title"))
        before = self._pieces(lines[0])
        after = self._pieces("\n".join(filter(None, lines[1:])))
        parts = [before, [Piece(title, (), text(shared.get("title_link")))] if title else [], after]
        made = [piece for part in parts if part for piece in (Piece("\n"), *part)][1:]
        return made or self._pieces(
            text(shared.get("fallback")) or _of_blocks(shared.get("message_blocks"))
        )

    def _files(self, message: dict[str, Any]) -> Iterator[Attachment]:
        for file in mappings(message.get("files")) or mappings([message.get("file")]):
            key = fields.key(file.get("id"))
            name = fields.file_name(file.get("name"), fields.file_name(file.get("title")))
            told = fields.name(file.get("mimetype")) or None
            path = self._path(key, text(file.get("name")))
            size = self._archive.size(path) if path else fields.size(file.get("size"))
            missing = None if path else _LINKED
            for field in ("mode", "file_access") if not path else ():
                missing = _MISSING.get(text(file.get(field)), missing)
            yield Attachment(name, path, told, size, missing)

    def _path(self, key: str, name: str) -> str | None:
        """Where programs put files that fetch what the export links to."""
        for path in (
            f"{self._top}__uploads/{key}/{name}",
            f"{self._top}{self._channel.folder}/attachments/{key}-{name}",
        ):
            if path in self._archive:
                return path
        return None

    def _reactions(self, message: dict[str, Any]) -> tuple[Reaction, ...]:
        """In two skin tones they are two, and somebody may have given both."""
        counts: dict[str, int] = {}
        people: dict[str, dict[str, None]] = {}
        for reaction in mappings(message["reactions"]):
            emoji = short_names.reaction(fields.name(reaction.get("name"), "unknown"))
            keys = [fields.key(each) for each in fields.listing(reaction.get("users"))]
            # One emoji may have two names, and those who gave it by both gave it once.
            known = people.setdefault(emoji, {})
            known.update(dict.fromkeys([self._met(key) for key in keys if key]))
            told = fields.count(reaction.get("count"))
            counts[emoji] = max(len(known), told, counts.get(emoji, 0))
        return tuple([Reaction(each, tuple(people[each]), counts[each]) for each in counts])


def _is_of_the_service(kind: str) -> bool:
    before, _, behind = kind.partition("_")
    is_of_channel = before in ("channel", "group") and behind in _OF_THE_SERVICE
    return is_of_channel or kind in _OTHERS_OF_THE_SERVICE


def _of_blocks(blocks: Any, depth: int = 0) -> str:
    """Words of what bots build of blocks, where they give no text."""
    found: list[str] = []
    for block in mappings(blocks) if depth < 8 else ():
        inner = block.get("text")
        said = text(inner) or text(mapping(inner).get("text"))
        for field in ("elements", "fields", "message", "blocks"):
            said = said or _of_blocks(block.get(field), depth + 1)
        if said:
            found.append(said)
    return ("\n" if depth == 0 else "").join(found)
