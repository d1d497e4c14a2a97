"""Stills of films: a frame that the sender's browser drew, as nothing here decodes film.

It is a claim like any other: what comes is opened and encoded anew where all pictures are.
"""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import msgspec

from parley import contract
from parley.domain import files
from parley.domain.context import Context
from parley.domain.filing import Filing
from parley.errors import BadRequest, NotFound, NotJoined, TooLarge
from parley.files.store import PREVIEW
from parley.files.threads import in_thread
from parley.media import Kind
from parley.records import File, Session
from parley.storage import files as stored


async def put(
    context: Context, room_id: str, session: Session | None, file_id: str, picture: bytes
) -> File:
    """Give a film that this session uploaded, and that no message names yet, a still.

    Where it has one, nothing changes. Raises `NotFound`; `BadRequest` for what is no film or was
    sent; `TooLarge`, `BadFile` and `Unavailable` for the picture.
    """
    room = files.filing(context)
    if len(picture) > contract.STILL_MAX_BYTES:
        raise TooLarge(f"A still is at most {contract.STILL_MAX_BYTES // 1024} KiB.")
    try:
        file = await files.own(context, room_id, session, file_id)
    except NotFound:
        if session is None:
            raise NotJoined from None
        raise
    if file.kind != Kind.VIDEO:
        raise BadRequest("Only a film can be given a still.")
    if file.seq is not None:
        raise BadRequest("The film was sent already.")
    if file.has_preview:
        return file
    came = room.inbox.path(f"{file.id}.{secrets.token_hex(8)}.still")
    made: Path | None = None
    try:
        await in_thread(came.write_bytes, picture)
        made = await room.workshop.still(
            came, came.parent, max_px=contract.STILL_MAX_PX, whose=file.session_id
        )
        # Of two that come at once the second would take the place of what has been shown already.
        async with room.stills.setdefault(file.id, asyncio.Lock()):
            if await _keep(context, room, file.id, made):
                return msgspec.structs.replace(file, has_preview=True)
    finally:
        for each in (came, made):
            if each is not None:
                await in_thread(_erase, each)
    return await files.own(context, room_id, session, file_id)


async def _keep(context: Context, room: Filing, file_id: str, made: Path) -> bool:
    """Whether it is this film's still now: not where it has one, was sent or deleted meanwhile."""
    now = await context.database.read(stored.by_id, file_id)
    if now is None or now[0].has_preview or now[0].seq is not None:
        return False
    await room.store.put(file_id + PREVIEW, made)
    if await context.database.write(lambda connection: stored.add_preview(connection, file_id)):
        return True
    # It was sent or deleted while that was put there, or another process was faster.
    now = await context.database.read(stored.by_id, file_id)
    if now is None or not now[0].has_preview:
        await room.store.erase([file_id + PREVIEW])
    return False


def _erase(path: Path) -> None:
    path.unlink(missing_ok=True)
