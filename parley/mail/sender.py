"""Handing mail over by SMTP (RFC 5321), over TLS or to this very machine."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from ipaddress import ip_address

import aiosmtplib
from aiosmtplib import SMTP
from msgspec import Struct

from parley.mail.post import NoSuchAddress, NotNow, NotSent, Refused, Unreachable, Unsure

ANSWERS_WITHIN_S = 30.0
"""For each step; servers that look up who asks take some seconds."""
TAKEN_WITHIN_S = 120.0
"""Of the whole of one mail: a server that answers slowly, byte by byte, ends each step in time."""
GOES_WITHIN_S = 5.0
_SETTLED = frozenset({550, 551, 553})
"""Refusals of a recipient that tell of the mailbox itself (RFC 5321, section 4.2.3)."""
_OURS = re.compile(r"\b5\.7\.\d|relay|authenti|not permitted|not allowed|blocked", re.I)
"""What servers say with the same codes of whom they don't take mail from (RFC 3463: 5.7)."""


class Server(Struct, frozen=True):
    """Whom mail is handed to."""

    host: str
    port: int
    is_tls: bool
    """Whether TLS comes before all else."""
    needs_starttls: bool
    """Whether nothing is said before STARTTLS; else it isn't begun at all."""
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


class Sender:
    """A `Post` that speaks SMTP with one server."""

    def __init__(
        self,
        server: Server,
        sender: str,
        *,
        host: str,
        answers_within_s: float = ANSWERS_WITHIN_S,
        taken_within_s: float = TAKEN_WITHIN_S,
    ) -> None:
        """`sender` is where the server tells of failures: the address alone. `host` is what we are
        reached by, a name or an address.
        """
        # Else the library asks the DNS for a name, and the event loop waits.
        self._name = _as_said(host)
        self._server = server
        self._sender = sender
        self._answers_within_s = answers_within_s
        self._taken_within_s = taken_within_s
        # To read whom this machine trusts takes longer than all else of a start.
        encrypts = server.is_tls or server.needs_starttls
        self._trusted = ssl.create_default_context() if encrypts else None

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[SmtpLine]:
        """As `Post.line`."""
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._name,
            timeout=self._answers_within_s,
            use_tls=server.is_tls,
            start_tls=server.needs_starttls,
            tls_context=self._trusted,
        )
        try:
            try:
                async with asyncio.timeout(self._taken_within_s):
                    await client.connect()
                    if client.is_ehlo_or_helo_needed:  # not only with the first mail
                        await client.ehlo()
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                raise Unreachable(_said(error)) from error
            yield SmtpLine(client, self._sender, self._taken_within_s)
            if client.is_connected:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await client.quit(timeout=min(GOES_WITHIN_S, self._answers_within_s))
        finally:
            client.close()


class SmtpLine:
    """A `Line`, once the server has greeted us and knows who we are."""

    def __init__(self, client: SMTP, sender: str, taken_within_s: float) -> None:
        self._client = client
        self._sender = sender
        self._taken_within_s = taken_within_s

    async def send(self, message: EmailMessage, to: str) -> None:
        """As `Line.send`."""
        content = message.as_bytes()
        is_given = False
        try:
            async with asyncio.timeout(self._taken_within_s):
                await self._address(to)
                is_given = True
                await self._client.data(content)
        except aiosmtplib.SMTPDataError as error:
            raise (NotNow if error.code < 500 else Refused)(_said(error)) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Whoever has begun to give it cannot know how much of it arrived.
            self._client.close()
            raise (Unsure if is_given else Unreachable)(_said(error)) from error

    async def _address(self, to: str) -> None:
        try:
            await self._client.mail(self._sender)
            await self._client.rcpt(to)
        except aiosmtplib.SMTPRecipientRefused as error:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._client.rset()
            raise _of_recipient(error) from error


def _as_said(host: str) -> str:
    """A host as servers are greeted with it: addresses in brackets (RFC 5321, section 4.1.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _of_recipient(error: aiosmtplib.SMTPRecipientRefused) -> NotSent:
    if error.code == 421:  # it says goodbye
        return Unreachable(_said(error))
    if error.code in _SETTLED and not _OURS.search(error.message):
        return NoSuchAddress(_said(error))
    return NotNow(_said(error))


def _said(error: Exception) -> str:
    """What is logged: the kind of failure and its code. Servers repeat addresses in their words."""
    code = getattr(error, "code", None)
    return type(error).__name__ + (f" {code}" if code is not None else "")
