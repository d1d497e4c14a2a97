"""Files in a conversation: choosing, sending, seeing and losing them."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Error, FilePayload, Locator, Route, expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import payload, picture, png, wav
from tests.browser.visitor import Visitor
from tests.servers import Process, process

SLOWED = pytest.mark.not_in_firefox("Playwright can slow the network of Chromium alone")


def chooses(visitor: Visitor, *files: FilePayload) -> None:
    with visitor.page.expect_file_chooser() as chosen:
        visitor.page.get_by_role("button", name="Attach files").click()
    chosen.value.set_files(list(files))
    expect(chips(visitor)).not_to_have_count(0)


def chips(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("list", name="Files to send").get_by_role("listitem")


def sends(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.locator(".pending")).to_have_count(0)


def test_pictures_and_a_document_go_out_with_their_words(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.comes(link)
    chooses(ada, picture("lake.png", 640, 480), payload("notes.pdf", b"%PDF-1.7 hello"))
    expect(chips(ada)).to_have_count(2)
    expect(chips(ada).last).to_contain_text("PDF · 14 bytes")
    ada.composer.fill("From the lake")
    sends(ada)
    expect(chips(ada)).to_have_count(0)
    for reader in (ada, ben):
        reader.reads("From the lake")
        message = reader.message("From the lake")
        lake = message.get_by_role("img", name="lake.png")
        expect(lake).to_have_attribute("src", re.compile("^/files/"))
        expect(lake).to_have_js_property("complete", True)
        expect(lake).to_have_attribute("width", "320")
        expect(message.get_by_role("link", name="notes.pdf")).to_contain_text("PDF · 14 bytes")
    # The server renders the same.
    before = ben.message("From the lake").locator(".files").evaluate(LOOKS)
    ben.reloads()
    ben.is_connected()
    assert ben.message("From the lake").locator(".files").evaluate(LOOKS) == before


@SLOWED
def test_an_upload_goes_on_after_a_reload_and_what_follows_waits_for_it(
    ada: Visitor, ben: Visitor
) -> None:
    ben.comes(ada.starts())
    patches: list[str] = []
    ada.page.on("request", lambda asked: patches.append(asked.headers.get("upload-offset", "")))
    slow = ada.context.new_cdp_session(ada.page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", {**FAST, "uploadThroughput": 300_000})
    film = bytes(range(256)) * 4000
    chooses(ada, payload("film.bin", film))
    ada.sends("Look at this")
    ada.sends("And answer")
    expect(ada.messages.nth(0).locator("progress")).to_have_attribute("value", re.compile("^[1-9]"))
    ada.reloads()
    ada.is_connected()
    ben.reads("And answer")
    assert ben.texts() == ["Look at this", "And answer"]
    link = ben.messages.nth(0).get_by_role("link", name="film.bin")
    got = ben.context.request.get(urljoin(ben.url, str(link.get_attribute("href"))))
    assert got.body() == film
    assert any(offset not in ("", "0") for offset in patches)


@SLOWED
def test_an_upload_goes_on_when_the_server_is_back(arrive: Arrive, tmp_path: Path) -> None:
    with process(tmp_path / "data", "--port", "0") as site:
        ada = arrive("Ada", url=site.url)
        ada.may_meet("ERR_CONNECTION", "WebSocket connection", "ERR_EMPTY", "ERR_SOCKET", "503")
        ada.starts()
        slow = ada.context.new_cdp_session(ada.page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", {**FAST, "uploadThroughput": 300_000})
        chooses(ada, payload("film.bin", bytes(range(256)) * 4000))
        chip = chips(ada)
        expect(chip.get_by_role("progressbar")).to_have_attribute("value", re.compile("^[1-9]"))
        port = site.port
        site.stop(signal.SIGKILL)
        again = Process(tmp_path / "data", "--port", str(port))
        again.start()
        try:
            slow.send("Network.emulateNetworkConditions", FAST)
            expect(chip).to_contain_text("BIN · 1 MB")
            ada.composer.fill("There it is")
            sends(ada)
            expect(ada.message("There it is").get_by_role("link", name="film.bin")).to_be_visible()
        finally:
            ada.goes_home()
            again.stop()


@SLOWED
def test_an_upload_outlives_a_reload_while_the_server_is_gone(
    arrive: Arrive, tmp_path: Path
) -> None:
    with process(tmp_path / "data", "--port", "0") as site:
        ada = arrive("Ada", url=site.url)
        ada.may_meet("ERR_CONNECTION", "WebSocket connection", "ERR_EMPTY", "ERR_SOCKET", "503")
        link = ada.starts()
        slow = ada.context.new_cdp_session(ada.page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", {**FAST, "uploadThroughput": 300_000})
        film = bytes(range(256)) * 4000
        chooses(ada, payload("film.bin", film))
        chip = chips(ada)
        expect(chip.get_by_role("progressbar")).to_have_attribute("value", re.compile("^[1-9]"))
        port = site.port
        site.stop(signal.SIGKILL)
        with pytest.raises(Error, match="ERR_"):
            ada.page.reload()
        again = Process(tmp_path / "data", "--port", str(port))
        again.start()
        try:
            slow.send("Network.emulateNetworkConditions", FAST)
            ada.opens(link)
            ada.is_connected()
            expect(chip).to_contain_text("BIN · 1 MB")
            ada.composer.fill("There it is")
            sends(ada)
            found = ada.message("There it is").get_by_role("link", name="film.bin")
            address = urljoin(ada.url, str(found.get_attribute("href")))
            assert ada.context.request.get(address).body() == film
        finally:
            ada.goes_home()
            again.stop()


@SLOWED
def test_what_is_refused_says_why_and_what_is_sent_can_be_called_off(ada: Visitor) -> None:
    ada.may_meet("status 4", "status of 4")
    ada.starts()
    chooses(ada, payload("broken.png", png()[:20], "image/png"), payload("fine.txt", b"words"))
    broken = chips(ada).filter(has_text="broken.png")
    expect(broken).to_have_attribute("data-status", "failed")
    expect(broken).to_contain_text(re.compile("picture|damaged"))
    # Of what would be refused again there is nothing to retry.
    expect(broken.get_by_role("button", name="Retry")).to_be_hidden()
    expect(broken.get_by_role("button", name="Remove")).to_be_visible()
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.page.locator("#composer-limit")).to_contain_text("did not upload. Remove it first.")
    # Chosen files outlive a reload, too.
    ada.reloads()
    ada.is_connected()
    expect(broken).to_have_attribute("data-status", "failed")
    methods: list[str] = []
    ada.page.on("request", lambda asked: methods.append(asked.method))
    ada.page.get_by_role("button", name="Remove broken.png").click()
    expect(chips(ada)).to_have_count(1)
    sends(ada)
    # The server kept nothing of it, and is not asked to let go of it.
    assert "DELETE" not in methods
    fine = ada.messages.get_by_role("link", name="fine.txt")
    expect(fine).to_be_visible()
    expect(ada.messages.locator(".message-text")).to_be_hidden()
    slow = ada.context.new_cdp_session(ada.page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", {**FAST, "uploadThroughput": 100_000})
    chooses(ada, payload("large.bin", bytes(2_000_000)))
    ada.sends("Too much")
    ada.messages.last.get_by_role("button", name="Cancel").click()
    expect(ada.messages).to_have_count(1)
    ada.says("Never mind")


def test_only_what_may_yet_be_taken_can_be_tried_again(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("status 4", "status of 4", "status 5", "status of 5")
    ben.comes(ada.starts())
    field = ada.page.locator("#file")

    def answer(status: int, words: str) -> None:
        said = {"error": words, "code": "read_only" if status == 403 else "too_large"}
        ada.page.unroute("**/uploads")
        ada.page.route("**/uploads", lambda route: route.fulfill(status=status, json=said))

    answer(413, "This file is too large: at most 1 MB.")
    field.set_input_files([payload("large.bin", b"x")])
    expect(chips(ada)).to_contain_text("too large: at most 1 MB")
    retry = ada.page.get_by_role("button", name="Retry large.bin")
    expect(retry).to_be_hidden()
    ada.page.get_by_role("button", name="Remove large.bin").click()
    expect(chips(ada)).to_have_count(0)
    # Whoever may not post just now may be allowed to.
    answer(403, "Only the owner can post right now.")
    field.set_input_files([payload("large.bin", b"x")])
    expect(retry).to_be_visible()
    # A message cannot be tried again either where its file cannot.
    ada.page.unroute("**/uploads")
    held: list[Route] = []
    ada.page.route("**/uploads", lambda route: held.append(route))
    with ada.page.expect_request("**/uploads"):
        retry.click()
    ada.sends("With a file")
    expect(ada.page.locator(".message.pending")).to_be_visible()
    held[0].fulfill(status=413, json={"error": "This file is too large.", "code": "too_large"})
    message = ada.message("With a file")
    expect(message).to_contain_text("Not sent. “large.bin”: This file is too large.")
    expect(message.get_by_role("button", name="Retry")).to_be_hidden()
    ada.page.unroute("**/uploads")
    message.get_by_role("button", name="Edit").click()
    expect(chips(ada)).to_have_attribute("data-status", "failed")
    expect(retry).to_be_hidden()
    ada.page.get_by_role("button", name="Remove large.bin").click()
    ada.page.get_by_role("button", name="Send").click()
    ben.reads("With a file")


def test_on_a_phone_the_files_to_send_are_counted_and_one_that_failed_is_in_sight(
    arrive: Arrive,
) -> None:
    ada = arrive("Ada", viewport={"width": 390, "height": 700})
    ada.may_meet("status 4", "status of 4")
    ada.starts()
    fine = [payload(f"{n}.txt", b"words") for n in range(9)]
    chooses(ada, *fine[:7], payload("broken.png", png()[:20], "image/png"), *fine[7:])
    broken = chips(ada).filter(has_text="broken.png")
    expect(broken).to_have_attribute("data-status", "failed")
    expect(ada.page.get_by_text("10 files · 1 did not upload")).to_be_visible()
    expect(broken).to_be_in_viewport(ratio=0.99)
    # The others are a way to scroll from it, and sending comes back to it.
    chips(ada).first.scroll_into_view_if_needed()
    expect(broken).not_to_be_in_viewport()
    ada.page.get_by_role("button", name="Send").click()
    expect(broken).to_be_in_viewport(ratio=0.99)
    broken.get_by_role("button", name="Remove").click()
    expect(ada.page.get_by_text("9 files", exact=True)).to_be_visible()
    expect(ada.composer).to_be_in_viewport(ratio=1)


def test_a_picture_opens_over_the_page_and_is_gone_when_it_is_deleted(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts()
    chooses(ada, picture("one.png", 640, 480), picture("two.png", 480, 640))
    sends(ada)
    expect(ada.messages.get_by_role("img", name="two.png")).to_be_visible()
    ben.comes(link)
    ben.page.get_by_role("link", name="one.png").click()
    viewer = ben.page.get_by_role("dialog", name="Picture")
    expect(viewer).to_contain_text("one.png")
    expect(viewer).to_contain_text("1 of 2")
    expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 640)
    ben.page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name="two.png")).to_be_visible()
    expect(viewer.get_by_role("button", name="Next picture")).to_be_disabled()
    # It is whole, and keeps its shape.
    ben.page.set_viewport_size({"width": 900, "height": 400})
    shown = viewer.get_by_role("img", name="two.png")
    expect(shown).to_be_in_viewport(ratio=1)
    box = shown.bounding_box()
    assert box
    assert abs(box["width"] / box["height"] - 480 / 640) < 0.01
    ben.page.keyboard.press("+")
    expect(viewer.locator("img.zoomed")).to_be_visible()
    with ben.page.expect_download() as saved:
        viewer.get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "two.png"
    ben.page.go_back()
    expect(viewer).to_be_hidden()
    ben.has_focus_on(ben.page.get_by_role("link", name="one.png"))
    ben.page.keyboard.press("Enter")
    expect(viewer.get_by_role("img", name="one.png")).to_be_visible()
    ada.messages.first.focus()
    expect(ada.messages.first.get_by_role("toolbar")).to_be_visible()
    ada.page.keyboard.press("Delete")
    expect(ada.messages.first.locator(".files")).to_have_count(0)
    expect(viewer).to_contain_text("This picture was deleted.")
    expect(viewer.get_by_role("img")).to_have_count(0)
    ben.page.keyboard.press("Escape")
    ben.reads("Deleted")


def test_home_and_end_go_to_the_first_and_the_last_picture(ada: Visitor) -> None:
    ada.starts()
    names = ("one.png", "two.png", "three.png")
    chooses(ada, *(picture(name, 640, 480) for name in names))
    sends(ada)
    ada.messages.get_by_role("link", name="two.png").click()
    viewer = ada.page.get_by_role("dialog", name="Picture")
    expect(viewer).to_contain_text("2 of 3")
    ada.page.keyboard.press("End")
    expect(viewer.get_by_role("img", name="three.png")).to_be_visible()
    expect(viewer).to_contain_text("3 of 3")
    ada.page.keyboard.press("Home")
    expect(viewer.get_by_role("img", name="one.png")).to_be_visible()
    expect(viewer).to_contain_text("1 of 3")
    # In a picture that is larger than the window they scroll, and stay in it.
    ada.page.keyboard.press("+")
    expect(viewer.locator("img.zoomed")).to_be_visible()
    ada.page.keyboard.press("End")
    ada.page.keyboard.press("0")
    expect(viewer.locator("img:not(.zoomed)")).to_be_visible()
    expect(viewer).to_contain_text("1 of 3")


def test_sound_plays_faster_and_names_are_only_names(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    names = ["<img src=x onerror=alert(1)>", "\u202etxt.exe", "Ω" * 90, "noend"]
    chooses(ada, payload("song.wav", wav(), "audio/wav"), *(payload(n, b"x") for n in names))
    sends(ada)
    message = ben.messages.first
    faster = message.get_by_role("button", name="1.5 times as fast")
    faster.click()
    expect(faster).to_have_attribute("aria-pressed", "true")
    expect(message.locator("audio")).to_have_js_property("playbackRate", 1.5)
    expect(message.locator("audio")).to_have_js_property("error", None)
    expect(message.locator(".document")).to_have_count(4)
    expect(message.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    expect(message.get_by_text("noend")).to_be_visible()
    # Quoted and listed it is by its names, which are not shown beside the files again.
    expect(message.locator(".message-text")).to_be_hidden()
    # A name changes nothing of the order of what stands around it.
    assert message.locator("bdi.file-name").count() == 5
    # Words can be given to it later.
    ada.messages.first.focus()
    expect(ada.messages.first.get_by_role("toolbar")).to_be_visible()
    ada.page.keyboard.press("e")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    expect(ada.composer).to_have_value("")
    ada.composer.fill("All of these")
    ada.composer.press("Enter")
    ben.reads("All of these")
    expect(message.locator(".document")).to_have_count(4)


def test_pasted_and_dropped_files_are_attached(ada: Visitor) -> None:
    ada.starts()
    ada.composer.evaluate(BRINGS, ["paste", "pasted.txt"])
    expect(chips(ada)).to_contain_text(["pasted.txt"])
    ada.composer.evaluate(BRINGS, ["dragover", "dropped.txt"])
    expect(ada.page.locator("#composer.dropping")).to_be_visible()
    ada.composer.evaluate(BRINGS, ["drop", "dropped.txt"])
    expect(chips(ada)).to_contain_text(["pasted.txt", "dropped.txt"])
    expect(ada.page.locator("#composer.dropping")).to_have_count(0)
    chooses(ada, *(payload(f"{n}.txt", b"x") for n in range(12)))
    expect(chips(ada)).to_have_count(10)
    expect(ada.page.locator("#composer-limit")).to_contain_text("10 files")


def test_files_go_without_javascript(arrive: Arrive) -> None:
    ada = arrive("Ada", java_script_enabled=False, viewport={"width": 320, "height": 640})
    ada.may_meet("status 4", "status of 4")
    ada.starts_nameless()
    ada.name_field.fill("Ada")
    ada.page.keyboard.press("Enter")
    ada.composer.fill("Line one\nline two")
    ada.page.get_by_label("File", exact=True).set_input_files(picture("lake.png", 640, 480))
    ada.page.get_by_role("button", name="Send").click()
    ada.reads("Line one line two")
    expect(ada.messages.get_by_role("img", name="lake.png")).to_be_visible()
    # Without words, without a file, and a file that is none.
    ada.page.get_by_label("File", exact=True).set_input_files(payload("notes.txt", b"x" * 300_000))
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.messages.last.get_by_role("link", name="notes.txt")).to_be_visible()
    ada.composer.fill("Only words")
    ada.page.get_by_role("button", name="Send").click()
    ada.reads("Only words")
    ada.composer.fill("Do not lose this")
    ada.page.get_by_label("File", exact=True).set_input_files(
        payload("broken.png", png()[:60], "image/png")
    )
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("choose the file again")
    expect(ada.composer).to_have_value("Do not lose this")
    width = ada.page.evaluate("document.documentElement.scrollWidth")
    assert width == 320
    # All of them on a page of their own.
    ada.page.get_by_role("link", name="Files").click()
    expect(ada.page.get_by_role("img", name="lake.png")).to_be_visible()
    ada.page.get_by_role("link", name="Documents").click()
    expect(ada.page.get_by_role("link", name="notes.txt")).to_be_visible()
    ada.page.get_by_role("link", name="Audio").click()
    expect(ada.page.get_by_text("No audio yet.")).to_be_visible()
    kinds = ada.page.locator(".file-kinds .button")
    expect(kinds).to_have_text(["Media", "Audio", "Documents"])
    tops = kinds.evaluate_all("links => links.map(link => link.getBoundingClientRect().top)")
    assert len(set(tops)) == 1, "on one row"


def test_a_voice_message_is_recorded_on_the_page(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    record = ada.page.get_by_role("button", name="Record a voice message")
    record.click()
    # There is no microphone here: the page says so where one looks.
    expect(ada.page.locator("#composer-limit")).to_contain_text(re.compile("microphone", re.I))
    ada.page.evaluate(MICROPHONE)
    record.click()
    recording = ada.page.get_by_role("group", name="Voice message")
    expect(recording.get_by_role("timer")).to_have_text("0:01")
    expect(ada.composer).to_be_hidden()
    ada.page.keyboard.press("Escape")
    expect(recording).to_have_count(0)
    ada.has_focus_on(ada.composer)
    record.focus()
    ada.page.keyboard.press("Enter")
    expect(recording.get_by_role("timer")).to_have_text("0:01")
    recording.get_by_role("button", name="Send").click()
    expect(ben.messages).to_have_count(1)
    expect(ben.messages.get_by_text(re.compile("^Voice message 20"))).to_be_visible()
    expect(ben.messages.locator("audio")).to_have_js_property("error", None)
    expect(ben.messages.locator(".wave")).to_have_attribute("data-drawn", "yes")
    voice = re.compile(r"^Voice message from Ada(, [12] seconds?)?$")
    expect(ben.messages.locator("audio")).to_have_attribute("aria-label", voice)
    # The same as the server renders it.
    ben.reloads()
    expect(ben.messages.locator(".wave")).to_have_attribute("data-drawn", "yes")
    expect(ben.messages.locator("audio")).to_have_attribute("aria-label", voice)
    # Who holds the button sends by letting go.
    record.hover()
    ada.page.mouse.down()
    expect(recording.get_by_role("timer")).to_have_text("0:01")
    ada.page.mouse.up()
    expect(ben.messages).to_have_count(2)


MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const microphone = sound.createMediaStreamDestination();
    tone.connect(microphone);
    tone.start();
    return microphone.stream;
  };
}"""
BRINGS = """(field, [type, name]) => {
  const brought = new DataTransfer();
  brought.items.add(new File(["words"], name));
  const as = { bubbles: true, cancelable: true };
  const event = type === "paste"
    ? new ClipboardEvent(type, as)
    : new DragEvent(type, { dataTransfer: brought, ...as });
  // Firefox leaves the files out of a clipboard that it is given.
  if (type === "paste") Object.defineProperty(event, "clipboardData", { value: brought });
  field.dispatchEvent(event);
}"""
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
LOOKS = """files => [...files.querySelectorAll('*')].map((each) => [
  each.tagName,
  ...each.getAttributeNames().sort().map((name) => `${name}=${each.getAttribute(name)}`),
  each.childElementCount ? '' : each.textContent.trim(),
].join(' '))"""
