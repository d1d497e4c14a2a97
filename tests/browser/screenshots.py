"""Pictures of every page and state, to be looked at before work is called done.

`python -m tests.browser.screenshots [--out FOLDER]` takes them all, at four
widths, in light, dark and forced colours; `--readme` takes the one picture of the README.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, FilePayload, expect, sync_playwright

from tests.browser import chromium
from tests.browser.line import Line
from tests.browser.making_files import drawn, film, wav
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_read_marks import LOOKED_LONG_AGO
from tests.browser.visitor import Visitor
from tests.servers import Process, process

ROOT = Path(__file__).parents[2]
SIZES = {320: 640, 390: 844, 768: 1024, 1280: 800}
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"color_scheme": "dark", "forced_colors": "active"},
}
README_PICTURE = ROOT / "docs" / "conversation.png"
README_PICTURE_MAX_BYTES = 200_000

# The visitors' clocks stand at this hour, whenever the pictures are taken.
NOW = datetime.now(UTC).replace(hour=18, minute=5, second=0)
TODAY = NOW - timedelta(minutes=40)
YESTERDAY = TODAY - timedelta(days=1)


def _evening(minute: float) -> datetime:
    return YESTERDAY + timedelta(minutes=minute)


def _today(minute: float) -> datetime:
    return TODAY + timedelta(minutes=minute)


LAKE = (
    Said("Ada", "The hut is ours from Friday! Two nights, six beds, one stove.", _evening(0)),
    Said("Ben", "You found one with a stove. I take back what I said about the tent.", _evening(2)),
    Said("Cleo", "🎉🎉", _evening(3)),
    Said("Cleo", "I can drive, with room for three and a modest amount of luggage", _evening(4)),
    Said("Ada", "Ben, modest means no accordion.", _evening(6)),
    Said("Ben", "It is a *small* accordion.", _evening(9)),
    Said("Noor", "سآتي يوم السبت صباحا، ومعي القهوة ☕", _evening(31)),
    Said("Cleo", "Noor is bringing the coffee, we are saved", _evening(32)),
    Said("Ada", "The path, for everyone: https://example.org/lake-trail", _today(0)),
    Said("Ada", "Forty minutes uphill from the station. Bring shoes you like.", _today(1)),
    Said(
        "Ben",
        "I made a list of who owes what, it comes out like this:\n"
        '```python\nshares = {"hut": 240, "food": 96, "fuel": 38}\n'
        "each = sum(shares.values()) / 6  # 62.33\n```",
        _today(14),
    ),
    Said("Cleo", "Only Ben brings `sum()` to a lake.", _today(15)),
    Said("Noor", "Do I bring wood for the stove, or is there some?", _today(22)),
    Said("Ada", "There is a shed full of it. The key hangs behind the door.", _today(24)),
    Said("Ben", "👍", _today(25)),
)
DINNER = (
    Said("Cleo", "The new place by the bridge, or dumplings again?", _evening(1)),
    Said("Noor", "Dumplings.", _evening(3)),
    Said("Ada", "Dumplings!", _evening(3)),
    Said("Noor", "🥟🥟🥟", _evening(4)),
    Said("Ada", "Seven o’clock, then. I book.", _evening(9)),
)
LONG_WORDS = (
    Said(
        "Greta",
        "Das Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten"
        "gesellschaftsgebäude steht noch.",
        _today(2),
    ),
    Said(
        "Ilan", "תמונות מהטיול: https://example.org/" + "albums/autumn-in-the-hills/" * 6, _today(4)
    ),
    Said("Greta", "שלום! مرحبا! Hello! All in one line.", _today(5)),
    Said(
        "Ilan",
        "```\n$ rsync --archive --delete --human-readable --partial "
        "photos/ backup.example.org:/srv/albums/autumn/\nsent 1.21G bytes\n```",
        _today(7),
    ),
    Said(
        "Greta",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaah",
        _today(8),
    ),
    Said("Ilan", "😮", _today(9)),
)
LISTED = (
    (
        "Neighbours of Linden Street",
        "Parcels, ladders, lost cats.",
        ("Has anybody seen a ladder? It is green.", "It leans on our fence.", "Thank you!"),
    ),
    (
        "Book club: The Dispossessed",
        "Chapters one to four, until Thursday.",
        ("I could not stop at four.",),
    ),
    ("Choir, second altos", "", ("Bar 31 again, from the top?", "With the tenors this time.")),
    (
        "Repair café, Saturday",
        "Bring what is broken. We have soldering irons, sewing machines, "
        "patience, and tea for those who wait.",
        ("A toaster, a lamp, and my pride.",),
    ),
    ("Öffentliche Sprechstunde", "", ()),
    ("Who waters the tomatoes?", "A rota, in theory.", ("Me, till Wednesday.",)),
)

BOAT = (
    Said("Ada", "We meet at the *pier*, ten o’clock. Bring a hat.", _evening(40)),
    Said("Ben", "Is there room for a dog?", _evening(44)),
    Said("Cleo", "Who can row? I can sit in a boat and look decorative.", _today(3)),
    Said("Ada", "I can. So can Noor, she only never says so.", _today(4)),
    Said("Noor", "I row when the coffee is good.", _today(6)),
    Said("Ben", "Then I bring the good coffee.", _today(9)),
    Said("Cleo", "Sandwiches are on me, tell me who eats what.", _today(12)),
)
# Who answers what, in this order, after all that.
BOAT_ANSWERS = (
    ("Ada", "Small ones, yes. @Ben, is yours small?", 2),
    ("Ben", "@Ada he thinks he is.", 8),
    ("Ada", "Then he rows.", 9),
)
BOAT_REACTIONS = (
    ("Ben", 3, "😂"),
    ("Noor", 3, "😂"),
    ("Ada", 5, "☕"),
    ("Ben", 5, "☕"),
    ("Cleo", 5, "❤️"),
    ("Noor", 9, "🐕"),
    ("Cleo", 10, "👍"),
    ("Noor", 10, "😂"),
)

# What somebody takes part in who comes back.
EVES = (
    (
        "Tea on Sunday",
        [
            Said("Ada", "Four o’clock, at mine?"),
            Said("Ben", "I bring a cake."),
            Said("Ada", "Which?"),
            Said("Ben", "A round one."),
        ],
    ),
    ("The community garden, plots seven to twelve", [Said("Ada", "Who waters on Thursday?")]),
)

# As wide and high as each is.
PICTURES = ((1200, 800), (800, 1200), (900, 900))

DOORS: dict[str, dict[str, object]] = {
    "locked": {"locked": True},
    "passphrase": {"passphrase": "goose lamp"},
    "knock": {"knock": True},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What the pictures are of: conversations that are there already."""

    url: str
    empty_url: str
    lake: Seeded
    words: Seeded
    empty: Seeded
    ended: Seeded
    long: Seeded
    album: Seeded
    """With files of all kinds."""
    boat: Seeded
    """With reactions, answers, mentions, an edit and two pins."""
    doors: dict[str, Seeded]
    """Conversations that strangers cannot just walk into, by what keeps them out."""


