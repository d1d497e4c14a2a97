"""What tells a phone that pages of ours can stand on its home screen, and how they look there.

https://www.w3.org/TR/appmanifest/. What browsers ask of it beyond that before they offer to
install: a name, a start, a display of its own, and icons of 192 and 512 pixels.
"""

from __future__ import annotations

import json

from quart import Blueprint, Response

from parley.pages.assets import Assets

ADDRESS = "/manifest.webmanifest"
ICONS_PX = (192, 512)
MASKED_ICON = "img/icon-masked.png"
"""Without a shape of its own: a phone cuts it to its own, and at most a tenth off each side."""


def icon(px: int) -> str:
    """The file with an icon so many pixels wide."""
    return f"img/icon-{px}.png"


def manifest_pages(assets: Assets) -> Blueprint:
    pictures = [(assets.url(icon(px)), f"{px}x{px}", "any") for px in ICONS_PX]
    pictures.append((assets.url(MASKED_ICON), f"{ICONS_PX[-1]}x{ICONS_PX[-1]}", "maskable"))
    content = json.dumps(
        {
            # What is installed stays the same app, whatever its first page will be.
            "id": f"{assets.root}/",
            "name": "parley",
            "description": "Talk by link.",
            "start_url": f"{assets.root}/",
            "scope": f"{assets.root}/",
            "display": "standalone",
            "background_color": "#fcfaf6",
            "theme_color": "#fcfaf6",
            # https://w3c.github.io/web-share-target/
            "share_target": {
                "action": f"{assets.root}/share",
                "method": "POST",
                "enctype": "multipart/form-data",
                "params": {
                    "title": "title",
                    "text": "text",
                    "url": "url",
                    "files": [{"name": "files", "accept": ["*/*"]}],
                },
            },
            "icons": [
                {"src": src, "sizes": sizes, "type": "image/png", "purpose": purpose}
                for src, sizes, purpose in pictures
            ],
        }
    )
    pages = Blueprint("manifest", __name__)

    @pages.get(ADDRESS)
    async def manifest() -> Response:
        response = Response(content, content_type="application/manifest+json")
        response.headers["Cache-Control"] = "no-cache"
        return response

    return pages
