"""Whether a server sends mail, and by which server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from parley.config import Config
from parley.errors import MailUnusable, the_extra
from parley.mail.post import Post
from parley.mail.writing import Office

if TYPE_CHECKING:
    from parley.mail.addresses import MailAddress
    from parley.mail.sender import Server

PORTS = {"smtp": 587, "smtps": 465}
LOCAL_PORT = 25
PASSWORD_MAX_BYTES = 4_096


class Mail:
    """What sending mail needs: whom it is handed to, who writes, and which addresses there are."""

    def __init__(
        self, post: Post, office: Office, parse_address: Callable[[str], MailAddress]
    ) -> None:
        self.post = post
        self.office = office
        self.parse_address = parse_address
        self.asked = asyncio.Event()
        """Set when somebody waits for a mail."""


def mail_of(config: Config) -> Mail | None:
    """None where no mail is sent. Raises `MailUnusable`, but connects to nobody yet."""
    if not config.smtp_url:
        if config.smtp_password_file or config.mail_from:
            raise MailUnusable("Sending mail needs --smtp-url, the address of a mail server.")
        return None
    if not config.mail_from:
        raise MailUnusable("Sending mail needs --mail-from, the sender's address.")
    if not config.public_url:
        raise MailUnusable(
            "Sending mail needs --public-url: mails have links, which lead to that address."
        )
    try:
        from parley.mail.addresses import parse
        from parley.mail.sender import Sender
    except ImportError:
        raise MailUnusable(f"Sending mail needs {the_extra('mail')}") from None
    office = Office(config.mail_from, config.public_url)
    sender = Sender(server_of(config), office.address, host=office.host)
    return Mail(sender, office, parse)


def server_of(config: Config) -> Server:
    """The mail server of a configuration that has one. Raises `MailUnusable`."""
    from parley.mail.sender import Server

    parts = urlsplit(config.smtp_url)
    host = parts.hostname or ""
    is_here = _is_this_machine(host)
    usual = LOCAL_PORT if is_here and parts.scheme == "smtp" else PORTS[parts.scheme]
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if config.smtp_password_file is not None:
        if password is not None or user is None:
            raise MailUnusable(
                "With --smtp-password-file, --smtp-url names the user and no password: "
                "smtp://user@host:587."
            )
        password = _read(config.smtp_password_file)
    if (user is None) != (password is None):
        raise MailUnusable("--smtp-url names a user or a password, but not both.")
    return Server(
        host,
        parts.port or usual,
        is_tls=parts.scheme == "smtps",
        needs_starttls=parts.scheme == "smtp" and not is_here,
        user=user,
        password=password,
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(PASSWORD_MAX_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise MailUnusable(f"The password in {path} cannot be read: {reason}.") from error
    password = text.strip("\r\n")
    if not password or len(text) > PASSWORD_MAX_BYTES or "\n" in password:
        raise MailUnusable(f"{path} should hold the password of the mail server, on one line.")
    return password
