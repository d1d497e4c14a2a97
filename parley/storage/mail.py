"""Mail about new messages: who wants it, whom it was sent to, and the codes in its links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import CALL, MailCode, MailLink, MailWish, Participant, Unheard
from parley.storage.asides import IS_ASIDE
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    Instant,
    mail_addresses,
    mail_codes,
    mail_targets,
    mentions,
    messages,
    notification_levels,
)

BEGINS_CHARS = 300
"""So much of a text is read."""
_WISH = [mail_addresses.c[name] for name in MailWish.__struct_fields__]
_CONFIRMED = mail_addresses.c.confirmed_at.is_not(None)


def of_session(connection: sa.Connection, session_id: int) -> MailWish | None:
    rows = connection.execute(sa.select(*_WISH).where(mail_addresses.c.session_id == session_id))
    return next((_wish(row) for row in rows), None)


def put(
    connection: sa.Connection,
    *,
    session_id: int,
    address: str,
    address_tag: str,
    mailbox_tag: str,
    words: bool,
    at: datetime,
    is_due: bool,
) -> None:
    """Instead of what the session wanted before. What a mail asked before may still be answered."""
    connection.execute(mail_addresses.delete().where(mail_addresses.c.session_id == session_id))
    connection.execute(
        mail_addresses.insert().values(
            session_id=session_id,
            address=address,
            address_tag=address_tag,
            mailbox_tag=mailbox_tag,
            words=words,
            asked_at=at,
            is_due=is_due,
        )
    )


def want_words(connection: sa.Connection, id: int, *, words: bool) -> None:
    connection.execute(mail_addresses.update().where(mail_addresses.c.id == id).values(words=words))


def confirm(connection: sa.Connection, id: int, *, at: datetime) -> None:
    """What was said until then is not told."""
    connection.execute(
        mail_addresses.update()
        .where(mail_addresses.c.id == id)
        .values(confirmed_at=at, told_at=at, is_due=False, failures=0, retry_at=None)
    )


def forget_session(connection: sa.Connection, session_id: int) -> None:
    for table in (mail_addresses, mail_codes):
        connection.execute(table.delete().where(table.c.session_id == session_id))


def forget_address(connection: sa.Connection, address_tag: str, *, unconfirmed: bool) -> int:
    """How many wanted mail to it. `unconfirmed`: only those that it did not confirm."""
    given = [mail_addresses.c.address_tag == address_tag]
    if unconfirmed:
        given.append(~_CONFIRMED)
    return connection.execute(mail_addresses.delete().where(*given)).rowcount


# --- asking an address for its word ---


def due(connection: sa.Connection, *, at: datetime, limit: int) -> list[MailWish]:
    """Those that are still to be asked, in the order in which they came."""
    rows = connection.execute(
        sa.select(*_WISH)
        .where(mail_addresses.c.is_due.is_(True), _is_tried(at))
        .order_by(mail_addresses.c.id)
        .limit(limit)
    )
    return [_wish(row) for row in rows]


def count_due(connection: sa.Connection, *, most: int) -> int:
    """How many are still to be asked, counted up to `most`."""
    some = sa.select(mail_addresses.c.id).where(mail_addresses.c.is_due.is_(True)).limit(most)
    return connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one()


def set_due(connection: sa.Connection, id: int, *, is_due: bool) -> bool:
    """Whether it was otherwise before."""
    found = connection.execute(
        mail_addresses.update()
        .where(
            mail_addresses.c.id == id,
            ~_CONFIRMED,
            mail_addresses.c.is_due.is_(not is_due),
        )
        .values(is_due=is_due)
    )
    return found.rowcount > 0


def put_off(connection: sa.Connection, id: int, *, failures: int, retry_at: datetime) -> None:
    connection.execute(
        mail_addresses.update()
        .where(mail_addresses.c.id == id)
        .values(failures=failures, retry_at=retry_at)
    )


def asked(connection: sa.Connection, mailbox_tag: str) -> tuple[int, datetime | None]:
    """How often a mailbox was asked, and when last."""
    row = _target(connection, mailbox_tag)
    return (0, None) if row is None else (row.asked_count, row.asked_at)


def note_asked(connection: sa.Connection, mailbox_tag: str, *, count: int, at: datetime) -> None:
    _put_target(connection, mailbox_tag, asked_count=count, asked_at=at)


def quiet_until(connection: sa.Connection, mailbox_tag: str) -> datetime | None:
    row = _target(connection, mailbox_tag)
    found: datetime | None = None if row is None else row.quiet_until
    return found


def keep_quiet(connection: sa.Connection, mailbox_tag: str, *, until: datetime) -> None:
    _put_target(connection, mailbox_tag, quiet_until=until)


# --- telling what is new ---


def confirmed_after(
    connection: sa.Connection, id: int, *, at: datetime, sent_before: datetime, limit: int
) -> list[MailWish]:
    """The next of those that may be sent something now."""
    rows = connection.execute(
        sa.select(*_WISH)
        .outerjoin_from(
            mail_addresses, mail_targets, mail_targets.c.tag == mail_addresses.c.address_tag
        )
        .where(
            mail_addresses.c.id > id,
            _CONFIRMED,
            _is_tried(at),
            sa.or_(mail_targets.c.sent_at.is_(None), mail_targets.c.sent_at <= sent_before),
        )
        .order_by(mail_addresses.c.id)
        .limit(limit)
    )
    return [_wish(row) for row in rows]


def confirmed_of(connection: sa.Connection, address_tag: str) -> list[MailWish]:
    """Everything that wants mail to an address which confirmed it."""
    rows = connection.execute(
        sa.select(*_WISH)
        .where(mail_addresses.c.address_tag == address_tag, _CONFIRMED)
        .order_by(mail_addresses.c.id)
    )
    return [_wish(row) for row in rows]


def sent_at(connection: sa.Connection, address_tag: str) -> datetime | None:
    row = _target(connection, address_tag)
    found: datetime | None = None if row is None else row.sent_at
    return found


def note_sent(
    connection: sa.Connection,
    address_tag: str,
    wishes: Iterable[MailWish],
    *,
    at: datetime,
    until: datetime,
) -> None:
    """What was said until then is told, by a mail that is sent now."""
    _put_target(connection, address_tag, sent_at=at)
    for wish in wishes:
        connection.execute(
            mail_addresses.update()
            .where(mail_addresses.c.id == wish.id)
            .values(told_at=_latest(wish, until), failures=0, retry_at=None)
        )


def note_not_sent(
    connection: sa.Connection,
    address_tag: str,
    wishes: Iterable[MailWish],
    *,
    sent_at: datetime | None,
    until: datetime,
    failures: int,
    retry_at: datetime,
) -> None:
    """All is as it was before `note_sent`, but for what failed."""
    _put_target(connection, address_tag, sent_at=sent_at)
    for wish in wishes:
        connection.execute(
            mail_addresses.update()
            .where(
                mail_addresses.c.id == wish.id,
                mail_addresses.c.told_at == _latest(wish, until),
            )
            .values(told_at=wish.told_at, failures=failures, retry_at=retry_at)
        )


def _latest(wish: MailWish, until: datetime) -> datetime:
    return until if wish.told_at is None else max(wish.told_at, until)


def untold_since(connection: sa.Connection, session_id: int) -> dict[int, datetime]:
    """The conversations of which mail told nothing, as they were paused, though it told of others;
    and since when.
    """
    columns = notification_levels.c
    rows = connection.execute(
        sa.select(columns.conversation_id, columns.untold_since).where(
            columns.session_id == session_id, columns.untold_since.is_not(None)
        )
    )
    return {row.conversation_id: row.untold_since for row in rows}


def put_untold(
    connection: sa.Connection, session_id: int, untold: Mapping[int, datetime]
) -> dict[int, datetime]:
    """Those, and no others; what it was before."""
    before = untold_since(connection, session_id)
    columns = notification_levels.c
    for id in before.keys() | untold.keys():
        connection.execute(
            notification_levels.update()
            .where(columns.session_id == session_id, columns.conversation_id == id)
            .values(untold_since=untold.get(id))
        )
    return before


_UNHEARD_COLUMNS = [
    messages.c.seq,
    messages.c.sent_at,
    messages.c.username,
    # Of what is encrypted there are no words to tell.
    sa.case(
        (messages.c.type == "encrypted", ""),
        else_=sa.func.substr(messages.c.text, 1, BEGINS_CHARS),
    ).label("begins"),
    mentions.c.user_id.is_not(None).label("is_meant"),
    messages.c.attachments.is_not(None).label("has_files"),
]
_UNHEARD = Prepared(
    sa.select(*_UNHEARD_COLUMNS)
    .outerjoin_from(
        messages,
        mentions,
        sa.and_(
            mentions.c.conversation_id == messages.c.conversation_id,
            mentions.c.seq == messages.c.seq,
            mentions.c.user_id == p("user_id"),
        ),
    )
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq > p("after"),
        messages.c.sent_at > p("since", Instant),
        messages.c.sent_at <= p("until", Instant),
        messages.c.deleted_at.is_(None),
        messages.c.user_id != p("user_id"),
        sa.not_(IS_ASIDE),
        messages.c.type != CALL,  # by mail nobody is called
    )
    .order_by(messages.c.seq)
    .limit(p("limit")),
    _UNHEARD_COLUMNS,
)


def unheard(
    connection: sa.Connection,
    person: Participant,
    *,
    after: int,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Unheard]:
    """The first messages of others after a seq, and between two moments, as somebody would read
    them.
    """
    rows = _UNHEARD.run(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        after=after,
        since=since,
        until=until,
        limit=limit,
    )
    return [Unheard(*row) for row in rows]


# --- codes ---


def put_code(
    connection: sa.Connection,
    code_hash: bytes,
    link: MailLink,
    *,
    expires_at: datetime,
) -> None:
    connection.execute(
        mail_codes.insert().values(
            code_hash=code_hash,
            kind=link.kind.value,
            address_tag=link.address_tag,
            mailbox_tag=link.mailbox_tag,
            session_id=link.session_id,
            expires_at=expires_at,
        )
    )


def by_code(connection: sa.Connection, code_hash: bytes, *, at: datetime) -> MailLink | None:
    row = connection.execute(
        sa.select(mail_codes).where(
            mail_codes.c.code_hash == code_hash, mail_codes.c.expires_at > at
        )
    ).first()
    if row is None:
        return None
    return MailLink(MailCode(row.kind), row.address_tag, row.mailbox_tag, row.session_id)


def forget_codes(connection: sa.Connection, code_hashes: Iterable[bytes]) -> None:
    connection.execute(mail_codes.delete().where(mail_codes.c.code_hash.in_(list(code_hashes))))


# --- what is over ---


def forget_old(
    connection: sa.Connection, *, at: datetime, asked_before: datetime, sent_before: datetime
) -> None:
    """Addresses that did not confirm in time, codes that ended, and what was remembered so that
    nobody gets too much.
    """
    for table, is_over in _over(at, asked_before, sent_before):
        connection.execute(table.delete().where(is_over))


def has_old(
    connection: sa.Connection, *, at: datetime, asked_before: datetime, sent_before: datetime
) -> bool:
    """Whether there is anything to forget."""
    return any(
        connection.execute(
            sa.select(sa.literal(1)).select_from(table).where(is_over).limit(1)
        ).first()
        for table, is_over in _over(at, asked_before, sent_before)
    )


def _over(
    at: datetime, asked_before: datetime, sent_before: datetime
) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    targets = mail_targets.c
    return [
        (mail_addresses, sa.and_(~_CONFIRMED, mail_addresses.c.asked_at <= asked_before)),
        (mail_codes, mail_codes.c.expires_at <= at),
        (
            mail_targets,
            sa.and_(
                sa.or_(targets.asked_at.is_(None), targets.asked_at <= asked_before),
                sa.or_(targets.quiet_until.is_(None), targets.quiet_until <= at),
                sa.or_(targets.sent_at.is_(None), targets.sent_at <= sent_before),
            ),
        ),
    ]


def _is_tried(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(mail_addresses.c.retry_at.is_(None), mail_addresses.c.retry_at <= at)


def _target(connection: sa.Connection, tag: str) -> Any:
    return connection.execute(sa.select(mail_targets).where(mail_targets.c.tag == tag)).first()


def _put_target(connection: sa.Connection, tag: str, **given: object) -> None:
    connection.execute(
        insert(mail_targets)
        .values(tag=tag, **given)
        .on_conflict_do_update(index_elements=[mail_targets.c.tag], set_=given)
    )


def _wish(row: Any) -> MailWish:
    return MailWish(*row)
