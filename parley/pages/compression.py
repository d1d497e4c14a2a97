"""The compression of what is sent as text."""

from __future__ import annotations

import asyncio
import gzip
import re

from quart import Response, request
from werkzeug.datastructures import Headers

COMPRESS_FROM_BYTES = 1_000
COMPRESS_APART_FROM_BYTES = 20_000
"""What is larger is worth a thread, which needs no Python while it compresses."""
LEVEL = 5
_REFUSED = re.compile(r"q\s*=\s*0(?:\.0{0,3})?", re.IGNORECASE)
_COMPRESSED = ("text/html", "image/svg+xml")


def accepts(headers: Headers, encoding: str) -> bool:
    """Whether it is named there, and not refused by a quality of 0 (RFC 9110, section 12.5.3)."""
    for part in headers.get("Accept-Encoding", "").split(","):
        name, _, quality = part.partition(";")
        if name.strip().lower() == encoding:
            return not _REFUSED.fullmatch(quality.strip())
    return False


async def compress(response: Response) -> Response:
    """Gzip a page: a transcript shrinks to a fifth."""
    # Redirects carry nothing to read, and those of the routing are no Quart responses at all.
    if response.mimetype not in _COMPRESSED or 300 <= response.status_code < 400:
        return response
    if "Content-Encoding" in response.headers:
        return response
    if "Content-Length" not in response.headers:  # it comes piece by piece, and is never whole here
        return response
    response.headers.add("Vary", "Accept-Encoding")
    body = await response.get_data(as_text=False)
    if len(body) >= COMPRESS_FROM_BYTES and accepts(request.headers, "gzip"):
        if len(body) < COMPRESS_APART_FROM_BYTES:
            compressed = gzip.compress(body, LEVEL)
        else:
            compressed = await asyncio.to_thread(gzip.compress, body, LEVEL)
        response.set_data(compressed)
        response.headers["Content-Encoding"] = "gzip"
    return response
