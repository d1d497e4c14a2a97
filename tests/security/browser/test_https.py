"""Over HTTPS, behind a proxy that ends it: who one is, the live connection, the cookie's name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import WebSocket, expect

from parley.credentials import COOKIE
from tests.browser import chromium
from tests.browser.conftest import Arrive
from tests.security.browser.tls import tls_proxy
from tests.servers import free_port, process

HOST = chromium.PLAIN_HTTP_HOST


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that people reach over HTTPS."""
    folder = tmp_path_factory.mktemp("https")
    port = free_port()
    address = f"https://{HOST}:{port}"
    with (
        process(folder / "data", "--port", "0", "--public-url", address) as site,
        tls_proxy(port, site.port, folder, HOST),
    ):
        yield address


def test_people_start_join_and_talk(arrive: Arrive, url: str) -> None:
    ada = arrive("Ada", url=url, ignore_https_errors=True)
    ben = arrive("Ben", url=url, ignore_https_errors=True)
    sockets: list[WebSocket] = []
    ada.page.on("websocket", lambda socket: sockets.append(socket))
    link = ada.starts_by_hand("Over HTTPS")
    ada.joins()
    ben.comes_by_hand(link)
    ben.says("Hello, Ada")
    ada.reads("Hello, Ada")
    ada.reloads()
    ada.is_connected()
    expect(ada.people).to_have_count(2)
    assert sockets or not ada.is_in_chromium  # elsewhere Playwright tells of none
    assert all(socket.url.startswith(f"wss://{HOST}:") for socket in sockets)
    (cookie,) = ada.context.cookies()
    assert cookie["name"] == f"__Host-{COOKIE}"
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert ada.measures("document.cookie") == ""


def test_people_talk_without_javascript(arrive: Arrive, url: str) -> None:
    ada = arrive("Ada", url=url, ignore_https_errors=True, java_script_enabled=False)
    ada.starts_by_hand("Plain")
    ada.name_field.fill("Ada")
    ada.page.get_by_role("button", name="Join").click()
    ada.composer.fill("From a form")
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.page.locator(".message.mine")).to_have_count(1)


def test_a_cookie_that_a_neighbour_could_set_makes_nobody_of_who_holds_it(
    arrive: Arrive, url: str
) -> None:
    ada = arrive("Ada", url=url, ignore_https_errors=True)
    # Where she reloads while a busy machine still changes from polling to a WebSocket.
    ada.may_meet("WebSocket is closed before the connection is established")
    ada.starts_by_hand("Long ago")
    ada.joins()
    (held,) = ada.context.cookies()
    ada.context.clear_cookies()
    ada.context.add_cookies([{"name": COOKIE, "value": held["value"], "url": url}])
    ada.reloads()
    ada.is_connected()
    expect(ada.people).to_have_count(1)
    expect(ada.people).not_to_contain_text("you")
    expect(ada.name_field).to_be_visible()
    assert held["value"] not in [
        each["value"] for each in ada.context.cookies() if each["name"] != COOKIE
    ]
