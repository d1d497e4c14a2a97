"""Reports, and the complaints that each is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from parley.records import Complaint, Report
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p
from parley.storage.schema import WAITS_FOR_HOST, complaints, conversations, reports

State = Literal["open", "resolved", "all"]
_SUBJECT = ("message_id", "user_id", "text", "is_told")
_ANY_THROUGH = Prepared(
    sa.select(reports.c.id)
    .where(reports.c.conversation_id == p("conversation_id"), reports.c.seq <= p("seq"))
    .limit(1),
    [reports.c.id],
)


def same(connection: sa.Connection, report: Report) -> int | None:
    """The id of the one there is of just this; None where there is none."""
    wanted = [reports.c[name].is_not_distinct_from(getattr(report, name)) for name in _SUBJECT]
    query = sa.select(reports.c.id).where(
        reports.c.conversation_id == report.conversation_id,
        reports.c.files == _names(report.files),
        *wanted,
    )
    return connection.execute(query).scalar()


def add(connection: sa.Connection, report: Report) -> int:
    """Its id, which is another than the given one's."""
    columns = {name: getattr(report, name) for name in report.__struct_fields__}
    del columns["id"], columns["complaints"]
    columns["files"] = _names(report.files)
    added = connection.execute(reports.insert().values(columns).returning(reports.c.id))
    id: int = added.scalar_one()
    return id


def complain(
    connection: sa.Connection, conversation_id: int, id: int, reporter: str, complaint: Complaint
) -> bool:
    """Somebody reports it; whether they hadn't before. What they said then is replaced."""
    known = sa.and_(complaints.c.report_id == id, complaints.c.reporter == reporter)
    said = {"reason": complaint.reason, "words": complaint.words}
    if connection.execute(complaints.update().where(known).values(said)).rowcount:
        return False
    connection.execute(
        insert(complaints).values(
            conversation_id=conversation_id, report_id=id, reporter=reporter, **said
        )
    )
    return True


def complaint_count(connection: sa.Connection, id: int) -> int:
    query = sa.select(sa.func.count()).where(complaints.c.report_id == id)
    count: int = connection.execute(query).scalar_one()
    return count


def by_id(connection: sa.Connection, id: int, conversation_id: int | None = None) -> Report | None:
    """Of that conversation, where one is given; of none that was deleted."""
    query = _there().where(reports.c.id == id)
    if conversation_id is not None:
        query = query.where(reports.c.conversation_id == conversation_id)
    return next(iter(_read(connection, query)), None)


def of(
    connection: sa.Connection,
    conversation_id: int,
    *,
    state: State,
    limit: int,
    before: int | None = None,
) -> tuple[Report, ...]:
    """As its owners see them, the newest first; those with a smaller id than `before`."""
    query = _there().where(reports.c.conversation_id == conversation_id)
    return _page(connection, query, reports.c.resolved_at, state, limit, before)


def of_host(
    connection: sa.Connection, *, state: State, limit: int, before: int | None = None
) -> tuple[Report, ...]:
    """The same of all conversations, as the host sees them."""
    return _page(connection, _there(), reports.c.host_resolved_at, state, limit, before)


def open_count(connection: sa.Connection, conversation_id: int) -> int:
    """How many its owners have not resolved."""
    query = sa.select(sa.func.count()).where(
        reports.c.conversation_id == conversation_id, reports.c.resolved_at.is_(None)
    )
    count: int = connection.execute(query).scalar_one()
    return count


def newest_for_host(connection: sa.Connection) -> int:
    """The id of the newest that the host has not resolved; 0 where there is none."""
    query = _there().with_only_columns(reports.c.id).where(WAITS_FOR_HOST)
    found = connection.execute(query.order_by(reports.c.id.desc()).limit(1)).scalar()
    return found or 0


def host_count(connection: sa.Connection, *, most: int) -> int:
    """How many the host has not resolved; no more than `most` are counted."""
    some = _there().with_only_columns(reports.c.id).where(WAITS_FOR_HOST).limit(most)
    count: int = connection.execute(
        sa.select(sa.func.count()).select_from(some.subquery())
    ).scalar_one()
    return count


def resolve(connection: sa.Connection, id: int, *, by_host: bool, at: datetime) -> bool:
    """Whether it was not before."""
    column = reports.c.host_resolved_at if by_host else reports.c.resolved_at
    done = connection.execute(
        reports.update().where(reports.c.id == id, column.is_(None)).values({column: at})
    )
    return bool(done.rowcount)


