"""The page of a conversation's files: pictures and film, sound, documents; the latest first."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from quart import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.calls.files import KINDS
from parley.contract import decode
from parley.domain import conversations, files
from parley.errors import Encrypted
from parley.pages import attached
from parley.pages.door import AT_THE_DOOR, Refused, door
from parley.pages.rendering import render_long

file_list_pages = Blueprint("file_list_pages", __name__)
file_list_pages.before_request(web.admit)

PAGE_FILES = 30
TITLES = {"media": "Media", "audio": "Audio", "documents": "Documents"}
NONE_YET = {
    "media": "No pictures or videos yet.",
    "audio": "No audio yet.",
    "documents": "No documents yet.",
}


class Row(NamedTuple):
    """A file, how it stands on the page, and who sent it when."""

    sent: contract.SentFile
    shown: attached.Shown


@file_list_pages.get("/conversation/<room_id>/files")
async def file_list(room_id: str) -> AnyResponse | str | Refused:
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else "media"
    text = request.args.get("before")
    before = decode.from_query(text, "before", contract.Seq) if text else None
    context, session = web.site().context, await web.session_if_known()
    try:
        found = (await conversations.find(context, room_id, session)).conversation
        sent, has_more = await files.sent(
            context, room_id, session, kinds=KINDS[kind], before=before, limit=PAGE_FILES
        )
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
    if found.room_id != room_id:
        where = f"/conversation/{found.room_id}/files"
        return web.go_on(f"{where}?{urlencode({'kind': kind})}")
    if found.is_encrypted:
        raise Encrypted(
            "Only your browser knows these files: open the conversation and choose Files."
        )
    rows = [_row(present.sent_file(each, files.as_sent(each.file))) for each in sent]
    return await render_long(
        "pages/files.html",
        conversation=found,
        kind=kind,
        titles=TITLES,
        none_yet=NONE_YET[kind] if before is None else "No older ones.",
        rows=rows,
        is_first=before is None,
        older=rows[-1].sent.seq if rows and has_more else None,
    )


def _row(sent: contract.SentFile) -> Row:
    return Row(sent, attached.shown(sent.file, sent.username))
