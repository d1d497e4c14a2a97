"""Files in a conversation that the server can't read: it works as anywhere, and tells nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, PngImagePlugin
from playwright.sync_api import Request, Route, expect

from parley.client.encryption.files import (
    CHUNK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    FileOpener,
    FileSealer,
    sealed_length,
)
from parley.client.encryption.octets import from_base64url, to_base64url
from tests.browser.making_files import film, payload, picture, wav
from tests.browser.seeding import PATIENCE_S
from tests.browser.test_deleting import deletes
from tests.browser.test_encrypted_page import Stranger, starts_encrypted
from tests.browser.test_files import BRINGS, FAST, MICROPHONE, SLOWED, chips, chooses, sends
from tests.browser.visitor import Visitor
from tests.media import recorded

pytestmark = pytest.mark.browser

CANARY = b"The canary sings at dawn. " * 40
CHANGED = "This file can't be opened. It was changed on its way, or isn't all there."


class Reader(Stranger):
    """A program that also reads and sends files."""

    def files(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Those of all messages: what is told of each, and what the server has of it."""
        told: dict[str, dict[str, Any]] = {}
        for body in self.bodies():
            files: Any = body.get("files") or ()
            told |= {each["id"]: each for each in files}
        messages: Any = self.call("messages?limit=100")["messages"]
        for message in messages:
            for file in message.get("attachments", ()):
                yield {**told[file["id"]], "of": file}, self.get(file["url"])

    def get(self, url: str) -> bytes:
        """A file as the server has it."""
        got = requests.get(
            f"{self.base}{url}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_S,
        )
        assert got.ok
        return got.content

    def sends_file(self, name: str, content: bytes, type: str, **more: object) -> None:
        sealer = FileSealer()
        pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content) or 1, CHUNK_BYTES)]
        sealed = sealer.header + b"".join(
            sealer.seal(piece, is_last=at == len(pieces) - 1) for at, piece in enumerate(pieces)
        )
        reply = requests.post(
            f"{self.base}/api/conversations/{self.room_id}/files",
            data=sealed,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/octet-stream",
            },
            timeout=PATIENCE_S,
        )
        assert reply.ok, reply.text
        id = reply.json()["file"]["id"]
        client_id = f"f-{id}"
        told: dict[str, object] = {"id": id, "key": to_base64url(sealer.key)}
        told |= {"name": name, "type": type, "size": len(content), **more}
        body = json.dumps({"text": "", "files": [told]}).encode()
        envelope = self.sealer.seal(body, client_id=client_id)
        self.call(
            "messages", message=envelope, type="encrypted", client_id=client_id, attachments=[id]
        )


def opened(told: dict[str, Any], sealed: bytes) -> bytes:
    """The Python client's way to read it."""
    opener = FileOpener(from_base64url(told["key"]), sealed[:HEADER_BYTES])
    step = CHUNK_BYTES + TAG_BYTES
    pieces = [sealed[at : at + step] for at in range(HEADER_BYTES, len(sealed), step)]
    return b"".join(
        opener.open(piece, is_last=at == len(pieces) - 1) for at, piece in enumerate(pieces)
    )


HANDS_OVER = """() => {
  globalThis.handedOver = undefined;
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => createObjectURL.call(URL, (globalThis.blob = blob));
  HTMLAnchorElement.prototype.click = function () {
    globalThis.handedOver = new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done([this.download, reader.result.split(",")[1]]);
      reader.readAsDataURL(globalThis.blob);
    });
  };
}"""
"""What a page saves out of its memory Playwright does not hear of in Firefox."""


def saves(who: Visitor, name: str) -> bytes:
    if not who.is_in_chromium:
        who.measures(HANDS_OVER)
        who.messages.get_by_role("button", name=name).click()
        who.page.wait_for_function("() => globalThis.handedOver")
        suggested, content = who.measures("() => globalThis.handedOver")
        assert suggested == name
        return base64.b64decode(content)
    with who.page.expect_download() as saved:
        who.messages.get_by_role("button", name=name).click()
    assert saved.value.suggested_filename == name
    return Path(saved.value.path()).read_bytes()


