"""Every setting, in one table: flags, `PARLEY_*` variables and docs come from it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from parley.errors import SettingInvalid

LOG_LEVELS = ("debug", "info", "warning", "error")
_AN_ORIGIN = "an address such as https://example.org, without a path"
# What a browser writes into `Origin` and `Host`, and a page's policy may hold as it is.
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError("a number from 0 to 65535, where 0 takes any free port")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", text, re.ASCII) or float(text) > 3600:
        raise ValueError("a number of seconds from 0 to 3600")
    return float(text)


def _connections(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) == 0:
        raise ValueError("a number from 1 to 999999")
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


def _public_url(text: str) -> str:
    return _origin(text) if text.strip() else ""


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin(part) for part in text.split(",") if part.strip())


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text.lower()


def _setting(parse: Callable[[str], Any], default: str, help: str, metavar: str) -> Any:
    return field(
        default=parse(default),
        metadata={"parse": parse, "default": default, "help": help, "metavar": metavar},
    )


@dataclass(frozen=True, slots=True)
class Config:
    """How one server runs. The defaults are those of `parley serve` with no flags."""

    host: str = _setting(
        str, "localhost", "the name or address to listen on; 0.0.0.0 for every network", "NAME"
    )
    port: int = _setting(_port, "8081", "the port to listen on; 0 takes any free one", "NUMBER")
    data: Path = _setting(
        Path, "./parley-data", "the folder for the database; made if it is missing", "FOLDER"
    )
    public_url: str = _setting(
        _public_url,
        "",
        "where people reach this server, for the links it hands out, and the only name it "
        "answers to; empty: as each request names it",
        "URL",
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
        "origins whose pages may show this server's in a frame, comma-separated; empty: none",
        "ORIGINS",
    )
    log_level: str = _setting(
        _log_level, "info", "how much to log: " + ", ".join(LOG_LEVELS), "LEVEL"
    )
    leave_grace_s: float = _setting(
        _seconds,
        "10",
        "seconds a person whose connection broke has to come back before they count as gone",
        "SECONDS",
    )
    ping_interval_s: float = _setting(
        _seconds, "25", "seconds between the server's heartbeats to each client", "SECONDS"
    )
    ping_timeout_s: float = _setting(
        _seconds, "20", "seconds a client has to answer a heartbeat", "SECONDS"
    )
    max_connections: int = _setting(
        _connections,
        "10000",
        "connections at once, fewer where the system allows fewer open files",
        "NUMBER",
    )


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
        return "PARLEY_" + self.name.upper()


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
        try:
            values[setting.name] = setting.parse(text)
        except ValueError as error:
            raise SettingInvalid(f"{source} is {text!r}, but should be: {error}.") from None
    return Config(**values)