def reopen(connection: sa.Connection, id: int) -> None:
    connection.execute(
        reports.update().where(reports.c.id == id).values(resolved_at=None, host_resolved_at=None)
    )


def room_left(connection: sa.Connection, conversation_id: int, *, most: int) -> bool:
    """Whether there may be one more. Those that the host resolved make room, the oldest first."""
    of_it = reports.c.conversation_id == conversation_id
    rows = connection.execute(
        sa.select(reports.c.id, reports.c.host_resolved_at.is_not(None).label("is_over"))
        .where(of_it)
        .order_by(reports.c.id)
    ).all()
    if len(rows) < most:
        return True
    over = [row.id for row in rows if row.is_over][: len(rows) - most + 1]
    _erase(connection, over)
    return len(rows) - len(over) < most


def erase_through(connection: sa.Connection, conversation_id: int, seq: int) -> None:
    """Those of the messages up to this seq go with them."""
    if _ANY_THROUGH.first(connection, conversation_id=conversation_id, seq=seq) is None:
        return
    where = reports.c.conversation_id == conversation_id, reports.c.seq <= seq
    _erase(connection, connection.execute(sa.select(reports.c.id).where(*where)).scalars())


def is_any_from_before(
    connection: sa.Connection, conversation_id: int, *, before: datetime
) -> bool:
    query = sa.select(reports.c.id).where(
        reports.c.conversation_id == conversation_id, reports.c.made_at < before
    )
    return connection.execute(query.limit(1)).first() is not None


def erase_from_before(connection: sa.Connection, conversation_id: int, *, before: datetime) -> None:
    """Those made before go."""
    where = reports.c.conversation_id == conversation_id, reports.c.made_at < before
    _erase(connection, connection.execute(sa.select(reports.c.id).where(*where)).scalars())


def erase_resolved(connection: sa.Connection, *, before: datetime, limit: int) -> int:
    """Of those that owners and host resolved before, some go; how many."""
    query = (
        sa.select(reports.c.id)
        .where(reports.c.resolved_at < before, reports.c.host_resolved_at < before)
        .limit(limit)
    )
    ids = list(connection.execute(query).scalars())
    _erase(connection, ids)
    return len(ids)


def _erase(connection: sa.Connection, ids: Iterable[int]) -> None:
    some = list(ids)
    connection.execute(complaints.delete().where(complaints.c.report_id.in_(some)))
    connection.execute(reports.delete().where(reports.c.id.in_(some)))


def _there() -> sa.Select[Any]:
    return (
        sa.select(reports)
        .join(conversations, conversations.c.id == reports.c.conversation_id)
        .where(conversations.c.deleted_at.is_(None))
    )


def _page(
    connection: sa.Connection,
    query: sa.Select[Any],
    resolved_at: sa.ColumnElement[Any],
    state: State,
    limit: int,
    before: int | None,
) -> tuple[Report, ...]:
    if state != "all":
        is_open = resolved_at.is_(None)
        query = query.where(is_open if state == "open" else ~is_open)
    if before is not None:
        query = query.where(reports.c.id < before)
    return _read(connection, query.order_by(reports.c.id.desc()).limit(limit))


def _read(connection: sa.Connection, query: sa.Select[Any]) -> tuple[Report, ...]:
    rows = connection.execute(query).all()
    said: dict[int, list[Complaint]] = {row.id: [] for row in rows}
    # Not in the order in which they came: that could tell who it was.
    asked = sa.select(complaints.c.report_id, complaints.c.reason, complaints.c.words).where(
        complaints.c.report_id.in_(said)
    )
    for row in connection.execute(asked.order_by(complaints.c.reason, complaints.c.reporter)):
        said[row.report_id].append(Complaint(row.reason, row.words))
    return tuple(
        Report(
            row.id,
            row.conversation_id,
            row.message_id,
            row.seq,
            row.sent_at,
            row.user_id,
            row.username,
            row.text,
            tuple(msgspec.json.decode(row.files, type=list[str])),
            row.is_told,
            row.made_at,
            row.resolved_at,
            row.host_resolved_at,
            tuple(said[row.id]),
        )
        for row in rows
    )


def _names(files: tuple[str, ...]) -> str:
    return msgspec.json.encode(files).decode()
