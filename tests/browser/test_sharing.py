"""Getting the link to others: copying, the QR code, the sheet; and the theme beside them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import chromium
from tests.browser.conftest import Arrive
from tests.browser.visitor import PHONE, Visitor
from tests.servers import Process

PAPER_AND_BARS = """() => {
  const drawing = document.createElement("canvas").getContext("2d");
  drawing.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  drawing.fillRect(0, 0, 1, 1);
  const [red, green, blue] = drawing.getImageData(0, 0, 1, 1).data;
  const hex = [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
  const bars = [...document.querySelectorAll("meta[name=theme-color]")];
  return [`#${hex}`, bars.filter((bar) => matchMedia(bar.media).matches).map((bar) => bar.content)];
}"""
"""The colour of the page, and the one that the browser's bars are asked to have."""


def test_copy_link_copies_and_says_so_and_the_qr_code_is_drawn(ada: Visitor) -> None:
    ada.may_use_the_clipboard()
    link = ada.starts()
    side = ada.page.get_by_role("complementary")
    side.get_by_role("button", name="Copy link").click()

    expect(side.get_by_role("button", name="Copied")).to_be_visible()
    ada.composer.press("Control+v")
    expect(ada.composer).to_have_value(link)

    side.get_by_text("QR code").click()
    expect(ada.page.get_by_role("img", name="QR code for the link")).to_be_visible()
    ada.page.wait_for_function("() => document.querySelector('.qr img').naturalWidth > 0")


def test_copy_link_works_over_plain_http(arrive: Arrive, site: Process) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    link = ada.starts_by_hand()
    ada.joins()
    assert ada.measures("navigator.clipboard === undefined")
    side = ada.page.get_by_role("complementary")
    side.get_by_role("button", name="Copy link").click()
    expect(side.get_by_role("button", name="Copied")).to_be_focused()

    ada.composer.press("Control+v")
    expect(ada.composer).to_have_value(link)


def test_copy_link_works_over_plain_http_from_the_sheet(arrive: Arrive, site: Process) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}", **PHONE)
    link = ada.starts_by_hand()
    ada.joins()
    ada.page.get_by_role("button", name="People and link").click()
    sheet = ada.page.get_by_role("dialog", name="People and link")
    sheet.get_by_role("button", name="Copy link").click()
    expect(sheet.get_by_role("button", name="Copied")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()

    ada.composer.press("Control+v")
    expect(ada.composer).to_have_value(link)


REFUSES = """
Object.defineProperty(navigator, "clipboard", {value: {
  writeText: async () => { throw new DOMException("refused", "NotAllowedError"); },
}});
document.execCommand = () => false;
"""
SELECTED = """() => {
  const field = document.activeElement;
  return field.value.slice(field.selectionStart, field.selectionEnd);
}"""


def test_where_copying_is_refused_the_link_is_shown_and_selected(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.context.add_init_script(REFUSES)
    link = ada.starts()
    hint = "The link is selected: copy it yourself."

    ada.taps(
        ada.page.get_by_role("main").get_by_role("button", name="Copy link")
    )  # no link beside it
    expect(ada.page.get_by_role("main").get_by_text(hint)).to_be_visible()
    field = ada.page.get_by_role("main").get_by_label("Link to this conversation")
    expect(field).to_be_in_viewport(ratio=1)
    expect(field).to_be_focused()
    assert ada.measures(SELECTED) == link

    ada.taps(ada.page.get_by_role("button", name="People and link"))  # beside the link itself
    sheet = ada.page.get_by_role("dialog", name="People and link")
    for _ in range(2):
        ada.taps(sheet.get_by_role("button", name="Copy link"))
        expect(sheet.get_by_text(hint)).to_have_count(1)
        expect(sheet.get_by_label("Link to this conversation")).to_be_focused()
        assert ada.measures(SELECTED) == link

    ada.opens(f"{link}/manage")  # among other fields
    ada.taps(ada.page.get_by_role("button", name="Copy link"))
    expect(ada.page.get_by_text(hint)).to_be_visible()
    assert ada.measures(SELECTED) == link

    # A new link, in a field of several lines.
    ada.taps(ada.page.get_by_role("button", name="Add a device"))
    ada.taps(ada.page.get_by_role("button", name="Copy link"))
    expect(ada.page.get_by_text(hint)).to_be_visible()
    new_link = ada.page.get_by_label("New link", exact=True)
    expect(new_link).to_be_focused()
    assert ada.measures(SELECTED) == new_link.input_value()


def test_a_phone_offers_its_own_way_to_share(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.context.add_init_script("navigator.share = async share => { window.shared = share; };")
    link = ada.starts_nameless("Tea")
    ada.page.get_by_role("button", name="People and link").click()
    ada.page.get_by_role("button", name="Share").click()

    assert ada.measures("window.shared") == {"title": "Tea", "url": link}


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_the_theme_is_chosen_once_and_for_every_page(ada: Visitor) -> None:
    def paper() -> str:
        colour, bars = ada.measures(PAPER_AND_BARS)
        assert bars == [colour]
        return str(colour)

    ada.opens("/")
    light = paper()
    ada.page.get_by_role("radio", name="Dark").check()
    dark = paper()
    assert dark != light
    ada.starts_nameless()
    assert paper() == dark
    ada.reloads()
    assert paper() == dark
    expect(ada.page.get_by_role("radio", name="Dark")).to_be_checked()

    ada.page.get_by_role("radio", name="Auto").check()
    assert paper() == light
    ada.page.emulate_media(color_scheme="dark")
    assert paper() == dark
    ada.page.get_by_role("radio", name="Light").check()
    assert paper() == light
