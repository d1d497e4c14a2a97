"""What the pages of other sites can do to somebody who has Parley open: nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.visitor import Visitor
from tests.security.browser.attacker import Attacker, attacker
from tests.servers import process

# Each tries it in its own way; SITE is the server, ROOM the conversation that Ada owns.
ATTACKS = {
    "a form": """<form method=post action="SITE/conversation/ROOM/end"></form>
        <script>document.forms[0].submit()</script>""",
    "a form that hides its origin": """<meta name=referrer content=no-referrer>
        <form method=post action="SITE/conversation/ROOM/messages"><input name=message value=harm>
        <input name=page value=x></form><script>document.forms[0].submit()</script>""",
    "a form in a sandbox": """<iframe sandbox="allow-forms allow-scripts" srcdoc='
        <form method=post action="SITE/conversation/ROOM/end"></form>
        <script>document.forms[0].submit()</script>'></iframe><script>tried()</script>""",
    "a form that looks like JSON": """<form method=post enctype=text/plain
        action="SITE/api/conversations/ROOM/messages"><input name='{"message":"harm","x":"'
        value='"}'></form><script>document.forms[0].submit()</script>""",
    "a script's call": """<script>fetch("SITE/api/conversations/ROOM/end",
        {method: "POST", credentials: "include", mode: "no-cors"})
        .catch(() => {}).finally(tried)</script>""",
    "a script's call that claims": """<script>fetch("SITE/api/conversations/ROOM/end",
        {method: "POST", credentials: "include", headers: {"Parley-Page": "1"}})
        .catch(() => {}).finally(tried)</script>""",
    "a beacon": """<script>navigator.sendBeacon("SITE/api/conversations/ROOM/messages",
        '{"message": "harm"}'); tried()</script>""",
    "a WebSocket": """<script>const socket = new WebSocket(
        "SITE/socket.io/?EIO=4&transport=websocket".replace("http", "ws"));
        socket.onopen = () => document.title = "open"; socket.onclose = tried;
        socket.onmessage = () => socket.send('40')</script>""",
    "polling": """<script>fetch("SITE/socket.io/?EIO=4&transport=polling",
        {credentials: "include"}).then(it => it.text()).then(it => document.title = it)
        .catch(() => {}).finally(tried)</script>""",
    "reading the page": """<script>fetch("SITE/conversation/ROOM", {credentials: "include"})
        .then(it => it.text()).then(it => document.title = it).catch(() => {})
        .finally(tried)</script>""",
    "a picture of the link": """<img src="SITE/conversation/ROOM/qr.svg"
        onload="document.title = 'seen'; tried()" onerror="tried()">""",
    "a script of ours": """<script src="SITE/api/conversations/ROOM"
        onload="document.title = 'ran'; tried()" onerror="tried()"></script>""",
}
PAGE = "<!doctype html><script>window.tried = () => window.done = true</script>%s"


@pytest.fixture
def mallory() -> Iterator[Attacker]:
    with attacker() as site:
        yield site


def test_it_does_nothing_and_reads_nothing(ada: Visitor, mallory: Attacker) -> None:
    link = ada.starts("Hers")
    for attack, text in ATTACKS.items():
        try:
            _lures(ada, mallory, text.replace("SITE", ada.url).replace("ROOM", _room_id(link)))
        except Exception as error:
            error.add_note(f"The attack: {attack}")
            raise
    ada.reloads()
    ada.is_connected()
    expect(ada.composer).to_be_visible()
    expect(ada.messages).to_have_count(0)
    expect(ada.people).to_have_count(1)


def _room_id(link: str) -> str:
    return urlsplit(link).path.rsplit("/", 1)[1]


def _lures(ada: Visitor, mallory: Attacker, text: str) -> None:
    """Have her look at a page that tries it, while her conversation is open in another tab."""
    mallory.page = PAGE % text
    lured = ada.context.new_page()
    ada.may_meet("localhost|mallory", "403", "console")
    lured.goto(mallory.url)
    # A form leads away, to the answer; all else says when it has been tried.
    lured.wait_for_function(
        "() => window.done || location.port !== " + repr(str(mallory.server_port))
    )
    if urlsplit(lured.url).netloc == urlsplit(ada.url).netloc:
        assert "harm" not in lured.content()
    else:
        assert lured.title() == ""
    lured.close()
    expect(ada.composer).to_be_visible()
    expect(ada.messages).to_have_count(0)
    expect(ada.people).to_have_count(1)


Frame = Callable[[Visitor, str], str]


def framed(visitor: Visitor, mallory: Attacker, link: str) -> str:
    """What a frame on another site's page shows of a link."""
    mallory.page = PAGE % f'<iframe src="{link}" width=800 height=600 onload="tried()"></iframe>'
    page = visitor.context.new_page()
    page.goto(mallory.url)
    page.wait_for_function("() => window.done")
    (frame,) = [frame for frame in page.frames if frame != page.main_frame]
    return frame.locator("body").inner_text() if "error" not in frame.url else ""


def test_no_other_site_shows_our_pages_in_a_frame(arrive: Arrive, mallory: Attacker) -> None:
    ada = arrive("Ada")
    link = ada.owns("Framed")
    ada.may_meet(".")
    assert "Framed" not in framed(ada, mallory, link)


def test_a_site_that_the_settings_name_shows_them(
    arrive: Arrive, mallory: Attacker, tmp_path: Path
) -> None:
    flags = ("--port", "0", "--embedding-origins", mallory.url)
    with process(tmp_path / "data", *flags) as open_to_it:
        ada = arrive("Ada", url=open_to_it.url)
        link = ada.owns("Framed")
        ada.may_meet(".")
        assert "Framed" in framed(ada, mallory, link)


def test_no_site_learns_the_link_from_a_link(ada: Visitor, mallory: Attacker) -> None:
    ada.starts("Secret")
    ada.may_meet("another host")
    mallory.page = PAGE % ""
    ada.says(f"See {mallory.url}/here")
    with ada.context.expect_page() as opened:
        ada.page.get_by_role("link", name=mallory.url).click()
    page = opened.value
    page.wait_for_function("() => window.tried")
    assert page.evaluate("[document.referrer, window.opener]") == ["", None]


def test_html_made_from_text_is_refused_by_the_page_itself(ada: Visitor) -> None:
    ada.starts_nameless()
    ada.may_meet("console")
    for attempt in (
        "document.body.innerHTML = '<b>'",
        "document.createElement('script').text = 'window.harm = 1'",
        "document.createElement('script').src = '/x.js'",
        "document.write('<b>')",
        "new DOMParser().parseFromString('<b>', 'text/html')",
        "trustedTypes.createPolicy('default', {createHTML: text => text})",
    ):
        told = ada.page.evaluate(
            f"() => {{ try {{ {attempt}; return '' }} catch (error) {{ return error.name }} }}"
        )
        assert told == "TypeError", attempt
