"""A file's name is shown, and never run, believed as a path, or read backwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from parley.contract import ATTACHMENTS_MAX, FILE_NAME_MAX_CHARS
from tests import effort
from tests.browser.conftest import Arrive
from tests.browser.making_files import png, wav
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import Visitor
from tests.security.browser.xss import VECTORS, Watch, cut

pytestmark = pytest.mark.timeout(240)

PATHS = {
    "../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "C:\\fakepath\\a.txt": "a.txt",
    "/absolute.txt": "absolute.txt",
    "..": "file",
}
BACKWARDS = "holiday\u202egnp.exe"
READS_AS = "holiday gnp.exe"


@pytest.fixture
def reader(arrive: Arrive) -> tuple[Visitor, Watch]:
    """Cleo, who looks at it all, and is watched over from the first page on."""
    cleo = arrive("Cleo")
    return cleo, Watch(cleo)


def names() -> list[str]:
    """What an attacker calls files. A slash would end the name before the harm."""
    vectors = VECTORS[:: effort.times(3, full=1)]
    return [cut(each.replace("/", "\u2215"), FILE_NAME_MAX_CHARS - 4) for each in vectors]


def in_messages() -> Iterator[list[tuple[str, bytes]]]:
    """Documents, pictures, sound and what claims to be a film, under those names."""
    kinds = itertools.cycle(
        [(".txt", b"words"), (".png", png()), (".wav", wav(0.1)), (".webm", b"no film")]
    )
    files = [(name + ending, held) for name, (ending, held) in zip(names(), kinds, strict=False)]
    for at in range(0, len(files), ATTACHMENTS_MAX):
        yield files[at : at + ATTACHMENTS_MAX]


@pytest.fixture(scope="module")
def named(seeding: Seeding) -> Seeded:
    seeded = seeding.conversation("Odd files", [Said("Mallory", "Look")], owner="Mallory")
    for files in in_messages():
        seeding.send_files(seeded, "Mallory", "", *files)
    others = [(name, b"words") for name in (*PATHS, BACKWARDS)]
    seeding.send_files(seeded, "Mallory", "Odd ones", *others)
    return seeded


def test_names_served_with_the_page_run_nothing(
    named: Seeded, reader: tuple[Visitor, Watch]
) -> None:
    cleo, watch = reader
    cleo.opens(named.link)
    cleo.is_connected()
    expect(cleo.messages.locator(".picture").first).to_be_visible()
    watch.finds_nothing()
    cleo.messages.locator(".picture").first.click()
    viewer = cleo.page.get_by_role("dialog", name="Picture")
    expect(viewer.locator("img")).to_have_js_property("complete", True)
    watch.finds_nothing()


def test_names_that_come_live_run_nothing(seeding: Seeding, reader: tuple[Visitor, Watch]) -> None:
    seeded = seeding.conversation("Live files", [Said("Mallory", "Look")], owner="Mallory")
    cleo, watch = reader
    cleo.comes(seeded.link)
    for number, files in enumerate(in_messages(), 2):
        seeding.send_files(seeded, "Mallory", "", *files)
        expect(cleo.messages).to_have_count(number)
    expect(cleo.messages.last.locator(".files")).to_be_visible()
    watch.finds_nothing()


def test_names_on_the_page_of_files_run_nothing(
    named: Seeded, reader: tuple[Visitor, Watch]
) -> None:
    cleo, watch = reader
    for kind in ("media", "audio", "documents"):
        cleo.opens(f"{named.link}/files?kind={kind}")
        expect(cleo.page.locator(".file-list > li").first).to_be_visible()
        watch.finds_nothing()


def test_a_path_is_no_name_and_nothing_reads_backwards(named: Seeded, ben: Visitor) -> None:
    ben.opens(named.link)
    ben.is_connected()
    odd = ben.message("Odd ones").locator("a.document")
    expect(odd.locator(".file-name")).to_have_text([*PATHS.values(), READS_AS])
    for link in odd.all():
        parts = str(link.get_attribute("href")).split("/")
        assert parts[:2] == ["", "files"]
        assert len(parts) == 4
        assert link.get_attribute("download") not in PATHS
    expect(odd.last).to_contain_text("EXE")
    # Saved it is by that name, too.
    with ben.page.expect_download() as saved:
        odd.last.click()
    assert saved.value.suggested_filename == READS_AS


PASTES = """(field, names) => {
  const brought = new DataTransfer();
  for (const name of names) brought.items.add(new File(["words"], name));
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true });
  // Firefox leaves the files out of a clipboard that it is given.
  Object.defineProperty(event, "clipboardData", { value: brought });
  field.dispatchEvent(event);
}"""


def test_names_of_what_one_sends_run_nothing_and_read_as_they_will(
    reader: tuple[Visitor, Watch],
) -> None:
    cleo, watch = reader
    cleo.starts("Own files")
    chips = cleo.page.get_by_role("list", name="Files to send").get_by_role("listitem")
    odd = names()[: ATTACHMENTS_MAX - len(PATHS) - 1]
    cleo.composer.evaluate(PASTES, [*odd, *PATHS, BACKWARDS])
    expect(chips).to_have_count(ATTACHMENTS_MAX)
    expect(chips.locator(".file-name").last).to_have_text(READS_AS)
    shown = chips.locator(".file-name").all_inner_texts()
    watch.finds_nothing()
    expect(cleo.page.locator('.chip:not([data-status="done"])')).to_have_count(0)
    cleo.page.get_by_role("button", name="Send").click()
    expect(cleo.page.locator(".pending")).to_have_count(0)
    sent = cleo.messages.last.locator("a.document .file-name")
    expect(sent).to_have_count(ATTACHMENTS_MAX)
    # What stood there before it was sent is what all will read.
    assert sent.all_inner_texts() == shown
    watch.finds_nothing()
