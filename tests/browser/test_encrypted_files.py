"""Files in a conversation that the server can't read: it works as anywhere, and tells nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
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
from tests.browser.test_encrypted_page import Stranger, starts_encrypted
from tests.browser.test_files import chips, chooses, sends
from tests.browser.visitor import Visitor

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
                got = requests.get(
                    f"{self.base}{file['url']}",
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=PATIENCE_S,
                )
                assert got.ok
                yield {**told[file["id"]], "of": file}, got.content

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


def saves(who: Visitor, name: str) -> bytes:
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
