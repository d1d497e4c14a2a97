"""Who may see the numbers: nobody, unless the host said who."""

from __future__ import annotations

import hmac
import socket
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from parley.config import ANY_HOST, Config
from parley.credentials import bearer
from parley.errors import SettingInvalid, the_extra
from parley.hosts import is_local, name_in, own_names

TOKEN_LEAST, TOKEN_MOST = 16, 4_096
"""Characters of a token."""


class Seeing(Struct, frozen=True):
    """Where they are shown, and to whom."""

    host: str
    """An address of their own; empty where they are shown on the server's."""
    port: int
    token: str
    """Empty where none is asked for: only on an address of their own that strangers don't reach."""
    names: frozenset[str] = frozenset()
    """By which it may be asked too where it asks for no token."""

    def is_here(self, host: str) -> bool:
        """Whether that `Host` may be asked for: without a token by no name that a page's owner can
        make lead here (DNS rebinding), or a browser of this network would read them for strangers.
        """
        try:
            name = name_in(host)
        except ValueError:
            return False
        is_named = name in self.names or ANY_HOST in self.names or name in own_names()
        return bool(self.token) or is_local(name) or is_named

    def is_allowed(self, authorization: str) -> bool:
        """Whether who sends this header may see them."""
        if not self.token:
            return True
        given = bearer(authorization) or ""
        return hmac.compare_digest(given.encode(), self.token.encode())


def seeing_of(config: Config) -> Seeing | None:
    """None where metrics are off. Raises `SettingInvalid` where they are on, but nothing says for
    whom, and where they would be open to strangers.
    """
    listen, file = config.metrics_listen, config.metrics_token_file
    if not config.metrics:
        if listen or file:
            raise SettingInvalid(
                "--metrics-listen and --metrics-token-file say who may see the metrics, but those "
                "are off: add --metrics on."
            )
        return None
    if not listen and file is None:
        raise SettingInvalid(
            "--metrics is on, but nobody may see them: give them an address of their own, such as "
            "--metrics-listen localhost:9109, or a token with --metrics-token-file."
        )
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise SettingInvalid(f"Metrics need {the_extra('metrics')}") from None
    token = "" if file is None else _token(file)
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if listen and not token and not _is_near(host):
        raise SettingInvalid(
            f"--metrics-listen {listen} can be reached by strangers: ask for a token with "
            "--metrics-token-file, or give an address of this machine or of a private network."
        )
    return Seeing(host, int(port or 0), token, frozenset((*config.hosts, host.lower())))


def _is_near(host: str) -> bool:
    """Whether only this machine and private networks reach all that the name stands for."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return True  # listening on it says better what is wrong with it
    addresses = [ip_address(str(each).partition("%")[0]) for each in found]
    return all(each.is_private and not each.is_unspecified for each in addresses)


def _token(path: Path) -> str:
    try:
        with path.open("rb") as file:
            token = file.read(TOKEN_MOST + 2).decode("ascii").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no plain text"
        raise SettingInvalid(f"The token in {path} cannot be read: {reason}.") from error
    if not TOKEN_LEAST <= len(token) <= TOKEN_MOST or not token.isprintable() or " " in token:
        raise SettingInvalid(
            f"{path} should hold a token of at least {TOKEN_LEAST} letters and digits, on one "
            "line. `openssl rand -hex 32` makes one."
        )
    return token
