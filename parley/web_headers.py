"""Headers that every page carries, and the compression of what is sent as text."""

from __future__ import annotations

import gzip

from quart import Response, request
from werkzeug.datastructures import Headers

COMPRESS_FROM_BYTES = 1_000
_COMPRESSED = ("text/html", "image/svg+xml")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def accepts_gzip(headers: Headers) -> bool:
    return any(
        part.split(";")[0].strip() == "gzip"
        for part in headers.get("Accept-Encoding", "").split(",")
    )


async def secure(response: Response) -> Response:
    """What a browser may do with any answer of ours."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not no-referrer: with it browsers send a form's origin as null, and a form without
    # scripts could not be told from one on a stranger's page. Other sites learn nothing.
    headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("Cache-Control", "no-store")
    return response


async def compress(response: Response) -> Response:
    """Gzip a page: a transcript shrinks to a fifth."""
    # Redirects carry nothing to read, and those of the routing are no Quart responses at all.
    if response.mimetype not in _COMPRESSED or 300 <= response.status_code < 400:
        return response
    if "Content-Encoding" in response.headers:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    body = await response.get_data(as_text=False)
    if len(body) >= COMPRESS_FROM_BYTES and accepts_gzip(request.headers):
        response.set_data(gzip.compress(body, 5))
        response.headers["Content-Encoding"] = "gzip"
    return response
