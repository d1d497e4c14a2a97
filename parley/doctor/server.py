"""The server itself: whether it runs here, and how many files it may open."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import msgspec

from parley import __version__
from parley.config import Config
from parley.control.answers import Hello
from parley.control.wire import ask_all
from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.wire.listening import FILES_OF_OUR_OWN

CHECK = "server"


async def look(look: Look) -> AsyncIterator[Finding]:
    found = [_read(each) for each in await ask_all(look.config.data, "hello")]
    known = [each for each in found if each is not None]
    if not known:
        yield skip(CHECK, f"No server runs here on {look.config.data.resolve()}.")
        for each in _room(look.config, _own_limit(), "a process started from here"):
            yield each
        return
    processes = "1 process" if len(known) == 1 else f"{len(known)} processes"
    yield ok(CHECK, f"It runs, in {processes}.")
    for problem in sorted({each.problem for each in known if each.problem}):
        yield fail(CHECK, f"Nothing can be stored now. {problem}", "The server's log says more.")
    for version in sorted({each.version for each in known} - {__version__}):
        yield warn(
            CHECK,
            f"Version {version} runs, and {__version__} is installed.",
            "Restart the server.",
        )
    for each in _room(look.config, min(each.open_files for each in known), "the server"):
        yield each


def _read(answer: bytes) -> Hello | None:
    try:
        return msgspec.json.decode(answer, type=Hello)
    except msgspec.ValidationError:
        return None


def _room(config: Config, open_files: int, who: str) -> list[Finding]:
    if not open_files:
        return []
    connections = -(-config.max_connections // config.workers)
    wanted = connections + FILES_OF_OUR_OWN
    if open_files >= wanted:
        return [ok("limits", f"Enough files may be open for all connections ({open_files:,}).")]
    room = max(0, open_files - FILES_OF_OUR_OWN)
    return [
        warn(
            "limits",
            f"The system lets {who} open {open_files:,} files: room for {room:,} connections of "
            f"{connections:,} allowed.",
            f"Set LimitNOFILE={wanted} in the systemd unit or run ulimit -n {wanted} before the "
            "start, or lower --max-connections.",
        )
    ]


def _own_limit() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard
