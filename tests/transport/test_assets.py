"""Static files: small on the way, kept for ever, and nothing but the folder's own."""

from __future__ import annotations

import gzip
import json
import posixpath
import re
import struct

import pytest

from parley.app import Parley
from parley.pages.assets import FOLDER, PRESSED
from tests import lasting
from tests.calls import Caller, Reply
from tests.cases import together
from tests.effort import IS_EVERYTHING

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

GZIP = {"Accept-Encoding": "gzip, deflate, br;q=0"}
BROTLI = {"Accept-Encoding": "gzip, deflate, br, zstd"}
FIRST_LOAD_MAX_BYTES = 57 * 1024
GZIPPED_MAX_BYTES = 64 * 1024
"""Over HTTP to another host, where browsers take no Brotli."""
FIRST_LOAD_MAX_FILES = 10
"""What a page may need, and what it all may weigh on the way."""

PICTURE_MAX_BYTES = 40_000

NAMES = sorted(
    p.relative_to(FOLDER).as_posix()
    for p in FOLDER.rglob("*")
    if p.is_file() and p.suffix != PRESSED
)
CODE = [name for name in NAMES if name.endswith((".js", ".css", ".svg"))]


async def asset(caller: Caller, app: Parley, name: str, **headers: str) -> Reply:
    return await caller.call("GET", f"/static/{app.assets.version}/{name}", headers=headers)


@pytest.mark.longer
@together("name", NAMES if IS_EVERYTHING else NAMES[::6])
async def test_a_file_arrives_as_it_is(ada: Caller, app: Parley, name: str) -> None:
    content = (FOLDER / name).read_bytes()
    plain = await asset(ada, app, name)
    assert (plain.status, plain.raw) == (200, content)
    assert "Content-Encoding" not in plain.headers
    small = await asset(ada, app, name, **GZIP)
    if small.headers.get("Content-Encoding") == "gzip":
        assert gzip.decompress(small.raw) == content
        assert "Accept-Encoding" in small.headers["Vary"]


@pytest.mark.longer
@together("name", CODE if IS_EVERYTHING else CODE[::6])
async def test_code_is_compressed_and_kept_for_ever(ada: Caller, app: Parley, name: str) -> None:
    reply = await asset(ada, app, name, **GZIP)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    kind = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert reply.headers["Content-Type"].startswith(kind[posixpath.splitext(name)[1]])


async def test_what_a_page_begins_with_is_pressed_harder_for_who_takes_it(
    ada: Caller, app: Parley
) -> None:
    name = app.assets.url("js/conversation.js").partition(f"/{app.assets.version}/")[2]
    reply = await asset(ada, app, name, **BROTLI)
    assert (reply.headers["Content-Encoding"], reply.headers["Vary"]) == ("br", "Accept-Encoding")
    assert reply.raw == (FOLDER / (name + PRESSED)).read_bytes()
    assert (await asset(ada, app, name, **GZIP)).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in (await asset(ada, app, name)).headers
    assert (await asset(ada, app, name + PRESSED, **BROTLI)).status == 404


async def test_the_address_of_another_version_is_not_kept(ada: Caller) -> None:
    reply = await ada.call("GET", "/static/000000000000/css/base.css")
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-cache"


@together(
    "name",
    [
        "../config.py",
        "css/../../config.py",
        "..%2fconfig.py",
        "%2e%2e/config.py",
        "/etc/passwd",
        "//etc/passwd",
        "css",
        "css/",
        "",
        "css/base.css%00",
        "CSS/base.css",
        "..\\config.py",
    ],
)
async def test_what_is_not_in_the_folder_is_not_found(ada: Caller, app: Parley, name: str) -> None:
    reply = await ada.call("GET", f"/static/{app.assets.version}/{name}")
    if reply.status == 308:
        reply = await ada.call("GET", reply.headers["Location"])
    assert reply.status == 404
    assert "Config" not in reply.text


