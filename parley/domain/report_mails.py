"""Mail to admins that something was reported: whom it goes to, and that none comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.records import MailWish
from parley.storage import admins, facts, mail, reports

ONE_WITHIN = timedelta(hours=1)
COUNTED_MAX = 1_000
_TOLD = "reports_mailed"
"""The fact that says up to which report, and when, in milliseconds."""


class Due(Struct, frozen=True):
    """What admins are to be told now."""

    newest: int
    """The id of the newest report that waits."""
    count: int
    wishes: tuple[MailWish, ...]


def due(connection: sa.Connection, *, at: datetime) -> Due | None:
    """None where there is nothing new, or they were told lately, or nobody wants mail."""
    newest = reports.newest_for_host(connection)
    through, told_at = _told(connection)
    is_lately = told_at is not None and timedelta(0) <= at - told_at < ONE_WITHIN
    if newest <= through or is_lately:
        return None
    found = [
        mail.of_session(connection, each.session_id) for each in admins.all_of_them(connection)
    ]
    wishes = tuple(each for each in found if each is not None and each.confirmed_at is not None)
    if not wishes:
        return None
    return Due(newest, reports.host_count(connection, most=COUNTED_MAX), wishes)


def note_told(connection: sa.Connection, told: Due, *, at: datetime) -> None:
    """Before it is handed over: rather none than twice."""
    facts.put(connection, _TOLD, f"{told.newest} {int(at.timestamp() * 1000)}")


def _told(connection: sa.Connection) -> tuple[int, datetime | None]:
    written = facts.get(connection, _TOLD)
    if written is None:
        return 0, None
    through, at_ms = written.split()
    return int(through), datetime.fromtimestamp(int(at_ms) / 1000, UTC)
