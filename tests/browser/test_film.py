"""A film on the page: it plays, and shows a still before it does."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from playwright.sync_api import Route, expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import film, payload
from tests.browser.test_files import chips, chooses, sends
from tests.browser.visitor import Visitor

PLAYS = """async film => {
  film.muted = true;
  await film.play();
  await new Promise(resolve => film.addEventListener("ended", resolve, { once: true }));
  return [film.videoWidth, film.videoHeight, film.error];
}"""
MIDDLE = """async address => {
  const still = new Image();
  still.src = address;
  await still.decode();
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(still, 0, 0, 1, 1);
  return [still.naturalWidth, still.naturalHeight, ...context.getImageData(0, 0, 1, 1).data];
}"""


def test_a_film_plays_and_shows_a_still_that_is_not_its_dark_beginning(
    ada: Visitor, ben: Visitor
) -> None:
    ben.comes(ada.starts())
    content = film()
    chooses(ada, payload("walk.webm", content, "video/webm"))
    expect(chips(ada)).to_have_attribute("data-status", "done")
    ada.composer.fill("By the water")
    sends(ada)
    for reader in (ada, ben):
        shown = reader.message("By the water").locator("video")
        expect(shown).to_have_attribute("poster", re.compile(r"^/files/.*\?preview$"))
        expect(shown).to_have_attribute("width", "320")
        expect(shown).to_have_attribute("height", "180")
    poster = str(ben.messages.locator("video").get_attribute("poster"))
    width, height, red, green, blue, _ = ben.measures(MIDDLE, poster)
    assert (width, height) == (320, 180)
    assert red > 150
    assert green < 80
    assert blue < 80
    got = ben.context.request.get(urljoin(ben.url, poster))
    assert got.headers["content-type"] == "image/webp"
    assert ben.messages.locator("video").evaluate(PLAYS) == [320, 180, None]
    # The same as the server renders it, and on the page of files.
    ben.reloads()
    expect(ben.messages.locator("video")).to_have_attribute("poster", poster)
    ben.opens(f"{ben.page.url}/files")
    expect(ben.page.locator(".film video")).to_have_attribute("poster", poster)


def test_what_no_browser_plays_is_sent_all_the_same(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    broken = film().replace(b"V_VP8", b"V_NO8")
    chooses(ada, payload("torn.webm", broken, "video/webm"), payload("notes.txt", b"words"))
    sends(ada)
    expect(ben.messages.get_by_text("notes.txt")).to_be_visible()
    expect(ben.messages.locator("[poster]")).to_have_count(0)
    shown = ben.messages.locator("video, a.document").filter(has_not_text="notes.txt")
    address = shown.get_attribute("src") or shown.get_attribute("href")
    assert ben.context.request.get(urljoin(ben.url, str(address))).body() == broken


def test_a_film_is_sent_without_a_still_where_that_is_refused(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("status of 429", "status 429")
    ben.comes(ada.starts())
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.method)
        route.fulfill(
            status=429, json={"success": False, "error": "Later.", "code": "rate_limited"}
        )

    ada.page.route("**/still", refuse)
    chooses(ada, payload("walk.webm", film(), "video/webm"))
    sends(ada)
    expect(ben.messages.locator("video")).to_have_attribute("width", "320")
    expect(ben.messages.locator("[poster]")).to_have_count(0)
    assert asked == ["PUT"]


def test_a_film_without_javascript_is_there_without_a_still(arrive: Arrive) -> None:
    ada = arrive("Ada", java_script_enabled=False)
    ada.starts_nameless()
    ada.name_field.fill("Ada")
    ada.page.keyboard.press("Enter")
    ada.page.get_by_label("File", exact=True).set_input_files(
        payload("walk.webm", film(), "video/webm")
    )
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.messages.locator("video")).to_have_attribute("width", "320")
    expect(ada.messages.locator("[poster]")).to_have_count(0)
