"""Nothing that people write is ever run, and a page asks nobody but its own server."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import Visitor

# Each sets `window.harm` or opens a dialog, should it ever run.
CORPUS = (
    "<script>window.harm = 1</script>",
    "</script><script>window.harm = 1</script>",
    "<img src=x onerror='window.harm = 1'>",
    "<svg onload='window.harm = 1'>",
    "<svg><animate onbegin='window.harm = 1' attributeName=x dur=1s>",
    '"><script>alert(1)</script>',
    "' onmouseover='window.harm = 1' x='",
    '" autofocus onfocus="window.harm = 1',
    "</textarea><script>window.harm = 1</script>",
    "</title><script>window.harm = 1</script>",
    "</template><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>parent.harm = 1</script>'></iframe>",
    "<math><mtext><img src=x onerror=alert(1)>",
    "<style>@import 'https://mallory.example/x.css'</style>",
    "<base href='https://mallory.example/'>",
    "<meta http-equiv=refresh content='0;url=https://mallory.example'>",
    "{{ 7 * 7 }} {% raw %} ${7 * 7} {{constructor.constructor('window.harm = 1')()}}",
    "javascript:alert(1)",
    'https://example.org/"onmouseover="window.harm=1',
    "https://example.org/'><script>window.harm=1</script>",
    "```\n</code></pre><script>window.harm = 1</script>\n```",
    "`</code><img src=x onerror=alert(1)>`",
    "**<img src=x onerror=alert(1)>** [x](javascript:alert(1)) [y](data:text/html,<script>)",
    '["><img src=x onerror=alert(1)>](https://a.example/"onmouseover="window.harm=1)',
    "> <script>window.harm = 1</script>\n\n- <svg onload='window.harm = 1'>",
    '```"><script>window.harm=1</script>\n*x*\n```',
    "&lt;script&gt;window.harm = 1&lt;/script&gt;",
    "\u202egnp.exe \u0000\ufeff<script>window.harm = 1</script>",
)
STRANGE_ELEMENTS = """() => {
  const known = {
    a: ["href", "rel", "target", "title", "class"], pre: ["tabindex"], ol: ["start"],
    p: [], code: [], strong: [], em: [], s: [], ul: [], li: [], blockquote: [],
    div: ["class"], span: ["class", "data-user-id"],
    button: ["class", "type", "data-action", "aria-label"],
  };
  return [...document.querySelectorAll(".message-text *")]
    .filter(element => !element.getAttributeNames().every(name =>
      known[element.localName]?.includes(name)) || !(element.localName in known))
    .map(element => element.outerHTML);
}"""


@pytest.fixture(scope="module")
def hostile(seeding: Seeding) -> Seeded:
    """All of it, as message, as name, as title and as description."""
    said = [Said(text.replace("\0", "")[:64], text) for text in CORPUS if "\0" not in text]
    return seeding.conversation(
        "</title><script>window.harm = 1</script><img src=x onerror=alert(1)>",
        said,
        description="\"><img src=x onerror='window.harm = 1'>",
        listed=True,
    )


@pytest.mark.parametrize("address", ["", "/conversations"])
def test_what_people_wrote_is_shown_and_never_run(
    hostile: Seeded, cleo: Visitor, address: str
) -> None:
    dialogs = dialogs_of(cleo)
    cleo.opens(address or hostile.link)
    if not address:
        cleo.is_connected()
        expect(cleo.messages).to_have_count(len([text for text in CORPUS if "\0" not in text]))
    expect(cleo.page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_attached()

    assert_unharmed(cleo, dialogs)


def test_what_people_write_live_is_never_run(ada: Visitor, ben: Visitor) -> None:
    dialogs = [*dialogs_of(ada), *dialogs_of(ben)]
    link = ada.starts_by_hand(
        "<img src=x onerror=alert(1)>", description="<script>alert(1)</script>"
    )
    ada.joins("<svg onload='window.harm = 1'>")
    ben.opens(link)
    ben.joins("<img src=x onerror='window.harm = 1'>")
    ben.types("<b>")
    expect(ada.page.locator("#typing")).to_contain_text("<img src=x")
    for text in CORPUS[:12]:
        ada.says(text)
    ben.reads(CORPUS[11])

    for visitor in (ada, ben):
        assert_unharmed(visitor, dialogs)


def test_a_search_is_shown_and_never_run(cleo: Visitor) -> None:
    dialogs = dialogs_of(cleo)
    cleo.opens("/conversations?q=%22%3E%3Cscript%3Ewindow.harm%3D1%3C/script%3E")
    expect(cleo.page.get_by_placeholder("Search by title")).to_have_value(
        '"><script>window.harm=1</script>'
    )

    assert_unharmed(cleo, dialogs)


@pytest.mark.not_in_firefox("only Chromium tells a test how many bytes it has received")
def test_a_first_visit_is_light_and_asks_no_other_host(arrive: Arrive, seeding: Seeding) -> None:
    said = [Said(("Ada", "Ben")[i % 2], f"Line {i} of a talk as people have.") for i in range(40)]
    link = seeding.conversation("Light", said).link
    for address in (link, "/"):
        cleo = arrive("Cleo")
        network = cleo.context.new_cdp_session(cleo.page)
        received: list[int] = []
        network.on("Network.loadingFinished", lambda it: received.append(it["encodedDataLength"]))  # noqa: B023
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        cleo.page.goto(urljoin(cleo.url, address), wait_until="networkidle")

        assert 4 <= len(received) <= 12
        # With what comes later, and keeps the page for whoever is offline.
        assert sum(received) < 74_000, f"{address}: {sum(received)} bytes"
        print(f"{address}: {len(received)} requests, {sum(received):,} bytes")


def dialogs_of(visitor: Visitor) -> list[str]:
    seen: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    visitor.page.on("dialog", dismiss)
    return seen


def assert_unharmed(visitor: Visitor, dialogs: list[str]) -> None:
    # One trip round the page's own queue, for what runs a moment later.
    visitor.page.evaluate("new Promise(done => setTimeout(done))")
    assert not dialogs
    assert visitor.measures("window.harm") is None
    assert visitor.measures(STRANGE_ELEMENTS) == []
