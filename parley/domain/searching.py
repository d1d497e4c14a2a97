"""Finding messages: in a conversation, and in all that somebody takes part in.

The index only says where to look: whether a message is found is decided on the message itself. So
what is found is right whatever the index lacks or keeps too long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import SEARCH_MAX_CHARS
from parley.domain import door, indexing, participation
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest
from parley.grammar import markdown
from parley.records import Conversation, Hit, Hits, Message, Session
from parley.search import hits, indexed, queries, segments, words
from parley.search.queries import Query
from parley.search.segments import Where
from parley.storage import messages as stored_messages
from parley.storage import participation as stored_participation
from parley.storage import search as stored

TIME, RELEVANCE = "time", "relevance"
LOOK_S = 0.1
"""So long one reading may look: then it says how far it came, and goes on when asked."""
EVERYWHERE_S = 0.5
"""So long all of somebody's conversations together may take."""
CONVERSATIONS_MAX = 300
"""Of all that somebody takes part in, those with the latest activity."""
RANKED_MAX = 500
"""Of so many of the newest hits the best are found."""
TEXTS_AT_ONCE = 256
FOLDED_AT_ONCE_CHARS = 32 * 1024
"""Shorter texts are folded together, in a tenth of the time that each alone takes."""
KEPT_MAX = 64
"""So much is kept of what was read: about 50 kB each."""
NO_CURSOR = "cursor must be the next_cursor of an earlier answer to the same search."


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Place(Struct, frozen=True):
    """Where a search goes on: first what begins a word is found, then what stands inside one."""

    is_inside: bool = False
    before: int = stored.EVER


_Moment = tuple[int, int, int]
"""Where a message stands among those of all conversations: imported ones share their minute."""
_Taken = tuple[Conversation, Message, _Place]


async def in_conversation(
    context: Context,
    room_id: str,
    session: Session | None,
    typed: str,
    *,
    limit: int,
    cursor: str | None = None,
    by: str = TIME,
    zone: ZoneInfo | None = None,
) -> Hits:
    """For whoever may read it. Raises what keeps others out, and `BadRequest` for what is too long
    or no cursor of ours.
    """
    query = _parsed(typed, zone)

    def find(connection: sa.Connection) -> Hits:
        found = door.readable(connection, room_id, session)
        if query.is_empty:
            return Hits([], None)
        if by == RELEVANCE:
            return _best(connection, found.conversation, query, limit=limit, cursor=cursor)
        until = time.perf_counter() + LOOK_S
        place: _Place | None = _place(cursor)
        taken: list[Hit] = []
        for message, place in _walk(connection, found.id, query, _place(cursor), until):
            if message is not None:
                taken.append(_hit(found.conversation, message, query, place))
            if len(taken) == limit or time.perf_counter() > until:
                break
        else:
            place = None
        return Hits(taken, None if place is None else _cursor(place))

    return await context.database.search(find)


async def everywhere(
    context: Context,
    session: Session | None,
    typed: str,
    *,
    limit: int,
    cursor: str | None = None,
    zone: ZoneInfo | None = None,
) -> Hits:
    """In all that a session takes part in, the newest first. Raises `BadRequest` as above."""
    query = _parsed(typed, zone)
    before = _before(cursor)
    if session is None or query.is_empty:
        return Hits([], None)
    mine, until = session, time.perf_counter() + EVERYWHERE_S
    found = await context.database.search(_own, mine)
    taken: list[_Taken] = []
    for each in found:

        def find(connection: sa.Connection, id: int = each.id) -> list[_Taken]:
            now = _mine(connection, mine, id)
            if now is None:
                return []
            return _newest(connection, now.conversation, query, limit=limit, before=before)

        # Whoever was removed meanwhile finds nothing more.
        taken.extend(await context.database.search(find))
        if time.perf_counter() > until:
            break
    taken.sort(key=lambda each: _moment(each[1]), reverse=True)
    more = len(taken) > limit
    page = [
        _hit(conversation, message, query, place) for conversation, message, place in taken[:limit]
    ]
    return Hits(page, "-".join(map(str, _moment(page[-1].message))) if more else None)


def _own(connection: sa.Connection, session: Session) -> list[Conversation]:
    parts = stored_participation.latest(connection, session.id, limit=CONVERSATIONS_MAX)
    return [part.conversation for part in parts]


def _mine(connection: sa.Connection, session: Session, conversation_id: int) -> Found | None:
    return participation.inside_one(connection, session, conversation_id)


