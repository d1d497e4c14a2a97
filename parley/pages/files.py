"""Files as they are read: whole or in pieces, by whoever may read the conversation."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from quart import Blueprint, Response, request
from quart_cors import cors

from parley import web
from parley.domain import files
from parley.errors import NotFound
from parley.files.store import PREVIEW
from parley.limits.limiter import Kind
from parley.ranges import NotSatisfiable, asked_for
from parley.records import File
from parley.wire.answers import NO_PAGE_POLICY

INLINE = frozenset({"picture", "audio", "video"})
"""Kinds that a browser may show. All others are saved, whatever they are."""
PREVIEW_TYPE = "image/webp"
PREVIEW_ASKED = "preview"
CACHE = "private, no-cache"
"""A browser may keep it, and asks each time whether it still may be shown."""
_POLICY = f"{NO_PAGE_POLICY}; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'"
"""Browsers make a page around a picture or a film that is opened by itself."""


def file_pages(*, allowed_origins: tuple[str, ...]) -> Blueprint:
    """The files, readable by scripts of `allowed_origins`."""
    blueprint = Blueprint("kept_files", __name__)
    blueprint.add_url_rule("/files/<file_id>/<name>", "file", _file)
    return cors(
        blueprint,
        allow_origin=list(allowed_origins),
        allow_headers=["Authorization", "Range", "If-Range", "If-None-Match"],
        allow_methods=["GET"],
        expose_headers=["Content-Range", "ETag"],
        allow_credentials=False,
    )


async def _file(file_id: str, name: str) -> Response:
    context, session = web.site().context, await web.session_if_known()
    async with web.limited(Kind.DOWNLOADS):
        file = await files.readable(context, file_id, session)
    if name != file.name:
        raise NotFound(files.NO_SUCH_FILE)
    if PREVIEW_ASKED in request.args and file.has_preview:
        size = await files.preview_size(context, file)
        return await _answer(file, file.id + PREVIEW, size, PREVIEW_TYPE)
    return await _answer(file, file.id, file.size, file.type)


async def _answer(file: File, key: str, size: int, type: str) -> Response:
    tag = f'"{key}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": CACHE,
        "Content-Disposition": _disposition(file),
        "Content-Security-Policy": _POLICY,
        "ETag": tag,
        "X-Robots-Tag": "noindex, nofollow",
    }
    if tag in request.headers.get("If-None-Match", ""):
        return Response("", status=304, headers=headers)
    pieces = None
    if request.method == "GET" and request.headers.get("If-Range", tag) == tag:
        try:
            pieces = asked_for(request.headers.get("Range", ""), size)
        except NotSatisfiable:
            headers["Content-Range"] = f"bytes */{size}"
            return Response("", status=416, headers=headers)
    if pieces is not None and len(pieces) > 1:
        return await _several(file, key, size, type, pieces, headers)
    status, (start, end) = (200, (0, size)) if pieces is None else (206, pieces[0])
    if pieces is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return await _streamed(_bytes(file, key, start, end), end - start, status, type, headers)


async def _several(
    file: File,
    key: str,
    size: int,
    type: str,
    pieces: list[tuple[int, int]],
    headers: dict[str, str],
) -> Response:
    """As parts of one body (RFC 9110, section 14.6)."""
    boundary = secrets.token_hex(16)
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {type}\r\n"
        f"Content-Range: bytes {start}-{end - 1}/{size}\r\n\r\n".encode()
        for start, end in pieces
    ]
    last = f"\r\n--{boundary}--\r\n".encode()
    bodies = [_bytes(file, key, start, end) for start, end in pieces]  # while there is a request

    async def parts() -> AsyncIterator[bytes]:
        for head, body in zip(heads, bodies, strict=True):
            yield head
            async for piece in body:
                yield piece
        yield last

    length = sum(len(head) for head in heads) + sum(b - a for a, b in pieces) + len(last)
    type = f"multipart/byteranges; boundary={boundary}"
    return await _streamed(parts(), length, 206, type, headers)


async def _streamed(
    data: AsyncIterator[bytes], length: int, status: int, type: str, headers: dict[str, str]
) -> Response:
    body: AsyncIterator[bytes] | str = ""  # a HEAD is answered without one, but as long
    if request.method == "GET":
        body = _begun(await anext(data, b""), data)  # now: it may be gone
    response = Response(body, status=status, content_type=type, headers=headers)
    response.headers["Content-Length"] = str(length)
    response.timeout = None  # whoever does not read is found by what is unread
    return response


async def _begun(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _bytes(file: File, key: str, start: int, end: int) -> AsyncIterator[bytes]:
    return files.read(web.site().context, file.id, key, start, end)


def _disposition(file: File) -> str:
    kind = "inline" if file.kind in INLINE and "download" not in request.args else "attachment"
    return web.disposition(kind, file.name)
