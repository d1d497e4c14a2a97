"""Bots that answer each other: noticed, and stopped until somebody else speaks or they pause."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
import structlog

from parley.contract import BOTS_ALONE
from parley.errors import BotsAlone
from parley.records import Message, Role
from parley.storage import bots as stored
from parley.storage.bots import Said

log = structlog.get_logger(__name__)

TURNS = 4
"""Of so many messages in a row one at least begins another's turn: two programs that only report,
one in bursts and the other now and then, answer nobody."""


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
        raise BotsAlone(retry_after=math.ceil(waits_s * 10) / 10)


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
