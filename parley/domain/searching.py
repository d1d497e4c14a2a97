"""Finding messages in a conversation."""

from __future__ import annotations

import time
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from parley.contract import SEARCH_MAX_CHARS
from parley.domain import access, door
from parley.domain.context import Context
from parley.domain.looking import Place, walk
from parley.errors import BadRequest
from parley.grammar import markdown
from parley.records import CALL, Conversation, Hit, Hits, Message, Session
from parley.search import hits, queries, words
from parley.search.queries import Query

TIME, RELEVANCE = "time", "relevance"
LOOK_S = 0.1
"""So long one reading may look: then it says how far it came, and goes on when asked."""
RANKED_MAX = 500
"""Of so many of the newest hits the best are found."""
NO_CURSOR = "cursor must be the next_cursor of an earlier answer to the same search."


Moment = tuple[datetime, int, int]
"""Where a message stands among those of all conversations: by conversation and seq, too, as
imported ones share their minute."""


class Taken(NamedTuple):
    """A message that was found."""

    conversation: Conversation
    message: Message
    place: Place


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
    query = parsed(typed, zone)
    skip, start = (skipped(cursor), Place()) if by == RELEVANCE else (0, _place(cursor))

    def find(connection: sa.Connection) -> Hits:
        found = door.readable(connection, room_id, session)
        access.require_legible(found.conversation)
        until = time.perf_counter() + LOOK_S
        if query.is_empty:
            return Hits([], None)
        if by == RELEVANCE:
            taken = some(connection, found.conversation, query, RANKED_MAX, until)
            return ranked(query, taken, limit=limit, skip=skip)
        page: list[Hit] = []
        for message, place in walk(connection, found.id, query, start, until):
            if message is not None:
                page.append(hit(Taken(found.conversation, message, place), query))
            if len(page) == limit or time.perf_counter() > until:
                return Hits(page, _cursor(place))
        return Hits(page, None)

    return await context.database.search(find)


def parsed(typed: str, zone: ZoneInfo | None) -> Query:
    if len(typed) > SEARCH_MAX_CHARS:
        raise BadRequest(f"Search for at most {SEARCH_MAX_CHARS} characters.")
    query = queries.parse(typed, zone)
    if query.size > queries.PARTS_MAX:
        raise BadRequest(f"Search for at most {queries.PARTS_MAX} words at a time.")
    return query


def some(
    connection: sa.Connection, conversation: Conversation, query: Query, most: int, until: float
) -> list[Taken]:
    """The newest, as far as there is time: the best are found among them."""
    taken: list[Taken] = []
    for message, place in walk(connection, conversation.id, query, Place(), until):
        if message is not None:
            taken.append(Taken(conversation, message, place))
        if len(taken) == most or time.perf_counter() > until:
            break
    return taken


def moment(message: Message) -> Moment:
    return message.sent_at, message.conversation_id, message.seq


def ranked(query: Query, taken: list[Taken], *, limit: int, skip: int) -> Hits:
    """Whole words before beginnings, and those before what stands inside; more hits before fewer,
    for the length of the text; the newer before the older.
    """
    taken.sort(key=lambda each: (_score(each, query), moment(each.message)), reverse=True)
    page = [hit(each, query) for each in taken[skip:][:limit]]
    more = len(taken) > skip + limit
    return Hits(page, f"r{skip + limit}" if more else None)


def _score(taken: Taken, query: Query) -> float:
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


def hit(taken: Taken, query: Query) -> Hit:
    conversation, message, place = taken
    patterns = [part.inside if place.is_inside else part.pattern for part in query.wanted]
    is_plain = message.parts is None or message.type == CALL
    text = message.text if is_plain else markdown.plain(message.parts or "")
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
    if kind not in "ti" or not is_number(seq):
        raise BadRequest(NO_CURSOR)
    return Place(is_inside=kind == "i", before=int(seq))


def _cursor(place: Place) -> str:
    return f"{'i' if place.is_inside else 't'}{place.before}"


def skipped(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if cursor[:1] != "r" or not is_number(cursor[1:]):
        raise BadRequest(NO_CURSOR)
    return int(cursor[1:])


def is_number(text: str) -> bool:
    """One that fits into the eight bytes that databases have for it."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63