@dataclass(frozen=True, slots=True)
class Studio:
    """One person at one size in one theme, and the folder for their pictures."""

    browser: Browser
    scene: Scene
    folder: Path
    width: int
    theme: str

    @contextlib.contextmanager
    def visitor(
        self, seeded: Seeded | None = None, who: str = "", **options: Any
    ) -> Iterator[Visitor]:
        """Somebody, with the session of `who` where one is named."""
        narrow = {"has_touch": True, "is_mobile": True} if self.width < 761 else {}
        visitor = Visitor(
            who or "Somebody",
            self.browser,
            options.pop("url", self.scene.url),
            viewport={"width": self.width, "height": SIZES[self.width]},
            reduced_motion="reduce",
            **THEMES[self.theme],
            **narrow,
            **options,
        )
        visitor.page.clock.set_fixed_time(NOW)
        if seeded is not None and who:
            visitor.has_session(seeded.tokens[who])
        try:
            yield visitor
        finally:
            visitor.goes_home()

    def take(self, visitor: Visitor, name: str) -> None:
        picture = self.folder / f"{name}-{self.width}-{self.theme}.png"
        visitor.page.screenshot(path=picture, animations="disabled")


def main() -> None:
    parser = argparse.ArgumentParser(prog="screenshots", description="Take pictures of every page.")
    parser.add_argument("--out", type=Path, default=ROOT / "screenshots", metavar="FOLDER")
    parser.add_argument("--readme", action="store_true", help="only docs/conversation.png")
    arguments = parser.parse_args()
    with opened() as (browser, scene):
        if arguments.readme:
            take_readme_picture(browser, scene)
        else:
            take_all(browser, scene, arguments.out)


