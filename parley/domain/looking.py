"""Looking through a conversation for what a search asks for, the newest first.

The index only says where to look: whether a message is found is decided on the message itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import indexing
from parley.records import Message
from parley.search import indexed, segments, words
from parley.search.queries import Query
from parley.search.segments import Where
from parley.storage import messages as stored_messages
from parley.storage import search as stored

TEXTS_AT_ONCE = 256
FOLDED_AT_ONCE_CHARS = 32 * 1024
"""Shorter texts are folded together, in a tenth of the time that each alone takes."""
KEPT_MAX = 64
"""So much is kept of what was read: about 50 kB each."""


class Place(Struct, frozen=True):
    """Where a search goes on: first what begins a word is found, then what stands inside one."""

    is_inside: bool = False
    before: int = stored.EVER


def walk(
    connection: sa.Connection, conversation_id: int, query: Query, place: Place, until: float
) -> Iterator[tuple[Message | None, Place]]:
    """What is found from a place on, the newest first, each with the place after it; now and then
    None, for whoever looks at the time; once that is `until`, after each.
    """
    reading = Reading(connection, conversation_id, query, until)
    if not place.is_inside:
        for message, seq in reading.matching(place.before, is_inside=False):
            yield message, Place(is_inside=False, before=seq)
        place = Place(is_inside=True)
    if can_be_inside(query):
        for message, seq in reading.matching(place.before, is_inside=True):
            yield message, Place(is_inside=True, before=seq)


def can_be_inside(query: Query) -> bool:
    """Whether there is anything in it that may stand inside of words."""
    return any(part.can_be_inside for part in query.wanted)


class Reading:
    """A conversation that is looked through, perhaps twice: what was read first is kept a while."""

    def __init__(
        self, connection: sa.Connection, conversation_id: int, query: Query, until: float
    ) -> None:
        self._connection = connection
        self._id = conversation_id
        self._query = query
        self._until = until
        state = stored.state(connection, conversation_id)
        self._through = 0 if state is None else state.through
        self._texts: dict[int, list[tuple[int, str]]] = {}
        self._heads: dict[int, stored.Head | None] = {}

    def matching(self, before: int, *, is_inside: bool) -> Iterator[tuple[Message | None, int]]:
        """The messages before a seq that match, and every now and then how far it is."""
        looks = 0
        for seq in self._candidates(before, is_inside=is_inside):
            if seq < 0:  # nothing from there on
                yield None, -seq
                continue
            message = stored_messages.at_seq(self._connection, self._id, seq)
            if message is not None and _is_found(self._query, message, is_inside=is_inside):
                yield message, seq
            looks += 1
            if looks % TEXTS_AT_ONCE == 0 or self._is_late():
                yield None, seq

    def _is_late(self) -> bool:
        return time.perf_counter() > self._until

    def _candidates(self, before: int, *, is_inside: bool) -> Iterator[int]:
        """Seqs of messages that may match, falling; and, negative, from where on none does, where
        looking took a while."""
        patterns = [part.inside if is_inside else part.pattern for part in self._query.wanted]
        at = before
        while at > self._through and (lines := self._lines(at)):
            for seq, text in lines:
                if all(pattern.search(text) for pattern in patterns):
                    yield seq
                elif self._is_late():  # a long phrase may take a tenth of a second for one text
                    yield -seq
            at = lines[-1][0]
            yield -at
        loose = stored.loose(self._connection, self._id, last=min(before - 1, self._through))
        begins = min(before, self._through + 1)
        while (head := self._head(begins)) is not None:
            begins = head.first
            found = _in_segment(self._connection, self._id, head, self._query, is_inside=is_inside)
            # With what is loose before the segment after this one.
            found.update(seq for seq in loose if seq >= begins)
            loose = [seq for seq in loose if seq < begins]
            yield from sorted((seq for seq in found if seq < before), reverse=True)
            yield -begins
        yield from loose

    def _lines(self, before: int) -> list[tuple[int, str]]:
        """The newest texts before a seq that are in no segment, folded; at least one if there is
        any."""
        lines = self._texts.get(before)
        if lines is None:
            texts = stored.texts_before(
                self._connection, self._id, after=self._through, before=before, limit=TEXTS_AT_ONCE
            )
            lines = self._folded(texts)
            if len(self._texts) < KEPT_MAX:
                self._texts[before] = lines
        return lines

    def _folded(self, texts: str) -> list[tuple[int, str]]:
        """Of long texts only so many as there is time for: folding may take a millisecond each, or
        twenty.
        """
        if len(texts) <= FOLDED_AT_ONCE_CHARS:
            pieces = words.fold(texts).split("\0") if texts else []
            return [(int(seq), text) for seq, text in zip(pieces[::2], pieces[1::2], strict=True)]
        pieces = texts.split("\0")
        lines: list[tuple[int, str]] = []
        for seq, text in zip(pieces[::2], pieces[1::2], strict=True):
            lines.append((int(seq), words.fold(text)))
            if self._is_late():
                break
        return lines

    def _head(self, before: int) -> stored.Head | None:
        """The newest segment that begins before a seq."""
        if before not in self._heads:
            head = next(stored.heads(self._connection, self._id, before=before), None)
            if len(self._heads) >= KEPT_MAX:
                return head
            self._heads[before] = head
        return self._heads[before]


def _in_segment(
    connection: sa.Connection,
    conversation_id: int,
    head: stored.Head,
    query: Query,
    *,
    is_inside: bool,
) -> set[int]:
    """The seqs of a segment that may match."""
    every = [
        _alternatives(head.dictionary, needles) for needles in _needed(query, is_inside=is_inside)
    ]
    for since, until, is_not in query.times:
        if not is_not:
            days = segments.numbers_between(head.dictionary, *_days(since, until))
            every.append([[days]] if days else [])
    if not all(every):
        return set()
    found: set[int] | None = None
    if ("reaction", False) in query.has:
        found = stored.reacted(connection, conversation_id, first=head.first, last=head.last)
    postings = stored.postings(connection, conversation_id, head)
    for either in every:
        having: set[int] = set()
        for each in either:
            having |= set.intersection(*(postings.of(numbers) for numbers in each))
        found = having if found is None else found & having
        if not found:
            break
    return set(postings.seqs) if found is None else found


Needles = list[list[tuple[str, Where]]]
"""Of these, all of one line must be terms of a message."""


def _needed(query: Query, *, is_inside: bool) -> Iterator[Needles]:
    """What of a query the index knows."""
    for part in query.wanted:
        needles = part.needles(inside=is_inside)
        if all(needles):
            yield needles
    for author in query.authors:
        if not author.is_not:
            named = [(indexed.NAME + word, where) for word, where in author.needles()]
            by_id = [(indexed.of_user(author.user_id), Where.WHOLE)]
            yield [named, by_id] if named else [by_id]
    for kind, is_not in query.has:
        if not is_not and kind != "reaction":
            yield [[(indexed.HAS + kind, Where.WHOLE)]]


def _alternatives(dictionary: bytes, needles: Needles) -> list[list[list[int]]]:
    """The numbers of the terms of each line of which all are in a dictionary."""
    found = ([segments.numbers(dictionary, *needle) for needle in each] for each in needles)
    return [numbers for numbers in found if all(numbers)]


def _days(since: datetime, until: datetime) -> tuple[str, str]:
    return indexed.of_day(since), indexed.of_day(until)


def _is_found(query: Query, message: Message, *, is_inside: bool) -> bool:
    if message.deleted_at is not None:
        return False
    folded = words.fold(message.text)
    if not all(
        (part.inside if is_inside else part.pattern).search(folded) for part in query.wanted
    ):
        return False
    if is_inside and all(part.pattern.search(folded) for part in query.wanted):
        return False  # it was found before
    if any(part.pattern.search(folded) for part in query.unwanted):
        return False
    if any(
        author.is_it(message.username, message.user_id) == author.is_not for author in query.authors
    ):
        return False
    if any((since <= message.sent_at < until) == is_not for since, until, is_not in query.times):
        return False
    if not query.has:
        return True
    has = indexing.contents(message.text, message.attachments)
    if message.reactions not in (None, "[]"):
        has.add("reaction")
    return all((kind in has) != is_not for kind, is_not in query.has)
