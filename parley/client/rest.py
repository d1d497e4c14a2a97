"""REST calls, each in a thread: they are few, and Python's own client does."""

from __future__ import annotations

import asyncio
import http.client
import io
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from parley.client.errors import Refused, Unreachable
from parley.client.reaching import FAILURES, unreachable
from parley.client.types import ErrorReply

T = TypeVar("T", bound=Struct)

WITHIN_S = 60.0
"""How long a server may take to say anything."""
PIECE_BYTES = 256 * 1024
_JSON = {"Content-Type": "application/json"}


class Rest:
    """Of one server, as whoever has the token."""

    def __init__(self, server: str, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        parts = urlsplit(server)
        self._is_secure = parts.scheme == "https"
        self._host, self._root = parts.netloc, parts.path
        self._context = context
        self.token: str | None = None

    async def call(
        self,
        type: type[T],
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **query: object,
    ) -> T:
        """Raises `Refused` and `Unreachable`."""
        sent = None if body is None else msgspec.json.encode(body)
        said = await asyncio.to_thread(self._ask, method, _with(path, query), sent, _JSON)
        return _decoded(said, type)

    async def send_file(self, type: type[T], path: str, file: BinaryIO, name: str, size: int) -> T:
        """Raises as `call`."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        pieces = _Pieces(file, size)
        said = await asyncio.to_thread(
            self._ask, "POST", _with(path, {"name": name}), pieces, headers
        )
        return _decoded(said, type)

    async def fetch(self, path: str, into: BinaryIO) -> int:
        """Write what is at a path of the host into a file; how many bytes. Raises as `call`, and
        `OSError` where the file can't be written.
        """
        return await asyncio.to_thread(self._fetch, path.removeprefix(self._root), into)

    def _fetch(self, path: str, into: BinaryIO) -> int:
        connection = self._connection()
        try:
            response = self._answer(connection, "GET", path, None, {})
            size = 0
            while piece := self._piece(response):
                into.write(piece)
                size += len(piece)
            return size
        finally:
            connection.close()

    def _piece(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read(PIECE_BYTES)
        except FAILURES as error:
            raise unreachable(error, self._server) from error

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> bytes:
        connection = self._connection()
        try:
            response = self._answer(connection, method, path, body, headers)
            return b"".join(iter(lambda: self._piece(response), b""))
        finally:
            connection.close()

    def _answer(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        sent = dict(headers)
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, self._root + path, body, sent)
            response = connection.getresponse()
            if response.status >= 400:
                raise _refusal(response.status, response.read())
            return response
        except FAILURES as error:
            raise unreachable(error, self._server) from error

    def _connection(self) -> http.client.HTTPConnection:
        if self._is_secure:
            return http.client.HTTPSConnection(self._host, timeout=WITHIN_S, context=self._context)
        return http.client.HTTPConnection(self._host, timeout=WITHIN_S)


class _Pieces:
    """So many bytes of a file, as an HTTP body."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def __iter__(self) -> Iterator[bytes]:
        while self._left and (piece := self._file.read(min(PIECE_BYTES, self._left))):
            self._left -= len(piece)
            yield piece


def opened(file: bytes | str | Path | BinaryIO) -> tuple[BinaryIO, str, int]:
    """What a program gave as a file: where it is read, what it is called, how long it is."""
    if isinstance(file, bytes):
        return io.BytesIO(file), "file", len(file)
    if isinstance(file, str | Path):
        path = Path(file)
        return path.open("rb"), path.name, path.stat().st_size
    begin = file.tell()
    size = file.seek(0, io.SEEK_END) - begin
    file.seek(begin)
    return file, Path(str(getattr(file, "name", "file"))).name, size


def _with(path: str, query: Mapping[str, object]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given, quote_via=quote)}" if given else path


def _decoded(said: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(said, type=type)
    except msgspec.MsgspecError as error:
        raise Unreachable("What answered there is no Parley server.") from error


def _refusal(status: int, said: bytes) -> Refused:
    try:
        told = msgspec.json.decode(said, type=ErrorReply)
    except msgspec.MsgspecError:
        code = "unavailable" if status >= 500 else "not_found" if status == 404 else "bad_request"
        return Refused(code, f"The server answered with status {status}.")
    return Refused(told.code, told.error, told.retry_after, told.epoch)
