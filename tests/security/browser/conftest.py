"""The people, the browser and the server of `tests/browser`, for what attackers do there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import ada, arrive, ben, browser, cleo, data, seeding, site

__all__ = ["ada", "arrive", "ben", "browser", "cleo", "data", "seeding", "site"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
