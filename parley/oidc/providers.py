"""Which providers people can sign in with: the file that the host wrote."""

from __future__ import annotations

import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from parley.addresses import Network
from parley.errors import ProvidersUnusable
from parley.outward import NotAllowed, require_askable

FILE_MAX_BYTES = 65_536
PROVIDERS_MAX = 10
NAME_MAX_CHARS = 40
SECRET_MAX_BYTES = 4_096
HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""This very machine."""
_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]", re.ASCII)


class Provider(Struct, frozen=True):
    """Whose word on who somebody is counts here."""

    key: str
    """What addresses of ours call it."""
    name: str
    """What people call it."""
    issuer: str
    client_id: str
    client_secret: str = ""
    """Empty for a client without one, which PKCE alone protects."""
    domains: tuple[str, ...] = ()
    """Only people of these are let in; all are where there are none."""
    networks: tuple[Network, ...] = ()
    """Where it may be besides public addresses."""

    def __repr__(self) -> str:
        return f"Provider({self.key})"

    @property
    def is_in_the_clear(self) -> bool:
        """Whether it is asked without TLS, on this very machine."""
        return self.issuer.startswith("http:")


class _Row(Struct, forbid_unknown_fields=True):
    """A table of the file."""

    issuer: str
    client_id: str
    client_secret: str = ""
    client_secret_file: str = ""
    name: str = ""
    domains: list[str] = []
    networks: list[str] = []


def read(path: Path) -> tuple[Provider, ...]:
    """Raises `ProvidersUnusable`, in words that hold no secret."""
    try:
        tables = tomllib.loads(_text(path, FILE_MAX_BYTES))
    except tomllib.TOMLDecodeError as error:
        raise ProvidersUnusable(f"{path} is no TOML: {error}.") from None
    if not 0 < len(tables) <= PROVIDERS_MAX:
        raise ProvidersUnusable(
            f"{path} should hold 1 to {PROVIDERS_MAX} providers, each a table such as [example]."
        )
    found = []
    for key, table in tables.items():
        try:
            found.append(_provider(path, key, table))
        except ValueError as error:
            raise ProvidersUnusable(f"[{key}] in {path}: {error}.") from None
    issuers = [each.issuer for each in found]
    if len(set(issuers)) < len(issuers):
        raise ProvidersUnusable(f"{path} names an issuer twice. Give each once.")
    return tuple(found)


def _provider(path: Path, key: str, table: object) -> Provider:
    """Raises `ValueError`."""
    if not _KEY.fullmatch(key):
        raise ValueError("its key should be at most 32 of a-z, 0-9 and -, and begin with a letter")
    try:
        row = msgspec.convert(table, _Row)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    networks = _networks(row.networks)
    name = row.name.strip() or key.capitalize()
    if len(name) > NAME_MAX_CHARS or not name.isprintable():
        raise ValueError(f"name should be at most {NAME_MAX_CHARS} characters")
    if not row.client_id or not _is_plain(row.client_id):
        raise ValueError("client_id should be what the provider calls this server")
    return Provider(
        key=key,
        name=name,
        issuer=_issuer(row.issuer, networks),
        client_id=row.client_id,
        client_secret=_secret(path, row),
        domains=tuple(_domain(each) for each in row.domains),
        networks=networks,
    )


def _issuer(text: str, networks: tuple[Network, ...]) -> str:
    is_clear = text.startswith("http:")
    try:
        require_askable(text, HERE if is_clear else networks, here_in_the_clear=True)
    except NotAllowed as error:
        hint = ""
        if "public" in str(error) or "port" in str(error):
            hint = ", or name its network in networks"
        raise ValueError(f"issuer {error}{hint}") from None
    if urlsplit(text).query or "?" in text:
        raise ValueError("issuer must have no query")
    return text


def _secret(path: Path, row: _Row) -> str:
    if row.client_secret and row.client_secret_file:
        raise ValueError("give client_secret or client_secret_file, but not both")
    secret = row.client_secret
    if row.client_secret_file:
        file = path.parent / row.client_secret_file
        secret = _text(file, SECRET_MAX_BYTES).strip("\r\n")
        if not secret:
            raise ValueError(f"{file} should hold the client secret, on one line")
    if not _is_plain(secret):
        raise ValueError("the client secret should be printable ASCII, on one line")
    return secret


def _networks(given: list[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in given)
    except ValueError:
        raise ValueError("networks should be addresses and networks such as 10.0.0.0/8") from None


def _domain(text: str) -> str:
    found = text.strip().lower()
    if not _DOMAIN.fullmatch(found):
        raise ValueError("domains should be such as example.org, in ASCII")
    return found


def _is_plain(text: str) -> bool:
    return text.isascii() and (not text or text.isprintable())


def _text(path: Path, most_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ProvidersUnusable(f"{path} cannot be read: {reason}.") from None
    if len(raw) > most_bytes:
        raise ProvidersUnusable(f"{path} is too large: at most {most_bytes} bytes.")
    return text