def sees_picture(who: Visitor, name: str) -> None:
    shown = who.messages.get_by_role("img", name=name)
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_attribute("src", re.compile("^blob:"))
    expect(shown.locator("xpath=..")).to_have_attribute("href", re.compile("^blob:"))
    assert who.measures("name => document.querySelector(`img[alt='${name}']`).naturalWidth", name)


def comes(who: Visitor, link: str) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    who.joins()


def test_files_are_sent_and_seen_and_the_server_has_none_of_them(
    ada: Visitor, ben: Visitor, data: Path
) -> None:
    asked: list[Request] = []
    for who in (ada, ben):
        who.context.on("request", lambda request: asked.append(request))
    link = starts_encrypted(ada)
    comes(ben, link)
    chooses(
        ada, picture("canary lake.png", 640, 480), payload("canary.txt", CANARY, "text/plain"),
        payload("canary.wav", wav(), "audio/wav"), payload("canary.webm", film(), "video/webm"),
    )  # fmt: skip
    expect(chips(ada)).to_have_count(4)
    ada.composer.fill("From the lake")
    sends(ada)
    for who in (ada, ben):
        who.reads("From the lake")
    for who in (ada, ben):
        sees_picture(who, "canary lake.png")
        expect(who.messages.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
        assert saves(who, "canary.txt") == CANARY
        who.reloads()
        who.is_connected()
        sees_picture(who, "canary lake.png")
    ben.messages.get_by_role("button", name="canary.webm").click()
    playing = ben.messages.locator("video")
    expect(playing).to_have_attribute("src", re.compile("^blob:"))
    ben.page.wait_for_function("() => document.querySelector('video').readyState > 1")
    reader = Reader(link, "Cleo")
    found = {told["name"]: (told, opened(told, sealed)) for told, sealed in reader.files()}
    assert found["canary.txt"][1] == CANARY
    assert found["canary.wav"][1] == wav()
    assert found["canary.webm"][1] == film()
    lake, _ = found["canary lake.png"]
    assert (lake["width"], lake["height"], lake["type"]) == (640, 480, "image/png")
    assert 0.9 < found["canary.wav"][0]["duration_s"] < 1.1
    for told, _ in found.values():
        assert told["of"]["name"] == "file"
        assert told["of"]["type"] == "application/octet-stream"
        assert told["of"]["size"] == sealed_length(told["size"])
    needles = [b"canary", CANARY[:26], *(told["key"].encode() for told, _ in found.values())]
    traffic = [
        f"{each.url} {each.headers}".encode() + (each.post_data_buffer or b"") for each in asked
    ]
    stored = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    for needle in needles:
        for where in (*traffic, *stored):
            assert needle.lower() not in where.lower()


def test_a_program_sends_files_to_the_page(ada: Visitor) -> None:
    reader = Reader(starts_encrypted(ada), "Cleo")
    lake = picture("by a program.png", 64, 48)["buffer"]
    reader.sends_file("by a program.png", lake, "image/png", width=64, height=48)
    sees_picture(ada, "by a program.png")
    long = bytes(range(256)) * 10_000
    reader.sends_file("long.bin", long, "application/octet-stream")
    assert hashlib.sha256(saves(ada, "long.bin")).digest() == hashlib.sha256(long).digest()
    # What a browser would run is saved, whatever its sender says of it.
    page = b"<script>document.title = 'run'</script>"
    reader.sends_file("page.html", page, "text/html", width=5, height=5)
    assert saves(ada, "page.html") == page


def test_what_was_changed_on_its_way_is_never_shown(ada: Visitor, ben: Visitor) -> None:
    def change(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        body[-1] ^= 1
        route.fulfill(response=answer, body=bytes(body))

    link = starts_encrypted(ada)
    comes(ben, link)
    ben.context.route("**/files/**", change)
    made: list[str] = []
    ben.page.expose_function("saved", lambda name: made.append(name))
    ben.page.evaluate(
        "() => addEventListener('click', e => e.target.download && saved(e.target.download), true)"
    )
    chooses(ada, picture("lake.png", 640, 480), payload("long.bin", bytes(3_000_000)))
    ada.composer.fill("Two files")
    sends(ada)
    ben.reads("Two files")
    rows = ben.messages.locator("button.document")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="lake.png")).to_contain_text(CHANGED)
    expect(ben.messages.locator("img[src^='blob:']")).to_have_count(0)
    rows.filter(has_text="long.bin").click()
    expect(rows.filter(has_text="long.bin")).to_contain_text(CHANGED)
    assert not made
    ben.context.unroute("**/files/**")
    assert saves(ben, "long.bin") == bytes(3_000_000)


