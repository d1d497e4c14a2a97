"""Static files: read once, compressed once, at addresses that change with their content."""

from __future__ import annotations

import functools
import hashlib
import json
import mimetypes
import os
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quart import Blueprint, Response, request

from parley.errors import NotFound
from parley.pages import compression

FOLDER = Path(__file__).parent.parent / "static"
BUILT = "built"
"""The folder of what `tools/bundle.py` made of the others: one file for each page's many."""
LIST = "built.json"
"""In it: of which source it was made, and which files stand for each of a page's."""
PRESSED = ".br"
"""Ends the name of a file that is another one, pressed by Brotli."""
_SOURCES = ("css", "js", "vendor")
_ON_ALL_PAGES = ("img/favicon.svg",)
_NOT_ON_PAGES = {f"{BUILT}/js/{name}.js" for name in ("client", "embed", "frame", "worker")} | {
    f"js/{name}.js" for name in ("client", "embed", "frame", "worker", "worker-off")
}
"""What no worker keeps: it has none of its own pages in frames."""
_FOR_ADMINS = ("js/admin.js", "css/pages/admin.css", "css/admin.css")
"""What no browser keeps for later: hardly anyone needs it."""
COMPRESSED_TYPES = ("text/", "application/json", "image/svg+xml")
# Not left to the machine's own table, which may know nothing of these or call them otherwise.
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".ico": "image/vnd.microsoft.icon",
    ".png": "image/png",
}
ICONS = {
    "/favicon.ico": "img/favicon.ico",
    "/apple-touch-icon.png": "img/apple-touch-icon.png",
}
"""Files that are asked for at these addresses by programs that read no page."""
SHOWN_ELSEWHERE = "img/preview.png"
"""What other sites show of ours, some from our own address."""


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    compressed: bytes | None
    pressed: bytes | None
    """By Brotli, where the tools have done it."""
    type: str


class Assets:
    """Every file of the static folder, under one version: a hash of all of them.

    The version is a folder of the address, so that modules which import each
    other by relative paths are always of one version, and all can be cached for ever.

    What was bundled stands for its source until that changes: then the source itself is served,
    so that whoever works on it sees at once what they wrote.
    """

    def __init__(self, folder: Path = FOLDER, *, root: str = "") -> None:
        """`root`: the path of the public URL, which their addresses begin with."""
        self.root = root
        listed = _listed(folder)
        pressed = {f"{BUILT}/{name}": told for name, told in listed.get("pressed", {}).items()}
        self._files = {
            name: _asset(path, pressed.get(name))
            for name, path in _files_in(folder)
            if not name.endswith(PRESSED)
        }
        whole = hashlib.sha256()
        for name, asset in self._files.items():
            whole.update(name.encode() + b"\0" + asset.content)
        self.version = whole.hexdigest()[:12]
        self._made = _what_was_made(folder, listed)

    def url(self, name: str) -> str:
        """The address of a file, or of what was made of it. Raises `KeyError` for none of ours."""
        self._files[name]
        return self._url(self._made.get(name, [name])[0])

    def imports(self, name: str) -> list[str]:
        """The addresses of what a script cannot begin without, for the browser to fetch with it."""
        return [self._url(each) for each in self._made.get(name, [])[1:]]

    def made_of(self, name: str) -> bytes | None:
        """What a script was last made into, as one file, though it may have changed since; `None`
        if it never was.
        """
        asset = self._files.get(f"{BUILT}/{name}")
        return None if asset is None else asset.content

    def content(self, name: str) -> bytes:
        """A file as it is. Raises `KeyError` for none of ours."""
        return self._files[name].content

    def answer(self, name: str) -> Response:
        """With a file, or with what was made of it, at an address that stays the same."""
        return _response(self._files[self._made.get(name, [name])[0]], is_current=False)

    def pressed(self, name: str) -> bytes | None:
        """A file by Brotli, where the tools pressed it as it is. Raises `KeyError`."""
        return self._files[name].pressed

    def for_pages(self) -> list[str]:
        """The addresses of all that a page may come to need, now or when something is pressed."""
        folders = (f"{BUILT}/",) if self._made else ("css/", "js/", "vendor/")
        names = [
            name
            for name in self._files
            if name.startswith(folders) and name.endswith((".css", ".js"))
        ]
        wanted = dict.fromkeys((*names, *_ON_ALL_PAGES))
        unwanted = {*_NOT_ON_PAGES, *(self._made.get(name, [name])[0] for name in _FOR_ADMINS)}
        return [self._url(name) for name in wanted if name not in unwanted]

    def _url(self, name: str) -> str:
        return f"{self.root}/static/{self.version}/{name}"

    def blueprint(self) -> Blueprint:
        files = Blueprint("files", __name__)

        @files.get("/static/<version>/<path:name>")
        async def file(version: str, name: str) -> Response:
            asset = self._files.get(name)
            if asset is None:
                raise NotFound
            response = _response(asset, is_current=version == self.version)
            if name == SHOWN_ELSEWHERE:
                response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return response

        for address, name in ICONS.items():
            files.add_url_rule(address, Path(name).stem, self._icon(name))

        return files

    def _icon(self, name: str) -> Callable[[], Awaitable[Response]]:
        async def icon() -> Response:
            return _response(self._files[name], is_current=False)

        return icon


