"""How to be notified on a phone, and why some browsers can't be."""

from __future__ import annotations

from quart import Blueprint, render_template

from parley import web

ADDRESS = "/notifications"

notifying_pages = Blueprint("notifying_pages", __name__)
notifying_pages.before_request(web.admit)


@notifying_pages.get(ADDRESS)
async def notifications() -> str:
    return await render_template("pages/notifications.html", is_https=web.is_trustworthy())
