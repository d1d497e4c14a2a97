"""Mail: whether the mail server takes us, as far as a mail is handed over but none is."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from parley.doctor.findings import Finding, fail, ok
from parley.doctor.looking import Look
from parley.errors import StartupError
from parley.mail.choice import server_of
from parley.mail.post import Unreachable

CHECK = "mail"
ANSWERS_WITHIN_S = 10.0


async def look(look: Look) -> AsyncIterator[Finding]:
    config = look.config
    if not config.smtp_url:
        return
    try:
        from parley.mail.sender import Sender

        server = server_of(config)
    except (ImportError, StartupError):
        return  # the settings say so
    sender = Sender(
        server,
        config.mail_from,
        host=urlsplit(config.public_url).hostname or socket.gethostname(),
        answers_within_s=ANSWERS_WITHIN_S,
        taken_within_s=2 * ANSWERS_WITHIN_S,
    )
    try:
        async with sender.line():
            pass
    except Unreachable as error:
        yield fail(
            CHECK,
            f"The mail server {server.host}, port {server.port}, doesn't take us: {error}.",
            "Check the port, user and password of --smtp-url, and whether that port speaks TLS "
            "(smtps://) or begins it (smtp://).",
        )
        return
    how = "over TLS" if server.is_tls or server.needs_starttls else "without TLS"
    known = f" and accepts the user {server.user}" if server.user else ""
    yield ok(CHECK, f"The mail server {server.host} answers {how}{known}.")
