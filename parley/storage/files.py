"""Files, uploads, and which bytes are to be erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from parley.records import File, SentFile, Upload, Usage
from parley.storage.prepared import Prepared, p
from parley.storage.schema import UNSENT, conversations, erased_files, files, messages, uploads

STEP_ROWS = 25
"""Moved by one statement."""


def begin(connection: sa.Connection, upload: Upload) -> None:
    connection.execute(uploads.insert().values(_columns(upload)))


def upload(connection: sa.Connection, file_id: str) -> Upload | None:
    row = connection.execute(uploads.select().where(uploads.c.file_id == file_id)).first()
    return None if row is None else _upload(row)


def touch(connection: sa.Connection, file_id: str, *, offset: int, at: datetime) -> bool:
    """More of it came, and is on the disk; whether there still is such an upload."""
    done = connection.execute(
        uploads.update().where(uploads.c.file_id == file_id).values(offset=offset, touched_at=at)
    )
    return bool(done.rowcount)


def finish(connection: sa.Connection, file: File) -> bool:
    """Make a file of its upload; False where the upload is no more."""
    gone = connection.execute(uploads.delete().where(uploads.c.file_id == file.id))
    if not gone.rowcount:
        return False
    connection.execute(files.insert().values(_columns(file)))
    return True


def give_up(connection: sa.Connection, file_id: str) -> None:
    """Let go of an upload; what there is of its bytes is to be erased."""
    connection.execute(uploads.delete().where(uploads.c.file_id == file_id))
    connection.execute(erased_files.insert().values(file_id=file_id))


def by_id(connection: sa.Connection, file_id: str) -> tuple[File, str] | None:
    """A file, and the room_id of its conversation."""
    row = connection.execute(
        sa.select(files, conversations.c.room_id)
        .join(conversations, conversations.c.id == files.c.conversation_id)
        .where(files.c.file_id == file_id)
    ).first()
    return None if row is None else (_file(row), row.room_id)


def unsent(
    connection: sa.Connection, conversation_id: int, session_id: int, ids: Sequence[str]
) -> tuple[File, ...]:
    """Those of these that this session uploaded there and no message names, in their order."""
    rows = connection.execute(
        files.select().where(
            files.c.file_id.in_(ids),
            files.c.conversation_id == conversation_id,
            files.c.session_id == session_id,
            UNSENT,
        )
    )
    found = {row.file_id: _file(row) for row in rows}
    return tuple(found[id] for id in ids if id in found)


def send(connection: sa.Connection, ids: Sequence[str], *, seq: int) -> None:
    """A message names them."""
    connection.execute(files.update().where(files.c.file_id.in_(ids)).values(seq=seq))


def sent(
    connection: sa.Connection,
    conversation_id: int,
    *,
    kinds: Sequence[str] = (),
    before: int | None = None,
    limit: int,
) -> tuple[SentFile, ...]:
    """Those of a conversation that messages name, the latest first; before the message `before`."""
    query = (
        sa.select(files, messages.c.id.label("message_id"), messages.c.username, messages.c.sent_at)
        .join(
            messages,
            sa.and_(
                messages.c.conversation_id == files.c.conversation_id,
                messages.c.seq == files.c.seq,
            ),
        )
        .where(files.c.conversation_id == conversation_id)
    )
    if before is not None:
        query = query.where(files.c.seq < before)
    if kinds:
        query = query.where(files.c.kind.in_(kinds))
    query = query.order_by(files.c.seq.desc(), files.c.id.desc()).limit(limit)
    return tuple(
        SentFile(_file(row), row.message_id, row.seq, row.username, row.sent_at)
        for row in connection.execute(query)
    )


def usage(connection: sa.Connection, conversation_id: int, session_id: int) -> Usage:
    """How many bytes there are, and are expected."""
    of_one = (uploads.c.conversation_id == conversation_id), (uploads.c.session_id == session_id)
    files_of_one = (files.c.conversation_id == conversation_id), (files.c.session_id == session_id)
    return Usage(
        server=_sum(connection, files) + _sum(connection, uploads),
        conversation=_sum(connection, files, files_of_one[0])
        + _sum(connection, uploads, of_one[0]),
        session=_sum(connection, files, files_of_one[1]) + _sum(connection, uploads, of_one[1]),
    )


def count_of_session(connection: sa.Connection, session_id: int) -> int:
    """How many of its uploads are not finished, and files not sent."""
    begun = sa.select(sa.func.count()).where(uploads.c.session_id == session_id)
    idle = sa.select(sa.func.count()).where(files.c.session_id == session_id, UNSENT)
    first: int = connection.execute(begun).scalar_one()
    second: int = connection.execute(idle).scalar_one()
    return first + second


def _sum(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(table.c.size), 0)).where(*where)
    size: int = connection.execute(query).scalar_one()
    return size


# --- erasing: in the same transaction as what they belong to goes ---


def erase_of(connection: sa.Connection, conversation_id: int, seq: int) -> bool:
    """The files of one message go; whether it had any."""
    return _erase(connection, files, files.c.conversation_id == conversation_id, files.c.seq == seq)


def erase_old(connection: sa.Connection, *, before: datetime) -> bool:
    """What was uploaded before and never sent goes, and uploads that stand still since."""
    is_idle = _erase(connection, files, UNSENT, files.c.created_at < before)
    return _erase(connection, uploads, uploads.c.touched_at < before) or is_idle


def _erase(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> bool:
    ids = sa.select(table.c.file_id).where(*where)
    moved = connection.execute(erased_files.insert().from_select(["file_id"], ids))
    if moved.rowcount:
        connection.execute(table.delete().where(*where))
    return bool(moved.rowcount)


_THROUGH = sa.and_(files.c.conversation_id == p("conversation_id"), files.c.seq <= p("seq"))
_MOVE_THROUGH = Prepared(
    erased_files.insert().from_select(["file_id"], sa.select(files.c.file_id).where(_THROUGH))
)
_ERASE_THROUGH = Prepared(files.delete().where(_THROUGH))


def erase_through(connection: sa.Connection, conversation_id: int, seq: int) -> None:
    """The files of the messages up to this seq go."""
    if _MOVE_THROUGH.write(connection, conversation_id=conversation_id, seq=seq):
        _ERASE_THROUGH.write(connection, conversation_id=conversation_id, seq=seq)


def _some(table: sa.Table, *columns: sa.Column[Any]) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .where(table.c.conversation_id == p("conversation_id"))
        .order_by(table.c.id)
        .limit(p("limit"))
    )


_SOME = [
    (
        Prepared(erased_files.insert().from_select(["file_id"], _some(table, table.c.file_id))),
        Prepared(table.delete().where(table.c.id.in_(_some(table, table.c.id)))),
    )
    for table in (files, uploads)
]


def erase_some(connection: sa.Connection, conversation_id: int) -> int:
    """Of a deleted conversation at most so many of each; how many of those went that had most."""
    most = 0
    for move, erase in _SOME:
        most = max(most, move.write(connection, conversation_id=conversation_id, limit=STEP_ROWS))
        erase.write(connection, conversation_id=conversation_id, limit=STEP_ROWS)
    return most


def erased(connection: sa.Connection, *, limit: int) -> tuple[str, ...]:
    """The ids of some whose bytes are to be erased."""
    query = sa.select(erased_files.c.file_id).order_by(erased_files.c.id).limit(limit)
    return tuple(connection.execute(query).scalars())


def forget_erased(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Their bytes are gone."""
    connection.execute(erased_files.delete().where(erased_files.c.file_id.in_(ids)))


def _columns(record: File | Upload) -> dict[str, Any]:
    columns = asdict(record)
    columns["file_id"] = columns.pop("id")
    return columns


def _file(row: Any) -> File:
    columns = {name: getattr(row, name) for name in File.__struct_fields__ if name != "id"}
    return File(id=row.file_id, **columns)


def _upload(row: Any) -> Upload:
    columns = {name: getattr(row, name) for name in Upload.__struct_fields__ if name != "id"}
    return Upload(id=row.file_id, **columns)
