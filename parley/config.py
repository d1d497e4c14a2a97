"""Every setting, in one table: flags, `PARLEY_*` variables and docs come from it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from parley.addresses import Network, parse_networks
from parley.errors import SettingInvalid
from parley.limits.rates import By, Rate
from parley.limits.rates import parser as rates_by

LOG_LEVELS = ("debug", "info", "warning", "error")
MEMORY = "memory"
"""Where rates are counted, unless in Redis."""
EVERYBODY, INVITED, ACCOUNTS, PROVIDERS = "everybody", "invited", "accounts", "providers"
"""Who may start conversations."""
ANY_HOST = "*"
"""In `hosts`: whatever name is asked for."""
_HOST_NAMES = "host names such as talk.example.org, comma-separated and without a port, or *"
_AN_ORIGIN = "an address such as https://example.org, without a path"
_A_PUBLIC_URL = (
    "an address such as https://example.org or https://example.org/talk, whose path is of letters, "
    "digits, dots, hyphens and underscores"
)
# What a path of ours, a cookie's name and a page's policy may hold as it is.
_ORIGIN_AND_PATH = re.compile(
    r"([A-Za-z]+://[^/?#]+)((?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)*)", re.ASCII
)
_FOLDERS_MAX_CHARS = 100
OWN_FOLDERS = frozenset(
    {
        *(
            "account",
            "admin",
            "admin-link",
            "api",
            "conversation",
            "conversations",
            "desk",
            "desks",
            "doctor",
            "files",
            "hooks",
            "import",
            "link",
        ),
        *(
            "asyncapi.json",
            "contact",
            "docs",
            "embed.js",
            "invitation",
            "mail",
            "metrics",
            "notifications",
            "oembed",
            "offline",
            "openapi.json",
            "search",
            "share",
            "socket.io",
        ),
        *("static", "apple-touch-icon.png", "favicon.ico", "manifest.webmanifest"),
        *("client.d.ts", "client.js", "worker.js"),
    }
)
"""How paths of this server begin: one that a proxy passes on without the public URL's path must not
look like one with it."""
# What a browser writes into `Origin` and `Host`, and a page's policy may hold as it is.
_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]*", re.ASCII)
_DOT_AT_THE_END = re.compile(r"\.(?=:\d+$|$)", re.ASCII)
_BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]{1,62}(/[A-Za-z0-9._=-]+)*/?", re.ASCII)
_CONTACT = re.compile(r"mailto:[!-~]+@[!-~]+\.[!-~]+|https://[!-~]+", re.ASCII)
_PASSWORD = re.compile(r"(?<=://)[^/]*@")
_MAIL_FROM = re.compile(
    r"(?:[^\x00-\x1f\x7f<>@\"\\]{1,64} )?<[^\s<>@]+@[A-Za-z0-9.-]+>|[^\s<>@,;\"]+@[A-Za-z0-9.-]+"
)
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


WORKERS_MAX = 128
PREFIX = "PARLEY_"
"""Of the environment's variables that are settings."""


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError("a number from 0 to 65535, where 0 takes any free port")
    return int(text)


def _listening(text: str) -> str:
    """A name or an address; one of IPv6 also in brackets, as addresses of pages have it."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", text, re.ASCII) or float(text) > 3600:
        raise ValueError("a number of seconds from 0 to 3600")
    return float(text)


def _some_seconds(text: str) -> float:
    seconds = _seconds(text)
    if seconds < 0.05:
        raise ValueError("a number of seconds from 0.05 to 3600")
    return seconds


def _days(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > 36_500:
        raise ValueError("a number of days from 0 to 36500, where 0 means forever")
    return int(text)


def _away_after(text: str) -> float:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not (
        text == "0" or 60 <= int(text) <= 86400
    ):
        raise ValueError("a number of seconds from 60 to 86400, or 0 for never")
    return float(text)


def _date(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise ValueError("a date such as 2030-12-31")


def in_words(size: int) -> str:
    """A size as people say it: `1.5 GB`, in powers of ten."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def _size(text: str) -> int:
    """Bytes, by units in powers of ten."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?) ?(kB|MB|GB|TB|B)?", text.strip(), re.I | re.A)
    if found is None:
        raise ValueError("a size such as 100MB or 1.5GB")
    return int(float(found[1]) * _UNITS[(found[2] or "B").lower()])


_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def _connections(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) == 0:
        raise ValueError("a number from 1 to 999999")
    return int(text)


def _workers(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not 1 <= int(text) <= WORKERS_MAX:
        raise ValueError(f"a number from 1 to {WORKERS_MAX}")
    return int(text)


def default_port(scheme: str) -> int:
    """The port that addresses of `http` or `https` leave out."""
    return 443 if scheme == "https" else 80


def _origin(text: str) -> str:
    """An origin as browsers write it: scheme, host and a port that is not the scheme's own."""
    parts = urlsplit(text.strip().rstrip("/"))
    if parts.scheme not in ("http", "https") or not _HOST_AND_PORT.fullmatch(parts.netloc):
        raise ValueError(_AN_ORIGIN)
    if parts.path or parts.query or parts.fragment:
        raise ValueError(_AN_ORIGIN)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(f':{default_port(parts.scheme)}')}"