def source_of(folder: Path) -> str:
    """What bundles are made of, as one hash."""
    whole = hashlib.sha256()
    for part in _SOURCES:
        for name, path in _files_in(folder / part):
            if name.endswith((".css", ".js")):
                whole.update(f"{part}/{name}".encode() + b"\0")
                whole.update(_read(path) + b"\0")
    return whole.hexdigest()


def hash_of(content: bytes) -> str:
    """Of a file, by which it is told whether it is the one that was pressed."""
    return hashlib.sha256(content).hexdigest()


def _listed(folder: Path) -> dict[str, Any]:
    """What the tools say of what they made; nothing where they made nothing."""
    try:
        listed: dict[str, Any] = json.loads((folder / BUILT / LIST).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return listed


def _what_was_made(folder: Path, listed: dict[str, Any]) -> dict[str, list[str]]:
    """The files that stand for a page's script or style sheet: its own first."""
    if not listed or listed["source"] != source_of(folder):
        return {}
    return {name: [f"{BUILT}/{each}" for each in files] for name, files in listed["made"].items()}


def _files_in(folder: Path) -> list[tuple[str, str]]:
    """All files below it, by names with slashes: pathlib would take as long as all else here."""
    start = len(str(folder)) + 1
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            found.append((path[start:].replace(os.sep, "/"), path))
    return sorted(found)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _asset(path: str, told: str | None) -> Asset:
    """`told`: the hash of what was pressed. Whoever changes a file sees what they wrote."""
    content = _read(path)
    suffix = os.path.splitext(path)[1]
    type = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "text/plain"
    compressed = _compressed(content) if type.startswith(COMPRESSED_TYPES) else None
    pressed = _read(path + PRESSED) if told and told == hash_of(content) else None
    return Asset(content, compressed, pressed, type)


@functools.cache  # of several apps in one process, as tests have them, each would press them anew
def _compressed(content: bytes) -> bytes:
    """By gzip, as short as it gets: shorter blocks help some files, and longer ones others."""
    tried = (zlib.compressobj(9, wbits=31, memLevel=level) for level in (5, 8))
    return min((press.compress(content) + press.flush() for press in tried), key=len)


def _response(asset: Asset, *, is_current: bool) -> Response:
    content, encoding = asset.content, ""
    if asset.pressed is not None and compression.accepts(request.headers, "br"):
        content, encoding = asset.pressed, "br"
    elif asset.compressed is not None and compression.accepts(request.headers, "gzip"):
        content, encoding = asset.compressed, "gzip"
    charset = "" if asset.type.startswith("image/") else "; charset=utf-8"
    response = Response(content, content_type=asset.type + charset)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_current else "no-cache"
    )
    return response
