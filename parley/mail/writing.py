"""The mails we write: whole messages, as text and as simple HTML, that follow nobody's clicks."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec import Struct

TITLE_MAX_CHARS = 100
"""Of a title in a subject or a list."""
LINES_MAX = 3
"""So many messages are quoted of a conversation, where they are wanted."""
LISTED_MAX = 20
"""So many conversations are named in one mail."""


class _Policy(EmailPolicy):
    """The usual one for SMTP, but that addresses of pages stay in one piece: it would fold what is
    longer than a line as encoded words, which nobody takes for an address.
    """

    _WHOLE = ("list-unsubscribe", "list-unsubscribe-post", "message-id")

    def fold(self, name: str, value: str) -> str:
        if name.lower() in self._WHOLE:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


POLICY = _Policy(linesep=SMTP.linesep, cte_type="7bit")


class Said(Struct, frozen=True):
    """How a message begins, and whose it is."""

    by: str
    begins: str


class News(Struct, frozen=True):
    """What is new in one conversation."""

    title: str
    url: str
    count: int
    has_more: bool
    """Whether it is more than `count`."""
    lines: tuple[Said, ...] = ()
    """The first of them, where they are wanted."""


class Office(Struct, frozen=True):
    """Who writes, and from where."""

    sender: str
    """An address, with a name or without."""
    public_url: str

    @property
    def address(self) -> str:
        """The address alone."""
        return parseaddr(self.sender)[1]

    @property
    def host(self) -> str:
        return urlsplit(self.public_url).hostname or "localhost"


def to_confirm(
    office: Office, to: str, *, confirm_url: str, refuse_url: str, at: datetime
) -> EmailMessage:
    """Asks whether an address is its owner's wish. Nothing is said by anybody but us in it."""
    message = _begun(office, to, "Confirm your e-mail address", refuse_url, at)
    text = (
        f"Someone, probably you, asked for e-mail about new messages on {office.host}.\n\n"
        f"To confirm that this is your address, open this page within a day:\n{confirm_url}\n\n"
        "If you didn't ask for this, ignore this mail, or open this page so that no more of these "
        f"are sent to you for 90 days:\n{refuse_url}\n"
    )
    html = Markup(
        "<p>Someone, probably you, asked for e-mail about new messages on {host}.</p>"
        '<p><a href="{confirm}">Confirm that this is your address</a> within a day.</p>'
        "<p>If you didn’t ask for this, ignore this mail, or "
        '<a href="{refuse}">stop these mails</a> for 90 days.</p>'
    ).format(host=office.host, confirm=confirm_url, refuse=refuse_url)
    return _with(message, text, html)


def of_news(
    office: Office, to: str, news: list[News], *, stop_url: str, at: datetime
) -> EmailMessage:
    """Says where there are new messages. `news` is not empty, the latest first."""
    named, more = news[:LISTED_MAX], len(news) - LISTED_MAX
    message = _begun(office, to, _subject(news), stop_url, at)
    texts = [_as_text(each) for each in named]
    blocks = [_as_html(each) for each in named]
    if more > 0:
        rest = f"And in {more} more {'conversation' if more == 1 else 'conversations'}."
        texts.append(rest)
        blocks.append(Markup("<p>{}</p>").format(rest))
    settings_url = f"{office.public_url}/mail"
    texts.append(
        f"You asked for this on {office.host}. At most one such mail a day is sent to you.\n"
        f"To stop them: {stop_url}\n"
        f"Your settings, in the browser where you asked: {settings_url}"
    )
    blocks.append(
        Markup(
            "<hr><p>You asked for this on {host}. At most one such mail a day is sent to you. "
            '<a href="{stop}">Stop these mails</a> · '
            '<a href="{settings}">Settings</a>, in the browser where you asked</p>'
        ).format(host=office.host, stop=stop_url, settings=settings_url)
    )
    return _with(message, "\n\n".join(texts) + "\n", Markup("").join(blocks))


def of_reports(office: Office, to: str, count: int, *, stop_url: str, at: datetime) -> EmailMessage:
    """Tells an admin that something was reported. No word of anybody's is in it."""
    waiting = "1 report waits" if count == 1 else f"{count:,} reports wait"
    message = _begun(office, to, f"{waiting} on {office.host}", stop_url, at)
    url = f"{office.public_url}/admin/reports"
    text = (
        f"{waiting} for you on {office.host}:\n{url}\n\n"
        "You get this because you are an admin there. At most one such mail an hour is sent to "
        f"you.\nTo stop all mail from there: {stop_url}\n"
    )
    html = Markup(
        '<p><a href="{url}">{waiting} for you</a> on {host}.</p>'
        "<hr><p>You get this because you are an admin there. At most one such mail an hour is sent "
        'to you. <a href="{stop}">Stop all mail from there</a></p>'
    ).format(url=url, waiting=waiting, host=office.host, stop=stop_url)
    return _with(message, text, html)


def plain(text: str, max_chars: int = TITLE_MAX_CHARS) -> str:
    """On one line, without what cannot be seen or turns the direction of what follows."""
    seen = "".join(" " if char.isspace() else char for char in text)
    seen = "".join(
        char for char in seen if unicodedata.category(char) not in _UNSEEN or char in _JOINS
    )
    words = " ".join(seen.split())
    return words if len(words) <= max_chars else words[: max_chars - 1] + "…"


_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINS = "\u200c\u200d"
"""Between the parts of an emoji, and in Persian and the scripts of India."""


def _subject(news: list[News]) -> str:
    if len(news) == 1:
        return f"New messages in “{plain(news[0].title)}”"
    return f"New messages in {len(news)} conversations"


def _count(news: News) -> str:
    if news.has_more:
        return f"more than {news.count} new messages"
    return "1 new message" if news.count == 1 else f"{news.count} new messages"


def _as_text(news: News) -> str:
    lines = [f"{plain(news.title)}: {_count(news)}", news.url]
    lines += [f"  {plain(said.by)}: {plain(said.begins, 200)}" for said in news.lines]
    return "\n".join(lines)


def _as_html(news: News) -> Markup:
    head = Markup('<p><a href="{}"><b><bdi>{}</bdi></b></a>: {}</p>').format(
        news.url, plain(news.title), _count(news)
    )
    lines = Markup("").join(
        Markup("<li><bdi>{}</bdi>: <bdi>{}</bdi></li>").format(
            plain(said.by), plain(said.begins, 200)
        )
        for said in news.lines
    )
    return head + (Markup("<ul>{}</ul>").format(lines) if lines else "")


def _begun(office: Office, to: str, subject: str, stop_url: str, at: datetime) -> EmailMessage:
    name, address = parseaddr(office.sender)
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"
    # One click in the mail program stops them (RFC 8058).
    message["List-Unsubscribe"] = f"<{stop_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Nobody's answering machine answers it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    return message


def _with(message: EmailMessage, text: str, html: Markup) -> EmailMessage:
    message.set_content(text)
    page = Markup('<!doctype html><html lang="en"><body>{}</body></html>').format(html)
    message.add_alternative(str(page), subtype="html")
    return message
