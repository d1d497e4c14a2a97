"""Files, uploads, and which bytes are to be erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec.structs import asdict

from parley.records import File, SentFile, Upload
from parley.storage import file_sums
from parley.storage.dialects import insert
from parley.storage.file_sums import Size
from parley.storage.prepared import Prepared, p
from parley.storage.schema import UNSENT, conversations, erased_files, files, messages, uploads

STEP_ROWS = 25
"""Erased at once."""


def begin(connection: sa.Connection, upload: Upload) -> None:
    connection.execute(uploads.insert().values(_columns(upload)))
    file_sums.add(connection, _size(upload))


def upload(connection: sa.Connection, file_id: str) -> Upload | None:
    row = connection.execute(uploads.select().where(uploads.c.file_id == file_id)).first()
    return None if row is None else _upload(row)


def touch(connection: sa.Connection, file_id: str, *, offset: int, at: datetime) -> bool:
    """More of it came, and is on the disk; whether there still is such an upload."""
    before = upload(connection, file_id)
    if before is None:
        return False
    connection.execute(
        uploads.update().where(uploads.c.file_id == file_id).values(offset=offset, touched_at=at)
    )
    file_sums.change(connection, _size(before), _size(before)._replace(came=offset))
    return True


def finish(connection: sa.Connection, file: File) -> bool:
    """Make a file of its upload; False where the upload is no more."""
    before = upload(connection, file.id)
    if before is None:
        return False
    connection.execute(uploads.delete().where(uploads.c.file_id == file.id))
    connection.execute(files.insert().values(_columns(file)))
    after = Size.of_whole(file.conversation_id, file.session_id, file.size)
    file_sums.change(connection, _size(before), after)
    return True


def add_preview(connection: sa.Connection, file_id: str) -> bool:
    """It has one now; False where it had one, a message names it already, or it is no more."""
    done = connection.execute(
        files.update()
        .where(files.c.file_id == file_id, UNSENT, sa.not_(files.c.has_preview))
        .values(has_preview=True)
    )
    return bool(done.rowcount)


def give_up(connection: sa.Connection, file_id: str) -> None:
    """Let go of an upload; what there is of its bytes is to be erased, unless it is a file."""
    is_erased = _erase(connection, uploads, uploads.c.file_id == file_id)
    is_kept = sa.select(files.c.id).where(files.c.file_id == file_id)
    if not is_erased and connection.execute(is_kept).first() is None:
        _note_erased(connection, [file_id])


def by_id(connection: sa.Connection, file_id: str) -> tuple[File, str] | None:
    """A file, and the room_id of its conversation."""
    row = connection.execute(
        sa.select(files, conversations.c.room_id)
        .join(conversations, conversations.c.id == files.c.conversation_id)
        .where(files.c.file_id == file_id)
    ).first()
    return None if row is None else (file_of(row), row.room_id)


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
    found = {row.file_id: file_of(row) for row in rows}
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
        SentFile(file_of(row), row.message_id, row.seq, row.username, row.sent_at)
        for row in connection.execute(query)
    )


def count_of_session(connection: sa.Connection, session_id: int) -> int:
    """How many of its uploads are not finished, and files not sent."""
    begun = sa.select(sa.func.count()).where(uploads.c.session_id == session_id)
    idle = sa.select(sa.func.count()).where(files.c.session_id == session_id, UNSENT)
    first: int = connection.execute(begun).scalar_one()
    second: int = connection.execute(idle).scalar_one()
    return first + second


# --- erasing: in the same transaction as what they belong to goes ---


def erase_of(connection: sa.Connection, conversation_id: int, seq: int) -> bool:
    """The files of one message go; whether it had any."""
    return _erase(connection, files, files.c.conversation_id == conversation_id, files.c.seq == seq)


def erase_old(connection: sa.Connection, *, before: datetime) -> bool:
    """What was uploaded before and never sent goes, and uploads that stand still since."""
    is_idle = _erase(connection, files, UNSENT, files.c.created_at < before)
    return _erase(connection, uploads, uploads.c.touched_at < before) or is_idle


def _erase(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> bool:
    gone = connection.execute(table.delete().where(*where).returning(*_what_is_noted(table))).all()
    if not gone:
        return False
    _note_erased(connection, [row.file_id for row in gone])
    file_sums.take_away(connection, [Size(*row[1:]) for row in gone])
    return True


def _what_is_noted(table: sa.Table) -> tuple[sa.Column[Any], ...]:
    columns = table.c
    came = columns.offset if table is uploads else columns.size
    return columns.file_id, columns.conversation_id, columns.session_id, came, columns.size


def _note_erased(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Their bytes are to be erased."""
    given = insert(erased_files).values([{"file_id": id} for id in ids])
    connection.execute(given.on_conflict_do_nothing())


