"""An encrypted conversation taken along: the page makes the file, in the shapes of the server's,
and sends nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from playwright.sync_api import Route, expect

from parley import contract
from parley.app import create_app
from parley.client.encryption import Kind, Opener
from parley.config import Config
from parley.exports.markdown import markdown
from parley.exports.page import page
from parley.importing import parley as importing
from parley.importing.archive import Archive
from tests.browser.axe import grave_faults
from tests.browser.making_files import film, payload, picture, wav
from tests.browser.test_deleting import deletes
from tests.browser.test_encrypted_about import manages, saves
from tests.browser.test_encrypted_files import Reader, sees_picture
from tests.browser.test_encrypted_page import Stranger, starts_encrypted
from tests.browser.test_encrypted_search import listens
from tests.browser.test_files import chips, chooses, sends
from tests.browser.visitor import Visitor
from tests.test_cli import parley

pytestmark = [
    pytest.mark.browser,
    pytest.mark.not_in_firefox("it tells nothing of files that a page makes"),
]

MARKED = """Look: **bold**, `code`, ~~gone~~ and <b>none</b>

> quoted by somebody

- one
- two

3. three
4. four

```py
x = "<&>'"
```
[a link](https://example.org/?a=1&b="2") https://example.org/plain"""
PLAIN = "# no heading\n--- \nhttps://example.org/a_b `x` & 'y'"
PAST_A_PAGE = 230


def opens_export(who: Visitor) -> None:
    who.page.locator("#export-link").click()
    expect(who.page.get_by_role("heading", name="Export", exact=True)).to_be_visible()


def downloads(who: Visitor, title: str, folder: Path) -> Path:
    with who.page.expect_download() as begun:
        who.page.get_by_role("button", name=f"Download: {title}", exact=True).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    expect(who.page.locator(".export-status")).to_contain_text("Downloaded")
    return path


def comes(who: Visitor, link: str) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    who.joins()


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, *entries, end = path.read_text().splitlines()
    assert json.loads(end) == {"head": None}
    return json.loads(head), [json.loads(each) for each in entries]


def talk(ada: Visitor, ben: Visitor) -> str:
    """With everything in it that an export has to keep."""
    link = starts_encrypted(ada, "Tea & “cake” <b>", "What we need")
    comes(ben, link)
    for text in ("Who brings tea?", MARKED, PLAIN, "🎉🎉", "A secret that must not stay"):
        ada.says(text)
    ben.reads("Who brings tea?")
    ben.message("Who brings tea?").last.hover()
    ben.message("Who brings tea?").last.focus()
    ben.page.keyboard.press("r")
    ben.says("@Ada me: שלום")
    ben.composer.press("ArrowUp")
    expect(ben.page.get_by_text("Editing your message")).to_be_visible()
    ben.composer.fill("@Ada I will: שלום")
    ben.composer.press("Enter")
    ada.reads("@Ada I will: שלום")
    deletes(ada, "A secret that must not stay")
    chooses(
        ben, picture("canary lake.png", 640, 480), payload("50% #1?.txt", b"canary", "text/plain"),
        payload("tune.wav", wav(), "audio/wav"), payload("boat.webm", film(), "video/webm"),
    )  # fmt: skip
    expect(chips(ben)).to_have_count(4)
    sends(ben)
    sees_picture(ada, "canary lake.png")
    expect(ben.message("A secret that must not stay")).to_have_count(0)
    return link


def reacts(link: str) -> None:
    """A program does, and is named by what it said."""
    cleo = Stranger(link, "Cleo")
    cleo.says("Hello from a program", "c-1")
    opener = Opener(cleo.epoch.room, cleo.epoch)
    told = cleo.call("messages?limit=100")["messages"]
    everything = [
        opener.open(each["message"], user_id=each["user_id"], client_id=each["client_id"])
        for each in told
        if not each.get("deleted")
    ]
    opened = next(each for each in everything if each.kind is Kind.MESSAGE)
    body = json.dumps({"emoji": "👍", "on": True}).encode()
    envelope = cleo.sealer.seal(body, client_id="c-2", kind=Kind.REACTION, target=opened.digest)
    cleo.call("messages", message=envelope, type="encrypted", client_id="c-2")


class Words(HTMLParser):
    """A page as what it has: tags, what they say of themselves, and words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.is_style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_style = tag == "style"
        self.found.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.is_style = False
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.is_style or not data.strip():
            return
        words = " ".join(data.split())
        if self.found and isinstance(self.found[-1], str) and self.found[-1].startswith("+"):
            self.found[-1] += f" {words}"
        else:
            self.found.append(f"+{words}")


class Taken:
    """What the server would write, were these its messages."""

    def __init__(self, head: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        self.head = msgspec.convert(head, contract.ExportHead)
        self._entries = entries
        self.templates = create_app(Config()).jinja_env
        people = [
            SimpleNamespace(user_id=each.user_id, username=each.username)
            for each in self.head.people
        ]
        self.begun = SimpleNamespace(people=people)

    async def pages(self) -> AsyncIterator[list[contract.Message]]:
        made = [msgspec.convert(each, contract.Message) for each in self._entries]
        for message in made:
            if message.parts is not msgspec.UNSET:  # the server has them as they are stored
                message.parts = cast(Any, msgspec.Raw(msgspec.json.encode(message.parts)))
        yield made


def written(pieces: Any) -> str:
    async def all_of() -> str:
        return b"".join([piece async for piece in pieces]).decode()

    # Playwright's loop is this thread's.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(all_of())).result()


def test_it_holds_all_in_the_shapes_of_the_servers_and_sends_nothing(
    ada: Visitor, ben: Visitor, tmp_path: Path
) -> None:
    link = talk(ada, ben)
    reacts(link)
    ada.reads("Hello from a program")
    sent = listens(ada.page)
    opens_export(ada)
    assert grave_faults(ada.page) == []
    lines = downloads(ada, "JSON Lines", tmp_path)
    assert lines.name == "Tea _ _cake_ _b.jsonl"
    head, entries = read(lines)
    assert head["conversation"]["title"] == "Tea & “cake” <b>"
    assert head["conversation"]["description"] == "What we need"
    assert {each["username"] for each in head["people"]} == {"Ada", "Ben", "Cleo"}
    said = {each["message"].split("\n")[0]: each for each in entries}
    first, answer = said["Who brings tea?"], said["@Ada I will: שלום"]
    assert first["role"] == "owner"
    assert first["reactions"][0]["emoji"] == "👍"
    assert answer["reply_to"]["excerpt"] == "Who brings tea?"
    assert (answer["edited_at"], answer["mentions"]) == (answer["edited_at"], [first["user_id"]])
    assert said[""]["deleted"] is True
    [files] = [each["attachments"] for each in entries if "attachments" in each]
    assert [each["name"] for each in files] == [
        "canary lake.png", "50% #1?.txt", "tune.wav", "boat.webm",
    ]  # fmt: skip
    assert "secret" not in lines.read_text()

    taken: Any = Taken(head, entries)
    told = downloads(ada, "Markdown", tmp_path).read_text()
    moment = re.compile(r"Exported \S+ \S+ from")
    assert moment.sub("", told) == moment.sub("", written(markdown(taken)))
    made = downloads(ada, "Page", tmp_path).read_text()
    at = re.compile(r"Exported [^,]+, [^,]+,")
    ours, theirs = Words(at.sub("", made)).found, Words(at.sub("", written(page(taken)))).found
    assert ours == theirs
    assert "@import" not in made
    assert ".exported" in made
    # Whose voice, which files: all of it came before, and nothing but asking went out.
    assert not any("canary" in each.lower() or "POST" in each for each in sent)


def test_everything_with_files_opens_without_a_network(
    ada: Visitor, ben: Visitor, tmp_path: Path
) -> None:
    talk(ada, ben)
    opens_export(ben)
    path = downloads(ben, "Everything, with files", tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        archive.extractall(tmp_path / "all")
    assert (names[0], names[-1]) == ("conversation.html", "conversation.jsonl")
    assert [name.rpartition("/")[2] for name in names[1:-1]] == [
        "canary lake.png", "50% #1_.txt", "tune.wav", "boat.webm",
    ]  # fmt: skip
    _, entries = read(tmp_path / "all" / "conversation.jsonl")
    [files] = [each["attachments"] for each in entries if "attachments" in each]
    assert [each["path"] for each in files] == names[1:-1]
    assert (tmp_path / "all" / files[1]["path"]).read_bytes() == b"canary"
    assert (tmp_path / "all" / files[2]["path"]).read_bytes() == wav()
    # Offline, a page that polls says so in more ways than one.
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.context.set_offline(True)
    alone = ben.context.new_page()
    alone.goto((tmp_path / "all" / "conversation.html").as_uri())
    expect(alone.get_by_role("heading", name="Tea & “cake” <b>")).to_be_visible()
    lake = alone.get_by_role("img", name="canary lake.png")
    lake.scroll_into_view_if_needed()
    expect(lake).to_have_js_property("naturalWidth", 640)
    href = alone.locator("a.document").get_attribute("href") or ""
    assert (tmp_path / "all" / "files").is_dir()
    assert "%23" in href
    alone.close()
    ben.context.set_offline(False)

    done = parley("verify-export", str(path))
    assert done.returncode == 2
    assert "isn't signed" in done.stderr
    with Archive(path) as archive_read:
        chat = importing.recognise(archive_read)
        assert isinstance(chat, importing.ParleyChat)
        found = list(chat.entries())
        assert all(isinstance(each, importing.ParleyEntry) for each in found)
        assert [each.text for each in found if isinstance(each, importing.ParleyEntry)] == [
            each["message"] for each in entries
        ]


def test_a_long_history_is_read_to_its_beginning_first(ada: Visitor, tmp_path: Path) -> None:
    link = starts_encrypted(ada, "Long")
    cleo = Stranger(link, "Cleo")
    for number in range(PAST_A_PAGE):
        cleo.says(f"Message **{number}**", f"c-{number}")
    ada.reloads()
    opens_export(ada)
    path = downloads(ada, "JSON Lines", tmp_path)
    _, entries = read(path)
    assert [each["message"] for each in entries] == [
        f"Message **{number}**" for number in range(PAST_A_PAGE)
    ]
    assert all("parts" in each for each in entries)


def test_what_could_not_be_opened_is_told(ada: Visitor, tmp_path: Path) -> None:
    def lose(route: Route) -> None:
        route.fulfill(status=404)

    link = starts_encrypted(ada, "Tea")
    reader = Reader(link, "Cleo")
    reader.sends_file("lost.bin", b"lost", "application/octet-stream")
    envelope = reader.sealed("Not for here", "other")
    reader.call("messages", message=envelope, type="encrypted", client_id="c-1")
    ada.says("Hello")
    ada.may_meet("status 404", "console: Failed to load resource")
    ada.context.route("**/files/*/file", lose)
    opens_export(ada)
    path = downloads(ada, "Everything, with files", tmp_path)
    status = ada.page.locator(".export-status")
    expect(status).to_contain_text("1 message couldn't be read")
    expect(status).to_contain_text("1 file couldn't be opened")
    with zipfile.ZipFile(path) as archive:
        assert "lost.bin" in archive.read("missing.txt").decode()
        lines = archive.read("conversation.jsonl").decode().splitlines()
    kinds = [json.loads(each)["type"] for each in lines[1:-1]]
    assert sorted(kinds) == ["text", "text", "unreadable"]


def test_closing_it_breaks_it_off(ada: Visitor, tmp_path: Path) -> None:
    starts_encrypted(ada, "Tea")
    ada.says("Hello")
    held: list[Route] = []
    ada.context.route("**/css/**/exported.css", lambda route: held.append(route))
    opens_export(ada)
    ada.page.get_by_role("button", name="Download: Page", exact=True).click()
    expect(ada.page.locator(".export-status")).to_contain_text("Putting it together")
    ada.page.keyboard.press("Escape")
    expect(ada.page.locator("dialog.export")).to_have_count(0)
    opens_export(ada)
    expect(ada.page.get_by_role("button", name="Download: Page", exact=True)).to_be_enabled()
    made: list[object] = []
    ada.page.on("download", lambda download: made.append(download))
    for route in held:
        route.continue_()
    assert downloads(ada, "JSON Lines", tmp_path).name == "Tea.jsonl"
    assert len(made) == 1


def test_it_has_the_title_as_it_is_now(ada: Visitor, tmp_path: Path) -> None:
    starts_encrypted(ada, "Tea")
    ada.says("Hello")
    manages(ada)
    saves(ada, "Coffee", "Without milk")
    ada.page.get_by_role("link", name="Back to the conversation").click()
    ada.is_connected()
    opens_export(ada)
    path = downloads(ada, "JSON Lines", tmp_path)
    assert path.name == "Coffee.jsonl"
    head, _ = read(path)
    assert head["conversation"]["description"] == "Without milk"
