"""Imports: sending a file, and how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from msgspec import UNSET, UnsetType
from quart import Response, request

from parley import contract, present, web
from parley.calls.answering import parameters
from parley.calls.files import announced
from parley.domain.importing.imports import Import, Told
from parley.domain.importing.scratch import Staged
from parley.errors import BadRequest
from parley.incoming import BrokenOff, FormFile, Incoming

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def import_file() -> Response:
    query = parameters("import")
    told = Told(*(query.get(name, "") for name in ("title", "zone", "choose", "order")))
    incoming: Incoming = request.incoming  # type: ignore[attr-defined]
    imports = web.imports()
    imports.require_on()
    name, data, size = request.args.get("name", ""), aiter(incoming), announced()
    try:
        if request.mimetype == "multipart/form-data":
            name, data, size = await _of_form(incoming)
        known, token = await imports.receive(
            await web.current_session(),
            name,
            data,
            told,
            announced=size,
            is_dry=query.get("dry_run") == "true",
        )
    except BrokenOff:
        raise BadRequest("The file broke off. Nothing was kept: send it again.") from None
    reply = _reply(known)
    if token is not None and not web.is_own_page():
        reply.token = token
    return web.remember(web.json(reply, 202), token)


async def _of_form(incoming: Incoming) -> tuple[str, AsyncIterator[bytes], None]:
    form = FormFile(incoming, request.headers.get("Content-Type", ""), field="file")
    return await form.name(), form.data(), None


async def import_state(id: str) -> contract.ImportReply:
    known = web.imports().find(await web.session_if_known(), id)
    return _reply(known)


async def store_import(body: contract.StoreBody, id: str) -> contract.ImportReply:
    told = Told(body.title, body.zone, body.choose, body.order)
    known = web.imports().store(await web.current_session(), id, told)
    return _reply(known)


def _reply(known: Import) -> contract.ImportReply:
    done = known.imported
    told = contract.Import(
        id=known.id,
        state=known.state.value,
        read=known.read,
        stored=known.stored,
        contents=UNSET if known.staged is None else _contents(known.staged),
        error=UNSET if known.error is None else known.error.text,
    )
    if done is not None:
        told.room_id = done.conversation.room_id
        told.join_link = present.join_link(done.conversation.room_id, public_url=web.public_url())
        told.files_refused = list(done.files_refused) or UNSET
    return contract.ImportReply(progress=told)


def _contents(staged: Staged) -> contract.ImportContents:
    return contract.ImportContents(
        system=staged.system,
        title=staged.title,
        people=list(staged.people),
        people_count=staged.people_count,
        messages=staged.messages,
        service_lines=staged.service_lines,
        files=staged.files,
        files_bytes=staged.files_bytes,
        files_missing=staged.files_missing,
        files_too_large=staged.files_too_large,
        first_at=_moment(staged.first_at_ms),
        last_at=_moment(staged.last_at_ms),
        needs_zone=staged.needs_zone,
        problems=[contract.ImportProblem(place=e.place, what=e.what) for e in staged.problems],
        problems_count=staged.problems_count,
        split=staged.split,
        reactions_left_out=staged.reactions_left_out,
        pins_left_out=staged.pins_left_out,
        choices=list(staged.choices) or UNSET,
    )


def _moment(at_ms: int | None) -> str | UnsetType:
    return UNSET if at_ms is None else present.timestamp(_EPOCH + timedelta(milliseconds=at_ms))