def undotted(host: str) -> str:
    """A host, or an origin, whose name has no dot at the end: with one it is the same name."""
    return _DOT_AT_THE_END.sub("", host)


def _host_and_port(text: str) -> str:
    """An address to listen on, with its port; one of IPv6 stands in brackets."""
    text = text.strip()
    host, _, port = text.rpartition(":")
    if text and not (_HOST_AND_PORT.fullmatch(text) and host and int(port) <= 65535):
        raise ValueError("an address and a port such as localhost:9109 or [::1]:9109")
    return text


def _public_url(text: str) -> str:
    text = text.strip().rstrip("/")
    if not text:
        return ""
    found = _ORIGIN_AND_PATH.fullmatch(text)
    if found is None:
        raise ValueError(_A_PUBLIC_URL)
    origin, path = found.groups()
    if len(path) > _FOLDERS_MAX_CHARS:
        raise ValueError(f"an address whose path has at most {_FOLDERS_MAX_CHARS} characters")
    if path and path.split("/")[1] in OWN_FOLDERS:
        raise ValueError("an address whose path does not begin like one of this server's own")
    try:
        return undotted(_origin(origin)) + path
    except ValueError:
        raise ValueError(_A_PUBLIC_URL) from None


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin(part) for part in text.split(",") if part.strip())


def _host_names(text: str) -> tuple[str, ...]:
    return tuple(_host_name(part.strip().lower()) for part in text.split(",") if part.strip())


def _host_name(text: str) -> str:
    """A name as it is compared: without a dot at the end, an IPv6 address in brackets."""
    if ":" in text:
        try:
            return f"[{IPv6Address(text.strip('[]'))}]"
        except ValueError:
            raise ValueError(_HOST_NAMES) from None
    if text != ANY_HOST and not _NAME.fullmatch(text):
        raise ValueError(_HOST_NAMES)
    return text.removesuffix(".")


def _push_contact(text: str) -> str:
    text = text.strip()
    if text and not _CONTACT.fullmatch(text):
        raise ValueError("mailto: and an address, or an address of a page that begins with https:")
    return text


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text.lower()


def _who_may_start(text: str) -> str:
    if text.lower() not in (EVERYBODY, INVITED, ACCOUNTS, PROVIDERS):
        raise ValueError(f"{EVERYBODY}, {INVITED}, {ACCOUNTS} or {PROVIDERS}")
    return text.lower()


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ValueError("on or off")
    return text.lower() == "on"


def _files_url(text: str) -> str:
    """A bucket, without a slash at the end."""
    text = text.strip()
    if text and not _BUCKET.fullmatch(text):
        raise ValueError(
            "s3://bucket or s3://bucket/prefix, with the credentials in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    return text.rstrip("/")


def _smtp_url(text: str) -> str:
    """A mail server; its user and password are percent-encoded."""
    text = text.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_server = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        is_server = False
    if not is_server or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("smtp://user:password@host:587 or smtps://user:password@host:465")
    return text


def _servers_of(*schemes: str) -> Callable[[str], tuple[str, ...]]:
    """Reads addresses of STUN or TURN servers, as RFC 7064 and RFC 7065 write them."""
    address = re.compile(
        rf"({'|'.join(schemes)}):(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{{1,5}})?"
        + (r"(\?transport=(udp|tcp))?" if "turn" in schemes else ""),
        re.ASCII | re.IGNORECASE,
    )

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in text.split(",") if part.strip())
        if not all(address.fullmatch(each) for each in found):
            raise ValueError(
                f"addresses such as {schemes[0]}:{schemes[0]}.example.org:3478, comma-separated"
            )
        return found

    return parse


