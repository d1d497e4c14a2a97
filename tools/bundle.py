"""What browsers are sent instead of forty modules: one script and one style sheet for a page.

    python -m tools.bundle           make `parley/static/built` of the modules and sheets beside it
    python -m tools.bundle --check   say whether that is of these; needs no npm

The modules run as they are, and are served so wherever they have changed since
(`parley/pages/assets.py`). Rollup joins them and esbuild makes them small; both come from npm:
`make bundle` installs them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from parley.pages import published
from parley.pages.assets import BUILT, FOLDER, LIST, PRESSED, hash_of, source_of

SCRIPTS = (
    *("account", "admin", "conversation", "door", "encrypted", "files", "going-on", "import"),
    *("manage", "offline", "own", "page", "search", "share", "unlock"),
)
CLASSIC = ("early", "embed", "frame", "worker")
"""One file alone each: for the head of a page, for pages of others, and as not every browser takes
a worker of modules.
"""
ALONE = ("client",)
"""One file alone each, as a module: what pages and programs of others import by its address."""
SHEETS = (
    *(
        "actions",
        "admin",
        "call",
        "conversation",
        "files",
        "frame",
        "manage",
        "pins",
        "search",
        "site",
    ),
)
TOOLS = Path(__file__).parent
ESBUILD = TOOLS / "node_modules" / ".bin" / "esbuild"
ROLLUP = TOOLS / "node_modules" / ".bin" / "rollup"
ROLLUP_CONFIG = TOOLS / "rollup.config.mjs"
MINIFIED = ["--minify", "--legal-comments=inline", "--charset=utf8", "--log-level=warning"]
AT_ONCE = "conversation-"
"""Begins the name of what is imported by a call, but always: browsers fetch it with the rest."""
SOON = "soon-"
"""The same of what each conversation loads once it is live."""
_LATER = re.compile(r"""\bimport\(["']\./([^"']+)["']\)""")
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([^"']+)["'];$""", re.MULTILINE)
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
    told = folder / BUILT / published.NAME
    return bool(
        listed["source"] == source_of(folder)
        and told.exists()
        and told.read_text("utf-8") == published.published(folder)
    )


def make(into: Path, source: Path = FOLDER) -> None:
    """Write the bundles of `source` to the folder `into`, in place of what was there.

    Raises `BundleError` where esbuild is missing or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        # Each by itself: shared code in files of its own would cost every page another request.
        entries = [f"js/{name}.js" for name in (*SCRIPTS, *CLASSIC, *ALONE)]
        entries += [f"css/pages/{name}.css" for name in SHEETS]
        bundles = {entry: _bundle(source, entry, made) for entry in entries}
        at_once = {name for names in bundles.values() for name in names}
        soon = {path.relative_to(made).as_posix() for path in made.glob(f"js/{SOON}*.js")}
        pressed = sorted(at_once | soon)
        _press(made, pressed)
        listed = {
            "source": source_of(source),
            "made": bundles,
            "pressed": {name: hash_of((made / name).read_bytes()) for name in pressed},
        }
        (made / LIST).write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n", "utf-8")
        files = {
            **{
                name: each
                for name, each in published.files_in(source).items()
                if not _is_built(name)
            },
            **{f"{BUILT}/{name}": each for name, each in published.files_in(made).items()},
        }
        (made / published.NAME).write_text(published.publish(files), "utf-8")
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)


def _press(made: Path, names: list[str]) -> None:
    """By Brotli, what pages begin with: an eighth shorter than by gzip, and too slow to be done at
    a start. Node.js has it built in.
    """
    command = ["node", str(TOOLS / "press.mjs"), PRESSED, *names]
    subprocess.run(  # noqa: S603  # ours, and of no page's words
        command,
        cwd=made,
        timeout=TIMEOUT_S,
        check=True,
    )


def _is_built(name: str) -> bool:
    return name.startswith(f"{BUILT}/")


def _bundle(source: Path, entry: str, into: Path) -> list[str]:
    """Make one, and name the files it is made of: itself, and what it imports at once."""
    if entry.endswith(".css"):
        _run(
            source, entry, [str(ESBUILD), entry, "--bundle", *MINIFIED, f"--outfile={into / entry}"]
        )
        return [entry]
    with tempfile.TemporaryDirectory() as folder:
        joined = Path(folder)
        _run(source, entry, [str(ROLLUP), "--config", str(ROLLUP_CONFIG), "--silent"], joined)
        first = [entry]
        for name in first:  # grows as it goes
            text = (joined / name).read_text("utf-8")
            imported = _IMPORT.findall(text)
            imported += [each for each in _LATER.findall(text) if each.startswith(AT_ONCE)]
            first += [f"js/{each}" for each in imported if f"js/{each}" not in first]
        minified = [str(ESBUILD), *sorted(str(path) for path in (joined / "js").iterdir())]
        _run(source, entry, [*minified, *MINIFIED, f"--target={TARGET}", f"--outdir={into / 'js'}"])
    return first


def _run(source: Path, entry: str, command: list[str], into: Path | None = None) -> None:
    form = "iife" if entry in [f"js/{name}.js" for name in CLASSIC] else "es"
    files = "one" if entry in [f"js/{name}.js" for name in ALONE] else "many"
    given = {
        **os.environ,
        **{"ENTRY": entry, "INTO": str(into), "FORM": form, "FILES": files},
        "NO_COLOR": "1",
    }
    try:
        subprocess.run(  # noqa: S603  # ours
            command,
            cwd=source,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
            env=given,
        )
    except FileNotFoundError as error:
        raise BundleError(
            "esbuild or Rollup was not found: run make bundle, which installs them."
        ) from error
    except subprocess.CalledProcessError as error:
        raise BundleError(f"{entry} could not be bundled. {error.stderr.strip()}") from error


if __name__ == "__main__":
    main()
