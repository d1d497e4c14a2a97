"""What happens in a conversation, as server-sent events."""

from __future__ import annotations

from typing import Any, cast

from quart import Response, request
from quart.wrappers.response import IterableBody

from parley import contract, web
from parley.calls.answering import parameters
from parley.contract import decode
from parley.errors import BadRequest
from parley.wire.gate import OWN_LINES
from parley.wire.stream import HEADERS, LINE, MEDIA_TYPE, StreamBody

_IN_ADDRESSES = ("token", "access_token", "auth")
"""What programs name a token that they put where logs and proxies keep it."""


async def events(room_id: str) -> Response:
    """Raises as `Streams.make`, and `BadRequest`."""
    if any(name in request.args for name in _IN_ADDRESSES):
        raise BadRequest(
            "A token doesn't belong in an address, which logs keep. "
            "Send it as Authorization: Bearer."
        )
    since = _since()
    session = await web.current_session()
    streams = web.streams()
    response = Response(b"", content_type=MEDIA_TYPE, headers=HEADERS)
    if request.method == "HEAD":
        await streams.check(room_id, session)
        return response
    is_line = OWN_LINES in request.scope.get("state", {})
    address = web.address()
    made = await streams.make(room_id, session, since=since, address=address, is_line=is_line)
    cast("dict[str, Any]", request.scope)[LINE] = made
    if isinstance(made, StreamBody):
        del response.headers["Content-Length"]
        response.response, response.timeout = IterableBody(made.pieces()), None
    return response


def _since() -> int | None:
    """What the one who asks has heard: a browser that comes back says it in a header."""
    last = request.headers.get("Last-Event-ID", "")
    if last:
        return cast("int", decode.from_query(last, "Last-Event-ID", contract.Seq))
    return cast("int | None", parameters("events").get("since"))
