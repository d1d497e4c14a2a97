"""Bodies that are files: read as they come, in order, and never whole.

Quart's own body is filled as fast as the network brings it, ends after ten seconds, and its form
parser keeps what it has read. So what may be a file is read from the server itself: the next piece
is asked for when the last one is stored, which holds its sender back.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from quart.asgi import ASGIHTTPConnection
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from parley import contract
from parley.errors import BadRequest, TooLarge

STILL_MAX_S = 30.0
SLOWEST_BYTES = 4_096
"""So much has to come in so long, or whoever sends it is as good as gone."""
READ_ON_BYTES, READ_ON_S = 16 * 1024 * 1024, 5.0
"""So much of a body that is refused is read, for so long: its sender may read the answer only after
it has sent all.
"""
HEAD_MAX_BYTES = 16 * 1024
"""What the fields of a form may have before its file."""
PIECE_MAX_BYTES = 1024 * 1024
"""Of a form, what is taken apart at once."""
_STREAMED = re.compile(r"/api/conversations/[^/]+/(?:files|uploads(?:/[^/]+)?)/?|/api/import/?")
_WITH_RECORD = re.compile(r"/api/conversations/[^/]+/(?:epochs|link)/?")
"""What may bring the record of a new key, which is longer than any other body."""
_LARGER = (
    (_WITH_RECORD, contract.RECORD_BODY_MAX_BYTES),
    (re.compile(r"/hooks/[^/]+/?"), contract.HOOK_BODY_MAX_BYTES),
)
"""Bodies that may be longer than most, by their paths."""
_FORM_STREAMED = re.compile(r"/conversation/[^/]+/messages/?|/import/?")
"""A page's form, where it is one that may have a file in it."""
_METHODS = ("POST", "PATCH")

Receive = Callable[[], Awaitable[Any]]


class BrokenOff(Exception):
    """Whoever sends it is gone, or sends no more."""


def is_streamed(scope: Any) -> bool:
    """Whether the body of a request is read as it comes."""
    if scope["method"] not in _METHODS:
        return False
    if _STREAMED.fullmatch(scope["path"]) is not None:
        return True
    return _FORM_STREAMED.fullmatch(scope["path"]) is not None and _is_multipart(scope)


def _is_multipart(scope: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.lower().startswith(b"multipart/form-data")
        for name, value in scope["headers"]
    )