@contextlib.contextmanager
def opened() -> Iterator[tuple[Browser, Scene]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        contextlib.closing(chromium.launch(playwright)) as browser,
        process(Path(folder, "full"), "--port", "0") as site,
        process(Path(folder, "empty"), "--port", "0") as empty_site,
        contextlib.closing(Seeding(site.url, Path(folder, "full"))) as seeding,
    ):
        try:
            yield browser, build(seeding, site, empty_site)
        except Exception:
            # Why a page is not what it should be, the server may know.
            for each in (site, empty_site):
                print(*each.stop(), file=sys.stderr)
            raise


def build(seeding: Seeding, site: Process, empty_site: Process) -> Scene:
    for title, description, lines in LISTED[::-1]:
        said = [Said(("Mara", "Jonas", "Ife")[i % 3], text) for i, text in enumerate(lines)]
        seeding.conversation(title, said, description=description, listed=True)
    ended = seeding.conversation("Where to eat on Friday", DINNER, owner="Ada", at=_evening(0))
    seeding.end(ended)
    doors = {}
    for name, wishes in DOORS.items():
        doors[name] = seeding.conversation("A surprise for Ben", owner="Ada", at=TODAY)
        seeding.decide(doors[name], wishes)
    return Scene(
        url=site.url,
        empty_url=empty_site.url,
        lake=seeding.conversation(
            "A weekend at the lake",
            LAKE,
            owner="Ada",
            at=_evening(-5),
            description="Friday to Sunday, by train and on foot. Who brings what?",
        ),
        words=seeding.conversation(
            "Fotos, תמונות, صور: the autumn album and everything that belongs with it", LONG_WORDS
        ),
        empty=seeding.conversation(
            "Sunday lunch", owner="Ada", description="At mine, at one.", at=TODAY
        ),
        ended=ended,
        long=seeding.conversation(
            "Crossword, daily",
            [
                Said(
                    ("Ada", "Ben")[i // 2 % 2],
                    f"{i + 1} across: {'so many letters ' * (i % 5 + 1)}",
                )
                for i in range(160)
            ],
        ),
        album=_album(seeding),
        boat=_boat(seeding),
        doors=doors,
    )


def _album(seeding: Seeding) -> Seeded:
    album = seeding.conversation(
        "Photos from the lake", [Said("Ada", "Everything in here, please"), Said("Ben", "Gladly!")]
    )
    pictures = [(f"lake-{n}.png", drawn(*size, n)) for n, size in enumerate(PICTURES, 1)]
    seeding.send_files(album, "Ada", "The lake, before and after the rain", *pictures)
    seeding.send_files(album, "Ben", "", ("jetty.png", drawn(900, 600, 7)))
    seeding.send_files(
        album,
        "Ben",
        "What we sang",
        ("around-the-stove.wav", wav(3)),
        ("Songs, with chords and all the verses that nobody knew by heart.pdf", b"%PDF-1.7" * 40),
    )
    seeding.send_files(
        album, "Ben", "", ("the-jetty-at-dusk.webm", film()), still=drawn(320, 180, 5)
    )
    seeding.send_files(album, "Ada", "", (f"Voice message {TODAY:%Y-%m-%d} 17.20.wav", wav(4)))
    return album


def _boat(seeding: Seeding) -> Seeded:
    boat = seeding.conversation("A boat on Sunday", BOAT, owner="Ada", at=_evening(38))
    for who, text, seq in BOAT_ANSWERS:
        seeding.answer(boat, who, text, seq)
    for who, seq, emoji in BOAT_REACTIONS:
        seeding.react(boat, who, seq, emoji)
    seeding.edit(boat, "Ada", 4, "I can. So can Noor, she just never says so.")
    seeding.pin(boat, 1)
    seeding.pin(boat, 7)
    return boat


def take_all(browser: Browser, scene: Scene, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for width in SIZES:
        for theme in THEMES:
            studio = Studio(browser, scene, folder, width, theme)
            for take in (
                pages,
                reading,
                talking,
                acting,
                writing,
                coming_back,
                trouble,
                files,
                searching,
                floating,
                deciding,
                without_javascript,
            ):
                take(studio)
    print(f"{len(list(folder.glob('*.png')))} pictures are in {folder}")


def pages(studio: Studio) -> None:
    addresses = {
        "home": "/",
        "list": "/conversations",
        "list-search-none": "/conversations?q=elephants",
        "not-found": "/conversation/nowhere",
        "no-page": "/nowhere",
    }
    with studio.visitor() as visitor:
        for name, address in addresses.items():
            visitor.opens(address)
            studio.take(visitor, name)
        visitor.opens("/")
        visitor.page.get_by_text("Add a description").click()
        studio.take(visitor, "home-description")
    with studio.visitor(url=studio.scene.empty_url) as visitor:
        visitor.opens("/conversations")
        studio.take(visitor, "list-empty")


def reading(studio: Studio) -> None:
    scene = studio.scene
    with studio.visitor() as visitor:
        for name, seeded in {
            "guest": scene.lake,
            "long-words": scene.words,
            "ended": scene.ended,
            "empty-guest": scene.empty,
        }.items():
            visitor.opens(seeded.link)
            visitor.is_connected()
            studio.take(visitor, name)
        visitor.opens(f"{scene.lake.link}#m-11")
        expect(visitor.page.locator("#m-11")).to_be_focused()
        studio.take(visitor, "linked-message")
    with studio.visitor() as visitor:
        visitor.opens(scene.long.link)
        visitor.is_connected()
        visitor.page.evaluate("document.querySelector('#scroller').scrollTop = -9999")
        expect(visitor.page.locator("#opening")).to_be_visible()
        # Loading moves nothing, so the top is a scroll further up now.
        visitor.page.evaluate("document.querySelector('#scroller').scrollTop = -99999")
        studio.take(visitor, "older-loaded")
        visitor.page.evaluate("document.querySelector('#scroller').scrollTop = -9999")
        with seeding_aside(scene) as seeding:
            seeding.say(scene.long, "Ada", "A new one")
            seeding.say(scene.long, "Ada", "and another")
            expect(visitor.pill).to_be_visible()
        studio.take(visitor, "new-messages")


def talking(studio: Studio) -> None:
    lake = studio.scene.lake
    with studio.visitor(lake, "Ada") as ada, studio.visitor(lake, "Ben") as ben:
        ada.opens(lake.link)
        ben.opens(lake.link)
        ada.is_connected()
        ben.is_connected()
        studio.take(ada, "owner")
        ben.types("I will ")
        expect(ada.page.locator("#typing")).to_have_text("Ben is typing")
        studio.take(ada, "typing")
        studio.take(ben, "member")
    with studio.visitor(studio.scene.empty, "Ada") as ada:
        ada.opens(studio.scene.empty.link)
        ada.is_connected()
        studio.take(ada, "empty")


def acting(studio: Studio) -> None:
    """What is done with a message."""
    boat = studio.scene.boat
    with studio.visitor(boat, "Ben") as ben, studio.visitor(boat, "Ada") as ada:
        for visitor in (ben, ada):
            visitor.opens(boat.link)
            visitor.is_connected()
        expect(ada.page.locator(".seen")).to_contain_text("Ben")
        studio.take(ada, "answers-reactions-and-seen-by")
        _goes_to(ada, "Who can row? I can sit in a boat and look decorative.")
        studio.take(ada, "message-tools")
        if ada.is_by_touch:
            sheet = ada.page.get_by_role("dialog", name="Message actions")
            ada.page.get_by_role("button", name="Message actions").tap()
            expect(sheet).to_be_visible()
            studio.take(ada, "message-sheet")
            sheet.get_by_role("button", name="More emoji").tap()
        else:
            ada.page.get_by_role("toolbar").get_by_role("button", name="React").click()
        picker = ada.page.get_by_role("dialog", name="React")
        expect(picker).to_be_visible()
        studio.take(ada, "react")
        picker.get_by_role("button", name="More emoji").click()
        expect(picker.get_by_role("gridcell").first).to_be_visible()
        studio.take(ada, "react-all")
        picker.get_by_role("searchbox").fill("boat")
        studio.take(ada, "react-search")
        ada.page.keyboard.press("Escape")  # empties the field
        ada.page.keyboard.press("Escape")
        expect(picker).to_be_hidden()
        ada.page.locator("#m-10").focus()
        ada.page.keyboard.press("Delete")
        expect(ada.page.get_by_role("button", name="Undo")).to_be_visible()
        studio.take(ada, "deleted-undo")
        ada.page.get_by_role("button", name="Undo").click()
        expect(ada.page.locator("#m-10")).to_contain_text("Then he rows.")


def writing(studio: Studio) -> None:
    """What stands about the composer."""
    boat = studio.scene.boat
    with studio.visitor(boat, "Ben") as ben:
        ben.opens(boat.link)
        ben.is_connected()
        _goes_to(ben, "Who can row? I can sit in a boat and look decorative.")
        ben.page.keyboard.press("r")
        expect(ben.page.get_by_role("group", name="What you are replying to")).to_be_visible()
        studio.take(ben, "replying")
        ben.types("I can hold a cup, @")
        expect(ben.page.get_by_role("listbox", name="People to mention")).to_be_visible()
        studio.take(ben, "mentioning")
        ben.composer.fill("")
        ben.page.keyboard.press("Escape")
        ben.composer.press("ArrowUp")
        expect(ben.page.get_by_text("Editing your message")).to_be_visible()
        studio.take(ben, "editing")


def coming_back(studio: Studio) -> None:
    """After a time away, and the list of what one takes part in."""
    with studio.visitor() as eve, seeding_aside(studio.scene) as seeding:
        eve.name = "Eve"
        eve.starts("Letters to Lisbon")
        tea, garden = (seeding.conversation(*talk) for talk in EVES)
        for talk in (garden, tea):
            eve.comes(talk.link)
        eve.opens("/conversations")
        eve.page.evaluate(LOOKED_LONG_AGO)
        for text in (
            "Milk or lemon?",
            "Both, then. @Eve, do you bring the cups?",
            "The blue ones.",
        ):
            seeding.say(tea, "Ada", text)
        seeding.answer(tea, "Ben", "The ones without a crack.", 5)
        eve.opens(tea.link)
        expect(eve.page.get_by_role("region", name="While you were away")).to_be_visible()
        eve.is_connected()
        studio.take(eve, "away")
        if (sheet := eve.page.get_by_role("button", name="People and link")).is_visible():
            sheet.click()
            studio.take(eve, "member-sheet")
            eve.page.go_back()
        eve.opens("/")
        for text in ("It grows!", "It has flowers, @Eve."):
            seeding.say(garden, "Ada", text)
        expect(eve.page.locator(".own-row").first).to_contain_text("2 new")
        studio.take(eve, "own")
        eve.opens("/conversations")
        studio.take(eve, "own-and-list")
        eve.page.get_by_role("button", name="Leave Tea on Sunday").click()
        expect(eve.page.locator("#own-left")).to_contain_text("You left")
        studio.take(eve, "own-left")


def trouble(studio: Studio) -> None:
    lake = studio.scene.lake
    with studio.visitor(lake, "Ben") as ben:
        line = Line(ben.page)
        ben.opens(lake.link)
        ben.is_connected()
        line.refuse("Only the owner can post right now.")
        ben.sends("I can bring the lamp, if nobody minds that it is shaped like a goose.")
        expect(ben.page.locator(".failed")).to_be_visible()
        ben.page.locator(".failed").scroll_into_view_if_needed()
        studio.take(ben, "failed")
        ben.page.get_by_role("button", name="Discard").click()
        ben.context.set_offline(True)
        ben.has_badge("Offline")
        ben.sends("The goose lamp is packed.")
        expect(ben.page.locator(".pending")).to_be_visible()
        studio.take(ben, "offline")
    with studio.visitor(lake, "Ben") as ben:
        line = Line(ben.page)
        ben.opens(lake.link)
        ben.is_connected()
        line.cut()
        ben.has_badge("Reconnecting")
        studio.take(ben, "reconnecting")


def files(studio: Studio) -> None:
    album = studio.scene.album
    with studio.visitor(album, "Ada") as ada:
        ada.may_meet("4")
        ada.opens(album.link)
        ada.is_connected()
        _has_drawn(ada)
        studio.take(ada, "files")
        ada.page.locator(".pictures").first.scroll_into_view_if_needed()
        _has_drawn(ada)
        studio.take(ada, "pictures")
        ada.page.get_by_role("link", name="lake-2.png").click()
        viewer = ada.page.get_by_role("dialog", name="Picture")
        expect(viewer.locator("img")).to_have_js_property("complete", True)
        studio.take(ada, "viewer")
        ada.page.go_back()
        slow = ada.context.new_cdp_session(ada.page)
        slow.send("Network.enable")
        slow.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 90_000},
        )
        with ada.page.expect_file_chooser() as chosen:
            ada.page.get_by_role("button", name="Attach files").click()
        chosen.value.set_files(
            [
                FilePayload(name="sunset.png", mimeType="image/png", buffer=drawn(600, 400, 3)),
                FilePayload(name="torn.png", mimeType="image/png", buffer=drawn(9, 9, 1)[:20]),
                FilePayload(name="walk.mp4", mimeType="video/mp4", buffer=bytes(2_000_000)),
            ]
        )
        expect(ada.page.locator(".chip[data-status='done']")).to_have_count(1)
        expect(ada.page.locator(".chip[data-status='failed']")).to_have_count(1)
        studio.take(ada, "files-to-send")
        ada.page.get_by_role("button", name="Remove torn.png").click()
        ada.sends("From the other shore")
        expect(ada.page.locator(".pending")).to_be_visible()
        studio.take(ada, "files-on-their-way")
        ada.page.locator(".pending").get_by_role("button", name="Cancel").click()
        expect(ada.page.locator(".pending")).to_have_count(0)
        for kind in ("media", "audio", "documents"):
            ada.opens(f"{album.link}/files?kind={kind}")
            _has_drawn(ada)
            studio.take(ada, f"all-{kind}")
    with studio.visitor(album, "Ada", java_script_enabled=False) as ada:
        ada.opens(f"{album.link}#composer")
        studio.take(ada, "no-js-files")


