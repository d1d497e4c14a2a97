"""The Firefox that tests drive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from types import MappingProxyType

from playwright.sync_api import Browser, Playwright

from tests.browser import chromium, display, elsewhere

NAME = "firefox-esr"
MISSING = (
    "Firefox was not tried: firefox-esr or Xvfb is not installed "
    "(Debian: apt-get install firefox-esr xvfb)."
)
START_WITHIN_MS = 120_000
PREFERENCES: dict[str, str | float | bool] = {
    "network.dns.localDomains": ",".join((chromium.PLAIN_HTTP_HOST, *elsewhere.HOSTS)),
    # What Playwright says of it, Firefox ignores.
    "ui.prefersReducedMotion": 1,
    # Its list of downloads would open over the page, and take the focus.
    "browser.download.alwaysOpenPanel": False,
}


def find() -> str | None:
    """Its path; none where it, or the screen it needs, is not installed."""
    return shutil.which(os.environ.get("FIREFOX", NAME)) if display.is_there() else None


WITH_DEVICES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
}
"""A camera and a microphone, which it asks nobody about, and sound without a tap."""


def launch(
    playwright: Playwright,
    path: str,
    on_display: str,
    more: Mapping[str, str | float | bool] = MappingProxyType({}),
) -> Browser:
    # With a window: without one nothing takes the focus. By this channel a Firefox as it is
    # released can be driven; Playwright's own is another one.
    return playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=path,
        headless=False,
        firefox_user_prefs={**PREFERENCES, **more},
        env={**os.environ, "DISPLAY": on_display},
        timeout=START_WITHIN_MS,
    )
