"""Markdown, the page and the ZIP file: all that was said, and nothing that could do harm."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from parley.app import Parley
from parley.config import Config
from parley.domain import exporting
from parley.pages import faces
from parley.proofs import checking
from tests import lasting
from tests.calls import Caller
from tests.databases import beside
from tests.exports.talk import PNG_TEXT, Talk, exported

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


class Page(HTMLParser):
    """What a page has in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "poster", "action", "formaction"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")


async def test_markdown_says_who_said_what_and_when(ada: Caller, said: Talk) -> None:
    text = (await exported(ada, said.room_id, "md")).decode()
    assert text.startswith("# Tea & “cake” \\<b\\>\n")
    for part in (
        "- Ada (owner)",
        "Who brings tea?",
        "> Ada: Who brings tea?",
        "**Me**, and `milk` &lt;script>",
        "*Deleted*",
        "pinned",
        "❤️ 1 (Ben)",
        "👍 2 (Ada, Ben)",
        "- File: ",
    ):
        assert part in text, part
    assert "must not stay" not in text
    assert "frist" not in text
    assert text.count("\n## ") == 1


async def test_what_a_service_wrote_is_a_line_by_nobody(ada: Caller, config: Config) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    await ada.says(room_id, "Ada made *Tea*")
    await ada.says(room_id, "Hi")
    with beside(config.data) as db:
        # As an import stores it.
        db.execute("UPDATE messages SET type = 'system', user_id = '', username = '' WHERE seq = 1")
    text = (await exported(ada, room_id, "md")).decode()
    assert "\n*Ada made \\*Tea\\** (" in text
    assert "****" not in text
    page = (await exported(ada, room_id, "html")).decode()
    service, hi = page.split("<article ")[1:]
    assert service.startswith('class="message service"')
    assert "Ada made" in service
    assert "message-author" not in service
    assert "face" not in service
    assert "message-author" in hi


async def test_people_on_the_page_have_colours_of_their_own(
    app: Parley, ada: Caller, ben: Caller
) -> None:
    cleo, room_id = Caller(app, "Cleo"), await ada.starts("Colours")
    hue = faces.asked_for("ben-1")
    alike = next(each for n in range(99) if faces.asked_for(each := f"cleo-{n}") == hue)
    await ben.joins(room_id, user_id="ben-1")
    await cleo.joins(room_id, user_id=alike)
    for who in (ben, cleo):
        await who.says(room_id, "Hello")
    text = (await exported(ada, room_id, "html")).decode()
    hues = re.findall(r'class="face" aria-hidden="true" data-hue="(\d+)"', text)
    assert len(hues) == 2
    assert hues[0] == str(hue)
    assert hues[1] != hues[0]


async def test_no_line_of_a_message_becomes_a_heading_or_html(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    await ada.says(room_id, "# big\n===\n<img src=x onerror=alert(1)>\n---")
    text = (await exported(ada, room_id, "md")).decode()
    assert "\n\\# big\n\\===\n&lt;img" in text
    assert "\n\\---\n" in text


@pytest.mark.parametrize("size", [exporting.PAGE_MESSAGES, 1])
async def test_the_page_holds_all_and_needs_nothing(
    ada: Caller, said: Talk, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(exporting, "PAGE_MESSAGES", size)
    text = (await exported(ada, said.room_id, "html")).decode()
    page = Page(text)
    assert [id for id in page.ids if id.startswith("m-")] == [f"m-{seq}" for seq in range(1, 7)]
    assert not {"script", "link", "iframe", "form", "img"} & set(page.tags)
    assert all(address.startswith("#m-") for address in page.addresses), page.addresses
    assert "url(" not in text
    assert text.count('class="day"') == 1
    for part in ("Who brings tea?", "&lt;script&gt;", "<strong>Me</strong>", "Deleted", "❤️"):
        assert part in text, part
    assert "must not stay" not in text
    assert said.file["id"] not in text, "only named: its address is a key"
    assert text.endswith("</html>\n")


async def test_the_zip_file_holds_the_page_the_lines_and_the_files(
    ada: Caller, said: Talk, tmp_path: Path
) -> None:
    path = tmp_path / "talk.zip"
    path.write_bytes(await exported(ada, said.room_id, "zip"))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        page, file, lines = archive.namelist()
        assert (page, lines) == ("conversation.html", "conversation.jsonl")
        assert archive.read(file) == PNG_TEXT
        assert f'href="{file}"' in archive.read(page).decode()
        assert archive.getinfo(lines).compress_type == zipfile.ZIP_DEFLATED
    verdict = checking.check(path)
    assert (verdict.problems, verdict.files) == ((), 2)


async def test_a_file_whose_bytes_were_lost_is_named_as_missing(
    app: Parley, ada: Caller, said: Talk, tmp_path: Path
) -> None:
    await app.files.erase([said.file["id"]])
    path = tmp_path / "talk.zip"
    path.write_bytes(await exported(ada, said.room_id, "zip"))
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert said.file["id"] in archive.read("missing.txt").decode()
    assert checking.check(path).problems == ()
