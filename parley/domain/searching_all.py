"""Finding messages in all that somebody takes part in."""

from __future__ import annotations

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import looking, participation, searching
from parley.domain.context import Context
from parley.domain.looking import Place
from parley.domain.searching import NO_CURSOR, RELEVANCE, TIME, Moment, Taken
from parley.errors import BadRequest
from parley.records import Conversation, Hits, Session
from parley.storage import participation as stored_participation
from parley.storage import search as stored
from parley.storage.schema import milliseconds, moment

ALL_S = 0.5
"""So long all of somebody's conversations together may take."""
CONVERSATIONS_MAX = 300
"""Of all that somebody takes part in, those with the latest activity."""
RANKED_EACH = 50
"""Of so many of the newest hits in each the best are found."""
LATEST_MS = 253_402_300_799_999
"""Of the year 9999."""


class _Start(Struct, frozen=True):
    """Where a search goes on, as `Place` says it of one conversation."""

    is_inside: bool = False
    before: Moment | None = None

    @property
    def cursor(self) -> str:
        kind = "i" if self.is_inside else "t"
        if self.before is None:
            return kind
        at, conversation_id, seq = self.before
        return f"{kind}{milliseconds(at)}-{conversation_id}-{seq}"


class _Newest:
    """What is found from a start on, as far as all of it is known."""

    def __init__(self, start: _Start) -> None:
        self.start = start
        self._taken: list[Taken] = []
        self._known_from: Moment | None = None

    def add(self, taken: list[Taken], looked_from: Moment | None) -> None:
        """What is in one of the conversations, and down to which moment that is all."""
        self._taken.extend(taken)
        if looked_from is not None:
            self._known_from = max(self._known_from or looked_from, looked_from)

    def page(self, limit: int) -> tuple[list[Taken], _Start | None]:
        """The newest, and where it goes on. What was said before the moment down to which all is
        known has to wait: some conversation was not looked through so far.
        """
        known_from = self._known_from
        known = [
            each
            for each in self._taken
            if known_from is None or searching.moment(each.message) >= known_from
        ]
        known.sort(key=lambda each: searching.moment(each.message), reverse=True)
        page = known[:limit]
        goes_on = searching.moment(page[-1].message) if len(known) > limit else known_from
        return page, None if goes_on is None else _Start(self.start.is_inside, goes_on)


async def search(
    context: Context,
    session: Session | None,
    typed: str,
    *,
    limit: int,
    cursor: str | None = None,
    by: str = TIME,
    zone: ZoneInfo | None = None,
) -> Hits:
    """Raises `BadRequest` for what is too long or no cursor of ours."""
    query = searching.parsed(typed, zone)
    skip, start = (searching.skipped(cursor), _Start()) if by == RELEVANCE else (0, _start(cursor))
    if session is None or query.is_empty:
        return Hits([], None)
    if by == RELEVANCE:
        best: list[Taken] = []

        def some(connection: sa.Connection, conversation: Conversation, until: float) -> None:
            best.extend(searching.some(connection, conversation, query, RANKED_EACH, until))

        await _in_each(context, session, some)
        return searching.ranked(query, best, limit=limit, skip=skip)
    # First what begins so in all of them, then what has it inside.
    newest = [_Newest(start)]
    if not start.is_inside and looking.can_be_inside(query):
        newest.append(_Newest(_Start(is_inside=True)))

    def look(connection: sa.Connection, conversation: Conversation, until: float) -> None:
        reading = looking.Reading(connection, conversation.id, query, until)
        for each in newest:
            taken, looked_from = _newest(
                connection, conversation, reading, each.start, most=limit + 1, until=until
            )
            each.add(taken, looked_from)
            if looked_from is not None:
                break  # the others wait for the rest of this

    await _in_each(context, session, look)
    page: list[Taken] = []
    goes_on: _Start | None = None
    for each in newest:
        if len(page) == limit:
            goes_on = each.start
            break
        more, goes_on = each.page(limit - len(page))
        page += more
        if goes_on is not None:
            break
    found = [searching.hit(taken, query) for taken in page]
    return Hits(found, None if goes_on is None else goes_on.cursor)


async def _in_each(
    context: Context,
    session: Session,
    look: Callable[[sa.Connection, Conversation, float], None],
) -> None:
    """Look through each that is theirs at that moment, until then. Each has its share, and whatever
    those before it left, so a search gets on in all of them.
    """
    ids = await context.database.search(_own, session)
    began = time.perf_counter()
    for at, id in enumerate(ids, 1):
        await context.database.search(_look, session, id, look, began + ALL_S * at / len(ids))


def _own(connection: sa.Connection, session: Session) -> list[int]:
    parts = stored_participation.latest(connection, session.id, limit=CONVERSATIONS_MAX)
    return [part.conversation.id for part in parts if not part.conversation.is_encrypted]


def _look(
    connection: sa.Connection,
    session: Session,
    conversation_id: int,
    look: Callable[[sa.Connection, Conversation, float], None],
    until: float,
) -> None:
    # Whoever was removed meanwhile finds nothing more.
    now = participation.inside_one(connection, session, conversation_id)
    if now is not None:
        look(connection, now.conversation, until)


def _newest(
    connection: sa.Connection,
    conversation: Conversation,
    reading: looking.Reading,
    start: _Start,
    *,
    most: int,
    until: float,
) -> tuple[list[Taken], Moment | None]:
    """So many at most, and the moment down to which these are all; None where they are whatever
    there is.
    """
    taken: list[Taken] = []
    place = Place(is_inside=start.is_inside)
    before = _seq_before(connection, conversation, start.before)
    for message, seq in reading.matching(before, is_inside=start.is_inside):
        if message is not None and (
            start.before is None or searching.moment(message) < start.before
        ):
            taken.append(Taken(conversation, message, place))
        if len(taken) == most or time.perf_counter() > until:
            looked_from = _moment_at(connection, conversation.id, seq)
            # A page always gets further than the one before.
            if start.before is None or looked_from is None or looked_from < start.before:
                return taken, looked_from
    return taken, None


def _seq_before(
    connection: sa.Connection, conversation: Conversation, before: Moment | None
) -> int:
    """Where a conversation is to be looked through from, for what was said before a moment."""
    if before is None:
        return stored.EVER
    at, id, seq = before
    if conversation.id == id:
        return seq
    return stored.first_after(connection, conversation.id, at, conversation.seq)


def _moment_at(connection: sa.Connection, conversation_id: int, seq: int) -> Moment | None:
    """Of the first message from there on."""
    sent_at = stored.sent_from(connection, conversation_id, seq)
    return None if sent_at is None else (sent_at, conversation_id, seq)


def _start(cursor: str | None) -> _Start:
    """Raises `BadRequest`."""
    if cursor is None:
        return _Start()
    kind, parts = cursor[:1], cursor[1:].split("-")
    if cursor == "i":
        return _Start(is_inside=True)
    if kind not in tuple("ti") or len(parts) != 3 or not all(map(searching.is_number, parts)):
        raise BadRequest(NO_CURSOR)
    sent_ms, conversation_id, seq = map(int, parts)
    at = moment(min(sent_ms, LATEST_MS))
    return _Start(kind == "i", None if at is None else (at, conversation_id, seq))
