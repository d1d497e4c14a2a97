"""Files: uploading one at once, and which there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from quart import request

from parley import contract, present, web
from parley.calls.answering import parameters
from parley.domain import files, stills
from parley.errors import BadRequest, ParleyError, TooLarge
from parley.incoming import BrokenOff, FormFile, Incoming
from parley.records import Upload

AROUND_BYTES = 64 * 1024
"""What a form may have around its file."""


async def upload(room_id: str) -> contract.FileReply:
    """A whole file: as the body, or in a form's field `file`."""
    incoming: Incoming = request.incoming  # type: ignore[attr-defined]
    try:
        if request.mimetype == "multipart/form-data":
            return await _from_form(room_id, incoming)
        name = request.args.get("name", "") or "file"
        return contract.FileReply(file=await receive(room_id, name, incoming))
    except BrokenOff:
        raise BadRequest("The upload broke off. Nothing was kept: send it again.") from None


async def _from_form(room_id: str, incoming: Incoming) -> contract.FileReply:
    form = FormFile(incoming, request.headers.get("Content-Type", ""), field="file")
    name = await form.name()
    return contract.FileReply(file=await receive(room_id, name, form.data()))


async def set_still(room_id: str, file_id: str) -> contract.FileReply:
    """A picture, as the body, for a film that was uploaded."""
    context, session = web.site().context, await web.current_session()
    picture: Any = await request.get_data(as_text=False)  # bytes, though its type allows for text
    file = await stills.put(context, room_id, session, file_id, picture)
    return contract.FileReply(file=present.file(files.as_sent(file)))


def announced() -> int | None:
    """How long the body is, where that was said."""
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdecimal() else None


async def receive(room_id: str, name: str, data: AsyncIterator[bytes] | Incoming) -> contract.File:
    """Take a file that comes with the request, for whoever sent it."""
    length = announced()
    context, session = web.site().context, await web.current_session()
    most = files.filing(context).quotas.file
    if length is not None and length <= most + AROUND_BYTES and not isinstance(data, Incoming):
        # The file is smaller: the form has something around it.
        length = min(length, most)
    begun = await files.begin(
        context, room_id, session, name=name, size=most if length is None else length
    )
    try:
        upload = await files.receive(context, begun, _within(data, begun))
    except BaseException:
        await files.give_up(context, begun)
        raise
    try:
        await files.upload_of(context, room_id, session, begun.id, to_add=True)
    except ParleyError:
        await files.give_up(context, begun)  # nobody can go on with it
        raise
    return present.file(files.as_sent(await files.finish_at_once(context, upload)))


async def _within(data: AsyncIterator[bytes] | Incoming, upload: Upload) -> AsyncIterator[bytes]:
    count = 0
    async for piece in data:
        count += len(piece)
        if count > upload.size:
            raise TooLarge(f"This file is too large: at most {files.in_words(upload.size)}.")
        yield piece


KINDS = {"media": ("picture", "video"), "audio": ("audio",), "documents": ("document",)}


async def sent(room_id: str) -> contract.FilesReply:
    query = parameters("files")
    found, has_more = await files.sent(
        web.site().context,
        room_id,
        await web.session_if_known(),
        kinds=KINDS[query["kind"]] if "kind" in query else (),
        before=query.get("before"),
        limit=query.get("limit", contract.FILES_PAGE_DEFAULT),
    )
    return contract.FilesReply(
        files=[present.sent_file(each, files.as_sent(each.file)) for each in found],
        has_more=has_more,
    )
