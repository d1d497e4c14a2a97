"""Finding messages: in a conversation, and in all that somebody takes part in."""

from __future__ import annotations

import time
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import SEARCH_MAX_CHARS
from parley.domain import door, looking, markdown, participation
from parley.domain.context import Context
from parley.domain.looking import Place, walk
from parley.errors import BadRequest
from parley.records import Conversation, Hit, Hits, Message, Session
from parley.search import hits, queries, words
from parley.search.queries import Query
from parley.storage import participation as stored_participation
from parley.storage import search as stored
from parley.storage.schema import milliseconds, moment

TIME, RELEVANCE = "time", "relevance"
LOOK_S = 0.1
"""So long one reading may look: then it says how far it came, and goes on when asked."""
EVERYWHERE_S = 0.5
"""So long all of somebody's conversations together may take."""
CONVERSATIONS_MAX = 300
"""Of all that somebody takes part in, those with the latest activity."""
RANKED_MAX, RANKED_EACH = 500, 50
"""Of so many of the newest hits the best are found; everywhere, of so many in each conversation."""
LATEST_MS = 253_402_300_799_999
"""Of the year 9999."""
NO_CURSOR = "cursor must be the next_cursor of an earlier answer to the same search."

_Moment = tuple[datetime, int, int]
"""Where a message stands among those of all conversations: by conversation and seq, too, as
imported ones share their minute."""


class _Taken(NamedTuple):
    """A message that was found."""

    conversation: Conversation
    message: Message
    place: Place


_Part = tuple[list[_Taken], _Moment | None]


class _Start(Struct, frozen=True):
    """Where a search everywhere goes on, as `Place` says it of one conversation."""

    is_inside: bool = False
    before: _Moment | None = None

    @property
    def cursor(self) -> str:
        kind = "i" if self.is_inside else "t"
        if self.before is None:
            return kind
        at, conversation_id, seq = self.before
        return f"{kind}{milliseconds(at)}-{conversation_id}-{seq}"


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
        place: Place | None = _place(cursor)
        taken: list[Hit] = []
        for message, place in walk(connection, found.id, query, _place(cursor), until):
            if message is not None:
                taken.append(_hit(_Taken(found.conversation, message, place), query))
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
    by: str = TIME,
    zone: ZoneInfo | None = None,
) -> Hits:
    """In all that a session takes part in. Raises `BadRequest` as above."""
    query = _parsed(typed, zone)
    skip, place = (_skipped(cursor), _Start()) if by == RELEVANCE else (0, _start(cursor))
    if session is None or query.is_empty:
        return Hits([], None)
    mine, most = session, RANKED_EACH if by == RELEVANCE else limit + 1
    taken: list[_Taken] = []
    known_from: _Moment | None = None
    found = await context.database.search(_own, mine)
    began = time.perf_counter()
    for at, each in enumerate(found, 1):
        # Each has its share, and whatever those before it left, so all of them get on.
        until = began + EVERYWHERE_S * at / len(found)

        def find(connection: sa.Connection, id: int = each.id, until: float = until) -> _Part:
            now = participation.inside_one(connection, mine, id)
            if now is None:
                return [], None  # whoever was removed meanwhile finds nothing more
            if by == RELEVANCE:
                return _some(connection, now.conversation, query, most, until), None
            return _newest(connection, now.conversation, query, place, most=most, until=until)

        part, looked_from = await context.database.search(find)
        taken.extend(part)
        if looked_from is not None:
            known_from = max(known_from or looked_from, looked_from)
    if by == RELEVANCE:
        return _ranked(query, taken, limit=limit, skip=skip)
    return _page(query, taken, place, limit=limit, known_from=known_from)


def _page(
    query: Query,
    taken: list[_Taken],
    start: _Start,
    *,
    limit: int,
    known_from: _Moment | None,
) -> Hits:
    """The newest of these, but for what was said before the moment from which all of it is known:
    there more may be found in a conversation that was not looked through so far.
    """
    known = [each for each in taken if known_from is None or _moment(each.message) >= known_from]
    known.sort(key=lambda each: _moment(each.message), reverse=True)
    page = known[:limit]
    next_start: _Start | None = None
    if len(known) > limit:
        next_start = _Start(start.is_inside, _moment(page[-1].message))
    elif known_from is not None:
        next_start = _Start(start.is_inside, known_from)
    elif not start.is_inside and looking.can_be_inside(query):
        next_start = _Start(is_inside=True)
    next_cursor = None if next_start is None else next_start.cursor
    return Hits([_hit(each, query) for each in page], next_cursor)


