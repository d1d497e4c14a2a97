"""Bots that answer each other: noticed, and stopped until somebody else speaks or they pause."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
import structlog

from parley.contract import BOTS_ALONE
from parley.domain import audit
from parley.domain.context import Context
from parley.errors import BotsAlone
from parley.records import Message, Role
from parley.storage import audit as stored_acts
from parley.storage import bots as stored
from parley.storage import participants as stored_participants
from parley.storage.bots import Said

T = TypeVar("T")

log = structlog.get_logger(__name__)

TURNS = 4
"""Of so many messages in a row one at least begins another's turn: two programs that only report,
one in bursts and the other now and then, answer nobody."""
NOTED_EVERY = timedelta(hours=1)
"""Owners read of it once in so long, however often it happens."""


def require_company(
    connection: sa.Connection,
    conversation_id: int,
    user_id: str,
    *,
    at: datetime,
    before: Iterable[Message] = (),
) -> None:
    """For whatever says something by itself, before that is stored: a bot, or a hook. `before` is
    what is stored with it, before it. Raises `BotsAlone`.
    """
    waiting = [_said(each) for each in before if each.conversation_id == conversation_id]
    latest = [Said(user_id, True, at), *reversed(waiting)]
    count, _ = BOTS_ALONE[0]
    # Nearly always somebody spoke among the last few.
    latest += stored.latest_said(connection, conversation_id, limit=count)
    waits_s = wait_s(latest, at)
    if not waits_s and _row(latest) > count:
        longest, _ = BOTS_ALONE[-1]
        del latest[1 + len(waiting) :]
        latest += stored.latest_said(connection, conversation_id, limit=longest)
        waits_s = wait_s(latest, at)
    if waits_s:
        log.info("bots_alone", conversation=conversation_id)
        refused = BotsAlone(retry_after=math.ceil(waits_s * 10) / 10)
        refused.conversation_id = conversation_id
        raise refused


def noting(context: Context, saying: asyncio.Future[T]) -> asyncio.Future[T]:
    """The same; where it is refused because only bots speak, it is noted for owners to read.

    Afterwards, as nothing is stored by what is refused.
    """

    def look(said: asyncio.Future[T]) -> None:
        refused = None if said.cancelled() else said.exception()
        if isinstance(refused, BotsAlone):
            context.slices.begin(_note(context, refused.conversation_id))

    saying.add_done_callback(look)
    return saying


async def _note(context: Context, conversation_id: int) -> None:
    at = context.clock()

    def was_noted(connection: sa.Connection) -> bool:
        since = at - NOTED_EVERY
        return stored_acts.was_noted(connection, conversation_id, "stopped_bots", since=since)

    def work(connection: sa.Connection) -> None:
        if not was_noted(connection):
            about = _names(connection, conversation_id)
            audit.note_of_server(connection, conversation_id, "stopped_bots", at=at, about=about)

    # Whoever is refused may try again at once, and be refused again.
    if not await context.database.read(was_noted):
        await context.database.write(work)


def _names(connection: sa.Connection, conversation_id: int) -> str:
    """Of the bots that spoke last, with nobody else."""
    count, _ = BOTS_ALONE[0]
    latest = stored.latest_said(connection, conversation_id, limit=count)
    ids = dict.fromkeys(said.user_id for said in latest[: _row(latest)])
    people = (stored_participants.by_user(connection, conversation_id, id) for id in ids)
    return ", ".join(sorted(each.username for each in people if each is not None))


def wait_s(latest: list[Said], at: datetime) -> float:
    """For how long the first of these has to wait; they are the latest, the last one first."""
    row = latest[: _row(latest)]
    for count, seconds in BOTS_ALONE:
        if len(row) <= count or _turns(row[: count + 1]) < count / TURNS:
            continue
        left_s = seconds - (at - row[count].sent_at).total_seconds()
        if left_s > 0:
            return left_s
    return 0.0


def _row(latest: list[Said]) -> int:
    """How many in a row only bots said."""
    return sum(1 for _ in itertools.takewhile(lambda said: said.is_bots, latest))


def _turns(row: list[Said]) -> int:
    """How often another speaks than before."""
    return sum(one.user_id != other.user_id for one, other in itertools.pairwise(row))


def _said(message: Message) -> Said:
    return Said(message.user_id, message.role is Role.BOT, message.sent_at)
