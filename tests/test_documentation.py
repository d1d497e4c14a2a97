"""The documentation is whole, and a server shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parley.app import create_app
from parley.config import Config
from parley.pages import documentation
from tests.calls import Caller

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site. Building fails where a link leads to nothing, or a page stands in no menu."""
    folder = tmp_path_factory.mktemp("built") / "documentation"
    command = (sys.executable, "-m", "tools.documentation", str(folder))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_every_document_is_a_page(built: Path) -> None:
    written = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    made = {path.relative_to(built) for path in built.rglob("*.html")}
    assert made == written


def test_no_page_asks_for_what_its_policy_forbids(built: Path) -> None:
    for path in built.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"<[^>]* (style|on\w+)=", page), path
        assert "<style" not in page
        assert re.findall(r"<script(?![^>]* src=)", page) == []
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*\.(?:js|css|png|svg)"', page) == []


def test_headings_are_named_as_they_are_where_the_source_is_read(built: Path) -> None:
    page = (built / "protocol.html").read_text(encoding="utf-8")
    assert 'id="socketio-what-a-client-sends"' in page


@pytest.mark.long("it builds the site twice")
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_checkout_that_was_brought_up_to_date_builds_it_anew(tmp_path: Path) -> None:
    for name in ("docs", "tools/documentation", "parley/static/css", "parley/static/img"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("Makefile", "properdocs.yml", "pyproject.toml", "parley/__init__.py"):
        shutil.copy2(ROOT / name, tmp_path / name)

    def made() -> str:
        site, installed = "parley/documentation/index.html", f"{sys.prefix}/.runtime"
        command = ["make", "-o", installed, f"VENV={sys.prefix}", site]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert "Building" in made()
    assert "up to date" in made()
    page = tmp_path / "docs" / "hooks.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nPulled just now.\n", encoding="utf-8")
    assert "Building" in made()
    built = tmp_path / "parley" / "documentation" / "hooks.html"
    assert "Pulled just now." in built.read_text(encoding="utf-8")


@pytest.fixture
async def reader(
    built: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Caller]:
    monkeypatch.setattr(documentation, "FOLDER", built)
    app = create_app(config)
    async with app.test_app():
        yield Caller(app, "Ada")


async def test_a_server_shows_it(reader: Caller) -> None:
    start = await reader.call("GET", "/docs/")
    assert (start.status, "Start in a minute" in start.text) == (200, True)
    assert (await reader.call("GET", "/docs/guides/bot.html")).status == 200
    script = await reader.call("GET", "/docs/assets/docs.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert '<a href="/docs/">Docs</a>' in (await reader.call("GET", "/")).text


async def test_it_is_asked_for_again_and_not_sent_twice(reader: Caller) -> None:
    first = await reader.call("GET", "/docs/index.html")
    assert first.headers["Cache-Control"] == "no-cache"
    again = await reader.call(
        "GET", "/docs/index.html", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize(
    "path",
    ["nothing.html", "../app.py", "%2e%2e/app.py", "assets", "guides/", "assets/../../app.py"],
)
async def test_no_path_leads_out_of_it(reader: Caller, path: str) -> None:
    reply = await reader.call("GET", f"/docs/{path}")
    assert reply.status == 404
    assert "from __future__" not in reply.text


async def test_where_it_is_not_built_that_is_said(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(documentation, "FOLDER", tmp_path / "nowhere")
    app = create_app(config)
    async with app.test_app():
        reader = Caller(app, "Ada")
        reply = await reader.call("GET", "/docs/")
        assert (reply.status, "make docs" in reply.text) == (404, True)
        assert "/docs/" not in (await reader.call("GET", "/")).text
