"""Parley on the home screen."""

from __future__ import annotations

import pytest

from tests.browser.visitor import Visitor


@pytest.mark.not_in_firefox("only Chromium tells tests what it makes of a manifest")
def test_a_conversation_can_be_installed(ada: Visitor) -> None:
    ada.starts()
    browser = ada.page.context.new_cdp_session(ada.page)
    found = browser.send("Page.getAppManifest")
    assert found["url"].endswith("/manifest.webmanifest")
    assert found["errors"] == []
    # Playwright's windows are private ones, where nothing can be installed.
    faults = {
        each["errorId"]
        for each in browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    }
    assert faults <= {"in-incognito"}
