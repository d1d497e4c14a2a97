"""Draw the pictures of parley that browsers and other apps take as files.

    python -m tools.pictures    draws them into parley/static/img, from favicon.svg

What is drawn depends a little on the machine's fonts, so that it is kept rather than made anew.
"""

from __future__ import annotations

import re
import struct
import sys

from playwright.sync_api import Browser, sync_playwright

from parley.pages.assets import FOLDER
from parley.pages.manifest import ICONS_PX, MASKED_ICON, icon
from tests.browser import chromium

IMAGES = FOLDER / "img"
SIGN = IMAGES / "favicon.svg"
TOUCH_ICON_PX = 180
"""What an iPhone asks for; it rounds the corners itself."""
ICO_PX = (16, 32)
PREVIEW_PX = (1200, 630)
"""What Facebook, X and those who do as they do ask for (ogp.me says nothing of it)."""
PREVIEW_MAX_BYTES = 40_000

_PAPER, _INK, _SOFT, _AMBER = "#fcfaf6", "#211e19", "#615a50", "#f2b533"
_PREVIEW = f"""<!doctype html><meta charset="utf-8"><style>
  body {{ margin: 0; display: grid; align-content: space-between; box-sizing: border-box;
    width: 1200px; height: 630px; padding: 84px 96px; color: {_INK}; background: {_PAPER};
    font-family: system-ui, sans-serif; }}
  .mark {{ display: flex; align-items: center; gap: 20px; font-size: 52px; font-weight: 650;
    letter-spacing: -0.02em; }}
  svg {{ width: 76px; height: 76px; }}
  h1 {{ margin: 0; font-size: 148px; line-height: 1; letter-spacing: -0.03em; }}
  p {{ margin: 34px 0 0; font-size: 40px; color: {_SOFT}; }}
  i {{ position: absolute; left: 0; bottom: 0; width: 1200px; height: 20px; background: {_AMBER}; }}
</style><div class="mark">SIGN<span>parley</span></div>
<div><h1>Talk by link.</h1><p>Open the link to read, enter a name and join in.</p></div><i></i>"""


def main() -> None:
    sign = SIGN.read_text("utf-8")
    square = sign.replace(' rx="8"', "")
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        icons = {px: _drawn(browser, _filling(sign), (px, px)) for px in ICO_PX}
        (IMAGES / "favicon.ico").write_bytes(ico(icons))
        touch = _drawn(browser, _filling(square), (TOUCH_ICON_PX, TOUCH_ICON_PX))
        (IMAGES / "apple-touch-icon.png").write_bytes(touch)
        for px in ICONS_PX:
            (IMAGES.parent / icon(px)).write_bytes(_drawn(browser, _filling(sign), (px, px)))
        largest = (ICONS_PX[-1], ICONS_PX[-1])
        (IMAGES.parent / MASKED_ICON).write_bytes(_drawn(browser, _filling(square), largest))
        preview = _drawn(browser, _PREVIEW.replace("SIGN", _on_paper(sign)), PREVIEW_PX)
        (IMAGES / "preview.png").write_bytes(preview)
        browser.close()
    if len(preview) > PREVIEW_MAX_BYTES:
        sys.exit(f"preview.png has {len(preview)} bytes: more than {PREVIEW_MAX_BYTES}.")


def ico(pictures: dict[int, bytes]) -> bytes:
    """An icon file of square PNG pictures, by their size in pixels (below 256)."""
    offset = 6 + 16 * len(pictures)
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for px, picture in pictures.items():
        place = offset + len(body)
        head += struct.pack("<BBBBHHII", px, px, 0, 0, 1, 32, len(picture), place)
        body += picture
    return head + body


def _filling(svg: str) -> str:
    return (
        "<!doctype html><style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>"
        + svg
    )


def _on_paper(sign: str) -> str:
    """The two marks without the ground they have as an icon, in the colours of the pages."""
    bare = re.sub(r"<rect[^>]*/>", "", sign).replace('viewBox="0 0 32 32"', 'viewBox="5 5 22 22"')
    return bare.replace("#f6f2ea", _INK)


def _drawn(browser: Browser, page: str, size: tuple[int, int]) -> bytes:
    """A page of that size in pixels, as PNG; what it leaves empty is clear."""
    with browser.new_page(viewport={"width": size[0], "height": size[1]}) as tab:
        tab.set_content(page)
        return tab.screenshot(omit_background=True)


if __name__ == "__main__":
    main()
