"""Taking a conversation along as a file."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from types import TracebackType

import msgspec
from quart import Response, current_app, request
from quart.wrappers.response import ResponseBody

from parley import present, web
from parley.calls import accounts
from parley.calls.answering import parameters
from parley.domain import exporting, participation
from parley.domain.export_turns import Turn
from parley.errors import NotJoined, ParleyError
from parley.exports import lines
from parley.exports.archive import archive, archive_of_all
from parley.exports.markdown import markdown
from parley.exports.page import page
from parley.exports.taking import Taking, in_pieces, signer_of

FORMATS: dict[str, tuple[Callable[[Taking], AsyncGenerator[bytes, None]], str, str]] = {
    "json": (lines.json, "application/json", "json"),
    "jsonl": (lines.json_lines, "application/jsonl; charset=utf-8", "jsonl"),
    "md": (markdown, "text/markdown; charset=utf-8", "md"),
    "html": (page, "text/html; charset=utf-8", "html"),
    "zip": (archive, "application/zip", "zip"),
}
"""How each is written, its media type, and how names of such files end."""
_NAME_MAX_CHARS = 60


async def export(room_id: str) -> Response:
    return await answer(room_id, parameters("export").get("format", "json"))


async def answer(room_id: str, format: str) -> Response:
    """The conversation as a file, for whoever may read it.

    Raises as `conversations.find`, and `RateLimited` where they export one already.
    """
    context, session = web.site().context, await web.session_if_known()
    write, type, ending = FORMATS[format]
    begun = await exporting.begin(context, room_id, session)
    server = web.public_url()
    signer = signer_of(web.secret(), server)
    taking = Taking(context, begun, server, signer, current_app.jinja_env)
    response = Response("", content_type=type)
    del response.headers["Content-Length"]  # nobody knows it yet
    if request.method == "GET":
        who = web.address() if session is None else session.id
        response.response = _Body(
            in_pieces(write(taking)), context.exports.begin(who, web.address())
        )
    name = f"{_file_name(begun.conversation.title)}.{ending}"
    response.headers["Content-Disposition"] = web.disposition("attachment", name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.timeout = None  # whoever does not read is found by what is unread
    return response


async def answer_all() -> Response:
    """All that whoever asks takes part in, in one ZIP file. Raises `NotJoined` for a stranger, and
    `RateLimited` where they export something already.
    """
    context, session = web.site().context, await web.session_if_known()
    if session is None:
        raise NotJoined("There is nothing of yours in this browser yet.")
    about = msgspec.json.format(msgspec.json.encode(await accounts.account()), indent=2)
    found = await participation.room_ids(context, session)
    left_out: list[str] = []
    server = web.public_url()
    signer, templates = signer_of(web.secret(), server), current_app.jinja_env

    async def each() -> AsyncIterator[tuple[str, Taking]]:
        """Each, and what its folder is called. Of what can't be read, the links."""
        for number, room_id in enumerate(found.values(), 1):
            try:
                begun = await exporting.begin(context, room_id, session)
            except ParleyError as error:
                left_out.append(f"{present.join_link(room_id, public_url=server)}: {error.text}")
                continue
            folder = f"{number:03} {_file_name(begun.conversation.title)}"
            yield folder, Taking(context, begun, server, signer, templates)

    written = archive_of_all(about, each(), left_out)
    turn = context.exports.begin(session.id, web.address())
    response = Response("", content_type="application/zip")
    del response.headers["Content-Length"]
    response.response = _Body(in_pieces(written), turn)
    response.headers["Content-Disposition"] = web.disposition("attachment", "parley.zip")
    response.headers["Cache-Control"] = "no-store"
    response.timeout = None
    return response


class _Body(ResponseBody):
    """What is sent, piece by piece; its turn ends with it, however it ends."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], turn: Turn) -> None:
        self._pieces, self._turn = pieces, turn

    async def __aenter__(self) -> AsyncGenerator[bytes, None]:
        return self._pieces

    async def __aexit__(self, exc_type: type, exc_value: BaseException, tb: TracebackType) -> None:
        self._turn.end()
        await self._pieces.aclose()


def _file_name(title: str) -> str:
    """By the title, as every system takes it."""
    return re.sub(r"[^\w .,()-]+", "_", title)[:_NAME_MAX_CHARS].strip(" ._") or "conversation"
