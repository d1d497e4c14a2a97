"""The line that whoever runs the server shows on all pages."""

from __future__ import annotations

from quart import has_request_context, request

from parley import web
from parley.records import Announcement

CLOSED = "parley-closed"
"""The cookie with the id of the one that somebody closed: static/js/browser/announcement.js."""


def shown() -> Announcement | None:
    """What to show on this page; None where there is nothing, or it was closed."""
    if not has_request_context():
        return None
    now = web.site().context.host.announcement
    return None if now is None or request.cookies.get(CLOSED) == now.id else now