async def test_the_icon_of_old_browsers_is_one(ada: Caller) -> None:
    reply = await ada.call("GET", "/favicon.ico")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/vnd.microsoft.icon"
    reserved, kind, count = struct.unpack_from("<HHH", reply.raw)
    assert (reserved, kind) == (0, 1)
    sizes = []
    for number in range(count):
        width, height, *_, length, offset = struct.unpack_from(
            "<BBBBHHII", reply.raw, 6 + 16 * number
        )
        assert png_size(reply.raw[offset : offset + length]) == (width, height)
        sizes.append(width)
    assert 32 in sizes


@together(
    ("address", "size"),
    [("/apple-touch-icon.png", (180, 180)), ("/static/x/img/preview.png", (1200, 630))],
)
async def test_pictures_have_the_sizes_that_are_asked_for(
    ada: Caller, address: str, size: tuple[int, int]
) -> None:
    reply = await ada.call("GET", address)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png")
    assert png_size(reply.raw) == size
    assert len(reply.raw) < PICTURE_MAX_BYTES


async def test_a_page_names_its_icons(ada: Caller) -> None:
    page = (await ada.call("GET", "/")).text
    icons = re.findall(r'<link rel="(?:apple-touch-)?icon" href="([^"]+)"', page)
    kinds = [(await ada.call("GET", icon)).headers["Content-Type"] for icon in icons]
    assert kinds == ["image/vnd.microsoft.icon", "image/svg+xml", "image/png"]


async def test_every_page_can_be_put_on_the_home_screen(ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    for path in ("/", "/conversations", f"/conversation/{room_id}"):
        assert (
            '<link rel="manifest" href="/manifest.webmanifest">'
            in (await ada.call("GET", path)).text
        )
    reply = await ada.call("GET", "/manifest.webmanifest")
    assert reply.headers["Content-Type"] == "application/manifest+json"
    shapes = []
    for icon in json.loads(reply.text)["icons"]:
        picture = await ada.call("GET", icon["src"])
        assert (picture.status, picture.headers["Content-Type"]) == (200, "image/png")
        assert "immutable" in picture.headers["Cache-Control"]
        assert len(picture.raw) < PICTURE_MAX_BYTES
        width, height = png_size(picture.raw)
        assert icon["sizes"] == f"{width}x{height}"
        shapes.append((width, icon["purpose"]))
    assert shapes == [(192, "any"), (512, "any"), (512, "maskable")]


def png_size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack_from(">II", picture, 16)
    return width, height


async def load(ada: Caller, path: str, accepts: dict[str, str] = BROTLI) -> dict[str, int]:
    """What a browser fetches for a page before it is whole: bytes by address."""
    sizes: dict[str, int] = {}
    waiting = [path]
    while waiting:
        address = waiting.pop()
        if address in sizes:
            continue
        sizes[address] = len((await ada.call("GET", address, headers=accepts)).raw)
        reply = await ada.call("GET", address)
        assert reply.status == 200, address
        text = reply.text
        if reply.headers["Content-Type"].startswith("text/html"):
            waiting += re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        elif "/vendor/" not in address:
            found = re.findall(r"""(?:from|import)\s*["'](\.[^"']+)["']""", text)
            found += re.findall(r"""url\(["']?([^"')]+)["']?\)""", text)
            folder = posixpath.dirname(address)
            waiting += [posixpath.normpath(posixpath.join(folder, name)) for name in found]
    return sizes


async def test_a_first_page_is_light(ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    for number in range(20):
        await ada.says(room_id, f"Message {number}")
    for path in ("/", "/conversations", f"/conversation/{room_id}"):
        sizes = await load(ada, path)
        assert any("/js/" in address for address in sizes)
        assert sum(sizes.values()) < FIRST_LOAD_MAX_BYTES, sizes
        assert len(sizes) <= FIRST_LOAD_MAX_FILES, sizes
        assert sum((await load(ada, path, GZIP)).values()) < GZIPPED_MAX_BYTES


async def test_every_script_that_a_conversation_needs_is_announced(ada: Caller) -> None:
    path = f"/conversation/{await ada.starts()}"
    page = (await ada.call("GET", path)).text
    announced = set(re.findall(r'(?:src|href)="(/static/[^"]+\.js)"', page))
    assert {address for address in await load(ada, path) if address.endswith(".js")} == announced
