"""The settings: unknown ones, and those that contradict each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from parley.config import ANY_HOST, PREFIX, SETTINGS, Config, unknown_variables
from parley.doctor.findings import Finding, fail, ok, warn
from parley.doctor.looking import Look
from parley.domain.relays import relays_of
from parley.errors import StartupError
from parley.files.choice import store_of
from parley.hosts import is_loopback
from parley.mail.choice import mail_of
from parley.metrics.seeing import seeing_of
from parley.storage.choice import database_of

CHECK = "settings"


def look(look: Look) -> Iterator[Finding]:
    found = [*_unknown(look.environ), *_impossible(look.config), *_doubtful(look)]
    yield from found
    if not found:
        yield ok(CHECK, "All settings are known and agree with each other.")


def _unknown(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = [setting.variable for setting in SETTINGS]
    for name in unknown_variables(environ):
        near = difflib.get_close_matches(name, known, n=1)
        yield warn(
            CHECK,
            f"Unknown setting {name}: it begins with {PREFIX}, but does nothing.",
            f"Did you mean {near[0]}?" if near else "parley serve --help lists all settings.",
        )


def _impossible(config: Config) -> Iterator[Finding]:
    """What keeps a server from starting."""
    for make in (store_of, mail_of, relays_of, seeing_of, database_of):
        try:
            make(config)
        except StartupError as error:
            yield fail(CHECK, str(error), "The server doesn't start like this.")
    if config.workers > 1 and not config.database_url:
        yield fail(
            CHECK,
            f"--workers {config.workers} needs PostgreSQL, and there is no --database-url.",
            "Give one, or leave out --workers.",
        )
    if config.proxy_protocol and not config.trusted_proxies:
        yield fail(
            CHECK,
            "--proxy-protocol is on, but no proxy is trusted.",
            "Give the addresses that proxies connect from with --trusted-proxies.",
        )


def _doubtful(look: Look) -> Iterator[Finding]:
    config = look.config
    host = urlsplit(config.public_url).hostname or ""
    if not config.public_url:
        yield warn(
            CHECK,
            "There is no --public-url, so links have whatever name each visitor came by.",
            "Give the address people use, such as --public-url https://talk.example.org.",
        )
    elif config.public_url.startswith("http:") and not is_loopback(host):
        yield warn(
            CHECK,
            f"--public-url {config.public_url} isn't encrypted: browsers allow no notifications "
            "there, and anyone on the way can read along.",
            "Put a proxy with a certificate in front, or give --tls-certificate and --tls-key.",
        )
    if config.public_url and look.url and look.url != config.public_url:
        yield warn(
            CHECK,
            f"--url {look.url} isn't the --public-url {config.public_url} that links have.",
            "Leave out --url, or change --public-url.",
        )
    if ANY_HOST in config.hosts:
        yield warn(
            CHECK,
            "--hosts * accepts any host name, so a stranger's page can pass for this server's.",
            "Name the hosts instead.",
        )
    if not config.rate_limits:
        yield warn(
            CHECK,
            "Rate limits are off: anyone can do anything as often as they like.",
            "Leave out --rate-limits off where strangers come.",
        )
    if config.redis_url and not config.database_url:
        yield warn(
            CHECK,
            "--redis-url without --database-url: a single process has no other to tell.",
            "Give a PostgreSQL with --database-url, or leave out --redis-url.",
        )