_ANY_THROUGH = Prepared(
    sa.select(files.c.id)
    .where(files.c.conversation_id == p("conversation_id"), files.c.seq <= p("seq"))
    .limit(1),
    [files.c.id],
)


def erase_through(connection: sa.Connection, conversation_id: int, seq: int) -> None:
    """The files of the messages up to this seq go."""
    if _ANY_THROUGH.first(connection, conversation_id=conversation_id, seq=seq) is not None:
        where = files.c.conversation_id == conversation_id, files.c.seq <= seq
        _erase(connection, files, *where)


def erase_some(connection: sa.Connection, conversation_id: int) -> bool:
    """Of a deleted conversation at most so many of each go; whether any did."""
    is_any = False
    for table in (files, uploads):
        of_it = sa.select(table.c.id).where(table.c.conversation_id == conversation_id)
        is_any |= _erase(connection, table, table.c.id.in_(of_it.limit(STEP_ROWS)))
    return is_any


def erased(connection: sa.Connection, *, limit: int) -> tuple[str, ...]:
    """The ids of some whose bytes are to be erased."""
    query = sa.select(erased_files.c.file_id).order_by(erased_files.c.id).limit(limit)
    return tuple(connection.execute(query).scalars())


def forget_erased(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Their bytes are gone."""
    connection.execute(erased_files.delete().where(erased_files.c.file_id.in_(ids)))


# --- for whoever runs the server ---


class Kept(NamedTuple):
    """A file as it should lie in the store."""

    id: str
    size: int
    sha256: bytes
    has_preview: bool


def all_kept(connection: sa.Connection) -> list[Kept]:
    columns = (files.c.file_id, files.c.size, files.c.sha256, files.c.has_preview)
    rows = connection.execute(sa.select(*columns))
    return [Kept(*row) for row in rows]


def is_known(connection: sa.Connection, file_id: str) -> bool:
    """Whether it is a file, on its way to become one, or about to be erased."""
    return any(
        connection.execute(sa.select(table.c.id).where(table.c.file_id == file_id)).first()
        for table in (files, uploads, erased_files)
    )


def waiting(connection: sa.Connection) -> tuple[int, int]:
    """How many uploads are not done, and how many bytes of them came."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(uploads.c.offset), 0))
    row = connection.execute(query.select_from(uploads)).one()
    return row[0], int(row[1])  # PostgreSQL sums as a decimal


def _size(upload: Upload) -> Size:
    return Size(upload.conversation_id, upload.session_id, upload.offset, upload.size)


def _columns(record: File | Upload) -> dict[str, Any]:
    columns = asdict(record)
    columns["file_id"] = columns.pop("id")
    return columns


def file_of(row: Any) -> File:
    columns = {name: getattr(row, name) for name in File.__struct_fields__ if name != "id"}
    return File(id=row.file_id, **columns)


def _upload(row: Any) -> Upload:
    columns = {name: getattr(row, name) for name in Upload.__struct_fields__ if name != "id"}
    return Upload(id=row.file_id, **columns)
