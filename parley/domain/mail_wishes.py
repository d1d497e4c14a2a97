"""Who wants mail about new messages: an address is given, confirms that, and stops it by a click.

Nobody learns whether an address is known here, nor gets more than a few mails they did not ask for:
what is remembered for that are keyed hashes, which outlast the wishes.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.domain.context import Context
from parley.errors import NotFound, NotJoined
from parley.mail.choice import Mail
from parley.records import MailCode, MailLink, MailWish, Session
from parley.storage import mail as stored

CONFIRM_WITHIN = timedelta(hours=24)
"""After that the address is forgotten again."""
ASKED_WITHIN = timedelta(hours=24)
"""Counted from the last mail that asked a mailbox."""
WAITS = (timedelta(), timedelta(minutes=5), timedelta(hours=1))
"""Between the mails that ask one mailbox to confirm: so many within a day, whoever wants them."""
QUIET_FOR = timedelta(days=90)
"""For so long a mailbox is not asked that wanted none of it."""
STOPS_FOR = timedelta(days=60)
"""For so long the link in a mail stops them."""
CODE_BYTES = 24


class Wish(Struct, frozen=True):
    """What a session wants, as it is told."""

    address: str
    is_confirmed: bool
    words: bool


async def wish(context: Context, session: Session | None) -> Wish | None:
    """What a session wants; None where it wants no mail."""
    mail_of(context)
    if session is None:
        return None
    found = await context.database.read(stored.of_session, session.id)
    return _told(found, context.clock())


async def ask(context: Context, session: Session | None, typed: str, *, words: bool) -> Wish:
    """Have mail go to an address once it confirmed that, in place of any other.

    Raises `BadRequest` for an address that is none, `NotJoined` for a stranger. The answer is the
    same whether the address is known here, was asked too often, or wants none of it.
    """
    mail = mail_of(context)
    if session is None:
        raise NotJoined("Join or start a conversation first: mail is about your conversations.")
    address, at, mine = mail.parse_address(typed), context.clock(), session.id
    address_tag = context.tag(_ADDRESS, address.text)
    mailbox_tag = context.tag(_MAILBOX, address.mailbox)

    def work(connection: sa.Connection) -> Wish:
        before = stored.of_session(connection, mine)
        is_same = before is not None and before.address == address.text
        if before is not None and is_same and before.confirmed_at is not None:
            stored.want_words(connection, before.id, words=words)
            return Wish(address.text, is_confirmed=True, words=words)
        was_due = before is not None and is_same and before.is_due
        is_due = was_due or _may_ask(connection, mailbox_tag, at)
        stored.put(
            connection,
            session_id=mine,
            address=address.text,
            address_tag=address_tag,
            mailbox_tag=mailbox_tag,
            words=words,
            at=at,
            is_due=is_due,
        )
        return Wish(address.text, is_confirmed=False, words=words)

    return await context.database.write(work, lambda _: mail.asked.set())


async def take_back(context: Context, session: Session | None) -> None:
    """The session wants no mail. Raises `NotJoined` for a stranger."""
    mail_of(context)
    if session is None:
        raise NotJoined
    mine = session.id
    await context.database.write(lambda connection: stored.forget_session(connection, mine))


async def behind(context: Context, code: str, *kinds: MailCode) -> tuple[MailLink, Wish | None]:
    """What the code of a mail stands for, without using it, and the wish that it confirms.

    Raises `NotFound` where it stands for nothing, or nothing any more.
    """
    mail_of(context)

    def query(connection: sa.Connection) -> tuple[MailLink, Wish | None]:
        link = _link(connection, code, kinds, context.clock())
        found = _wish_of(connection, link) if link.kind is MailCode.CONFIRM else None
        return link, _told(found, context.clock())

    return await context.database.read(query)


async def confirm(context: Context, code: str) -> Wish:
    """The address gives its word. Raises `NotFound` as `behind`. A second time changes nothing."""
    mail_of(context)
    at = context.clock()

    def work(connection: sa.Connection) -> Wish:
        link = _link(connection, code, (MailCode.CONFIRM,), at)
        found = _wish_of(connection, link)
        if found.confirmed_at is None:
            stored.confirm(connection, found.id, at=at)
        return Wish(found.address, is_confirmed=True, words=found.words)

    return await context.database.write(work)


async def stop(context: Context, code: str) -> MailCode:
    """No more of what the mail with this code was. Raises `NotFound` as `behind`. A second time
    changes nothing.
    """
    mail_of(context)
    at = context.clock()

    def work(connection: sa.Connection) -> MailCode:
        link = _link(connection, code, (MailCode.STOP, MailCode.REFUSE), at)
        is_refusal = link.kind is MailCode.REFUSE
        if is_refusal:
            stored.keep_quiet(connection, link.mailbox_tag, until=at + QUIET_FOR)
        # What the address has confirmed elsewhere is its own wish.
        stored.forget_address(connection, link.address_tag, unconfirmed=is_refusal)
        return link.kind

    return await context.database.write(work)


def new_code() -> tuple[str, bytes]:
    """What stands in a link, and what is kept of it."""
    code = secrets.token_urlsafe(CODE_BYTES)
    return code, _hash(code)


def mail_of(context: Context) -> Mail:
    """Raises `NotFound` where no mail is sent: as if there were nothing of it."""
    if context.mail is None:
        raise NotFound("There's no page at this address.")
    return context.mail


_ADDRESS, _MAILBOX = "mail address", "mailbox"
_OVER = "This link is no longer valid. It may have expired, or been used to stop these mails."


def _may_ask(connection: sa.Connection, mailbox_tag: str, at: datetime) -> bool:
    """Whether a mailbox may be asked now; it counts as asked then."""
    quiet_until = stored.quiet_until(connection, mailbox_tag)
    if quiet_until is not None and quiet_until > at:
        return False
    count, last = stored.asked(connection, mailbox_tag)
    if last is None or at - last >= ASKED_WITHIN:
        count, last = 0, None
    if count >= len(WAITS) or (last is not None and at - last < WAITS[count]):
        return False
    stored.note_asked(connection, mailbox_tag, count=count + 1, at=at)
    return True


def _told(found: MailWish | None, at: datetime) -> Wish | None:
    if found is None or (found.confirmed_at is None and at - found.asked_at >= CONFIRM_WITHIN):
        return None
    return Wish(found.address, found.confirmed_at is not None, found.words)


def _link(
    connection: sa.Connection, code: str, kinds: tuple[MailCode, ...], at: datetime
) -> MailLink:
    link = stored.by_code(connection, _hash(code), at=at)
    if link is None or link.kind not in kinds:
        raise NotFound(_OVER)
    return link


def _wish_of(connection: sa.Connection, link: MailLink) -> MailWish:
    found = None
    if link.session_id is not None:
        found = stored.of_session(connection, link.session_id)
    # Another address was given since, or it was taken back.
    if found is None or found.address_tag != link.address_tag:
        raise NotFound(_OVER)
    return found


def _hash(code: str) -> bytes:
    # A fast hash is enough: the code is 192 random bits, there is nothing to guess.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
