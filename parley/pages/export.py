"""Taking a conversation along: which formats there are, and the file itself.

The file is a plain download. A browser writes it to the disk as it comes and says itself how far it
is; a script would have to hold all of it in a phone's memory first.
"""

from __future__ import annotations

from typing import NamedTuple

from quart import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.calls import export
from parley.contract import decode
from parley.domain import conversations
from parley.errors import Encrypted
from parley.exports.taking import signer_of
from parley.limits.limiter import Kind
from parley.pages.door import AT_THE_DOOR, Refused, door

export_pages = Blueprint("export_pages", __name__)
export_pages.before_request(web.admit)


class Format(NamedTuple):
    """One that is offered, the most useful first."""

    name: contract.ExportFormat
    title: str
    about: str


FORMATS = (
    Format(
        "zip",
        "Everything, with files",
        "A ZIP file with the page below, all files, and a proof that nothing was changed.",
    ),
    Format(
        "html",
        "Page",
        "Looks like the conversation, opens offline and prints well. Files are only named.",
    ),
    Format("md", "Markdown", "Text to read, edit or put elsewhere."),
    Format(
        "jsonl",
        "JSON Lines",
        "For programs, and for bringing it into another Parley: a line for each message, "
        "with a proof.",
    ),
    Format("json", "JSON", "The same in one object."),
)


@export_pages.get("/conversation/<room_id>/export")
async def choose(room_id: str) -> AnyResponse | str | Refused:
    context, session = web.site().context, await web.session_if_known()
    try:
        found = (await conversations.find(context, room_id, session)).conversation
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
    if found.room_id != room_id:
        return web.go_on(f"/conversation/{found.room_id}/export")
    if found.is_encrypted:
        raise Encrypted("Your browser makes this export: open the conversation and choose Export….")
    return await render_template(
        "pages/export.html",
        conversation=found,
        formats=FORMATS,
        key=str(signer_of(web.secret(), web.public_url()).key),
    )


@export_pages.get("/conversation/<room_id>/export/file")
async def file(room_id: str) -> Response | Refused:
    format = decode.from_query(request.args.get("format", "zip"), "format", contract.ExportFormat)
    try:
        async with web.limited(Kind.SEARCHES, room_id):
            return await export.answer(room_id, format)
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
