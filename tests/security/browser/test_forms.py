"""Forms without JavaScript, where browsers say where a form comes from and where they do not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from parley.credentials import COOKIE, FORM_COOKIE
from tests.browser import chromium
from tests.browser.conftest import Arrive
from tests.browser.visitor import Visitor
from tests.servers import Process

# Over plain HTTP to anything but itself Chromium sends no Sec-Fetch-Site: as every
# browser, and as old ones everywhere.
PLACES = {"told": "localhost", "not told": chromium.PLAIN_HTTP_HOST}

# As where something on the way lets none through.
NO_WEBSOCKETS = """window.WebSocket = class extends WebSocket {
  constructor(url, ...more) { super(url.replace("/socket.io/", "/nowhere/"), ...more); }
}"""


def forms_of(visitor: Visitor) -> list[Request]:
    """Every form they send from here on."""
    sent: list[Request] = []
    visitor.page.on("request", lambda it: sent.append(it) if it.method == "POST" else None)
    return sent


@pytest.mark.parametrize("place", PLACES)
def test_people_talk_by_forms_whose_origin_is_hidden(
    arrive: Arrive, site: Process, place: str
) -> None:
    url = f"http://{PLACES[place]}:{site.port}"
    ada = arrive("Ada", url=url, java_script_enabled=False)
    forms = forms_of(ada)
    ada.starts_by_hand("By forms")
    ada.name_field.fill("Ada")
    ada.page.get_by_role("button", name="Join").click()
    ada.composer.fill("From a form")
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.page.locator(".message.mine")).to_have_count(1)
    ada.page.get_by_role("link", name="End conversation").click()
    ada.page.get_by_role("button", name="End conversation").click()
    expect(ada.page.get_by_text("This conversation has ended.")).to_be_visible()

    sent = [form.all_headers() for form in forms]
    assert [form["origin"] for form in sent] == ["null"] * 4
    told = {form.get("sec-fetch-site") for form in sent}
    assert told == ({"same-origin"} if place == "told" else {None})
    cookies = {cookie["name"] for cookie in ada.context.cookies()}
    assert cookies == ({COOKIE} if place == "told" else {COOKIE, FORM_COOKIE})


def test_with_scripts_one_starts_and_talks_over_plain_http(arrive: Arrive, site: Process) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    ada.starts_by_hand("With scripts")
    ada.joins()
    ada.says("Hello")
    ada.reloads()
    ada.is_connected()
    expect(ada.page.locator(".message.mine")).to_have_count(1)
    expect(ada.people).to_have_count(1)
    expect(ada.people).to_contain_text("owner")


def test_a_page_that_can_only_poll_over_plain_http_is_who_its_cookie_says(
    arrive: Arrive, site: Process
) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    ada.may_meet("WebSocket connection", "404: GET .*/nowhere/")
    ada.context.add_init_script(NO_WEBSOCKETS)
    polls: list[Request] = []
    ada.page.on("request", lambda it: polls.append(it) if "polling" in it.url else None)
    ada.starts_by_hand("By polling")
    ada.joins()
    ada.says("Hello")
    expect(ada.people).to_have_count(1)
    expect(ada.people).to_contain_text("owner")
    assert polls
    assert polls[0].all_headers()["parley-page"] == "1"


def test_a_form_of_an_older_page_says_what_to_do(arrive: Arrive, site: Process) -> None:
    ada = arrive(
        "Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}", java_script_enabled=False
    )
    ada.may_meet("403")
    ada.opens("/")
    old = ada.context.new_page()
    old.goto(ada.url)
    ada.starts_by_hand()
    old.get_by_role("button", name="Start a conversation").click()
    expect(old.get_by_text(re.compile("reload it and try again"))).to_be_visible()
    old.go_back()
    old.reload()
    old.get_by_role("button", name="Start a conversation").click()
    old.wait_for_url("**/conversation/*")