def searching(studio: Studio) -> None:
    lake = studio.scene.lake
    with studio.visitor(lake, "Ada") as ada:
        ada.opens("/search")
        studio.take(ada, "search-all")
        ada.opens(f"{lake.link}/search?q=the")
        studio.take(ada, "search-page")
        ada.opens(lake.link)
        ada.is_connected()
        ada.page.keyboard.press("Control+k")
        field = ada.page.get_by_role("combobox")
        expect(field).to_be_focused()
        studio.take(ada, "search-operators")
        for name, (typed, offered) in {
            "names": ("from:", "Cleo"),
            "days": ("on:", "today"),
        }.items():
            field.fill(typed)
            expect(ada.page.get_by_role("option").filter(has_text=offered)).to_be_visible()
            studio.take(ada, f"search-{name}")
        field.fill("elephants")
        expect(ada.page.locator(".found-status")).to_contain_text("Nothing found")
        studio.take(ada, "search-none")
        field.fill("the")
        expect(ada.page.locator(".found-row").first).to_be_visible()
        studio.take(ada, "search-found")
        ada.page.locator(".found-row a").first.click()
        expect(ada.page.locator(".linked")).to_be_visible()
        studio.take(ada, "search-walking")


def _has_drawn(visitor: Visitor) -> None:
    """Pictures on the screen, and waves."""
    visitor.page.wait_for_function(
        """async () => {
          const isSeen = element => {
            const {top, bottom} = element.getBoundingClientRect();
            return bottom > 0 && top < innerHeight;
          };
          const pictures = [...document.querySelectorAll(".picture img")].filter(isSeen);
          const waves = [...document.querySelectorAll(".wave")].filter(isSeen);
          await Promise.all(pictures.map(each => each.decode()));
          return waves.every(each => each.dataset.drawn);
        }"""
    )


