"""Large pictures in an encrypted conversation: a small one is shown first."""

from __future__ import annotations

import io
import os
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Response, Route, expect

from parley.client.encryption.files import sealed_length
from tests.browser.conftest import Arrive
from tests.browser.making_files import film, payload, picture
from tests.browser.test_encrypted_files import Reader, comes, opened, sees_picture
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_files import chips, chooses, sends
from tests.browser.test_film import MIDDLE
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

MOST_BYTES = 100 * 1024
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}


def photo(name: str, width: int, height: int, kind: str = "JPEG", **more: Any) -> FilePayload:
    """As large as a camera makes it: hills, and grain that doesn't shrink."""
    grain = Image.frombytes("RGB", (width // 2, height // 2), os.urandom(width * height * 3 // 4))
    hills = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "canary words"
    made = io.BytesIO()
    Image.blend(hills, grain.resize((width, height)), 0.2).save(made, kind, exif=exif, **more)
    return payload(name, made.getvalue(), f"image/{kind.lower()}")


def sizes_of(who: Visitor) -> list[int]:
    """How long the files are that come to them from now on."""
    found: list[int] = []

    def note(response: Response) -> None:
        if "/files/" in response.url and response.request.method == "GET":
            found.append(int(response.headers["content-length"]))

    who.context.on("response", note)
    return found


def sees_preview(who: Visitor, name: str) -> None:
    shown = who.messages.get_by_role("img", name=name)
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_attribute("src", re.compile("^blob:"))
    expect(shown.locator("xpath=..")).to_have_attribute("data-preview", re.compile("."))
    expect(shown.locator("xpath=..")).not_to_have_attribute("href", re.compile("."))


def test_on_a_phone_the_small_one_comes_and_the_whole_when_it_is_wanted(
    ada: Visitor, arrive: Arrive
) -> None:
    link = starts_encrypted(ada)
    large = photo("lake.jpg", 3000, 2000, quality=95)
    assert len(large["buffer"]) > 2_500_000
    chooses(ada, large)
    sends(ada)
    expect(ada.messages).to_have_count(1)
    ben = arrive("Ben", **PHONE)
    sizes = sizes_of(ben)
    comes(ben, link)
    sees_preview(ben, "lake.jpg")
    assert len(sizes) == 1
    assert sizes[0] <= sealed_length(MOST_BYTES)
    ben.messages.get_by_role("img", name="lake.jpg").tap()
    viewer = ben.page.get_by_role("dialog", name="Picture")
    expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 3000)
    assert len(sizes) == 2
    assert sizes[1] > 2_500_000
    reader = Reader(link, "Cleo")
    [told] = [each for body in reader.bodies() for each in body.get("files", ())]  # type: ignore[attr-defined]
    small = told["preview"]
    assert set(small) == {"id", "key", "size", "type"}
    [message] = [each for each in reader.call("messages")["messages"] if "attachments" in each]
    assert [each["id"] for each in message["attachments"]] == [told["id"], small["id"]]
    # A program opens it like any other, and finds nothing in it of where it was taken.
    small_file = next(file for file in message["attachments"] if file["id"] == small["id"])
    content = opened(small, reader.get(small_file["url"]))
    assert len(content) == small["size"] <= MOST_BYTES
    assert b"canary" not in content
    drawn = Image.open(io.BytesIO(content))
    assert max(drawn.size) <= 1024
    assert abs(drawn.width / drawn.height - 1.5) < 0.01


def test_an_edited_message_keeps_the_small_one(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    chooses(ada, photo("lake.jpg", 1600, 1200, quality=95))
    ada.composer.fill("From the lake")
    sends(ada)
    expect(ada.page.locator(".mine:not(.pending)")).to_have_count(1)
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    ada.composer.fill("From the sea")
    ada.composer.press("Enter")
    comes(ben, link)
    ben.reads("From the sea")
    sees_preview(ben, "lake.jpg")


def test_ten_large_ones_go_together(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    chooses(ada, *(photo(f"{number}.jpg", 800, 600, quality=95) for number in range(10)))
    expect(chips(ada)).to_have_count(10)
    sends(ada)
    expect(ben.messages.locator(".picture")).to_have_count(10)
    for number in range(10):
        sees_preview(ben, f"{number}.jpg")


def test_what_is_small_or_moves_has_none(ada: Visitor, ben: Visitor) -> None:
    moving = io.BytesIO()
    frames = [Image.frombytes("RGB", (500, 400), os.urandom(600_000)).quantize() for _ in range(3)]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert len(moving.getvalue()) > 300_000
    link = starts_encrypted(ada)
    chooses(
        ada, picture("small.png", 640, 480), payload("moving.gif", moving.getvalue(), "image/gif")
    )
    sends(ada)
    expect(ada.messages).to_have_count(1)
    comes(ben, link)
    sees_picture(ben, "small.png")
    sees_picture(ben, "moving.gif")
    expect(ben.messages.locator("[data-preview]")).to_have_count(0)


def test_without_room_for_the_small_one_the_picture_goes_alone(ada: Visitor, ben: Visitor) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=413, json={"success": False, "error": "No room."})

    ada.may_meet("status 413", "console: Failed to load resource")
    ada.context.route(re.compile(r"/files\?name="), refuse)
    link = starts_encrypted(ada)
    chooses(ada, photo("lake.jpg", 1600, 1200, quality=95))
    sends(ada)
    expect(ada.messages).to_have_count(1)
    comes(ben, link)
    sees_picture(ben, "lake.jpg")


def test_a_small_one_that_was_changed_is_never_shown(ada: Visitor, ben: Visitor) -> None:
    def change(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        if len(body) <= sealed_length(MOST_BYTES):
            body[-1] ^= 1
        route.fulfill(response=answer, body=bytes(body))

    link = starts_encrypted(ada)
    chooses(ada, photo("lake.jpg", 1600, 1200, quality=95))
    sends(ada)
    expect(ada.messages).to_have_count(1)
    ben.context.route("**/files/**", change)
    comes(ben, link)
    sees_picture(ben, "lake.jpg")  # all of it


def test_one_that_waited_for_a_reload_has_one_too(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    chooses(ada, photo("lake.jpg", 1600, 1200, quality=95))
    expect(chips(ada)).to_have_attribute("data-status", "done")
    ada.reloads()
    ada.is_connected()
    expect(chips(ada)).to_contain_text("lake.jpg")
    ada.composer.fill("After a while")
    sends(ada)
    ben.reads("After a while")
    sees_preview(ben, "lake.jpg")


def test_a_film_has_a_still_until_it_is_opened(ada: Visitor, arrive: Arrive) -> None:
    link = starts_encrypted(ada)
    chooses(ada, payload("walk.webm", film(), "video/webm"))
    sends(ada)
    expect(ada.messages).to_have_count(1)
    ben = arrive("Ben")
    comes(ben, link)
    row = ben.messages.locator(".document", has_text="walk.webm")
    row.scroll_into_view_if_needed()
    still = row.locator("img")
    expect(still).to_have_attribute("src", re.compile("^blob:"))
    width, height, red, green, blue, _ = ben.measures(MIDDLE, still.get_attribute("src"))
    assert (width, height) == (320, 180)
    assert red > 150
    assert max(green, blue) < 80
    row.click()
    shown = ben.messages.locator("video")
    expect(shown).to_have_attribute("poster", re.compile("^blob:"))
    expect(shown).to_have_attribute("src", re.compile("^blob:"))
