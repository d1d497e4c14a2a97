"""Which e-mail addresses we write to: plain ones of names in the DNS.

RFC 5321 allows more than anybody has: quoted words with spaces, comments, literal IP addresses. All
of that is refused, and with it what could end a header or name a second recipient.
"""

from __future__ import annotations

import re

import idna
from msgspec import Struct

from parley.errors import BadRequest

ADDRESS_MAX_CHARS = 254
"""Of a path, less its angle brackets (RFC 5321, section 4.5.3.1.3)."""
LOCAL_MAX_CHARS = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.A)
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", re.A)
_DOTS_IGNORED = frozenset({"gmail.com", "googlemail.com"})


class MailAddress(Struct, frozen=True):
    """An address that mail can go to."""

    text: str
    """As mail programs take it: in ASCII, its domain in small letters."""
    mailbox: str
    """The same for addresses that are one mailbox's: by tags after a +, or by capitals."""


def parse(text: str) -> MailAddress:
    """The address that somebody typed. Raises `BadRequest` for any that we don't write to."""
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > LOCAL_MAX_CHARS or not _LOCAL.fullmatch(local):
        raise BadRequest(_NONE)
    domain = _in_ascii(domain)
    found = f"{local}@{domain}"
    if len(found) > ADDRESS_MAX_CHARS or not _DOMAIN.fullmatch(domain):
        raise BadRequest(_NONE)
    return MailAddress(found, _mailbox(local, domain))


_NONE = "That isn't an e-mail address Parley can write to. It should look like ada@example.org."


def _in_ascii(domain: str) -> str:
    try:
        # Not Python's own codec: by its rules of 2003, ß becomes ss, which is somebody else's name.
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, ValueError):
        raise BadRequest(_NONE) from None


def _mailbox(local: str, domain: str) -> str:
    name = local.casefold().partition("+")[0] or local.casefold()
    if domain in _DOTS_IGNORED:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"
