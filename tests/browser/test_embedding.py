"""Our pages in frames on other sites' pages, over TLS: what works there, and what can't be done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from parley.credentials import COOKIE, FRAME_COOKIE
from tests.browser import elsewhere
from tests.browser.axe import grave_faults
from tests.browser.elsewhere import BLOG, EVIL, SHOP, TALK, Elsewhere
from tests.browser.visitor import Visitor
from tests.servers import free_port, process

pytestmark = pytest.mark.timeout(120)

FOLDER = Path(__file__).parents[2] / "docs"
DOCS = (FOLDER / "embedding.md").read_text("utf-8")
GUIDE = (FOLDER / "guides" / "support-desk.md").read_text("utf-8")
TALK_IN_DOCS = "https://talk.example.org"
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
        # What the documentation says a strict policy needs.
        (needs,) = re.findall(r"^script-src .*$", DOCS, re.MULTILINE)
        others.policy = f"default-src 'self'; {needs.replace(TALK_IN_DOCS, talk)}"
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


def asks(who: Visitor, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A call as their page makes it."""
    headers = {"Content-Type": "application/json", "Parley-Page": "1"}
    options = {"method": method, "headers": headers, "body": json.dumps(body)}
    call = "async ([path, options]) => (await fetch(path, options)).json()"
    reply: dict[str, Any] = who.page.evaluate(call, [path, options])
    return reply


def link_for_readers(who: Visitor, room_id: str) -> str:
    path = f"/api/conversations/{room_id}/links"
    url: str = asks(who, "POST", path, {"role": "reader"})["url"]
    return url