def floating(studio: Studio) -> None:
    lake = studio.scene.lake
    with studio.visitor(lake, "Ada") as ada:
        ada.opens(lake.link)
        ada.is_connected()
        sheet = ada.page.get_by_role("button", name="People and link")
        if sheet.is_visible():
            sheet.click()
            studio.take(ada, "sheet")
        ada.page.get_by_text("QR code", exact=True).click()
        ada.page.wait_for_function("() => document.querySelector('.qr img').naturalWidth > 0")
        studio.take(ada, "qr")
        ada.page.get_by_role("link", name="End conversation").click()
        expect(ada.page.get_by_role("dialog", name="End this conversation?")).to_be_visible()
        studio.take(ada, "end-dialog")


def deciding(studio: Studio) -> None:
    scene = studio.scene
    with studio.visitor(scene.lake, "Ada") as ada:
        ada.opens(f"{scene.lake.link}/manage")
        studio.take(ada, "manage")
        ada.page.get_by_role("heading", name="Links").scroll_into_view_if_needed()
        studio.take(ada, "manage-links")
        # In another conversation, so that the list of links is the same for all.
        with seeding_aside(scene) as seeding:
            other = seeding.conversation("A weekend at the lake")
        ada.has_session(other.tokens["owner"])
        ada.opens(f"{other.link}/manage")
        ada.page.get_by_role("button", name="Add a device").click()
        expect(ada.page.locator(".qr-code svg")).to_be_visible()
        studio.take(ada, "new-link")
        link = ada.page.get_by_label("New link", exact=True).input_value()
        ada.has_session(scene.lake.tokens["Ada"])
        ada.opens(f"{scene.lake.link}/delete")
        studio.take(ada, "ask-to-delete")
        ada.opens(f"{scene.lake.link}/replace-link")
        studio.take(ada, "ask-to-replace-link")
    with studio.visitor() as stranger:
        stranger.opens(link)
        studio.take(stranger, "link-to-own")
        for name, seeded in scene.doors.items():
            stranger.opens(seeded.link)
            studio.take(stranger, f"door-{name}")
        stranger.opens(scene.doors["knock"].link)
        stranger.page.get_by_label("Your name").fill("Noor")
        stranger.page.get_by_role("button", name="Knock").click()
        expect(stranger.page.get_by_role("heading", name="Waiting for the owner")).to_be_visible()
        studio.take(stranger, "door-knocked")
    with studio.visitor(scene.doors["knock"], "Ada") as ada:
        ada.opens(scene.doors["knock"].link)
        expect(ada.page.locator(".knock").first).to_be_visible()
        studio.take(ada, "at-the-door")
        ada.page.get_by_role("button", name="Decline").click()
        expect(ada.page.locator(".knock")).to_have_count(0)