PLACE = b"+48.8584+002.2945/"


def told_of_place(kind: str, **more: Any) -> bytes:
    """A picture that says where it was taken, and in which words."""
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "canary words"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    drawn = Image.linear_gradient("L").resize((60, 40)).convert("RGB")
    drawn.save(made, kind, exif=exif, **more)
    return made.getvalue()


def test_pictures_and_films_lose_what_they_tell_of_their_maker(ada: Visitor) -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "canary words")
    gif = io.BytesIO()
    frames = [Image.new("P", (20, 10), colour) for colour in (1, 2)]
    frames[0].putpalette(bytes(range(256)) * 3)
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], comment=b"canary words")
    jpeg = told_of_place("JPEG", comment=b"canary words", progressive=True, icc_profile=ICC)
    film = recorded.mp4(
        recorded.mvhd(5),
        recorded.trak(b"vide", (64, 48)),
        recorded.android(PLACE),
        after=b"\0\0\0\x08free",
    )
    given = {
        "a.jpg": jpeg + b"canary after its end",
        "b.png": told_of_place("PNG", pnginfo=words),
        "c.webp": told_of_place("WEBP", quality=80),
        "d.gif": gif.getvalue(),
        "e.mp4": film,
    }
    for content in given.values():
        assert b"canary" in content or PLACE in content
    reader = Reader(starts_encrypted(ada), "Cleo")
    chooses(ada, *(payload(name, content, TYPES[name]) for name, content in given.items()))
    sends(ada)
    expect(ada.messages).to_have_count(1)
    found = {told["name"]: (told, opened(told, sealed)) for told, sealed in reader.files()}
    assert found.keys() == given.keys()
    for name, (told, content) in found.items():
        assert told["type"] == TYPES[name]
        assert told["size"] == len(content)
        for canary in (b"canary", PLACE, b"\x88\x25", b"\x25\x88"):
            assert canary not in content, name
        if name != "e.mp4":
            before, after = (Image.open(io.BytesIO(each)) for each in (given[name], content))
            assert after.tobytes() == before.tobytes()
            assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)
    for name in ("a.jpg", "c.webp"):  # turned as they were held
        assert Image.open(io.BytesIO(found[name][1])).getexif() == {0x0112: 6}
    # Not every browser turns WebP.
    assert (found["a.jpg"][0]["width"], found["a.jpg"][0]["height"]) == (40, 60)
    assert Image.open(io.BytesIO(found["a.jpg"][1])).info["icc_profile"] == ICC
    assert len(found["e.mp4"][1]) == len(film)


