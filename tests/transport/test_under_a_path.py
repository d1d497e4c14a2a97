"""Under the path of its public URL, whether a proxy takes that away or leaves it there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from parley.app import create_app
from parley.config import OWN_FOLDERS, Config, load_config
from parley.credentials import COOKIE, FORM_COOKIE
from parley.errors import SettingInvalid
from tests.people import Person
from tests.servers import Process, process

PATH = "/talk"
HOST = "example.org"
PAGE = {"Host": HOST, "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
ASKED = {"Host": HOST}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    # In a process of its own: a path is one process's.
    data = tmp_path_factory.mktemp("path") / "data"
    with process(data, "--port", "0", "--public-url", f"https://{HOST}{PATH}") as started:
        yield started


@pytest.mark.parametrize(
    ("given", "origin", "root"),
    [
        ("https://Example.org:443/talk/", "https://example.org", "/talk"),
        ("http://[::1]:8081/a/B_c.d-e", "http://[::1]:8081", "/a/B_c.d-e"),
        ("https://example.org./talk", "https://example.org", "/talk"),
        ("https://example.org/", "https://example.org", ""),
        ("", "", ""),
    ],
)
def test_a_public_url_may_have_a_path(given: str, origin: str, root: str) -> None:
    config = load_config({"public_url": given}, {})
    assert (config.public_origin, config.root) == (origin, root)
    assert config.public_url == origin + root


@pytest.mark.parametrize(
    "path",
    [
        *("/a//b", "/a/../b", "/..", "/.", "/a b", "/a%20b", "/a;b", "/ä", "/a?b", "/a#b", "/~ada"),
        *("/api", "/conversation", "/static/x", "/socket.io", f"/{'a' * 100}"),
    ],
)
def test_other_paths_are_refused_in_words(path: str) -> None:
    with pytest.raises(SettingInvalid, match="should be: an address"):
        load_config({"public_url": f"https://example.org{path}"}, {})


def test_every_path_of_the_servers_own_is_known_to_the_settings(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t" * 32)
    told = Config(
        data=tmp_path,
        metrics=True,
        metrics_token_file=token,
        public_url="https://example.org",
        smtp_url="smtp://localhost",
        mail_from="parley@example.org",
    )
    app = create_app(told)
    begin = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()} - {""}
    assert begin <= OWN_FOLDERS, begin - OWN_FOLDERS


@pytest.mark.parametrize("prefix", [PATH, ""])
async def test_it_answers_below_it_and_with_it_taken_away(server: Process, prefix: str) -> None:
    # Chosen so, both lead to the same: what is told always has the path.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        base = server.url + prefix
        async with http.post(
            f"{base}/conversations", data={"title": "Tea"}, headers=PAGE, allow_redirects=False
        ) as reply:
            assert reply.status == 303
            room = reply.headers["Location"]
            assert room.startswith(f"{PATH}/conversation/")
            [line] = reply.headers.getall("Set-Cookie")
        assert line.startswith(f"__Secure-{COOKIE}~talk=")
        assert {"Path=/talk", "Secure", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))
        cookie = {"Cookie": line.partition(";")[0], **ASKED}
        async with http.get(
            f"{server.url}{prefix}{room.removeprefix(PATH)}/manage", headers=cookie
        ) as reply:
            assert reply.status == 200
        for path, status in (("/api/ready", 200), ("/nothing", 404), ("/openapi.json", 200)):
            async with http.get(base + path, headers=ASKED) as reply:
                assert reply.status == status, path


async def test_only_the_whole_path_counts(server: Process) -> None:
    async with aiohttp.ClientSession() as http:
        for path, status, leads_to in (
            (PATH, 308, f"{PATH}/"),
            (f"{PATH}/", 200, None),
            (f"{PATH}/docs", 308, f"{PATH}/docs/"),
            (f"{PATH}ative/", 404, None),
            (f"{PATH}{PATH}/api/health", 404, None),
            ("/other/talk/", 404, None),
            (f"{PATH}/static/0//css/base.css", 308, f"{PATH}/static/0/css/base.css"),
        ):
            async with http.get(server.url + path, headers=ASKED, allow_redirects=False) as reply:
                assert reply.status == status, path
                found = reply.headers.get("Location")
                assert found == leads_to or str(found).endswith(f"{HOST}{leads_to}"), (path, found)


@pytest.mark.parametrize("prefix", [PATH, ""])
async def test_sockets_are_there_either_way(server: Process, prefix: str) -> None:
    ada = Person("Ada", server.url)
    try:
        async with aiohttp.ClientSession() as http:
            asked = http.post(f"{server.url}/api/conversations/create", json={}, headers=ASKED)
            async with asked as reply:
                created = await reply.json()
            polling = {"EIO": "4", "transport": "polling"}
            address = f"{server.url}{prefix}/socket.io/"
            async with http.get(address, params=polling, headers=ASKED) as reply:
                assert (await reply.text()).startswith('0{"sid":')
        assert created["join_link"].startswith(f"https://{HOST}{PATH}/conversation/")
        await ada.connect(socketio_path=f"{prefix}/socket.io", headers=ASKED)
        await ada.join(created["room_id"], token=created["token"])
        assert (await ada.say(created["room_id"], "Hello"))["ok"]
    finally:
        await ada.goes_home()


async def test_the_cookie_of_another_server_above_it_is_not_its_own(server: Process) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.post(
            f"{server.url}{PATH}/conversations",
            data={"title": "Tea"},
            headers=PAGE,
            allow_redirects=False,
        ) as reply:
            room, line = reply.headers["Location"], reply.headers["Set-Cookie"]
        value = line.partition(";")[0].partition("=")[2]
        names = (
            COOKIE,
            f"__Host-{COOKIE}",
            f"__Secure-{COOKIE}",
            f"__Secure-{COOKIE}~talk-two",
            f"{COOKIE}~talk",
        )
        for name in (*names, FORM_COOKIE):
            cookie = {"Cookie": f"{name}={value}", **ASKED}
            async with http.get(f"{server.url}{room}/manage", headers=cookie) as reply:
                assert reply.status == 403, name


async def test_pages_at_other_paths_of_the_host_are_its_own_origin(server: Process) -> None:
    # A browser tells no paths apart: what a site has beside Parley must be trusted like it.
    async with aiohttp.ClientSession() as http:
        for origin, status in ((f"https://{HOST}", 201), (f"https://{HOST}.mallory.example", 403)):
            asked = {"Host": HOST, "Origin": origin}
            async with http.post(
                f"{server.url}{PATH}/api/conversations/create", json={}, headers=asked
            ) as reply:
                assert reply.status == status, origin
