"""WhatsApp's *Export chat*, from Android and from the iPhone, in any language.

A file of text, alone or in a ZIP file with what was sent. Neither the zone of its times nor, in
some, the order of day and month is told in it: both have to be asked for.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime

from parley.importing import lines, people
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Problem
from parley.importing.whatsapp_dates import Clock, Order, Votes, half_of
from parley.importing.whatsapp_headers import Form, form_of
from parley.importing.whatsapp_messages import Messages, shown

TEXT_MAX_CHARS = lines.LINE_MAX_CHARS
"""Of one message; WhatsApp allows half as much."""
CANDIDATES_MAX = 20
"""Texts looked at in an archive: people send each other files of text, too."""
HALVES_MAX = 100
"""How many ways of telling the half of the day are looked at in one file."""
_CHAT_NAME = re.compile(r"(?:.*/)?(?:_chat\.txt|.*whatsapp.*\.txt)", re.IGNORECASE)
_TITLED = re.compile(
    r".*whatsapp[ _-]*(?:chat|sohbeti)?[ _]+(?:with|mit|com|con|avec|met|med|с|z|dengan|-)[ _]+"  # noqa: RUF001
    r"(?:контактом )?(.+)\.(?:txt|zip)",
    re.IGNORECASE,
)
"""How the phones call the file."""
_QUOTED = re.compile(r"[\"“„«「]([^\"“”»「」\n]{1,100})[\"“”»」]")
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"), ("『", "』"))
_UNSAVED = re.compile(r"\s*~\s*")
_NUMBER = re.compile(r"\+?[\d\s().-]{6,30}")
_NO_DIGIT = re.compile(r"\D+")


def recognise(archive: Archive, order: Order | None = None) -> WhatsAppChat | None:
    """The chat in it; None where it isn't WhatsApp's. `order` is that of its dates, where
    somebody was asked for it."""
    texts = list(archive.names())
    if len(texts) > 1:
        texts = [name for name in texts if name.lower().endswith(".txt")]
        texts.sort(key=lambda name: (not _CHAT_NAME.fullmatch(name), name.count("/")))
    for name in texts[:CANDIDATES_MAX]:
        with archive.open(name) as stream:
            first = lines.beginning(stream)
        if form := form_of(first):
            return WhatsAppChat(archive, name, form, first, order)
    return None


class WhatsAppChat(Chat):
    """A conversation. `order` is how its dates are written, None where they don't tell: then it
    has to be given before `entries` are read."""

    system = "WhatsApp"
    needs_zone = True

    def __init__(
        self, archive: Archive, name: str, form: Form, first: list[str], order: Order | None
    ) -> None:
        self._archive, self._name, self._form = archive, name, form
        self._order = order
        self._is_surveyed = False
        self._ends_with_cr = False
        self._met = people.People()
        self.people = self._met
        self.title = self._title(first)

    @property
    def order(self) -> Order | None:
        """Reads the whole file at first. Raises `ImportRefused` where its times can't be read."""
        self._survey()
        return self._order

    @order.setter
    def order(self, order: Order) -> None:
        self._order = order

    def entries(self) -> Iterator[Entry | Problem]:
        """Raises `ImportRefused` where the order of the dates is open, or isn't that."""
        order = self.order
        if order is None:
            raise ImportRefused(
                "The dates in this file can be read in two ways. "
                "Say whether the day (dmy) or the month (mdy) comes first."
            )
        if order not in self._form.orders:
            raise ImportRefused(f"The dates in this file aren't written as {order}.")
        problems: list[Problem] = []
        clock = Clock(order)
        names = _Names()
        messages = Messages(self._form.is_iphone, self._files(), names.numbers)
        with (
            self._archive.open(self._name) as stream,
            closing(lines.read(stream, problems)) as read,
        ):
            for piece in self._pieces(read):
                yield self._entry(piece, clock, names, messages)
                if piece.is_cut:
                    yield Problem(f"line {piece.number}", "This message is too long, and was cut.")
                if problems:
                    yield from problems
                    problems.clear()
        yield from problems

    def _pieces(self, read: Iterable[str]) -> Iterator[_Piece]:
        """The file's messages. On the iPhone, a line feed alone is within one."""
        match = self._form.match
        ends_with_cr = self._ends_with_cr
        piece = _Piece(1, None, "")
        is_first = is_ended = True
        for number, line in enumerate(read, 1):
            found = match(line) if is_ended or not ends_with_cr else None
            is_ended = line.endswith("\r")
            if is_ended:
                line = line[:-1]
            if found is None:
                piece.add(line)
                is_first = is_first and not line
                continue
            if not is_first:
                yield piece
            piece = _Piece(number, found, line)
            is_first = False
        if not is_first:
            yield piece

    def _entry(
        self, piece: _Piece, clock: Clock, names: _Names, messages: Messages
    ) -> Entry | Problem:
        place = f"line {piece.number}"
        if piece.header is None:
            return Problem(place, "This comes before the first message, and was left out.")
        try:
            sent_at = clock.read(piece.header.groups())
        except ValueError:
            written = shown(piece.header[0].strip(" -[]"))
            return Problem(place, f"There is no such time as {written}; its message is left out.")
        key = str(piece.number)
        person, text = names.spoken(piece)
        if person is None:
            return Entry(key=key, place=place, sent_at=sent_at, text=shown(text), is_service=True)
        message = messages.read(text, is_marked=piece.line[0] == "\u200e")
        if not message.is_service and person not in self.people:
            self._met.meet(person, person)
        return Entry(
            key=key,
            place=place,
            sent_at=sent_at,
            person=None if message.is_service else person,
            text=message.text,
            is_service=message.is_service,
            is_deleted=message.is_deleted,
            edited_at=sent_at if message.is_edited else None,
            attachments=message.attachments,
        )

    def _survey(self) -> None:
        """Reads the whole file once, as it takes all of it to know how its dates are written and
        what ends a message."""
        if self._is_surveyed:
            return
        votes = Votes(self._form.orders, datetime.now())
        match = self._form.match
        is_ended, has_ends, all_begin, last = False, False, True, ""
        headers: Counter[str] = Counter()
        with (
            self._archive.open(self._name) as stream,
            closing(lines.read(stream, [])) as read,
        ):
            for line in read:
                found = match(line)
                if found:
                    headers[found[2] + found[6] if len(headers) < HALVES_MAX else ""] += 1
                    if found[1] != last:
                        last = found[1]
                        votes.add(last)
                if is_ended and not found and line.strip():
                    all_begin = False
                is_ended = line.endswith("\r")
                has_ends = has_ends or is_ended
        _check_halves(headers)
        self._ends_with_cr = self._form.is_iphone and has_ends and all_begin
        self._order = self._order or votes.order() or self._form.usual
        self._is_surveyed = True

    def _files(self) -> dict[str, str]:
        """The paths of all else in the archive, by name."""
        paths = (path for path in self._archive.names() if path != self._name)
        return {posixpath.basename(path): path for path in paths}

    def _title(self, first: list[str]) -> str:
        """The iPhone names the conversation in its first line, Android in the file's name."""
        headers = [(found, line) for line in first if (found := self._form.match(line))]
        if self._form.is_iphone and headers:
            found, line = headers[0]
            name, _, text = line[found.end() :].partition(": ")
            if text.startswith("\u200e"):
                return _cleaned(name)
        for path in (posixpath.basename(self._name), self._archive.path.name):
            if named := _TITLED.fullmatch(path):
                return people.cleaned(named[1])
        for found, line in headers[:3]:
            quoted = _QUOTED.search(line, found.end())
            if quoted and ": " not in line[found.end() : quoted.start()]:
                return people.cleaned(quoted[1])
        return ""