def test_a_voice_message_is_heard(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    ada.page.evaluate(MICROPHONE)
    record = ada.page.get_by_role("button", name="Record a voice message")
    record.click()
    recording = ada.page.get_by_role("group", name="Voice message")
    expect(recording.get_by_role("timer")).to_have_text("0:01")
    recording.get_by_role("button", name="Send").click()
    expect(ben.messages).to_have_count(1)
    for _ in range(2):
        voice = ben.messages.locator("audio")
        label = re.compile(r"^Voice message from Ada, [12] seconds?$")
        expect(voice).to_have_attribute("aria-label", label)
        expect(voice).to_have_attribute("src", re.compile("^blob:"))
        expect(voice).to_have_js_property("error", None)
        expect(ben.messages.locator(".wave")).to_have_attribute("data-drawn", "yes")
        ben.reloads()
        ben.is_connected()


@SLOWED
def test_an_upload_goes_on_after_a_reload_with_what_was_sealed(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    offsets: list[str] = []
    ada.page.on("request", lambda asked: offsets.append(asked.headers.get("upload-offset", "")))
    slow = ada.context.new_cdp_session(ada.page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", {**FAST, "uploadThroughput": 300_000})
    content = CANARY * 1500
    chooses(ada, payload("canary film.bin", content))
    expect(chips(ada).locator("progress")).to_have_attribute("value", re.compile("^[1-9]"))
    # Chosen and not sent, and then sent and on its way: neither its name, nor its key, nor what
    # is in it lies on the device in the clear.
    ada.page.wait_for_function(ATTACHED_IS_KEPT)
    assert "canary" not in ada.measures(ON_THE_DEVICE).lower()
    ada.reloads()
    ada.is_connected()
    expect(chips(ada)).to_contain_text("canary film.bin")
    ada.sends("Look at this")
    ada.sends("And answer")
    expect(ada.messages.nth(0).locator("progress")).to_have_attribute("value", re.compile("^[1-9]"))
    ada.page.wait_for_function(OUTBOX_IS_KEPT)
    assert "canary" not in ada.measures(ON_THE_DEVICE).lower()
    ada.reloads()
    ada.is_connected()
    slow.send("Network.emulateNetworkConditions", FAST)
    ben.reads("And answer")
    assert ben.texts() == ["Look at this", "And answer"]
    assert saves(ben, "canary film.bin") == content
    assert any(offset not in ("", "0") for offset in offsets)


def test_an_edited_message_keeps_its_files_and_the_viewer_shows_them(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    ada.composer.focus()
    ada.composer.evaluate(BRINGS, ["paste", "pasted.txt"])
    expect(chips(ada)).to_contain_text("pasted.txt")
    chooses(ada, picture("one.png", 640, 480), picture("two.png", 480, 640))
    ada.composer.fill("From the lake")
    sends(ada)
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    ada.composer.fill("From the sea")
    ada.composer.press("Enter")
    ben.reads("From the sea")
    for who in (ada, ben):
        sees_picture(who, "one.png")
        sees_picture(who, "two.png")
    assert saves(ben, "pasted.txt") == b"words"
    ben.messages.get_by_role("img", name="one.png").click()
    viewer = ben.page.get_by_role("dialog", name="Picture")
    expect(viewer.get_by_role("img")).to_have_attribute("src", re.compile("^blob:"))
    ben.page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name="two.png")).to_have_js_property("naturalWidth", 480)
    ben.page.keyboard.press("Escape")
    # What was shown from memory goes with its message.
    address = ben.messages.get_by_role("img", name="one.png").get_attribute("src")
    deletes(ada, "From the sea")
    expect(ben.messages.locator("img")).to_have_count(0)
    assert address
    ben.may_meet("failed: GET blob:", "ERR_FILE_NOT_FOUND")
    ben.page.wait_for_function(IS_REVOKED, arg=address)


ICC = b"canaries have no profile".replace(b"canaries", b"pictures") + bytes(100)
TYPES = {
    "a.jpg": "image/jpeg",
    "b.png": "image/png",
    "c.webp": "image/webp",
    "d.gif": "image/gif",
    "e.mp4": "video/mp4",
}
ATTACHED_IS_KEPT = """() => Object.entries(sessionStorage).some(
  ([name, kept]) => name.includes("files:") && kept.startsWith("sealed:"))"""
OUTBOX_IS_KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("parley");
  asked.onsuccess = () => {
    const all = asked.result.transaction("outbox").objectStore("outbox").getAll();
    all.onsuccess = () => {
      asked.result.close();
      resolve(all.result.length === 2 && all.result.some(({ files }) => files?.[0].key));
    };
  };
})"""
ON_THE_DEVICE = """async () => {
  const found = [JSON.stringify([{ ...localStorage }, { ...sessionStorage }])];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result);
    });
    for (const store of database.objectStoreNames) {
      const asked = database.transaction(store).objectStore(store).getAll();
      const all = await new Promise((resolve) => {
        asked.onsuccess = () => resolve(asked.result);
      });
      for (const each of all) {
        found.push(JSON.stringify(each));
        if (each.blob) found.push(new TextDecoder("latin1").decode(await each.blob.arrayBuffer()));
      }
    }
    database.close();
  }
  if (found.length < 3) throw new Error("nothing is kept");
  return found.join(" ");
}"""
IS_REVOKED = """(address) => new Promise((resolve) => {
  const picture = new Image();
  picture.onload = () => resolve(false);
  picture.onerror = () => resolve(true);
  picture.src = address;
})"""