def framed(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def presses(frame: FrameLocator, name: str) -> None:
    """By a script: in Firefox Playwright's clicks don't reach frames of other sites."""
    frame.get_by_role("button", name=name).evaluate("button => button.click()")


def test_somebody_talks_in_a_frame_and_is_the_same_after_a_reload(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Shop talk")
    page = opens(sites.shows(SHOP, sites.script(conversation=link)))
    frame = framed(page)
    frame.get_by_label("Enter your name to join.").fill("Ben")
    presses(frame, "Join")
    frame.get_by_label("Message", exact=True).fill("From the shop")
    presses(frame, "Send")
    ada.reads("From the shop")
    page.reload()
    expect(frame.locator(".message.mine")).to_have_count(1)
    frame.get_by_label("Message", exact=True).fill("Again")
    presses(frame, "Send")
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
    presses(framed(page), "Join")
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


def test_the_examples_of_the_documentation_work(sites: Sites, ada: Visitor, opens: Opens) -> None:
    room_id = begins(ada, "As documented").rsplit("/", 1)[1].partition("#")[0]
    link = link_for_readers(ada, room_id).rsplit("/", 1)[1]
    named = {"ROOM": room_id, "CODE": link, "DESK": desk_of(ada), TALK_IN_DOCS: sites.talk}
    for number, example in enumerate(re.findall(r"```html\n(.*?)```", DOCS + GUIDE, re.DOTALL)):
        for name, real in named.items():
            example = example.replace(name, real)
        page = opens(sites.shows(SHOP, example, f"/example-{number}"))
        button = page.get_by_role("button", name=re.compile("Chat|Talk to us|Ask us"))
        if "data-button" in example or "data-desk" in example:
            button.click()
        heading = "The shop" if "data-desk" in example else "As documented"
        expect(framed(page).get_by_role("heading", name=heading).first).to_be_visible()
        assert page.get_by_role("button").count() == (
            0 if "data-conv" in example and "data-button" not in example else 2
        )


def desk_of(who: Visitor) -> str:
    """A desk that somebody makes by hand."""
    who.opens("/desks")
    who.page.get_by_label("You answer as").fill("The shop")
    who.page.get_by_role("button", name="Make a desk").click()
    snippet = who.page.get_by_label("For your website").input_value()
    return snippet.partition('data-desk="')[2].partition('"')[0]


@pytest.mark.not_in_firefox("Playwright's keys don't reach frames of other sites there")
def test_a_visitor_presses_the_button_and_talks_with_whoever_owns_the_desk(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    page = opens(sites.shows(SHOP, sites.script(desk=desk_of(ada), label="Ask us")))
    button, frame = page.get_by_role("button", name="Ask us"), framed(page)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("dialog", name="Ask us")).to_be_visible()
    assert grave_faults(page) == []
    frame.get_by_label("Your message").press_sequentially("Do you have rye?")
    frame.get_by_role("button", name="Send").press("Enter")
    expect(frame.locator(".message.mine")).to_have_text(re.compile("Do you have rye"))
    ada.opens("/conversations")
    ada.page.get_by_role("link", name="The shop: Visitor").first.click()
    ada.is_connected()
    ada.reads("Do you have rye?")
    # What is closed is read by nobody, and tells how much waits.
    frame.get_by_label("Message", exact=True).press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    ada.says("Of course")
    ada.says("Until six")
    expect(page.get_by_role("button", name="Ask us 2")).to_be_visible()
    page.keyboard.press("Enter")
    expect(frame.locator(".message").last).to_contain_text("Until six")
    expect(frame.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Ask us", exact=True)).to_be_visible()
    page.reload()
    button.click()
    expect(frame.locator(".message")).to_have_count(3)


def test_an_owner_who_is_away_says_so(sites: Sites, ada: Visitor, opens: Opens) -> None:
    desk = desk_of(ada)
    ada.page.get_by_role("button", name="Say we're away").click()
    page = opens(sites.shows(SHOP, sites.script(desk=desk)))
    page.get_by_role("button", name="Talk to us").click()
    expect(framed(page).get_by_text("We're away right now")).to_be_visible()


NO_COOKIES = (
    """Object.defineProperty(Document.prototype, "cookie", {get: () => "", set: () => {}})"""
)


def test_where_a_browser_keeps_no_cookies_the_frame_remembers_who_one_is(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    desk = desk_of(ada)
    page = opens("about:blank")
    page.add_init_script(NO_COOKIES)
    page.on("response", lambda _: page.context.clear_cookies())
    page.goto(sites.shows(SHOP, sites.script(desk=desk, open="")))
    frame = framed(page)
    frame.get_by_label("Your message").fill("Hello")
    frame.get_by_label("Your name").fill("Ben")
    presses(frame, "Send")
    frame.get_by_label("Message", exact=True).fill("Are you there?")
    presses(frame, "Send")
    expect(frame.locator(".message.mine:not(.pending)")).to_have_count(2)
    page.reload()
    frame.get_by_label("Message", exact=True).fill("Still me")
    presses(frame, "Send")
    expect(frame.locator(".message.mine:not(.pending)")).to_have_count(3)
    assert page.context.cookies() == []
    ada.opens("/conversations")
    ada.page.get_by_role("link", name="The shop: Ben").first.click()
    ada.reads("Still me")
    expect(ada.people).to_have_count(2)


def test_a_read_only_link_shows_what_is_said_and_asks_for_no_name(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "News")
    ada.says("We open on Monday")
    room_id = link.rsplit("/", 1)[1].partition("#")[0]
    asks(ada, "PATCH", f"/api/conversations/{room_id}", {"knock": True})
    made = link_for_readers(ada, room_id)
    page = opens(sites.shows(SHOP, sites.script(conversation=made, read_only="", theme="dark")))
    frame = framed(page)
    expect(frame.get_by_text("We open on Monday")).to_be_visible()
    expect(frame.get_by_label("Enter your name to join.")).to_be_hidden()
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    ada.says("And on Tuesday")
    expect(frame.locator(".message-text").last).to_have_text("And on Tuesday")


def test_the_page_around_and_the_frame_reach_nothing_of_each_other(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Apart")
    page = opens(sites.shows(SHOP, sites.script(conversation=link)))
    expect(framed(page).get_by_label("Enter your name to join.")).to_be_visible()
    reach = "window => { try { window.document.title; return 'reached' } catch { return '' } }"
    assert page.evaluate(f"({reach})(frames[0])") == ""
    inside = next(frame for frame in page.frames if frame != page.main_frame)
    assert inside.evaluate(f"({reach})(parent)") == ""
    assert inside.evaluate("document.referrer") == ""
    # It can't lead the page elsewhere either.
    led = "() => { try { top.location = 'about:blank'; return 'led' } catch { return '' } }"
    assert inside.evaluate(led) == ""
    # What says it is the page around is heard from nobody else.
    inside.evaluate("window.postMessage({parley: 'closed'}, '*')")
    assert inside.evaluate("document.visibilityState") == "visible"


def test_a_frame_takes_no_focus_until_it_is_given_some(
    sites: Sites, ada: Visitor, opens: Opens
) -> None:
    link = begins(ada, "Quiet")
    page = opens(sites.shows(SHOP, sites.script(conversation=link)))
    expect(framed(page).get_by_label("Enter your name to join.")).to_be_visible()
    assert page.evaluate("document.activeElement.localName") == "body"


def test_what_decides_for_good_is_in_no_frame(sites: Sites, ada: Visitor, opens: Opens) -> None:
    for path in ("/account", "/desks", "/mail", "/admin"):
        page = opens(sites.shows(SHOP, f'<iframe src="{sites.talk}{path}"></iframe>', "/framed"))
        page.wait_for_load_state("networkidle")
        assert not page.frames[1].url.startswith(sites.talk) or not page.frames[1].title()
