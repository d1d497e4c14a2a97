"""Parley under a path of a host that has other things, for programs and for who has no scripts.

What browsers with scripts do is in `test_in_a_browser.py`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from tests.deploy.conftest import Behind
from tests.proxying import TRUSTING, Client

pytestmark = pytest.mark.asyncios_loop("aiohttp leaves it connections that are just being closed")

PATH = "/talk"
_ADDRESS = re.compile(r'\s(?:href|src|action|formaction|data-link|content)="([^"]+)"')
_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)"')


async def test_programs_find_all_of_it(under_a_path: Behind) -> None:
    url = under_a_path.url
    ada, cleo = Client("Ada", url), Client("Cleo", url, ("polling",))
    try:
        status, created = await ada.call("POST", "/api/conversations/create", {"title": "Tea"})
        assert status == 201
        room_id, ada.token = created["room_id"], created["token"]
        assert created["join_link"] == f"{url}/conversation/{room_id}"
        for each, more in ((ada, {"token": ada.token}), (cleo, {})):
            await each.connect(socketio_path=f"{PATH}/socket.io")
            await each.join(room_id, **more)
        async with with_token(ada) as http:
            address = f"{url}/api/conversations/{room_id}/files?name=a.txt"
            async with http.post(address, data=b"A file.") as reply:
                file = (await reply.json())["file"]
            begun = {"Upload-Length": "7", "Tus-Resumable": "1.0.0"}
            address = f"{url}/api/conversations/{room_id}/uploads"
            async with http.post(address, headers=begun) as reply:
                assert reply.headers["Location"].startswith(f"{PATH}/api/conversations/")
            sent = {"message": "Look", "attachments": [file["id"]]}
            async with http.post(f"{url}/api/conversations/{room_id}/messages", json=sent) as reply:
                assert reply.status == 201, await reply.text()
            told = await cleo.hears("new_message", lambda data: bool(data["message"] == "Look"))
            async with http.get(f"{url}/api/conversations/{room_id}/files") as reply:
                listed = (await reply.json())["files"][0]["file"]
            for named in (file, told["attachments"][0], listed):
                assert named["url"].startswith(f"{PATH}/files/")
                async with http.get(urljoin(url, named["url"])) as reply:
                    assert await reply.read() == b"A file."
            async with http.get(f"{url}/openapi.json") as reply:
                assert (await reply.json())["servers"] == [{"url": PATH}]
            async with http.get(f"{url}/api/conversations/{room_id}/export?format=jsonl") as reply:
                assert json.loads((await reply.text()).splitlines()[0])["server"] == url
    finally:
        for each in (ada, cleo):
            await each.goes_home()


async def test_pages_and_forms_lead_nowhere_else(under_a_path: Behind) -> None:
    url = under_a_path.url
    origin = url.removesuffix(PATH)
    form = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    jar = aiohttp.CookieJar()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=TRUSTING), cookie_jar=jar
    ) as http:

        async def posts(path: str, **fields: str) -> str:
            async with http.post(urljoin(url, path), data=fields, headers=form) as page:
                assert page.status == 200, (path, await page.text())
                return str(page.url)

        async with http.get(url, allow_redirects=False) as reply:
            # Where the path is taken away, nothing may tell this from the page itself.
            if under_a_path.is_path_left or reply.status != 200:
                assert reply.status in (301, 308)
                assert urljoin(url, reply.headers["Location"]) == f"{url}/"
        talk = await posts(f"{PATH}/conversations", title="Tea", visibility="listed")
        assert talk.startswith(f"{url}/conversation/")
        room = urlsplit(talk).path
        await posts(f"{room}/join", username="Ada")
        await posts(f"{room}/messages", message="Hello")
        await posts(f"{room}/messages", message="Hello again, @Ada")
        [cookie] = [each for each in jar if "session" in each.key]
        assert (cookie.key, cookie["path"]) == ("__Secure-parley_session~talk", PATH)
        asked, pages = set[str](), [f"{PATH}/", f"{PATH}/conversations", f"{PATH}/nothing/here"]
        while pages and len(asked) < 120:
            path = pages.pop(0)
            if path in asked:
                continue
            asked.add(path)
            async with http.get(origin + path) as page:
                assert page.status == (404 if path.endswith("/nothing/here") else 200), path
                assert str(page.url).startswith(f"{url}/"), path
                text = await page.text() if page.content_type == "text/html" else ""
            for found in addresses(text, origin):
                assert found == PATH or found.startswith(f"{PATH}/"), (path, found)
                pages.append(found)
            for found in _FORM.findall(text):
                assert found.startswith(f"{PATH}/"), (path, found)
        for ending in ("/manage", "/search", "/files", "/export", "/end", "/qr.svg"):
            assert f"{room}{ending}" in asked, sorted(asked)
        # Where it was done, and what is asked first.
        assert (await posts(f"{room}/manage/title", title="Coffee")).startswith(f"{url}{room[5:]}")
        assert (await posts(f"{room}/leave")) == f"{origin}{room}/left"
        async with http.get(f"{url}/manifest.webmanifest") as reply:
            manifest = json.loads(await reply.text())
            assert {manifest[name] for name in ("id", "scope", "start_url")} == {f"{PATH}/"}
            assert manifest["share_target"]["action"] == f"{PATH}/share"


def addresses(text: str, origin: str) -> Iterator[str]:
    """The paths on this host that a page names, but for what a form or a script would do there."""
    for found in _ADDRESS.findall(re.sub(r"<form.*?>", "", text)):
        address = html.unescape(found).partition("#")[0]
        if address.startswith(f"{origin}/"):
            yield address.removeprefix(origin)
        elif address.startswith("/"):
            yield address


def with_token(person: Client) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=TRUSTING),
        headers={"Authorization": f"Bearer {person.token}"},
    )
