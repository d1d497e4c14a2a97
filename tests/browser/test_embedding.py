"""Our pages in frames on other sites' pages, over TLS: what works there, and what can't be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from parley.credentials import COOKIE, FRAME_COOKIE
from tests.browser import elsewhere
from tests.browser.elsewhere import BLOG, EVIL, SHOP, TALK, Elsewhere
from tests.browser.visitor import Visitor
from tests.servers import free_port, process

pytestmark = pytest.mark.timeout(120)

FRAME = f"__Host-{FRAME_COOKIE}"


class Sites:
    """Our server, and the pages of others."""

    def __init__(self, talk: str, others: Elsewhere) -> None:
        self.talk = talk
        self.others = others

    def shows(self, host: str, body: str, path: str = "/") -> str:
        """The address of a page there, with this in it."""
        self.others.pages[path] = (
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            f"<title>A shop</title><body><h1>A shop</h1><p><a href='#'>A link</a></p>{body}</body>"
        )
        return self.others.at(host) + path

    def script(self, **wishes: str) -> str:
        given = " ".join(
            f'data-{name.replace("_", "-")}="{value}"' for name, value in wishes.items()
        )
        return f'<script src="{self.talk}/embed.js" {given}></script>'


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("sites")
    chain, key = elsewhere.certificate(folder)
    port = free_port()
    talk = f"https://{TALK}:{port}"
    with elsewhere.others(chain, key) as others:
        others.policy = elsewhere.POLICY.format(talk=talk)
        flags = (
            *("--port", str(port), "--public-url", talk),
            *("--tls-certificate", str(chain), "--tls-key", str(key)),
            *("--embedding-origins", f"{others.at(SHOP)},{others.at(BLOG)}"),
        )
        with process(folder / "data", *flags):
            yield Sites(talk, others)


Opens = Callable[..., Page]


@pytest.fixture
def opens(browser: Browser) -> Iterator[Opens]:
    """Brings somebody with a browser of their own to an address."""
    here: list[BrowserContext] = []

    def opens(address: str, **options: Any) -> Page:
        here.append(browser.new_context(ignore_https_errors=True, locale="en-GB", **options))
        page = here[-1].new_page()
        page.goto(address)
        return page

    yield opens
    for context in here:
        context.close()


@pytest.fixture
def ada(browser: Browser, sites: Sites) -> Iterator[Visitor]:
    """Owns what is shown."""
    ada = Visitor("Ada", browser, sites.talk, ignore_https_errors=True)
    yield ada
    ada.goes_home()


def begins(who: Visitor, title: str) -> str:
    """By hand: the names of these sites are known to browsers alone."""
    link = who.starts_by_hand(title)
    who.joins()
    return link


def framed(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def test_somebody_talks_in_a_frame_and_is_the_same_after_a_reload(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Shop talk")
    page = opens(sites.shows(SHOP, sites.script(conversation=link)))
    frame = framed(page)
    frame.get_by_label("Enter your name to join.").fill("Ben")
    frame.get_by_role("button", name="Join").click()
    frame.get_by_label("Message", exact=True).fill("From the shop")
    frame.get_by_role("button", name="Send").click()
    ada.reads("From the shop")
    page.reload()
    expect(frame.locator(".message.mine")).to_have_count(1)
    frame.get_by_label("Message", exact=True).fill("Again")
    frame.get_by_role("button", name="Send").click()
    ada.reads("Again")
    expect(ada.people).to_have_count(2)
    if ada.is_in_chromium:
        (cookie,) = page.context.cookies()
        assert cookie["name"] == FRAME
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "None")
        assert cookie["partitionKey"] == f"https://{SHOP}"


def test_somebody_in_one_site_s_frame_is_nobody_in_another_s(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Two sites")
    page = opens(sites.shows(SHOP, sites.script(conversation=link)))
    framed(page).get_by_label("Enter your name to join.").fill("Ben")
    framed(page).get_by_role("button", name="Join").click()
    expect(framed(page).get_by_label("Message", exact=True)).to_be_visible()
    for there in (sites.others.at(BLOG) + "/", link):
        page.goto(there)
        shown = framed(page) if there != link else page
        expect(shown.get_by_label("Enter your name to join.")).to_be_visible()


def test_whoever_is_somebody_at_our_own_address_is_nobody_in_a_frame(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Hers")
    page = ada.context.new_page()
    page.goto(sites.shows(SHOP, sites.script(conversation=link)))
    expect(framed(page).get_by_label("Enter your name to join.")).to_be_visible()
    assert {cookie["name"] for cookie in ada.context.cookies()} == {f"__Host-{COOKIE}"}


@pytest.mark.parametrize("host", [EVIL, SHOP])
def test_frames_in_frames_are_shown_only_where_every_page_around_them_may(
    sites: Sites, ada: Visitor, opens: Opens, host: str
) -> None:
    link = begins(ada, "Deep")
    inner = sites.shows(SHOP, sites.script(conversation=link), "/inner")
    sites.others.policy = ""
    outer = sites.shows(host, f'<iframe src="{inner}" width="900" height="600"></iframe>', "/outer")
    page = opens(outer)
    shown = page.frame_locator("iframe").frame_locator("iframe").get_by_role("heading", name="Deep")
    if host == SHOP:
        expect(shown).to_be_visible()
    else:
        page.frame_locator("iframe").locator("iframe").wait_for()
        page.wait_for_load_state("networkidle")
        expect(shown).to_have_count(0)
