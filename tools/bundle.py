"""What browsers are sent instead of forty modules: one script and one style sheet for a page.

    python -m tools.bundle           make `parley/static/built` of the modules and sheets beside it
    python -m tools.bundle --check   say whether that is of these; needs no esbuild

The modules run as they are, and are served so wherever they have changed since
(`parley/pages/assets.py`). esbuild comes from npm: `make bundle` installs it.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from parley.pages.assets import BUILT, FOLDER, LIST, source_of

SCRIPTS = ("conversation", "door", "manage", "own", "page")
SHEETS = ("conversation", "manage", "site")
ESBUILD = Path(__file__).parent / "node_modules" / ".bin" / "esbuild"
# What the page's own colours and layout need (CSS nesting, `oklch`, `:has`) is no older.
TARGET = "es2022"
TIMEOUT_S = 60


class BundleError(Exception):
    """A sentence saying why nothing was made."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make one script and one style sheet for a page.")
    parser.add_argument("--check", action="store_true", help="say whether they are up to date")
    if parser.parse_args().check:
        sys.exit(
            None if is_current() else "What browsers are sent is out of date: run make bundle."
        )
    try:
        make(FOLDER / BUILT)
    except BundleError as error:
        sys.exit(str(error))


def is_current(folder: Path = FOLDER) -> bool:
    listed = json.loads((folder / BUILT / LIST).read_text("utf-8"))
    return bool(listed["source"] == source_of(folder))


def make(into: Path, source: Path = FOLDER) -> None:
    """Write the bundles of `source` to the folder `into`, in place of what was there.

    Raises `BundleError` where esbuild is missing or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        # Each by itself: shared code in files of its own would cost every page another request.
        entries = [f"js/{name}.js" for name in SCRIPTS]
        entries += [f"css/pages/{name}.css" for name in SHEETS]
        listed = {
            "source": source_of(source),
            "made": {entry: _bundle(source, entry, made) for entry in entries},
        }
        (made / LIST).write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n", "utf-8")
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)


def _bundle(source: Path, entry: str, into: Path) -> list[str]:
    """Make one, and name the files it is made of: itself, and what it imports at once."""
    meta = into.with_name("meta.json")
    command = [
        str(ESBUILD), entry, "--bundle", "--minify", "--splitting", "--format=esm",
        f"--target={TARGET}", "--legal-comments=inline", "--charset=utf8", "--log-level=warning",
        "--outbase=.", f"--outdir={into}", "--chunk-names=js/[name]-[hash]",
        f"--metafile={meta}",
    ]  # fmt: skip
    if entry.endswith(".css"):
        command.remove(f"--target={TARGET}")
    try:
        subprocess.run(  # noqa: S603  # ours
            command, cwd=source, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except FileNotFoundError as error:
        raise BundleError("esbuild was not found: run make bundle, which installs it.") from error
    except subprocess.CalledProcessError as error:
        raise BundleError(f"esbuild could not bundle {entry}. {error.stderr.strip()}") from error
    outputs: dict[str, Any] = json.loads(meta.read_text("utf-8"))["outputs"]
    files = {_name(path): output for path, output in outputs.items()}
    [whole] = [name for name, output in files.items() if output.get("entryPoint") == entry]
    first = [whole]
    for name in first:  # grows as it goes
        first += [
            _name(each["path"])
            for each in files[name]["imports"]
            if each["kind"] == "import-statement" and _name(each["path"]) not in first
        ]
    return first


def _name(path: str) -> str:
    """Of a file that was made, in the folder it was made in."""
    return re.sub(r"^.*?/made/", "", path)


if __name__ == "__main__":
    main()