def _parsed(typed: str, zone: ZoneInfo | None) -> Query:
    if len(typed) > SEARCH_MAX_CHARS:
        raise BadRequest(f"Search for at most {SEARCH_MAX_CHARS} characters.")
    query = queries.parse(typed, zone)
    if query.size > queries.PARTS_MAX:
        raise BadRequest(f"Search for at most {queries.PARTS_MAX} words at a time.")
    return query


def _newest(
    connection: sa.Connection,
    conversation: Conversation,
    query: Query,
    *,
    limit: int,
    before: _Moment | None,
) -> list[_Taken]:
    """One more than `limit` at most, of those before a place among all."""
    until = time.perf_counter() + LOOK_S
    taken: list[_Taken] = []
    for message, place in _walk(connection, conversation.id, query, _Place(), until):
        if message is not None and (before is None or _moment(message) < before):
            taken.append((conversation, message, place))
        if len(taken) > limit or time.perf_counter() > until:
            break
    return taken


def _best(
    connection: sa.Connection,
    conversation: Conversation,
    query: Query,
    *,
    limit: int,
    cursor: str | None,
) -> Hits:
    """The best of the newest: whole words before beginnings, and those before what stands inside;
    more hits before fewer, for the length of the text; the newer before the older.
    """
    skip = _skipped(cursor)
    until = time.perf_counter() + LOOK_S
    found: list[tuple[float, Message, _Place]] = []
    for message, place in _walk(connection, conversation.id, query, _Place(), until):
        if message is not None:
            found.append((_score(message, query, place), message, place))
        if len(found) == RANKED_MAX or time.perf_counter() > until:
            break
    found.sort(key=lambda each: (-each[0], -each[1].seq))
    page = [_hit(conversation, message, query, place) for _, message, place in found[skip:][:limit]]
    more = len(found) > skip + limit
    return Hits(page, f"r{skip + limit}" if more else None)


def _score(message: Message, query: Query, place: _Place) -> float:
    folded = words.fold(message.text)
    score = 0.0
    for part in query.wanted:
        pattern = part.inside if place.is_inside else part.pattern
        found = list(pattern.spans(folded))
        whole = sum(1 for _, end in found if _ends_word(folded, end))
        score += min(3, len(found)) + 2 * min(3, whole)
    if place.is_inside:
        score /= 4
    return score / (1 + len(folded) / 400)


def _ends_word(text: str, at: int) -> bool:
    return at >= len(text) or not text[at].isalnum()


def _hit(conversation: Conversation, message: Message, query: Query, place: _Place) -> Hit:
    patterns = [part.inside if place.is_inside else part.pattern for part in query.wanted]
    text = message.text if message.parts is None else markdown.plain(message.parts)
    found = hits.spans(text, patterns)
    if patterns and not found:  # what is not read but written, such as where a link leads
        text = message.text
        found = hits.spans(text, patterns)
    return Hit(message, hits.snippet(text, found), conversation)


def _walk(
    connection: sa.Connection, conversation_id: int, query: Query, place: _Place, until: float
) -> Iterator[tuple[Message | None, _Place]]:
    """What is found from a place on, the newest first, each with the place after it; now and then
    None, for whoever looks at the time; once that is `until`, after each.
    """
    reading = _Reading(connection, conversation_id, query, until)
    if not place.is_inside:
        for message, seq in reading.matching(place.before, is_inside=False):
            yield message, _Place(is_inside=False, before=seq)
        place = _Place(is_inside=True)
    if any(part.can_be_inside for part in query.wanted):
        for message, seq in reading.matching(place.before, is_inside=True):
            yield message, _Place(is_inside=True, before=seq)


class _Reading:
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


def _place(cursor: str | None) -> _Place:
    """Raises `BadRequest`."""
    if cursor is None:
        return _Place()
    kind, seq = cursor[:1], cursor[1:]
    if kind not in "ti" or not _is_number(seq):
        raise BadRequest(NO_CURSOR)
    return _Place(is_inside=kind == "i", before=int(seq))


def _cursor(place: _Place) -> str:
    return f"{'i' if place.is_inside else 't'}{place.before}"


def _skipped(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if cursor[:1] != "r" or not _is_number(cursor[1:]):
        raise BadRequest(NO_CURSOR)
    return int(cursor[1:])


def _moment(message: Message) -> _Moment:
    return _milliseconds(message.sent_at), message.conversation_id, message.seq


def _before(cursor: str | None) -> _Moment | None:
    if cursor is None:
        return None
    parts = cursor.split("-")
    if len(parts) != 3 or not all(_is_number(part) for part in parts):
        raise BadRequest(NO_CURSOR)
    sent_ms, conversation_id, seq = map(int, parts)
    return sent_ms, conversation_id, seq


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _is_number(text: str) -> bool:
    """One that fits into the eight bytes that databases have for it."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63
