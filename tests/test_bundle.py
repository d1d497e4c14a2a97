"""What browsers are sent: of the source beside it, or else the source itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from parley.pages.assets import BUILT, FOLDER, PRESSED, Assets
from tests.asking_node import needs_node
from tools import bundle

UNPRESS = """
const { readFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
const wrong = process.argv.slice(1).filter((path) => {
  const plain = readFileSync(path.slice(0, path.lastIndexOf(".")));
  return !brotliDecompressSync(readFileSync(path)).equals(plain);
});
console.log(JSON.stringify(wrong));
"""
ENTRIES = [f"js/{name}.js" for name in bundle.SCRIPTS] + [
    f"css/pages/{name}.css" for name in bundle.SHEETS
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "static"))


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_is_of_this_source() -> None:
    assert bundle.is_current(), "run make bundle"


@pytest.mark.long("its stamp tells every time whether it is of this source")
def test_it_is_what_the_tools_make_of_it(tmp_path: Path) -> None:
    if not bundle.ROLLUP.exists() and os.environ.get("CI") != "true":
        pytest.skip("Rollup is not installed: make setup installs it where there is npm")
    bundle.make(tmp_path / "made")
    made, built = files_in(tmp_path / "made"), files_in(FOLDER / BUILT)
    assert made.keys() == built.keys()
    # Another Node.js may press them otherwise.
    assert all(made[name] == built[name] for name in made if not name.endswith(PRESSED))


@needs_node
def test_what_is_pressed_is_what_it_stands_for() -> None:
    pressed = sorted((FOLDER / BUILT).rglob(f"*{PRESSED}"))
    assert pressed
    ran = subprocess.run(
        ["node", "-e", UNPRESS, *map(str, pressed)], capture_output=True, check=True, timeout=60
    )
    assert json.loads(ran.stdout) == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_page_begins_with_two_files_at_most(entry: str) -> None:
    assets = Assets()
    assert assets.url(entry) == f"/static/{assets.version}/{BUILT}/{entry}"
    # What opens a conversation makes ready for its page, which is a third.
    others = 0 if entry.endswith(".css") else 2 if entry == "js/encrypted.js" else 1
    assert len(assets.imports(entry)) == others


def test_what_others_import_is_one_file() -> None:
    assert Assets().imports("js/client.js") == []
    text = (FOLDER / BUILT / "js/client.js").read_text("utf-8")
    assert not re.search(r"^import\b|\bimport\(", text, re.MULTILINE)


@pytest.mark.parametrize("changed", ["js/state/store.js", "css/tokens.css"])
def test_source_that_has_changed_is_sent_itself(folder: Path, changed: str) -> None:
    with (folder / changed).open("a") as file:
        file.write("\n")
    assert not bundle.is_current(folder)
    assets = Assets(folder)
    for entry in ENTRIES:
        assert assets.url(entry) == f"/static/{assets.version}/{entry}"
        assert assets.imports(entry) == []


def test_what_was_pressed_is_not_sent_for_what_has_changed(folder: Path) -> None:
    path = folder / BUILT / "js/page.js"
    assert Assets(folder).pressed(f"{BUILT}/js/page.js")
    path.write_text(path.read_text("utf-8") + "// Changed\n", "utf-8")
    assert not Assets(folder).pressed(f"{BUILT}/js/page.js")


def test_source_is_sent_where_nothing_was_made(folder: Path) -> None:
    shutil.rmtree(folder / BUILT)
    assets = Assets(folder)
    assert assets.url("js/page.js") == f"/static/{assets.version}/js/page.js"


def test_the_licence_of_what_is_in_it_goes_along() -> None:
    [shared] = Assets().imports("js/conversation.js")
    text = (FOLDER / BUILT / shared.partition(f"/{BUILT}/")[2]).read_text("utf-8")
    assert "Socket.IO" in text
    assert "MIT License" in text