def _relayed(text: str) -> str:
    if text.lower() not in ("on", "off", "auto"):
        raise ValueError("on, off or auto")
    return text.lower()


def _mail_from(text: str) -> str:
    text = text.strip()
    if text and not (text.isascii() and _MAIL_FROM.fullmatch(text)):
        raise ValueError("an address such as parley@example.org or Parley <parley@example.org>")
    return text


def _database_url(text: str) -> str:
    """As libpq reads it, which also knows several hosts and TLS."""
    text = text.strip()
    if text and not re.match(r"postgres(ql)?://", text):
        raise ValueError("postgresql://user:password@host/database, or empty for SQLite")
    return text


def _file(text: str) -> Path | None:
    return Path(text) if text.strip() else None


def _is_redis(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _redis_url(text: str) -> str:
    text = text.strip()
    if text and not _is_redis(text):
        raise ValueError("the address of a Redis or Valkey such as redis://localhost:6379")
    return text


def _rate_limit_storage(text: str) -> str:
    if text != MEMORY and not _is_redis(text):
        raise ValueError(f"{MEMORY}, or the address of a Redis such as redis://localhost:6379")
    return text


def _setting(parse: Callable[[str], Any], default: str, help: str, metavar: str) -> Any:
    return field(
        default=parse(default),
        metadata={"parse": parse, "default": default, "help": help, "metavar": metavar},
    )


@dataclass(frozen=True, slots=True)
class Config:
    """How one server runs. The defaults are those of `parley serve` with no flags."""

    host: str = _setting(
        _listening,
        "localhost",
        "the name or address to listen on; 0.0.0.0 for every network, :: for those of IPv6 too",
        "NAME",
    )
    port: int = _setting(_port, "8081", "the port to listen on; 0 takes any free one", "NUMBER")
    workers: int = _setting(
        _workers,
        "1",
        "how many processes serve, about as many as there are cores; more than one needs "
        "--database-url",
        "NUMBER",
    )
    data: Path = _setting(
        Path, "./parley-data", "the folder for the database; created if missing", "FOLDER"
    )
    tls_certificate: Path | None = _setting(
        _file,
        "",
        "a PEM file with the server's certificate and those that lead to its issuer's, to speak "
        "HTTPS without a proxy; read again when it changes, and on SIGHUP",
        "FILE",
    )
    tls_key: Path | None = _setting(
        _file, "", "a PEM file with the key of --tls-certificate, without a passphrase", "FILE"
    )
    database_url: str = _setting(
        _database_url,
        "",
        "a PostgreSQL database, postgresql://user:password@host/database, which several processes "
        "can share; needs the extra postgres. If empty, an SQLite database in the data folder",
        "URL",
    )
    secret_file: Path | None = _setting(
        _file,
        "",
        "a file with the server's secret, where servers that share a database share no data "
        "folder; 64 hexadecimal digits, as `openssl rand -hex 32` gives them. If empty, "
        "parley.secret in the data folder, made at the first start",
        "FILE",
    )
    public_url: str = _setting(
        _public_url,
        "",
        "the address people use to reach this server, for the links it gives out; it then answers "
        "to that name and those of --hosts only. It may have a path, such as "
        "https://example.org/talk. If empty, links use each request's host name",
        "URL",
    )
    hosts: tuple[str, ...] = _setting(
        _host_names,
        "",
        "other host names this server answers to, comma-separated; * for any. Without a public "
        "URL it always answers to IP addresses, local names and the machine's own name",
        "NAMES",
    )
    allowed_origins: tuple[str, ...] = _setting(
        _origins,
        "http://localhost:3000,http://127.0.0.1:3000",
        "other origins whose pages may call the API and Socket.IO, comma-separated",
        "ORIGINS",
    )
    embedding_origins: tuple[str, ...] = _setting(
        _origins,
        "",
        "origins whose pages may show this server's pages in a frame, comma-separated; "
        "empty for none",
        "ORIGINS",
    )
    service_worker: bool = _setting(
        _switch,
        "on",
        "off makes browsers forget what they keep of this server's pages, which then don't open "
        "offline; and there are no notifications",
        "SWITCH",
    )
    log_level: str = _setting(
        _log_level, "info", "how much to log: " + ", ".join(LOG_LEVELS), "LEVEL"
    )
    metrics: bool = _setting(
        _switch,
        "off",
        "on shows numbers about the server to Prometheus, at /metrics, to whom the next two say; "
        "needs the extra metrics",
        "SWITCH",
    )
    metrics_listen: str = _setting(
        _host_and_port,
        "",
        "an address and port for the metrics alone, such as localhost:9109. If empty, they are "
        "shown on the server's own address, to who has the token",
        "ADDRESS",
    )
    metrics_token_file: Path | None = _setting(
        _file,
        "",
        "a file with the token that Prometheus has to send as Authorization: Bearer <token>",
        "FILE",
    )
    leave_grace_s: float = _setting(
        _seconds,
        "10",
        "seconds to wait for a dropped connection to come back before showing the person as gone",
        "SECONDS",
    )
    away_after_s: float = _setting(
        _away_after,
        "3600",
        "seconds without a request about a conversation after which someone who joined it without "
        "a socket, over REST or by a form, is shown as gone; 0 for never",
        "SECONDS",
    )
    keep_sessions_days: int = _setting(
        _days,
        "30",
        "days after their last request until sessions that take part in no conversation are "
        "forgotten; 0 keeps them forever",
        "DAYS",
    )
    keep_empty_days: int = _setting(
        _days,
        "30",
        "days until conversations in which no one ever spoke are forgotten, counted from the last "
        "thing that happened there and only when no one is there and no hook posts there; 0 keeps "
        "them forever",
        "DAYS",
    )
    today: date | None = _setting(
        _date,
        "",
        "today's date, to confirm that the clock is right when the log says it is in doubt; "
        "ignored unless the clock agrees within two days, so it can stay",
        "DATE",
    )
    ping_interval_s: float = _setting(
        _some_seconds, "25", "seconds between the server's heartbeats to each client", "SECONDS"
    )
    ping_timeout_s: float = _setting(
        _some_seconds, "20", "seconds a client has to answer a heartbeat", "SECONDS"
    )
    files_url: str = _setting(
        _files_url,
        "",
        "where files are kept: s3://bucket or s3://bucket/prefix, which needs the extra s3 and the "
        "usual AWS_* variables; if empty, in the data folder",
        "URL",
    )
    max_file: int = _setting(
        _size,
        "100MB",
        "how large an uploaded file may be, unless one of the next three allows less; "
        "0 takes no files",
        "SIZE",
    )
    files_per_person: int = _setting(
        _size, "1GB", "how much the files of one person, on one browser, may take up", "SIZE"
    )
    files_per_conversation: int = _setting(
        _size, "2GB", "how much the files of one conversation may take up", "SIZE"
    )
    files_in_all: int = _setting(
        _size, "20GB", "how much the files of this server may take up", "SIZE"
    )
    imports: bool = _setting(
        _switch,
        "on",
        "off lets no one import what another chat exported; by default anyone who can start a "
        "conversation can, with a file as large as --max-file at most",
        "SWITCH",
    )
    calls: bool = _setting(
        _switch,
        "on",
        "off lets nobody call; by default people in a conversation can, unless its owners turn it "
        "off. Voice and pictures go from browser to browser",
        "SWITCH",
    )
    stun: tuple[str, ...] = _setting(
        _servers_of("stun", "stuns"),
        "",
        "STUN servers, by which browsers in calls learn their own public addresses, "
        "comma-separated: stun:stun.example.org:3478. A TURN server is one, too",
        "URLS",
    )
    turn: tuple[str, ...] = _setting(
        _servers_of("turn", "turns"),
        "",
        "TURN servers, by which browsers reach each other that can't directly, comma-separated: "
        "turn:turn.example.org:3478,turns:turn.example.org:5349; needs --turn-secret-file",
        "URLS",
    )
    turn_secret: str = _setting(
        str.strip,
        "",
        "the secret that --turn shares with this server (coturn's static-auth-secret); as a flag "
        "others on this machine can see it, so give it as a variable or by --turn-secret-file",
        "SECRET",
    )
    turn_secret_file: Path | None = _setting(
        _file, "", "a file with the secret of --turn, instead of --turn-secret", "FILE"
    )
    calls_relayed: str = _setting(
        _relayed,
        "auto",
        "whether calls go only through --turn, which hides people's addresses from each other: on, "
        "off, or auto, which is on where there is --turn",
        "on|off|auto",
    )
    push_contact: str = _setting(
        _push_contact,
        "",
        "whom push services can write to about problems, mailto:you@example.org or an https page; "
        "if empty, the public URL. Apple's takes no notification without either",
        "ADDRESS",
    )
    push_networks: tuple[Network, ...] = _setting(
        parse_networks,
        "",
        "addresses and networks, comma-separated, in which push services may be besides public "
        "ones, for one that you run yourself",
        "ADDRESSES",
    )
    hook_networks: tuple[Network, ...] = _setting(
        parse_networks,
        "",
        "addresses and networks, comma-separated, in which webhooks may lead besides public ones, "
        "there by http:// and on any port too; anybody who starts a conversation can make us post "
        "to them",
        "ADDRESSES",
    )
    smtp_url: str = _setting(
        _smtp_url,
        "",
        "the server that sends mail: smtp://user:password@host:587, which begins TLS unless the "
        "host is this very machine, or smtps://…; needs the extra mail, a public URL and "
        "--mail-from. If empty, no mail is sent and nothing of it is shown",
        "URL",
    )
    smtp_password_file: Path | None = _setting(
        _file, "", "a file with the password for --smtp-url, instead of one in the URL", "FILE"
    )
    mail_from: str = _setting(
        _mail_from,
        "",
        "the sender of mail, such as parley@example.org or Parley <parley@example.org>",
        "ADDRESS",
    )
    oidc_providers: Path | None = _setting(
        _file,
        "",
        "a TOML file with the OpenID Connect providers that people can sign in to their accounts "
        "with, and this server's secrets there; needs the extra oidc and a public URL. If empty, "
        "there are none",
        "FILE",
    )
    max_connections: int = _setting(
        _connections,
        "10000",
        "how many connections are allowed at once; fewer if the system limits open files",
        "NUMBER",
    )
    max_connections_per_address: int = _setting(
        _connections,
        "500",
        "how many connections, and separately how many Socket.IO clients, one address may have "
        "at once; an IPv6 address stands for its /64, here and in every limit",
        "NUMBER",
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        parse_networks,
        "",
        "addresses and networks, comma-separated, of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto to trust; otherwise everyone behind a proxy counts as one address",
        "ADDRESSES",
    )
    require_proof: bool = _setting(
        _switch,
        "off",
        "on lets no one come back as someone without the token; by default programs that keep "
        "none can, from the same address, as people who never used theirs",
        "SWITCH",
    )
    proxy_protocol: bool = _setting(
        _switch,
        "off",
        "on if the trusted proxies begin each connection with the PROXY protocol (version 1 or 2); "
        "their connections without it are then closed",
        "SWITCH",
    )
    rate_limits: bool = _setting(
        _switch,
        "on",
        "off lifts all limits by session, address and room, and --max-connections-per-address",
        "SWITCH",
    )
    redis_url: str = _setting(
        _redis_url,
        "",
        "a Redis or Valkey, redis://…, by which several processes on one PostgreSQL tell each "
        "other what happened, and which counts uses for all of them; needs the extra redis. If "
        "empty, PostgreSQL tells, and each process counts alone",
        "URL",
    )
    rate_limit_storage: str = _setting(
        _rate_limit_storage,
        MEMORY,
        f"where to count uses: {MEMORY} (or in the Redis of --redis-url, if there is one), or "
        "another redis://…",
        "WHERE",
    )
    who_may_start: str = _setting(
        _who_may_start,
        EVERYBODY,
        "who may start conversations: everybody; invited for those alone who have an invitation by "
        "`parley invite`; accounts for those who are signed in to an account; or providers for "
        "those whose account one of --oidc-providers vouches for",
        "WHO",
    )
    limit_messages: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "30/10s session, 300/10s address, 300/10s room",
        "how many messages and reactions may be sent, and messages edited; leave this or any limit "
        "below empty for no limit",
        "RATES",
    )
    limit_hooks: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "60/1m session, 600/1m address, 120/1m room",
        "how often programs may post by hooks; the session is the hook",
        "RATES",
    )
    limit_typing: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "30/10s session, 500/10s address, 500/10s room",
        "how many typing notifications may be sent",
        "RATES",
    )
    limit_joins: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "120/1m session, 600/1m address",
        "how often people may join, watch, knock or, over HTTP, leave",
        "RATES",
    )
    limit_calls: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "60/10s session, 300/10s address, 300/10s room",
        "how often people may join a call, leave it, or turn a microphone, camera or screen on or "
        "off",
        "RATES",
    )
    limit_rings: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "4/1m session, 20/1h session, 30/1m address, 300/1h address, 30/1h room",
        "how often calls may be begun, each of which rings at everybody in the conversation",
        "RATES",
    )
    limit_signals: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "600/10s session, 3000/10s address, 6000/10s room",
        "how much the devices in a call may tell each other to connect; each 8 KiB begun count",
        "RATES",
    )
    limit_creations: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "20/1m session, 60/1m address, 600/1h address",
        "how many conversations may be started",
        "RATES",
    )
    limit_searches: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "30/10s session, 150/10s address",
        "how often the list, the people of a conversation or messages may be searched",
        "RATES",
    )
    limit_passphrases: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS, By.ROOM),
        "10/1m session, 30/1m address, 60/1h address, 300/1h room",
        "how many wrong passphrases may be tried",
        "RATES",
    )
    limit_unknown_rooms: tuple[Rate, ...] = _setting(
        rates_by(By.ADDRESS),
        "120/1m address",
        "how many unknown links an address may try before it is blocked from opening links "
        "for a while; people already in a conversation are not affected",
        "RATES",
    )
    limit_acts: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "60/1m session, 120/1m address",
        "how often owners and members may delete messages, and owners may pin them, change, end or "
        "delete a conversation, remove people, answer knocks and create links",
        "RATES",
    )
    limit_readings: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "60/10s session, 600/10s address",
        "how often people may say how far they have read, and keep drafts",
        "RATES",
    )
    limit_mails: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "10/1h session, 30/1h address",
        "how often people may give an e-mail address, where mail is sent; besides, each e-mail "
        "address is asked to confirm at most 3 times a day",
        "RATES",
    )
    limit_sign_ins: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "20/1m session, 120/1m address, 1000/1h address",
        "how often people may start an account, ask for a passkey, show one or a recovery code, or "
        "sign in with a provider",
        "RATES",
    )
    limit_invites: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "20/1h session, 60/1h address",
        "how often owners may invite somebody by a contact link, whether it is anybody's or not",
        "RATES",
    )
    limit_reports: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "20/1h session, 60/1h address",
        "how many messages and people may be reported",
        "RATES",
    )
    limit_uploads: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "60/1m session, 300/1m address",
        "how many files may be uploaded",
        "RATES",
    )
    limit_downloads: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "600/10s session, 2000/10s address",
        "how many files, and pieces of files, may be read, or added to uploads",
        "RATES",
    )
    limit_reads: tuple[Rate, ...] = _setting(
        rates_by(By.SESSION, By.ADDRESS),
        "100/10s session, 300/10s address",
        "how often pages, conversations and messages may be read over HTTP, and changes "
        "requested with `sync`",
        "RATES",
    )

    @property
    def public_origin(self) -> str:
        """Of the public URL: its scheme, host and port, as browsers write an `Origin`."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}" if self.public_url else ""

    @property
    def root(self) -> str:
        """The path of the public URL, which paths in answers begin with: empty, or as `/talk`."""
        return urlsplit(self.public_url).path

    @property
    def most_connections(self) -> int | None:
        """How many one address may have open, if there is a limit."""
        return self.max_connections_per_address if self.rate_limits else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings."""

    name: str
    default: str
    help: str
    metavar: str
    parse: Callable[[str], Any]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        name=f.name,
        default=f.metadata["default"],
        help=f.metadata["help"],
        metavar=f.metadata["metavar"],
        parse=f.metadata["parse"],
    )
    for f in dataclasses.fields(Config)
)


def load_config(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Config:
    """The configuration from flags (by setting name), else `PARLEY_*` variables, else defaults.

    Raises `SettingInvalid`, naming the flag or variable and what it should be.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        flag = flags.get(setting.name)
        text = flag if flag is not None else environ.get(setting.variable)
        if text is None:
            continue
        source = setting.flag if flag is not None else setting.variable
        values[setting.name] = _parsed(setting, text, source)
    return Config(**values)


def one_setting(name: str, text: str, source: str) -> Any:
    """What `text` means as the setting of this name. Raises `SettingInvalid`, naming `source`."""
    return _parsed(next(each for each in SETTINGS if each.name == name), text, source)


def _parsed(setting: Setting, text: str, source: str) -> Any:
    try:
        return setting.parse(text)
    except ValueError as error:
        shown = _PASSWORD.sub("…@", text)  # what is told may end in a log
        raise SettingInvalid(f"{source} is {shown!r}, but should be: {error}.") from None


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Those that look like settings and are none: misspelt ones, mostly."""
    known = {setting.variable for setting in SETTINGS}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
