"""The socket: one request and its answer a connection, a line of JSON each.

It lies in the data folder, closed to everybody but this user: who can open it could read the
database as well. Each process of a machine has its own, by its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from parley.errors import ParleyError

log = structlog.get_logger(__name__)

NAME = "parley-{}.control"
LINE_MAX_BYTES = 1024 * 1024
HEARD_WITHIN_S = 5.0
"""How long who connects may take to ask."""
ANSWERED_WITHIN_S = 30.0
"""How long who asks waits: a database that is locked takes its time."""
_PATH_MAX_BYTES = 100
"""Systems take between 104 and 108 for the path of a socket."""

Handler = Callable[[dict[str, Any]], Awaitable[Any]]
Talk = Callable[[dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What does more with a connection than to answer a line with a line."""


class Refused(Exception):
    """What the server would not do, in words for who gave the command."""


class NobodyThere(Exception):
    """No server runs on this data folder, or it answers nobody."""


class _Answer(msgspec.Struct, omit_defaults=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


class Control:
    """Answers from `open` to `close`."""

    def __init__(
        self,
        folder: Path,
        process: str,
        handlers: Mapping[str, Handler],
        talks: Mapping[str, Talk] | None = None,
    ) -> None:
        self._folder = folder
        self.process = process
        """The number of this process. Where another has it, which is so where each serves by
        itself from one folder, `open` takes the next that is free.
        """
        self._handlers = handlers
        self._talks = talks or {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Where there can be no such socket, it says so in the log and the server goes on."""
        if sys.platform == "win32":
            return
        try:
            while await _is_answered(self._path):
                self.process = str(int(self.process) + 1)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=_bound(self._path), limit=LINE_MAX_BYTES
            )
        except OSError as error:
            log.warning(
                "control_socket_missing",
                error=error.strerror or str(error),
                advice="Commands such as parley end need this server stopped.",
            )

    @property
    def _path(self) -> Path:
        return self._folder / NAME.format(self.process)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        with contextlib.suppress(OSError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEARD_WITHIN_S):
                line = await reader.readline()
            asked = _read(line)
            talk = self._talks.get(str(asked.get("do")))
            if talk is not None:
                await talk(asked, reader, writer)
                return
            writer.write(msgspec.json.encode(await self._answer(asked)) + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError, EOFError):
            pass  # who asked went away, or asked for nothing
        finally:
            writer.close()

    async def _answer(self, asked: dict[str, Any]) -> _Answer:
        try:
            handler = self._handlers[asked.pop("do")]
        except (KeyError, TypeError):
            return _Answer(error="This server knows no such command: it is of another version.")
        try:
            result = await handler(asked)
        except ParleyError as error:
            return _Answer(error=error.text)
        except Exception:
            log.exception("command_failed")
            return _Answer(error="The server failed at it; its log says more.")
        return _Answer(result=msgspec.Raw(msgspec.json.encode(result)))


def _read(line: bytes) -> dict[str, Any]:
    """What is asked for; nothing, where it is none of ours."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


async def connect(folder: Path, process: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To a process, by its number. Raises `OSError` where it is not there."""
    if sys.platform == "win32":
        raise FileNotFoundError
    with _short(folder / NAME.format(process)) as short:
        return await asyncio.open_unix_connection(short, limit=LINE_MAX_BYTES)


def sockets(folder: Path) -> list[Path]:
    """Those that lie in the folder, whether or not anybody answers there."""
    return sorted(folder.glob(NAME.format("*")))


async def ask(path: Path, do: str, **fields: Any) -> bytes:
    """The answer of one process, as JSON. Raises `NobodyThere`, `Refused`."""
    if sys.platform == "win32":
        raise NobodyThere
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            with _short(path) as short:
                reader, writer = await asyncio.open_unix_connection(short, limit=LINE_MAX_BYTES)
            try:
                writer.write(msgspec.json.encode({"do": do, **fields}) + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
        answer = msgspec.json.decode(line, type=_Answer)
    except (OSError, ValueError, TimeoutError, msgspec.MsgspecError) as error:
        raise NobodyThere from error
    if answer.error:
        raise Refused(answer.error)
    return bytes(answer.result)


async def ask_any(folder: Path, do: str, **fields: Any) -> bytes:
    """The answer of the first process that gives one. Raises `NobodyThere`, `Refused`."""
    for path in sockets(folder):
        with contextlib.suppress(NobodyThere):
            return await ask(path, do, **fields)
    raise NobodyThere


async def ask_all(folder: Path, do: str, *, but: str = "", **fields: Any) -> list[bytes]:
    """The answers of all processes but that of this number, of those that give one."""
    paths = [path for path in sockets(folder) if path.name != NAME.format(but)]

    async def one(path: Path) -> bytes | None:
        try:
            return await ask(path, do, **fields)
        except (NobodyThere, Refused):
            return None

    found = await asyncio.gather(*map(one, paths))
    return [each for each in found if each is not None]


async def _is_answered(path: Path) -> bool:
    """Whether somebody listens there."""
    try:
        with _short(path) as short:
            _, writer = await asyncio.open_unix_connection(short)
    except OSError:
        return False
    writer.close()
    return True


def _bound(path: Path) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()  # a server that was killed left it
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as short:
            made.bind(short)
            os.chmod(short, 0o600)  # nobody can connect before somebody listens
    except OSError:
        made.close()
        raise
    return made


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the path that is short enough for a socket's."""
    if len(os.fsencode(path)) <= _PATH_MAX_BYTES or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
