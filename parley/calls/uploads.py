"""Uploads that may break off and go on: tus 1.0.0, core, creation, expiration and termination.

https://tus.io/protocols/resumable-upload: what its headers mean, and which status answers what.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from quart import Response, request
from werkzeug.http import http_date

from parley import present, web
from parley.domain import files
from parley.errors import BadRequest, NotFound, TokenRequired
from parley.incoming import BrokenOff, Incoming
from parley.limits.limiter import Kind
from parley.records import Upload

COLLECTION = "/api/conversations/<room_id>/uploads"
ONE = "/api/conversations/<room_id>/uploads/<upload_id>"
VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
OFFSET_TYPE = "application/offset+octet-stream"
ALLOWED_HEADERS = ("Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata")
EXPOSED_HEADERS = (
    *("Location", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size"),
    *("Upload-Expires", "Upload-Length", "Upload-Offset"),
)
_WRONG_VERSION, _WRONG_OFFSET, _WRONG_TYPE, _LOCKED = 412, 409, 415, 423
_REFUSED = {
    _WRONG_VERSION: f"Say which version of tus you speak: Tus-Resumable must be {VERSION}.",
    _WRONG_OFFSET: "The upload is not at that offset. Ask where it is with HEAD and go on there.",
    _WRONG_TYPE: f"The Content-Type must be {OFFSET_TYPE}.",
    _LOCKED: "Another request adds to this upload now.",
}
"""What people who write clients are told; clients themselves go by the status."""
_LENGTH_MAX_DIGITS = 15

Handler = Callable[..., Awaitable[Response]]


async def describe(room_id: str) -> Response:
    """What this server can do. A preflight asks the same way, and is answered with it."""
    response = _answer(204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(files.filing(web.site().context).quotas.file)
    response.headers["Allow"] = "OPTIONS, POST"
    return response


async def create(room_id: str) -> Response:
    if (refusal := _version_refused()) is not None:
        return refusal
    size = _number("Upload-Length")
    session = await web.current_session()
    async with web.limited(Kind.UPLOADS, room_id):
        upload = await files.begin(
            web.site().context, room_id, session, name=_metadata_name(), size=size
        )
        if not size:
            await files.finish_at_once(web.site().context, upload)
    response = _about(upload, 201)
    response.headers["Location"] = (
        f"{web.root()}/api/conversations/{quote(room_id, safe='')}/uploads/{upload.id}"
    )
    return response


async def state(room_id: str, upload_id: str) -> Response:
    if (refusal := _version_refused()) is not None:
        return refusal
    context, session = web.site().context, await web.current_session()
    try:
        upload = await files.upload_of(context, room_id, session, upload_id)
    except NotFound:
        # Whoever missed the last answer learns that all of it is there.
        file = await files.own(context, room_id, session, upload_id)
        return _about_whole(file.size)
    if upload.offset == upload.size:
        # All of it came, and then the server was ended: nobody sends anything more.
        await files.finish(context, upload)
        return _about_whole(upload.size)
    return _about(upload, 200)


def _about_whole(size: int) -> Response:
    response = _answer(200)
    response.headers["Upload-Offset"] = response.headers["Upload-Length"] = str(size)
    return response


async def add(room_id: str, upload_id: str) -> Response:
    if (refusal := _version_refused()) is not None:
        return refusal
    if request.mimetype != OFFSET_TYPE:
        return _refused(_WRONG_TYPE)
    offset, context = _number("Upload-Offset"), web.site().context
    session = await web.current_session()
    async with web.limited(Kind.DOWNLOADS, room_id):
        upload = await files.upload_of(context, room_id, session, upload_id, to_add=True)
    if offset != upload.offset:
        return _refused(_WRONG_OFFSET)
    incoming: Incoming = request.incoming  # type: ignore[attr-defined]
    try:
        upload = await files.receive(context, upload, aiter(incoming))
    except BrokenOff:
        raise BadRequest("The upload broke off. Go on where it is.") from None
    except files.Moved:
        return _refused(_WRONG_OFFSET)
    except files.GaveWay:
        return _refused(_LOCKED)
    if upload.offset == upload.size:
        # It may have taken long: whoever lost the right meanwhile has no file of it.
        await files.upload_of(context, room_id, session, upload_id, to_add=True)
        await files.finish(context, upload)
    return _about(upload, 204)


async def terminate(room_id: str, upload_id: str) -> Response:
    if (refusal := _version_refused()) is not None:
        return refusal
    context, session = web.site().context, await web.current_session()
    upload = await files.upload_of(context, room_id, session, upload_id)
    await files.give_up(context, upload)
    return _answer(204)


HANDLERS: dict[str, dict[str, Handler]] = {
    COLLECTION: {"OPTIONS": describe, "POST": create},
    ONE: {"HEAD": state, "PATCH": add, "DELETE": terminate},
}
"""By path and method."""


def told(handler: Handler) -> Handler:
    """The same, telling a program that sent no token to send one."""

    async def serve(**path: Any) -> Response:
        if request.method != "OPTIONS" and await web.lacks_token():
            raise TokenRequired
        return await handler(**path)

    return serve


def _about(upload: Upload, status: int) -> Response:
    response = _answer(status)
    response.headers["Upload-Offset"] = str(upload.offset)
    response.headers["Upload-Length"] = str(upload.size)
    response.headers["Upload-Expires"] = http_date(
        upload.touched_at + timedelta(seconds=files.WAITS_S)
    )
    return response


def _answer(status: int) -> Response:
    response = Response("", status=status)
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    response.headers.pop("Content-Type", None)
    return response


def _version_refused() -> Response | None:
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    response = _refused(_WRONG_VERSION)
    response.headers["Tus-Version"] = VERSION
    return response


def _refused(status: int) -> Response:
    response = web.json(present.error_reply(BadRequest(_REFUSED[status])), status)
    response.headers["Tus-Resumable"] = VERSION
    return response


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _LENGTH_MAX_DIGITS):
        raise BadRequest(f"{header} must be a number of bytes.")
    return int(text)


def _metadata_name() -> str:
    """The file's name among the metadata: `filename`, as tus clients call it, or `name`."""
    found: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise BadRequest("Upload-Metadata must be pairs of a key and a Base64 value.") from None
    return found.get("filename") or found.get("name") or "file"