def _own(connection: sa.Connection, session: Session) -> list[Conversation]:
    parts = stored_participation.latest(connection, session.id, limit=CONVERSATIONS_MAX)
    return [part.conversation for part in parts]


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
    start: _Start,
    *,
    most: int,
    until: float,
) -> _Part:
    """So many at most, and the moment down to which these are all; None where they are whatever
    there is.
    """
    taken: list[_Taken] = []
    reading = looking.Reading(connection, conversation.id, query, until)
    before = _seq_before(connection, conversation, start.before)
    place = Place(is_inside=start.is_inside)
    for message, seq in reading.matching(before, is_inside=start.is_inside):
        if message is not None and (start.before is None or _moment(message) < start.before):
            taken.append(_Taken(conversation, message, place))
        if len(taken) == most or time.perf_counter() > until:
            looked_from = _moment_at(connection, conversation.id, seq)
            # A page always gets further than the one before.
            if start.before is None or looked_from is None or looked_from < start.before:
                return taken, looked_from
    return taken, None


def _seq_before(
    connection: sa.Connection, conversation: Conversation, before: _Moment | None
) -> int:
    """Where a conversation is to be looked through from, for what was said before a moment."""
    if before is None:
        return stored.EVER
    at, id, seq = before
    if conversation.id == id:
        return seq
    return stored.first_after(connection, conversation.id, at, conversation.seq)


def _moment_at(connection: sa.Connection, conversation_id: int, seq: int) -> _Moment | None:
    """Of the first message from there on."""
    sent_at = stored.sent_from(connection, conversation_id, seq)
    return None if sent_at is None else (sent_at, conversation_id, seq)


def _best(
    connection: sa.Connection,
    conversation: Conversation,
    query: Query,
    *,
    limit: int,
    cursor: str | None,
) -> Hits:
    skip = _skipped(cursor)
    until = time.perf_counter() + LOOK_S
    taken = _some(connection, conversation, query, RANKED_MAX, until)
    return _ranked(query, taken, limit=limit, skip=skip)


def _some(
    connection: sa.Connection, conversation: Conversation, query: Query, most: int, until: float
) -> list[_Taken]:
    """The newest, as far as there is time: the best are found among them."""
    taken: list[_Taken] = []
    for message, place in walk(connection, conversation.id, query, Place(), until):
        if message is not None:
            taken.append(_Taken(conversation, message, place))
        if len(taken) == most or time.perf_counter() > until:
            break
    return taken


def _ranked(query: Query, taken: list[_Taken], *, limit: int, skip: int) -> Hits:
    """Whole words before beginnings, and those before what stands inside; more hits before fewer,
    for the length of the text; the newer before the older.
    """
    taken.sort(key=lambda each: (_score(each, query), _moment(each.message)), reverse=True)
    page = [_hit(each, query) for each in taken[skip:][:limit]]
    more = len(taken) > skip + limit
    return Hits(page, f"r{skip + limit}" if more else None)


def _score(taken: _Taken, query: Query) -> float:
    folded = words.fold(taken.message.text)
    place = taken.place
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


def _hit(taken: _Taken, query: Query) -> Hit:
    conversation, message, place = taken
    patterns = [part.inside if place.is_inside else part.pattern for part in query.wanted]
    text = message.text if message.parts is None else markdown.plain(message.parts)
    found = hits.spans(text, patterns)
    if patterns and not found:  # what is not read but written, such as where a link leads
        text = message.text
        found = hits.spans(text, patterns)
    return Hit(message, hits.snippet(text, found), conversation)


def _place(cursor: str | None) -> Place:
    """Raises `BadRequest`."""
    if cursor is None:
        return Place()
    kind, seq = cursor[:1], cursor[1:]
    if kind not in "ti" or not _is_number(seq):
        raise BadRequest(NO_CURSOR)
    return Place(is_inside=kind == "i", before=int(seq))


def _cursor(place: Place) -> str:
    return f"{'i' if place.is_inside else 't'}{place.before}"


def _skipped(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if cursor[:1] != "r" or not _is_number(cursor[1:]):
        raise BadRequest(NO_CURSOR)
    return int(cursor[1:])


def _moment(message: Message) -> _Moment:
    return message.sent_at, message.conversation_id, message.seq


def _start(cursor: str | None) -> _Start:
    """Raises `BadRequest`."""
    if cursor is None:
        return _Start()
    kind, parts = cursor[:1], cursor[1:].split("-")
    if kind == "i" and parts == [""]:
        return _Start(is_inside=True)
    if kind not in tuple("ti") or len(parts) != 3 or not all(map(_is_number, parts)):
        raise BadRequest(NO_CURSOR)
    sent_ms, conversation_id, seq = map(int, parts)
    at = moment(min(sent_ms, LATEST_MS))
    return _Start(kind == "i", None if at is None else (at, conversation_id, seq))


def _is_number(text: str) -> bool:
    """One that fits into the eight bytes that databases have for it."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63