def without_javascript(studio: Studio) -> None:
    lake = studio.scene.lake
    with studio.visitor(lake, "Ada", java_script_enabled=False) as ada:
        ada.opens(lake.link)
        studio.take(ada, "no-js-top")
        ada.opens(f"{lake.link}#composer")
        studio.take(ada, "no-js-end")
        ada.opens(f"{lake.link}/end")
        studio.take(ada, "no-js-ask-to-end")


def _goes_to(visitor: Visitor, text: str) -> None:
    """To a message, until what can be done with it is there."""
    message = visitor.message(text)
    if visitor.is_by_touch:
        message.locator(".message-text").tap()
    else:
        message.hover()
        message.focus()
    expect(message.get_by_role("toolbar")).to_be_visible()


@contextlib.contextmanager
def seeding_aside(scene: Scene) -> Iterator[Seeding]:
    """For what is said just now: it cannot age."""
    with contextlib.closing(Seeding(scene.url, Path())) as seeding:
        yield seeding


def take_readme_picture(browser: Browser, scene: Scene) -> None:
    """A lively conversation, as one of them sees it."""
    studio = Studio(browser, scene, README_PICTURE.parent, 1280, "light")
    lake = scene.lake
    with contextlib.ExitStack() as stack:
        people = [stack.enter_context(studio.visitor(lake, who)) for who in ("Ben", "Cleo", "Noor")]
        ada = stack.enter_context(studio.visitor(lake, "Ada"))
        for visitor in (*people, ada):
            visitor.opens(lake.link)
            visitor.is_connected()
        people[1].types("A lamp, a ")
        expect(ada.page.locator("#typing")).to_have_text("Cleo is typing")
        ada.page.locator("#join-link").evaluate(
            "field => { field.value = 'https://talk.example.org/conversation/lake'; }"
        )
        ada.page.screenshot(path=README_PICTURE, animations="disabled", caret="hide")
    size = README_PICTURE.stat().st_size
    if size > README_PICTURE_MAX_BYTES:
        raise SystemExit(f"{README_PICTURE} has {size} bytes: at most {README_PICTURE_MAX_BYTES}.")
    print(f"{README_PICTURE}: {size // 1000} kB")


if __name__ == "__main__":
    main()
