"""The Chromium that tests and screenshots drive."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

PLAIN_HTTP_HOST = "parley.test"
"""Resolves to this machine in our Chromium, and is no secure context as localhost is."""

FLAGS = (
    "--no-sandbox",  # root in a container may not make one
    "--disable-gpu",
    # Nothing of the browser's own on the network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # Also other sites, for what they may do with ours.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
# The first has no window to draw and starts a page for a third of the work.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


FOR_LESS = ("--in-process-gpu",)
"""A process less that every frame goes through: a fortieth of what pages cost. Not for those who
measure how soon something is there.
"""


def launch(playwright: Playwright, *more: str) -> Browser:
    """The machine's own browser, the one `tests/system.sh` makes sure of."""
    return playwright.chromium.launch(executable_path=path(), args=[*FLAGS, *more])


def path() -> str:
    """Raises `FileNotFoundError` where there is none."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *NAMES)):
        if found := shutil.which(name):
            return found
    raise FileNotFoundError("Chromium was not found: run `make setup`, or set CHROMIUM.")
