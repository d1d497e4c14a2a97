"""A link whose `#` was encoded on its way leads where it was meant to, and is written nowhere."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from parley import paths
from tests.servers import process

KEY = "k=Zm9ydHktdHdvIGJ5dGVzIG9mIG5vdGhpbmcgYXQgYWxs"
ROOM = "/conversation/Ab3_dE-9"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        (f"{ROOM}#{KEY}", f"{ROOM}#{KEY}"),
        (f"{ROOM}%23{KEY}", f"{ROOM}#{KEY}"),
        (f"{ROOM}%23k%3D{KEY[2:]}", f"{ROOM}#{KEY}"),
        (f"{ROOM}#m-12", f"{ROOM}#m-12"),
        (f"{ROOM}/files#m-12", f"{ROOM}/files#m-12"),
        (f"{ROOM}/#{KEY}", f"{ROOM}/#{KEY}"),
        (f"{ROOM}#", f"{ROOM}#"),
        # A file may be called so, and these are no links of ours.
        ("/files/abc/Plan%20#3.pdf", None),
        ("/conversations#top", None),
        (f"{ROOM}", None),
        (f"{ROOM}#<script>", None),
        (f"{ROOM}#a\r\nSet-Cookie: b", None),
        (f"{ROOM}%23a%0d%0aSet-Cookie: b", None),
        (f"{ROOM}//evil.example#{KEY}", None),
        ("/conversation//evil.example#k", None),
        (f"{ROOM}#{'k' * 257}", None),
        (f"{ROOM}#ä", None),
    ],
)
def test_what_was_meant(path: str, there: str | None) -> None:
    assert paths.meant(path) == there


@pytest.mark.parametrize("root", ["", "/talk"])
async def test_it_leads_there_and_no_log_has_the_key(tmp_path: Path, root: str) -> None:
    settings = ["--port", "0", "--log-level", "debug"]
    if root:
        settings += ["--public-url", f"https://example.org{root}"]
    with process(tmp_path / "data", *settings) as server:
        async with aiohttp.ClientSession() as http:
            for mark in ("%23", "%2523"):
                url = f"{server.url}{root}{ROOM}{mark}{KEY}"
                asked = {"Host": "example.org"} if root else {}
                async with http.get(
                    URL(url, encoded=True), headers=asked, allow_redirects=False
                ) as reply:
                    assert reply.status == 302
                    assert reply.headers["Location"] == f"{root}{ROOM}#{KEY}"
                    assert reply.headers["Cache-Control"] == "no-store"
                    assert reply.headers["Referrer-Policy"] == "no-referrer"
            for elsewhere in ("/who/knows", "/<script>"):
                url = f"{server.url}{root}{ROOM}{elsewhere}%23{KEY}"
                async with http.get(URL(url, encoded=True), headers=asked) as reply:
                    assert reply.status == 404
            async with http.get(f"{server.url}{root}/api/health", headers=asked) as reply:
                assert reply.status == 200
        _, log = server.stop()
    assert "/api/health" in log
    assert KEY[2:] not in log