def _check_halves(headers: Counter[str]) -> None:
    """Refuses a file of which most times have something with them that isn't understood."""
    unknown = [text for text in headers if half_of(text) is None]
    if sum(headers[text] for text in unknown) * 2 > headers.total():
        word = shown(unknown[0]).strip()
        raise ImportRefused(
            f"The times in this file have “{word}” with them, and that isn't known to mean "
            "before or after noon. Export the chat with a 24-hour clock."
        )


class _Piece:
    """The lines of one message; without a header, those before the first."""

    __slots__ = ("_size", "header", "is_cut", "line", "more", "number")

    def __init__(self, number: int, header: re.Match[str] | None, line: str) -> None:
        self.number, self.header, self.line = number, header, line
        self.more: list[str] = []
        self.is_cut = False
        self._size = len(line)

    def add(self, line: str) -> None:
        self._size += len(line) + 1
        if self.header and self._size <= TEXT_MAX_CHARS:
            self.more.append(line)
        else:
            self.is_cut = self.header is not None


class _Names:
    """Who speaks in a file, told by how they are called before what they say."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        """Of those who are called by their number: by its digits, as it was written first."""

    def spoken(self, piece: _Piece) -> tuple[str | None, str]:
        """Who said it, by key, and what; nobody for what the service wrote."""
        said = piece.line[piece.header.end() :] if piece.header else piece.line
        name, colon, text = said.partition(": ")
        if not colon and said.endswith(":"):  # Editors cut spaces off the ends of lines.
            name, colon = said[:-1], ":"
        if piece.more:
            text = "\n".join([text, *piece.more])
            said = "\n".join([said, *piece.more])
        person = self._keys.get(name) or self._key(name) if colon else None
        return person, (said if person is None else text).rstrip()

    def _key(self, name: str) -> str | None:
        """None where it is no name: the service quotes titles, which may hold a colon."""
        if name.count('"') % 2 or any(name.count(a) > name.count(b) for a, b in _QUOTES):
            return None
        key = _cleaned(name)
        if _NUMBER.fullmatch(key):
            key = self.numbers.setdefault(_NO_DIGIT.sub("", key), key)
        if len(self._keys) < people.PEOPLE_MAX:
            self._keys[name] = key
        return key


def _cleaned(name: str) -> str:
    """Without what WhatsApp puts before the name of whoever isn't in the address book."""
    without_marks = shown(name)
    unsaved = _UNSAVED.match(without_marks)
    return people.cleaned(without_marks[unsaved.end() :] if unsaved else without_marks)
