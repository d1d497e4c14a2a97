"""Reading an export into a scratch file: once through it, then once in the order of time."""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from parley.contract import (
    ATTACHMENTS_MAX,
    MESSAGE_MAX_CHARS,
    PINS_MAX,
    REACTIONS_MAX,
    REACTORS_NAMED,
    USERNAME_MAX_CHARS,
    Reaction,
)
from parley.domain import at_names, names, text
from parley.domain.emoji import one_emoji
from parley.domain.importing.scratch import Scratch, Staged
from parley.domain.importing.times import NO_ZONE, Clock
from parley.errors import ParleyError
from parley.grammar import markdown
from parley.importing.archive import Archive
from parley.importing.chats import Attachment, Chat, Entry, ImportRefused, Problem
from parley.importing.chats import Reaction as Reacted

PROBLEMS_SHOWN = 100
NAMES_SHOWN = 50
PEOPLE_MAX = 20_000
CHOICES_MAX = 1_000
SEVERAL = "This file holds several conversations. Say which one is meant."
ENTRIES_MAX = 20_000_000
TELL_EVERY_S = 0.25
BATCH_ROWS = 500
NAME_MAX_CHARS = 200
"""Of a name as it stands in the file, before it is made fit."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NOT_INCLUDED = "The export doesn't include this file."
_TOO_LARGE = "This file is larger than the server takes."
NAMELESS = "Someone"
"""Whose name nobody can see, or of a deleted message that nobody knows the author of."""


class _Body(Struct, frozen=True, array_like=True):
    """What is kept of an entry until its place is known."""

    text: str
    is_service: bool
    is_deleted: bool
    edited_at: int | None
    reply_to: str | None
    files: tuple[tuple[str, str, int], ...]
    """By path, name and size."""
    reactions: tuple[Reacted, ...]
    is_pinned: bool


_BODY = msgspec.msgpack.Encoder()
_READ_BODY = msgspec.msgpack.Decoder(_Body)


def stage(
    chat: Chat,
    archive: Archive,
    scratch: Scratch,
    *,
    zone: ZoneInfo | None,
    max_file: int,
    is_chosen: bool = True,
    tell: Callable[[int], None] = lambda count: None,
) -> Staged:
    """Read all of it; of several conversations that none was chosen of, only which they are.

    `tell` is called now and then with how many entries were read.

    Raises `ImportRefused` where it can't be read on, or where there is nothing in it.
    """
    if len(chat.choices) > 1 and not is_chosen:
        return _to_choose_from(chat, scratch)
    staging = _Staging(chat, archive, scratch, zone, max_file, tell)
    with scratch.db:
        scratch.db.execute("BEGIN")
        staging.read()
        staging.meet_people()
        staging.place()
        staged = staging.summary()
        scratch.keep_summary(staged)
        scratch.db.execute("COMMIT")
    return staged


class _Staging:
    def __init__(
        self,
        chat: Chat,
        archive: Archive,
        scratch: Scratch,
        zone: ZoneInfo | None,
        max_file: int,
        tell: Callable[[int], None],
    ) -> None:
        self._chat, self._archive, self._db = chat, archive, scratch.db
        self._clock = Clock(zone)
        self._max_file = max_file
        self._tell, self._told_s = tell, time.monotonic()
        self._needs_zone = False
        self._zone = zone
        self._problems: list[Problem] = []
        self._problems_count = 0
        self._count = self._service = 0
        self._files = self._bytes = self._missing = self._too_large = 0
        self._split = self._pins = self._reactions_left_out = 0
        self._has_replies = False
        self._seen: dict[str, None] = {}
        """The keys of people in the order in which they come."""
        self._user_ids: dict[str, tuple[int, str]] = {}
        """By key, a person's number and user_id."""
        self._known: dict[str, str] = {}
        """User_ids by folded name."""
        self._secret = secrets.token_bytes(32)

    # --- once through the file ---

    def read(self) -> None:
        rows: list[tuple[Any, ...]] = []
        for found in self._chat.entries():
            if isinstance(found, Problem):
                self._note(found.place, found.what)
                continue
            rows.extend(self._rows(found))
            if len(rows) >= BATCH_ROWS:
                self._keep(rows)
        self._keep(rows)
        if not self._count:
            raise ImportRefused("There are no messages in this file.")

    def _keep(self, rows: list[tuple[Any, ...]]) -> None:
        self._db.executemany(
            "INSERT INTO entries (at, key, person, body) VALUES (?, ?, ?, ?)", rows
        )
        rows.clear()
        if self._count > ENTRIES_MAX:
            raise ImportRefused(f"This file holds more than {ENTRIES_MAX:,} messages.")
        if (now := time.monotonic()) - self._told_s >= TELL_EVERY_S:
            self._told_s = now
            self._tell(self._count)

    def _rows(self, entry: Entry) -> Iterator[tuple[Any, ...]]:
        """One for each message that it becomes."""
        try:
            at = _ms(self._clock.moment(entry.sent_at))
        except ValueError:
            self._note(entry.place, "Its date can't be right.")
            return
        if entry.sent_at.tzinfo is None and self._zone is None:
            self._needs_zone = True
        is_service = entry.is_service or (entry.person is None and not entry.is_deleted)
        person = None if is_service or entry.person is None else self._meet(entry.person)
        for each in entry.reactions:
            for key in each.people:
                self._meet(key)
        said, files = ("", ()) if entry.is_deleted else self._contents(entry)
        if not (said or files or entry.is_deleted):
            self._note(entry.place, "There is nothing in this message.")
            return
        pieces = [*zip_longest(_pieces(said), _groups(files))] or [(None, None)]
        self._split += len(pieces) > 1
        self._pins += entry.is_pinned
        self._has_replies |= entry.reply_to is not None
        for number, (piece, some) in enumerate(pieces):
            is_first = number == 0
            self._count += not is_service
            self._service += is_service
            yield (
                at,
                entry.key if is_first else None,
                person,
                _BODY.encode(
                    _Body(
                        piece or ", ".join(name for _, name, _ in some or ()),
                        is_service,
                        entry.is_deleted,
                        self._edited(entry, at),
                        entry.reply_to if is_first else None,
                        some or (),
                        entry.reactions if is_first else (),
                        entry.is_pinned and is_first,
                    )
                ),
            )

    def _contents(self, entry: Entry) -> tuple[str, tuple[tuple[str, str, int], ...]]:
        """Its text, with a line for each file that isn't there, and those that are."""
        lines, files = [], []
        if entry.text.strip():
            lines.append(_storable(entry.text))
        for each in entry.attachments:
            name = text.file_name(_storable(each.name) or "file")
            why = self._why_missing(each)
            if why is None:
                size = self._archive.size(each.path or "")
                files.append((each.path or "", name, size))
                self._files += 1
                self._bytes += size
            else:
                lines.append(f"📎 {name}: {why}")
        return "\n".join(lines), tuple(files)

    def _why_missing(self, each: Attachment) -> str | None:
        if each.path is None or each.path not in self._archive:
            self._missing += 1
            return _storable(each.missing or _NOT_INCLUDED)
        if self._archive.size(each.path) > self._max_file:
            self._too_large += 1
            return _TOO_LARGE
        return None

    def _edited(self, entry: Entry, at: int) -> int | None:
        if entry.edited_at is None:
            return None
        if entry.edited_at == entry.sent_at:
            return at
        try:
            return _ms(Clock(self._zone).moment(entry.edited_at))
        except ValueError:
            return at

    def _meet(self, key: str) -> str:
        self._seen.setdefault(key)
        if len(self._seen) > PEOPLE_MAX:
            raise ImportRefused(f"More than {PEOPLE_MAX:,} people speak in this file.")
        return key

    def _note(self, place: str, what: str) -> None:
        self._problems_count += 1
        if len(self._problems) < PROBLEMS_SHOWN:
            self._problems.append(Problem(_storable(place)[:200], _storable(what)[:500]))

    # --- who they are ---

    def meet_people(self) -> None:
        """All of them, now that all are named; those who spoke first come first."""
        for key in self._chat.people:
            self._meet(key)
        held: set[str] = set()
        for n, key in enumerate(self._seen, 1):
            user_id = secrets.token_hex(8)
            name = self._name(key)
            skeleton = names.skeleton(name)
            self._db.execute(
                "INSERT INTO people (n, key, user_id, name, name_key, is_alike) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (n, _storable(key), user_id, name, skeleton, skeleton in held),
            )
            held.add(skeleton)
            self._user_ids[key] = n, user_id
            self._known.setdefault(at_names.folded(name), user_id)

    def _name(self, key: str) -> str:
        known = self._chat.people.get(key)
        told = _storable(key if known is None else known.name)
        name = text.one_line(told[:NAME_MAX_CHARS])
        if len(name) > USERNAME_MAX_CHARS:
            self._note(name, f"Names have at most {USERNAME_MAX_CHARS} characters: this is cut.")
            name = name[:USERNAME_MAX_CHARS].rstrip()
        return name if names.skeleton(name) else NAMELESS

    # --- in the order of time ---

    def place(self) -> None:
        self._db.execute("CREATE TABLE placed (seq INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
        self._db.execute("INSERT INTO placed (n) SELECT n FROM entries ORDER BY at, n")
        if self._has_replies:
            self._db.execute("CREATE INDEX entries_key ON entries (key) WHERE key IS NOT NULL")
            self._db.execute("CREATE UNIQUE INDEX placed_n ON placed (n)")
        skipped = max(0, self._pins - PINS_MAX)
        pins_left_out, self._pins = skipped, 0
        rows: list[tuple[Any, ...]] = []
        for seq, at, person, raw in self._db.execute(
            "SELECT seq, at, person, body FROM placed JOIN entries USING (n) ORDER BY seq"
        ):
            body = _READ_BODY.decode(raw)
            is_pinned = body.is_pinned and not body.is_deleted
            if is_pinned and skipped:
                is_pinned, skipped = False, skipped - 1
            rows.append(self._message(seq, at, person, body, is_pinned=is_pinned))
            if len(rows) >= BATCH_ROWS:
                self._write(rows)
        self._write(rows)
        self._pins_left_out = pins_left_out - skipped
        self._db.execute(
            "UPDATE people SET first_at = of.first, last_at = of.last FROM (SELECT person, "
            "min(sent_at) AS first, max(sent_at) AS last FROM messages GROUP BY person) AS of "
            "WHERE of.person = people.n"
        )
        self._db.execute("DROP TABLE placed")
        self._db.execute("DROP TABLE entries")

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        self._db.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        rows.clear()

    def _message(
        self, seq: int, at: int, person: str | None, body: _Body, *, is_pinned: bool
    ) -> tuple[Any, ...]:
        meant = at_names.people_in(body.text, self._known) if "@" in body.text else ()
        parts = None
        if not body.is_service and body.text:
            parts = markdown.parts(body.text, meant)
            if meant and parts is not None:
                shown = {(name, user_id) for user_id, name in markdown.mentions(parts)}
                meant = tuple(each for each in meant if each in shown)
        mentions = [*dict.fromkeys(user_id for _, user_id in meant)]
        reply_seq = None if body.reply_to is None else self._seq_of(body.reply_to)
        if body.files:
            self._db.executemany(
                "INSERT INTO files (seq, path, name, size) VALUES (?, ?, ?, ?)",
                [(seq, *each) for each in body.files],
            )
        return (
            seq,
            self._id(seq),
            None if person is None else self._user_ids[person][0],
            body.text,
            at,
            at if body.is_deleted else None,
            None if body.is_deleted else body.edited_at,
            at if is_pinned else None,
            reply_seq,
            None if reply_seq is None else self._id(reply_seq),
            msgspec.json.encode(mentions).decode() if mentions and not body.is_service else None,
            parts,
            self._sums(seq, body.reactions) if body.reactions and not body.is_deleted else None,
            body.is_service,
        )

    def _seq_of(self, key: str) -> int | None:
        found = self._db.execute(
            "SELECT seq FROM entries JOIN placed USING (n) WHERE key = ? ORDER BY n LIMIT 1", (key,)
        ).fetchone()
        return None if found is None else found[0]

    def _id(self, seq: int) -> str:
        """As other messages have it; told by the seq, as others ask for it before it is there."""
        key = hashlib.blake2b(str(seq).encode(), key=self._secret, digest_size=9).digest()
        return f"{seq}-{urlsafe_b64encode(key).decode()}"

    def _sums(self, seq: int, reactions: tuple[Reacted, ...]) -> str | None:
        """What its reactions come to, in JSON, as `domain.reactions` keeps them."""
        sums: dict[str, Reaction] = {}
        rows: dict[tuple[str, str], None] = {}
        for each in reactions:
            count = max(each.count, len(each.people))
            try:
                emoji = one_emoji(each.emoji)
            except ParleyError:
                self._reactions_left_out += count
                continue
            if emoji not in sums and len(sums) >= REACTIONS_MAX:
                self._reactions_left_out += count
                continue
            known = sums.setdefault(emoji, Reaction(emoji=emoji, count=0, user_ids=[]))
            named = 0
            for key in each.people:
                person = self._user_ids.get(key)
                if person is None or (emoji, person[1]) in rows:
                    continue
                rows[emoji, person[1]] = None
                named += 1
                if len(known.user_ids) < REACTORS_NAMED:
                    known.user_ids.append(person[1])
            known.count += max(named, count - (len(each.people) - named))
        self._db.executemany(
            "INSERT INTO reactions (seq, emoji, user_id) VALUES (?, ?, ?)",
            [(seq, *each) for each in rows],
        )
        found = [each for each in sums.values() if each.count > 0]
        return msgspec.json.encode(found).decode() if found else None

    def summary(self) -> Staged:
        first, last = self._db.execute("SELECT min(sent_at), max(sent_at) FROM messages").fetchone()
        shown = self._db.execute("SELECT name FROM people ORDER BY n LIMIT ?", (NAMES_SHOWN,))
        return Staged(
            system=self._chat.system,
            title=text.one_line(_storable(self._chat.title)),
            people=tuple(name for (name,) in shown),
            people_count=len(self._user_ids),
            messages=self._count,
            service_lines=self._service,
            files=self._files,
            files_bytes=self._bytes,
            files_missing=self._missing,
            files_too_large=self._too_large,
            first_at_ms=first,
            last_at_ms=last,
            needs_zone=self._needs_zone,
            problems=tuple(self._problems),
            problems_count=self._problems_count,
            split=self._split,
            reactions_left_out=self._reactions_left_out,
            pins_left_out=self._pins_left_out,
            description=text.cut_description(_storable(self._chat.description)),
        )


def _to_choose_from(chat: Chat, scratch: Scratch) -> Staged:
    staged = Staged(
        system=chat.system,
        title="",
        people=(),
        people_count=0,
        messages=0,
        service_lines=0,
        files=0,
        files_bytes=0,
        files_missing=0,
        files_too_large=0,
        first_at_ms=None,
        last_at_ms=None,
        needs_zone=False,
        problems=(),
        problems_count=0,
        split=0,
        reactions_left_out=0,
        pins_left_out=0,
        choices=tuple(_storable(each) for each in chat.choices[:CHOICES_MAX]),
    )
    scratch.keep_summary(staged)
    return staged


def require_told(staged: Staged) -> None:
    """Raise `ImportRefused` where nobody said in which time zone the file was written, or which of
    its conversations is meant.
    """
    if staged.choices:
        raise ImportRefused(SEVERAL)
    if staged.needs_zone:
        raise ImportRefused(NO_ZONE)


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _storable(said: str) -> str:
    """Without what no database takes: NUL, and halves of characters."""
    if said.isprintable():
        return said
    return said.replace("\0", "").encode("utf-8", "replace").decode()


def _pieces(said: str) -> Iterator[str]:
    """A text in pieces of which each is a message, cut where a line or a word ends."""
    while len(said) > MESSAGE_MAX_CHARS:
        least = MESSAGE_MAX_CHARS * 3 // 4
        at = max(said.rfind("\n", least, MESSAGE_MAX_CHARS), 0) or max(
            said.rfind(" ", least, MESSAGE_MAX_CHARS), 0
        )
        cut = at or MESSAGE_MAX_CHARS
        if said[:cut].strip():
            yield said[:cut]
        said = said[cut + 1 :] if at else said[cut:]
    if said.strip():
        yield said


def _groups(
    files: tuple[tuple[str, str, int], ...],
) -> Iterator[tuple[tuple[str, str, int], ...]]:
    for start in range(0, len(files), ATTACHMENTS_MAX):
        yield files[start : start + ATTACHMENTS_MAX]
