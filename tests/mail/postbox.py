"""A real mail server in the test's own process, that answers as a test wants it to."""

from __future__ import annotations

import asyncio
import contextlib
import email
import re
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import SMTP as PARSED
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from parley.config import Config

SENDER = "Parley <parley@talk.example.org>"
PUBLIC_URL = "http://localhost"
USER, PASSWORD = "parley", "pass:w@rd/ü"


@dataclass
class Postbox:
    """What it got, and what it says to the next."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    """Of each mail: from whom and to whom, as it was handed over."""
    recipient_says: dict[str, str] = field(default_factory=dict)
    """What is answered to these recipients, unless they are taken."""
    content_says: str = ""
    hangs_up: bool = False
    """Once it has all of a mail, in place of an answer."""
    logins: list[bool] = field(default_factory=list)
    greeted_by: list[str] = field(default_factory=list)
    """What its clients said they are."""
    tried: list[str] = field(default_factory=list)
    """Every recipient that was named."""
    before_greeting: Callable[[], Awaitable[None]] | None = None
    before_answer: Callable[[], Awaitable[None]] | None = None
    """Awaited once it has all of a mail."""
    speak: Callable[[], SMTP] | None = None
    news: threading.Condition = field(default_factory=threading.Condition)
    """Notified of each mail, for another thread."""
    _server: asyncio.Server | None = None

    async def opens(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on its port, or on any that is free."""
        assert self.speak is not None
        self._server = await asyncio.get_running_loop().create_server(
            self.speak, "127.0.0.1", self.port, ssl=context
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def closes(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that one address got."""
        return [mail for mail in self.mails if str(mail["To"]) == address]

    # --- what aiosmtpd asks ---

    async def handle_EHLO(  # noqa: N802  # as aiosmtpd calls it
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted_by.append(hostname)
        if self.before_greeting is not None:
            await self.before_greeting()
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.tried.append(address)
        if address in self.recipient_says:
            return self.recipient_says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Any, envelope: Envelope
    ) -> str:
        if self.content_says:
            return self.content_says
        content = cast(bytes, envelope.original_content)
        found = email.message_from_bytes(content, policy=cast(Any, PARSED))
        with self.news:
            self.mails.append(cast(EmailMessage, found))
            self.news.notify_all()
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        if self.before_answer is not None:
            await self.before_answer()
        if self.hangs_up:
            cast(asyncio.Transport, server.transport).abort()
        return "250 OK"

    def logs_in(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> Any:
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(is_right)
        return AuthResult(success=is_right)


@contextlib.asynccontextmanager
async def postbox(
    *,
    certificate: tuple[Path, Path] | None = None,
    is_tls: bool = False,
    needs_login: bool = False,
) -> AsyncIterator[Postbox]:
    """A server on a free port of 127.0.0.1: with STARTTLS, or TLS from the first byte, where it has
    a certificate and its key.
    """
    box = Postbox()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    def speak() -> SMTP:
        with warnings.catch_warnings():
            # It knows of no TLS that came before it, and warns of passwords in the clear.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return made()

    def made() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            loop=asyncio.get_running_loop(),
            enable_SMTPUTF8=False,
            tls_context=None if is_tls else context,
            require_starttls=context is not None and not is_tls,
            authenticator=box.logs_in if needs_login else None,
            auth_required=needs_login,
            auth_require_tls=not is_tls,
        )

    box.speak = speak
    await box.opens(context if is_tls else None)
    try:
        yield box
    finally:
        await box.closes()


@contextlib.asynccontextmanager
async def answering(script: list[bytes | None]) -> AsyncIterator[int]:
    """The port of a server that gives these answers, one a line it is sent, the first unasked. In
    place of `None` it hangs up; after the last it is silent.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in script:
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if not await reader.readline():
                    return
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def with_mail(config: Config, url: str = "smtp://127.0.0.1:9") -> Config:
    """The same for a server that sends mail; without `url` it finds no mail server."""
    return replace(config, smtp_url=url, mail_from=SENDER, public_url=PUBLIC_URL, hosts=("*",))


def text_of(mail: EmailMessage) -> str:
    """What a mail says to who reads it as plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def words_of(mail: EmailMessage) -> str:
    """All that it says in any part and header, without tokens: they may have any short word."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return re.sub(r"[\w-]{16,}", "", "\n".join((*map(str, mail.values()), *parts)))