class Incoming:
    """The body of a request, piece by piece, once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        """Raises `BrokenOff`."""
        clock, waited_s, came = asyncio.get_running_loop().time, 0.0, 0
        while not self._is_over:
            began = clock()
            try:
                async with asyncio.timeout(STILL_MAX_S - waited_s):
                    message = await self._receive()
            except TimeoutError:
                self._is_over = True
                raise BrokenOff from None
            waited_s += clock() - began
            if message["type"] != "http.request":
                self._is_over = True
                raise BrokenOff
            self._is_over = not message.get("more_body", False)
            if body := message.get("body", b""):
                came += len(body)
                if came >= SLOWEST_BYTES:
                    waited_s, came = 0.0, 0
                yield body

    async def drain(self) -> None:
        """Read what is left of it, if it is little: then its sender reads the answer."""
        left = READ_ON_BYTES
        with contextlib.suppress(BrokenOff, TimeoutError):
            async with asyncio.timeout(READ_ON_S):
                async for piece in self:
                    left -= len(piece)
                    if left < 0:
                        return


class Connection(ASGIHTTPConnection):
    """Leaves the body of what may be a file to whoever answers the request."""

    def _create_request_from_scope(self, send: Any) -> Any:
        request = super()._create_request_from_scope(send)
        for path, most in _LARGER:
            if path.fullmatch(self.scope["path"]) is not None:
                request.max_content_length = most
                request.body = request.body_class(request.content_length, most)
        return request

    async def handle_messages(self, request: Any, receive: Any) -> None:
        if is_streamed(self.scope):
            request.incoming = self._incoming = Incoming(receive)
            request.body.set_complete()
            await asyncio.Event().wait()  # until the request is answered
        await super().handle_messages(request, receive)

    async def _send_response(self, send: Any, response: Any) -> None:
        if is_streamed(self.scope):
            # Whether or not it was asked for: a limit may have come before.
            await self._incoming.drain()
        await super()._send_response(send, response)


_LINE_MAX_BYTES = 200
"""A boundary has at most 70 characters (RFC 2046, section 5.1.1)."""


class FormFile:
    """The one file of a form: its name first, then its bytes."""

    def __init__(
        self,
        incoming: Incoming,
        content_type: str,
        *,
        field: str,
        fields_max_chars: int = HEAD_MAX_BYTES,
    ) -> None:
        mimetype, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if mimetype.lower() != "multipart/form-data" or not boundary:
            raise BadRequest("This form has no boundary between its parts.")
        self._field = field
        self._fields_max_chars = fields_max_chars
        self._pieces = aiter(incoming)
        self._held = b""
        self._line = b"--" + boundary.encode("utf-8", "replace")
        self._decoder = MultipartDecoder(
            self._line[2:], max_form_memory_size=PIECE_MAX_BYTES, max_parts=10
        )
        self.fields: dict[str, str] = {}
        """What stands before the file."""

    async def name(self) -> str:
        """Raises `BadRequest` where there is no file in the form."""
        name = await self.name_if_any()
        if name is None:
            raise BadRequest(f"There is no file in the field {self._field}.")
        return name or "file"

    async def name_if_any(self) -> str | None:
        """None where no file is in the form, and empty where nobody chose one."""
        try:
            return await self._name()
        except RequestEntityTooLarge:
            raise TooLarge("This form has too much beside its file.") from None

    async def _name(self) -> str | None:
        field: str | None = None
        while True:
            event = await self._next()
            match event:
                case File() if event.name == self._field:
                    return event.filename or ""
                case File():
                    raise BadRequest(f"The file is to be in the field {self._field}.")
                case Field():
                    field = event.name
                    self.fields[field] = ""
                case Data() if field is not None:
                    self.fields[field] += event.data.decode("utf-8", "replace")
                    if sum(map(len, self.fields.values())) > self._fields_max_chars:
                        raise RequestEntityTooLarge
                case Epilogue():
                    return None

    async def data(self) -> AsyncIterator[bytes]:
        """Raises `BrokenOff`, and `BadRequest` for a form that is none."""
        is_over = False
        while not is_over:
            event = await self._next()
            if not isinstance(event, Data):
                raise BadRequest("This form is broken.")
            is_over = not event.more_data
            if event.data:
                yield event.data

    async def _next(self) -> Any:
        try:
            while isinstance(event := self._decoder.next_event(), NeedData):
                self._decoder.receive_data(await self._piece())
            return event
        except ValueError:
            raise BadRequest("This form is broken.") from None

    async def _piece(self) -> bytes | None:
        """The next, which never ends within what may be the line between two parts: where it ends
        just behind the boundary, Werkzeug (3.1) takes the line break before it for the file's.
        None after the last.
        """
        while True:
            piece = await anext(self._pieces, None)
            if piece is None:
                held, self._held = self._held, b""
                return held or None
            piece = self._held + piece
            held_from = self._may_be_boundary_from(piece)
            self._held, piece = piece[held_from:], piece[:held_from]
            if piece:
                return piece

    def _may_be_boundary_from(self, piece: bytes) -> int:
        """Where such a line begins that isn't over; at the end where there is none."""
        begins = piece.rfind(b"\r\n", max(0, len(piece) - _LINE_MAX_BYTES))
        tail = piece[begins + 2 :]
        if begins >= 0 and (tail.startswith(self._line) or self._line.startswith(tail)):
            return begins
        return len(piece) - piece.endswith(b"\r")
