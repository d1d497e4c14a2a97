"""The pages in WebKit: what people do every day, by WebDriver and so in few tests.

Each browser takes seconds to start here, so that `make browsers` alone runs them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import webkit
from tests.browser.display import display
from tests.browser.seeding import Said, Seeding
from tests.browser.test_reading import (
    LOADED,
    LOADED_AT_MOST,
    MOVED_WHILE_OLDER_LOADED,
    TO_THE_TOP,
)
from tests.browser.webkit import Visitor
from tests.servers import Process, process

Arrive = Callable[..., Visitor]
HISTORY = 250

# The way it grows on a phone, where the words of when it started take a second line.
GROWS_ABOVE = """() => {
  document.querySelector(".opening-facts").append(document.createElement("br"), "more");
}"""
DRAWN = "() => new Promise(done => setTimeout(() => requestAnimationFrame(done), 300))"
DRAWN_ANEW = f"""async () => {{
  const drawn = {DRAWN};
  const scroller = document.querySelector("#scroller");
  scroller.scrollTop = -40;
  await drawn();
  scroller.scrollTop = 0;
  await drawn();
}}"""
# How many pixels of two pictures differ by more than an indicator of scrolling does, among the
# names, the times and the beginnings of lines.
DIFFERING = """async (...pictures) => {
  const seen = await Promise.all(pictures.map(async picture => {
    const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    return pen.getImageData(30, 60, 300, 400).data;
  }));
  return seen[0].filter((value, at) => Math.abs(value - seen[1][at]) > 70).length;
}"""

COPIES = """() => {
  Clipboard.prototype.writeText = async (text) => void (globalThis.copied = text);
}"""
BRINGS = """(name, text) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, {type: "text/plain"}));
  const picker = document.querySelector("#file");
  picker.files = dataTransfer.files;
  picker.dispatchEvent(new Event("change", {bubbles: true}));
}"""

CANNOT_CALL = "This browser can't make calls. Try another one, or update it."

pytestmark = pytest.mark.timeout(300)  # its tests are long, for want of many

if not webkit.is_there():
    pytest.skip(webkit.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def on_display() -> Iterator[str]:
    with display() as on_display:
        yield on_display


@pytest.fixture
def arrive(on_display: str, site: Process) -> Iterator[Arrive]:
    """Brings people, each with a browser of their own: `arrive("Ada")`."""
    with contextlib.ExitStack() as stack:

        def arrive(name: str, url: str = "") -> Visitor:
            window = stack.enter_context(webkit.window(on_display))
            return Visitor(name, window, url or site.url)

        yield arrive


def test_people_talk_by_link(arrive: Arrive) -> None:
    ada, ben, cleo = arrive("Ada"), arrive("Ben"), arrive("Cleo")
    link = ada.starts("Tea on Sunday")
    ada.joins()
    ben.comes(link)
    cleo.opens(link)
    cleo.is_connected()

    ben.window.presses("#message", "I")
    ada.sees("#typing", "Ben is typing")
    ada.says("Who brings the cake?")
    ben.reads("Who brings the cake?")
    ben.says("I do.")
    ada.reads("I do.")
    cleo.reads("I do.")

    assert ada.texts() == ben.texts() == cleo.texts() == ["Who brings the cake?", "I do."]
    ada.window.until("() => !document.querySelector('#typing').textContent")
    cleo.sees("#username")


def test_people_react_and_find_an_emoji_by_its_name(arrive: Arrive, seeding: Seeding) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    seeding.react(seeded, "Ben", 1, "👍")
    cleo = arrive("Cleo")
    cleo.comes(seeded.link)
    cleo.window.clicks(".reaction")
    cleo.window.until("() => document.querySelector('.reaction').textContent.includes('2')")
    label = "() => document.querySelector('.reaction').getAttribute('aria-label')"
    assert cleo.window.runs(label) == "👍 2, you and Ben"
    cleo.window.runs("() => document.querySelector('.message').focus()")
    cleo.window.until("() => document.querySelector('.message .tools')")
    cleo.window.presses(".message", "+")
    cleo.window.clicks(".picker .more")
    cleo.window.presses(".picker-search", "pizz" + webkit.ENTER)
    cleo.window.until("() => document.querySelector('.reaction[value=\"🍕\"]')")
    cleo.window.until("() => !document.querySelector('.picker').open")


def test_people_answer_and_mention_one_another(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    link = ada.starts()
    ada.joins()
    ben.comes(link)
    ada.says("Tea?")
    ben.reads("Tea?")
    ben.window.runs("() => document.querySelector('#m-1').focus()")
    ben.sees("#m-1 .tools")
    ben.window.presses("#m-1", "r")
    ben.sees("#replying-name", "Ada")
    ben.window.presses("#message", "Yes, @a")
    ben.sees("#naming [role=option]")
    ben.window.presses("#message", webkit.ENTER)
    ben.window.until("() => document.querySelector('#message').value === 'Yes, @Ada '")
    ben.window.presses("#message", webkit.ENTER)
    ada.sees("#m-2.for-you .quote-author", "You")
    ada.sees("#m-2 .mention", "@Ada")


def test_what_was_said_long_ago_is_found_and_left_again(arrive: Arrive, seeding: Seeding) -> None:
    lines = ("A unicorn" if number == 3 else f"Line {number}" for number in range(HISTORY))
    seeded = seeding.conversation(said=[Said("Ada", line) for line in lines])
    ben = arrive("Ben")
    ben.comes(seeded.link)
    ben.window.clicks("#search-link")
    ben.sees(".search-offer-label", "from:")
    ben.window.presses("#search-field", "from:a")
    ben.window.clicks(".search-offer", "Ada")
    ben.window.presses("#search-field", "unicorn")
    ben.sees(".found-status", "1 result")
    ben.sees(".found-row mark", "unicorn")
    ben.window.presses("#search-field", webkit.ENTER)
    ben.sees(".message.linked .message-text", "A unicorn")
    ben.sees("#walk-place", "1 of 1")
    ben.window.until("() => !CSS.highlights || CSS.highlights.get('found')?.size === 1")
    ben.window.presses("#walk-field", webkit.ESCAPE)
    ben.reads(f"Line {HISTORY - 1}")
    ben.window.until("() => document.querySelector('.walk').hidden")


def test_a_message_is_edited_deleted_and_brought_back(arrive: Arrive) -> None:
    ada = arrive("Ada")
    ada.starts("Tea on Sunday")
    ada.joins()
    ada.says("Who brings the cake?")
    ada.window.presses("#message", webkit.ARROW_UP)
    ada.sees("#editing span", "Editing your message")
    ada.window.presses("#message", f" I do.{webkit.ENTER}")
    ada.sees(".message-edited")
    assert ada.texts() == ["Who brings the cake? I do."]
    ada.window.runs("() => document.querySelector('.message').focus()")
    ada.sees(".tools")
    ada.window.clicks(".tools [data-name='delete']")
    ada.sees("[data-action='undo']")
    ada.window.clicks("[data-action='undo']")
    ada.reads("Who brings the cake? I do.")


def test_people_talk_where_only_their_browsers_can_read(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    ada.opens("/")
    ada.window.fills("input[name=title]", "Plans")
    ada.window.clicks("input[name=encrypted]")
    ada.window.clicks("button", "Start a conversation")
    ada.window.until("() => location.pathname.startsWith('/conversation/')")
    ada.joins()
    ada.window.runs(COPIES)
    ada.window.clicks(".invite copy-link button")
    link = ada.window.until("() => globalThis.copied")
    assert "#k=" in link
    ben.opens(link)
    ben.window.until("() => document.querySelector('#username')?.checkVisibility()")
    ben.joins()
    assert "k=" not in ben.window.runs("() => location.href")
    ben.sees("h1", "Plans")
    ada.sends("Who brings the **cake**?")
    for who in (ada, ben):
        who.reads("Who brings the cake?")
    ben.window.until("() => document.querySelector('.message-text strong')")
    ada.window.presses("#message", webkit.ARROW_UP)
    ada.sees("#editing span", "Editing your message")
    ada.window.presses("#message", f" And tea{webkit.ENTER}")
    ben.reads("Who brings the cake? And tea")
    ben.window.runs(BRINGS, "list.txt", "Cups and plates")
    ben.sees("[data-status=done]")
    ben.says("A list")
    ada.reads("A list")
    ada.sees(".document .file-name", "list.txt")
    ada.window.clicks("#search-link")
    ada.window.presses("#search-field", "cake")
    ada.sees(".found-status", "1 result")
    ada.window.presses("#search-field", webkit.ESCAPE)
    for who in (ada, ben):
        who.window.reloads()
        who.is_connected()
        who.reads("Who brings the cake? And tea")
        who.reads("A list")
    said = "() => document.querySelector('.notice')?.textContent ?? ''"
    assert "different messages" not in ada.window.runs(said)


def test_who_goes_away_and_comes_back_talks_on(arrive: Arrive) -> None:
    """WebKit keeps the page meanwhile, and shows the very same again."""
    ada, ben = arrive("Ada"), arrive("Ben")
    link = ada.starts()
    ada.joins()
    ben.comes(link)
    ada.says("Before")
    ada.opens("/")
    ada.sees("h1", "Talk by link.")
    ben.reads("Before")
    ben.says("Meanwhile")
    ada.window.goes_back()
    ada.reads("Meanwhile")
    ada.is_connected()
    ada.says("After")
    ben.reads("After")
    ada.window.reloads()
    ada.reads("After", ".mine")

    assert ada.texts() == ben.texts() == ["Before", "Meanwhile", "After"]


def test_a_half_written_title_outlasts_going_away_and_coming_back(arrive: Arrive) -> None:
    ada = arrive("Ada")
    ada.opens("/")
    ada.window.presses("#title", "Tea on Sun")
    ada.opens("/conversations")
    ada.sees("h1", "Conversations")
    ada.window.goes_back()
    ada.window.until("() => document.querySelector('#title').value === 'Tea on Sun'")
    ada.window.clicks("button", "Start a conversation")
    ada.is_connected()  # so its script has run, and has forgotten what was sent
    ada.window.goes_back()
    ada.sees("h1", "Talk by link.")
    ada.window.until("() => document.querySelector('#title').value === ''")


def test_a_restart_loses_nothing_and_doubles_nothing(arrive: Arrive, tmp_path: Path) -> None:
    with process(tmp_path, "--port", "0") as before:
        ada, ben = arrive("Ada", before.url), arrive("Ben", before.url)
        ben.comes(ada.starts())
        ada.joins()
        ada.says("Before the restart")
        ben.reads("Before the restart")
        before.stop()
    for visitor in (ada, ben):
        visitor.has_badge("Reconnecting")
    ada.sends("Written meanwhile")
    ada.reads("Written meanwhile", ".pending")

    with process(tmp_path, "--port", str(before.port)):
        for visitor in (ada, ben):
            visitor.is_connected()
        ben.reads("Written meanwhile")
        ben.says("After the restart")
        ada.reads("After the restart")
        expected = ["Before the restart", "Written meanwhile", "After the restart"]
        assert ada.texts() == ben.texts() == expected
        ada.window.until("() => !document.querySelector('.pending, .failed')")
        ben.window.reloads()
        ben.is_connected()
        assert ben.texts() == expected


def test_the_whole_history_can_be_read_and_nothing_jumps(arrive: Arrive, seeding: Seeding) -> None:
    said = [Said("Ada", f"line {i}" + " and more" * (i % 40)) for i in range(HISTORY)]
    cleo = arrive("Cleo")
    cleo.opens(seeding.conversation("A long one", said).link)
    cleo.is_connected()
    assert abs(cleo.window.awaits(MOVED_WHILE_OLDER_LOADED)) < 1
    oldest = "() => document.querySelector('#items .message').dataset.seq"
    while not cleo.window.runs("() => document.querySelector('#opening').checkVisibility()"):
        before = cleo.window.runs(oldest)
        cleo.window.runs(TO_THE_TOP)
        cleo.window.until(f"before => ({oldest})() !== before", before)
        assert cleo.window.runs(f"() => {LOADED}") <= LOADED_AT_MOST
    cleo.reads("line 0")


def test_what_an_owner_decides_holds_and_is_seen_live(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    link = ada.starts("Tea")
    ben.comes(link)
    ada.opens(f"{link}/manage")
    ada.window.fills("#title", "Coffee")
    ada.window.clicks("form:has(#title) button", "Save")
    ada.sees(".saved", "Saved.")
    ben.sees("h1", "Coffee")
    ada.window.clicks("input[name=read_only]")
    ada.window.clicks("form:has([name=read_only]) button", "Save")
    ada.sees(".saved", "Saved.")
    ada.window.until("() => document.querySelector('[name=read_only]').checked")
    ben.sees("#read-only", "Only the owner can post right now.")
    ben.window.until("() => !document.querySelector('#message').checkVisibility()")


def test_what_is_empty_looks_empty_and_nothing_wraps_for_want_of_a_legend(arrive: Arrive) -> None:
    ada = arrive("Ada")
    ada.opens("/")
    box = "() => getComputedStyle(document.querySelector('input[name=listed]')).backgroundColor"
    empty = ada.window.runs(box)
    paper = ada.window.runs(
        "() => getComputedStyle(document.querySelector('#title')).backgroundColor"
    )
    assert empty == paper
    ada.window.clicks("input[name=listed]")
    assert ada.window.runs(box) != empty
    beside = ada.window.runs(
        """() => {
          const middle = css => {
            const {top, bottom} = document.querySelector(css).getBoundingClientRect();
            return (top + bottom) / 2;
          };
          return Math.abs(middle(".theme-name") - middle(".theme-choices"));
        }"""
    )
    assert beside < 3
    ada.starts()
    ada.is_connected()
    viewport = ada.window.runs("() => document.querySelector('meta[name=viewport]').content")
    assert "interactive-widget" not in viewport  # it would complain in the console


def test_code_is_drawn_where_it_stands_when_something_grows_above_it(
    arrive: Arrive, seeding: Seeding
) -> None:
    """WebKit draws what scrolls by itself apart, and forgot to move it along."""
    code = "```\n" + "wide code " * 30 + "\nsecond\n```"
    said = [Said(*line) for i in range(9) for line in (("Ben", f"text {i}"), ("Ada", code))]
    cleo = arrive("Cleo")
    cleo.opens(seeding.conversation("Code", said).link)
    cleo.is_connected()
    cleo.window.until("() => localStorage.getItem('parley:hours')")  # times change no more
    cleo.window.awaits(DRAWN)
    cleo.window.runs(GROWS_ABOVE)
    cleo.window.awaits(DRAWN)
    before = cleo.window.picture()
    cleo.window.awaits(DRAWN_ANEW)
    differing = cleo.window.awaits(DIFFERING, before, cleo.window.picture())
    assert differing == 0


def test_it_says_where_it_cannot_call(arrive: Arrive) -> None:
    ada = arrive("Ada")
    ada.starts("Tea")
    ada.joins()
    if ada.window.runs("() => typeof RTCPeerConnection === 'function'"):
        pytest.skip("this WebKit can make calls")
    ada.window.clicks("#call")
    ada.sees(".call-before [role=alert]", CANNOT_CALL)
