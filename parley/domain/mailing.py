"""Mail about new messages: when it goes, to whom, and what is in it.

Nothing is sent twice: that a mail was sent is stored before it is handed over, and taken back only
where the server surely did not take it. What is in it is read at that moment, so whoever left or
was removed gets nothing of a conversation, nor does anybody hear of what they have read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import sqlalchemy as sa
import structlog
from msgspec import Struct

from parley.domain import notifying, participation, report_mails
from parley.domain.context import Context
from parley.domain.mail_wishes import (
    ASKED_WITHIN,
    CONFIRM_WITHIN,
    STOPS_FOR,
    mail_of,
    new_code,
)
from parley.errors import Unavailable
from parley.mail import writing
from parley.mail.post import Line, NoSuchAddress, NotNow, Refused, Unreachable, Unsure
from parley.mail.writing import LINES_MAX, News, Said
from parley.records import (
    Conversation,
    Level,
    MailCode,
    MailLink,
    MailWish,
    Unheard,
)
from parley.storage import mail as stored
from parley.storage import push, readings
from parley.storage import sessions as stored_sessions

log = structlog.get_logger(__name__)

WAITED_FOR = timedelta(hours=1)
"""So long a message is left to be read on a page."""
ONE_WITHIN = timedelta(hours=24)
"""At most one mail about new messages goes to an address."""
ROUND_EVERY_S = 300.0
"""How often it is looked whether somebody is to be told."""
CONVERSATIONS_MAX = 100
"""Of one session, those with the latest activity."""
UNHEARD_MAX = 200
"""Messages of one conversation that are looked at."""
AT_ONCE = 50
"""Read of those who want mail."""
READ_AT_ONCE = 10
"""Conversations in one reading."""
STORED_WITHIN = timedelta(seconds=30)
"""What was said is on the disk by then, so that no mail passes over it."""
REST_S = 0.01
"""After each that is looked at: others read and write meanwhile."""
RETRY_FIRST, RETRY_LAST = timedelta(minutes=15), timedelta(hours=24)
"""When an address is tried again that could not be reached; each time after twice as long."""
REACH_FIRST_S, REACH_LAST_S = 60.0, 3600.0
"""The same for the mail server."""


class Shown(Struct, frozen=True):
    """How conversations and messages are called in a mail, as on pages."""

    title: Callable[[Conversation], str]
    excerpt: Callable[[str], str]
    link: Callable[[Conversation], str]


class Digest(Struct, frozen=True):
    """What an address is to be told."""

    address: str
    wishes: list[MailWish]
    news: list[News]
    paused: dict[int, dict[int, datetime]]
    """By session, the conversations of which nothing is told yet, and since when."""


def is_wanted(level: Level, message: Unheard) -> bool:
    """Whether mail may go out for a message that somebody has not read, by what they want to be
    notified of in its conversation.
    """
    return level is Level.ALL or (level is Level.MENTIONS and message.is_meant)


class Mailing:
    """One round after the other; none begins before the last is over."""

    def __init__(self, context: Context, shown: Shown) -> None:
        self._context = context
        self._mail = mail_of(context)
        self._shown = shown
        self._reaches_again_at = context.elapsed()
        self._unreached = 0
        self._looks_at = context.elapsed()

    async def run(self) -> None:
        """Send what there is to send, until it is cancelled."""
        while True:
            try:
                await self.round()
            except Unavailable:
                log.warning("mail_put_off")
            except Exception:
                log.exception("mail_failed")
            _go_on()
            try:
                async with asyncio.timeout(self._wait_s()):
                    await self._mail.asked.wait()
            except TimeoutError:
                pass

    async def round(self) -> None:
        """Ask who is to be asked, tell who is to be told, and forget what is over."""
        self._mail.asked.clear()
        if self._context.elapsed() < self._reaches_again_at:
            return
        looks = self._context.elapsed() >= self._looks_at
        try:
            await self._ask()
            if looks:
                await self._tell()
                await self._tell_admins()
        except Unreachable as error:
            self._unreached += 1
            wait_s = min(REACH_LAST_S, REACH_FIRST_S * 2 ** (self._unreached - 1))
            self._reaches_again_at = self._context.elapsed() + wait_s
            log.warning("mail_server_unreachable", why=str(error), again_in_s=round(wait_s))
        else:
            self._unreached = 0
        if looks:
            self._looks_at = self._context.elapsed() + ROUND_EVERY_S
            await self._forget_old()

    def _wait_s(self) -> float:
        now = self._context.elapsed()
        until = self._reaches_again_at if self._reaches_again_at > now else self._looks_at
        return min(ROUND_EVERY_S, max(1.0, until - now))

    # --- asking ---

    async def _ask(self) -> None:
        while waiting := await self._waiting():
            async with self._mail.post.line() as line:
                for wish in waiting:
                    await self._ask_one(line, wish)

    async def _waiting(self) -> list[MailWish]:
        at = self._context.clock()
        return await self._context.database.read(stored.due, at=at, limit=AT_ONCE)

    async def _ask_one(self, line: Line, wish: MailWish) -> None:
        at, office = self._context.clock(), self._mail.office
        confirm, confirm_hash = new_code()
        refuse, refuse_hash = new_code()
        hashes = (confirm_hash, refuse_hash)

        def note(connection: sa.Connection) -> bool:
            quiet_until = stored.quiet_until(connection, wish.mailbox_tag)
            is_quiet = quiet_until is not None and quiet_until > at
            if not stored.set_due(connection, wish.id, is_due=False) or is_quiet:
                return False
            for code_hash, kind, ends_after in (
                (confirm_hash, MailCode.CONFIRM, CONFIRM_WITHIN),
                (refuse_hash, MailCode.REFUSE, STOPS_FOR),
            ):
                mine = wish.session_id if kind is MailCode.CONFIRM else None
                link = MailLink(kind, wish.address_tag, wish.mailbox_tag, mine)
                stored.put_code(connection, code_hash, link, expires_at=at + ends_after)
            return True

        if not await self._context.database.write(note):
            return
        message = writing.to_confirm(
            office,
            wish.address,
            confirm_url=f"{office.public_url}/mail/confirm/{confirm}",
            refuse_url=f"{office.public_url}/mail/stop/{refuse}",
            at=at,
        )

        def give_back(failures: int, retry_at: datetime) -> asyncio.Future[None]:
            def work(connection: sa.Connection) -> None:
                stored.forget_codes(connection, hashes)
                stored.set_due(connection, wish.id, is_due=True)
                stored.put_off(connection, wish.id, failures=failures, retry_at=retry_at)

            return self._context.database.write(work)

        def give_up(connection: sa.Connection) -> None:
            stored.forget_codes(connection, hashes)
            stored.forget_address(connection, wish.address_tag, unconfirmed=True)

        try:
            await self._hand_over(line, message, wish.address, "confirmation")
        except (Unreachable, NotNow) as error:
            # As long as the wish lasts; then whoever has it gives the address again. Where the
            # server hung up, the others come first: it may do so at this address each time.
            await give_back(wish.failures + 1, at + _retry_after(wish.failures))
            if isinstance(error, Unreachable):
                raise
        except (NoSuchAddress, Refused):
            await self._context.database.write(give_up)

    # --- telling ---

    async def _tell(self) -> None:
        last, done = 0, set[str]()
        while True:
            at = self._context.clock()
            some = await self._context.database.read(
                stored.confirmed_after,
                last,
                at=at,
                sent_before=at - ONE_WITHIN,
                limit=AT_ONCE,
            )
            if not some:
                return
            last = some[-1].id
            tags = dict.fromkeys(wish.address_tag for wish in some if wish.address_tag not in done)
            done.update(tags)
            found = []
            for tag in tags:
                if await self._digest(tag, self._told_until()) is not None:
                    found.append(tag)
                await asyncio.sleep(REST_S)
            if found:
                async with self._mail.post.line() as line:
                    for tag in found:
                        await self._tell_one(line, tag)

    async def _tell_one(self, line: Line, tag: str) -> None:
        # Read again: it takes a while to get here.
        until = self._told_until()
        digest = await self._digest(tag, until)
        if digest is None:
            return
        at, office = self._context.clock(), self._mail.office
        code, code_hash = new_code()
        ids = [wish.id for wish in digest.wishes]
        mailbox_tag = digest.wishes[0].mailbox_tag

        def note(connection: sa.Connection) -> _Before | None:
            sent_at = stored.sent_at(connection, tag)
            is_too_soon = sent_at is not None and at - sent_at < ONE_WITHIN
            if is_too_soon or [each.id for each in stored.confirmed_of(connection, tag)] != ids:
                return None
            stored.note_sent(connection, tag, digest.wishes, at=at, until=until)
            link = MailLink(MailCode.STOP, tag, mailbox_tag, None)
            stored.put_code(connection, code_hash, link, expires_at=at + STOPS_FOR)
            paused = {
                session_id: stored.put_untold(connection, session_id, untold)
                for session_id, untold in digest.paused.items()
            }
            return _Before(sent_at, paused)

        before = await self._context.database.write(note)
        if before is None:
            return
        stop_url = f"{office.public_url}/mail/stop/{code}"
        message = writing.of_news(office, digest.address, digest.news, stop_url=stop_url, at=at)
        failures = digest.wishes[0].failures

        async def take_back(failures: int, retry_at: datetime) -> None:
            def work(connection: sa.Connection) -> None:
                stored.forget_codes(connection, [code_hash])
                stored.note_not_sent(
                    connection,
                    tag,
                    digest.wishes,
                    sent_at=before.sent_at,
                    until=until,
                    failures=failures,
                    retry_at=retry_at,
                )
                for session_id, untold in before.paused.items():
                    stored.put_untold(connection, session_id, untold)

            await self._context.database.write(work)

        try:
            await self._hand_over(line, message, digest.address, "news")
        except (Unreachable, NotNow) as error:
            # As above.
            await take_back(failures + 1, at + _retry_after(failures))
            if isinstance(error, Unreachable):
                raise
        except NoSuchAddress:
            await self._context.database.write(
                lambda connection: stored.forget_address(connection, tag, unconfirmed=False)
            )
        except Refused:
            pass  # it would be refused again

    async def _tell_admins(self) -> None:
        if await self._context.database.read(report_mails.due, at=self._context.clock()) is None:
            return
        async with self._mail.post.line() as line:
            at, office = self._context.clock(), self._mail.office

            def note(connection: sa.Connection) -> tuple[int, list[tuple[MailWish, str]]]:
                due = report_mails.due(connection, at=at)
                if due is None:
                    return 0, []
                report_mails.note_told(connection, due, at=at)
                codes = []
                for wish in due.wishes:
                    code, code_hash = new_code()
                    link = MailLink(MailCode.STOP, wish.address_tag, wish.mailbox_tag, None)
                    stored.put_code(connection, code_hash, link, expires_at=at + STOPS_FOR)
                    codes.append((wish, code))
                return due.count, codes

            count, codes = await self._context.database.write(note)
            for wish, code in codes:
                stop_url = f"{office.public_url}/mail/stop/{code}"
                message = writing.of_reports(office, wish.address, count, stop_url=stop_url, at=at)
                with contextlib.suppress(NotNow, NoSuchAddress, Refused):
                    await self._hand_over(line, message, wish.address, "reports")

    async def _hand_over(self, line: Line, message: EmailMessage, to: str, what: str) -> None:
        try:
            await line.send(message, to)
        except Unsure as error:
            # It may have been taken: it is not sent a second time.
            log.warning("mail_perhaps_not_sent", what=what, why=str(error))
        except (NotNow, NoSuchAddress, Refused) as error:
            log.info("mail_not_taken", what=what, why=str(error), how=type(error).__name__)
            raise
        else:
            log.info("mail_sent", what=what)

    def _told_until(self) -> datetime:
        return self._context.clock() - STORED_WITHIN

    async def _digest(self, tag: str, until: datetime) -> Digest | None:
        """What the address is to be told now of what was said until then, if anything: others read
        between its pieces.
        """
        wishes = await self._context.database.search(stored.confirmed_of, tag)
        found: dict[int, list[_New]] = {}
        for wish in wishes:
            ids = await self._context.database.search(_with_news, wish)
            for start in range(0, len(ids), READ_AT_ONCE):
                if start:
                    await asyncio.sleep(REST_S)
                some = ids[start : start + READ_AT_ONCE]
                for new in await self._context.database.search(
                    _new_to, wish, some, until, self._context.clock()
                ):
                    found.setdefault(new.conversation.id, []).append(new)
        told = [new for each in found.values() if (new := _as_one(each)).messages]
        ids_told = {new.conversation.id for new in told}
        paused: dict[int, dict[int, datetime]] = {wish.session_id: {} for wish in wishes}
        for new in (new for each in found.values() for new in each if new.is_paused):
            # Nothing is told twice: not what another browser of theirs is told, either.
            if new.conversation.id not in ids_told:
                paused[new.session_id][new.conversation.id] = new.since
        since = self._context.clock() - WAITED_FOR
        if not any(message.sent_at <= since for new in told for message in new.messages):
            return None
        told.sort(key=lambda new: new.messages[-1].sent_at, reverse=True)
        # The address is one person's: words go into the mail where each of their browsers wants it.
        words = all(wish.words for wish in wishes)
        news = [self._news(new, words=words) for new in told]
        return Digest(wishes[0].address, wishes, news, paused)

    def _news(self, new: _New, *, words: bool) -> News:
        return News(
            title=self._shown.title(new.conversation),
            url=self._shown.link(new.conversation),
            count=len(new.messages),
            has_more=new.has_more,
            lines=tuple(self._said(each) for each in new.messages[:LINES_MAX]) if words else (),
        )

    def _said(self, message: Unheard) -> Said:
        begins = self._shown.excerpt(message.begins)
        return Said(
            message.username, begins or ("sent files" if message.has_files else "sent a message")
        )

    # --- what is over ---

    async def _forget_old(self) -> None:
        at = self._context.clock()
        before = {
            "at": at,
            "asked_before": at - max(CONFIRM_WITHIN, ASKED_WITHIN),
            "sent_before": at - ONE_WITHIN,
        }
        if await self._context.database.search(stored.has_old, **before):
            await self._context.database.write(
                lambda connection: stored.forget_old(connection, **before)
            )


class _Before(Struct, frozen=True):
    """What is to be as it was if a mail was not taken."""

    sent_at: datetime | None
    paused: dict[int, dict[int, datetime]]


class _New(Struct, frozen=True):
    session_id: int
    conversation: Conversation
    since: datetime
    messages: list[Unheard]
    has_more: bool
    read_through: int
    """How far they said that they have read."""
    is_paused: bool = False
    """There is something, but they want to hear of it later."""


def _with_news(connection: sa.Connection, wish: MailWish) -> list[int]:
    """The conversations of a session in which anything happened since its address was told."""
    if stored.of_session(connection, wish.session_id) is None:
        return []
    session = stored_sessions.by_id(connection, wish.session_id)
    untold = stored.untold_since(connection, session.id)
    found = participation.joined(connection, session, limit=CONVERSATIONS_MAX)
    return [
        each.id
        for each in found
        if each.conversation.last_activity_at > _since(wish, untold.get(each.id))
    ]


def _new_to(
    connection: sa.Connection, wish: MailWish, ids: list[int], until: datetime, now: datetime
) -> list[_New]:
    """What a session is to be told of these conversations, said until then."""
    if stored.of_session(connection, wish.session_id) is None:
        return []
    session, found = stored_sessions.by_id(connection, wish.session_id), []
    untold = stored.untold_since(connection, session.id)
    for id in ids:
        each = participation.joined_one(connection, session, id)
        if each is None or each.person is None:
            continue
        conversation, person = each.conversation, each.person
        is_known = readings.find(connection, id, person.user_id) is not None
        after = readings.unread(connection, person).after
        since = _since(wish, untold.get(id))
        messages = stored.unheard(
            connection, person, after=after, since=since, until=until, limit=UNHEARD_MAX
        )
        decided = push.wanted(connection, id, session.id)
        level = notifying.level_of(decided, notifying.people_in(connection, id))
        wanted = [message for message in messages if is_wanted(level, message)]
        has_more = len(messages) == UNHEARD_MAX
        read_through = after if is_known else 0
        if decided.quiet_until is not None and decided.quiet_until > now:
            if wanted or has_more:
                found.append(
                    _New(session.id, conversation, since, [], False, read_through, is_paused=True)
                )
            continue
        found.append(_New(session.id, conversation, since, wanted, has_more, read_through))
    return found


def _go_on() -> None:
    """Raise what a library swallowed as it said goodbye to a mail server: that all is to stop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _since(wish: MailWish, untold_since: datetime | None) -> datetime:
    """What was said later may be told of a conversation that was paused since then, if it was."""
    confirmed_at = wish.confirmed_at or wish.asked_at
    return max(confirmed_at, untold_since or wish.told_at or confirmed_at)


def _as_one(parts: list[_New]) -> _New:
    """What somebody is to be told who is several people in a conversation, on a browser each: all
    that is for any of them, but for what was read as one.
    """
    read_through = max(part.read_through for part in parts)
    messages = {
        each.seq: each for part in parts for each in part.messages if each.seq > read_through
    }
    in_order = [messages[seq] for seq in sorted(messages)]
    first, has_more = parts[0], any(part.has_more for part in parts)
    return _New(first.session_id, first.conversation, first.since, in_order, has_more, read_through)


def _retry_after(failures: int) -> timedelta:
    # Not of any number: it grows with each day that an address takes nothing.
    return min(RETRY_LAST, RETRY_FIRST * (1 << min(failures, 10)))
