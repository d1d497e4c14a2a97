"""The people, the browser and the server of `tests/browser`, for what attackers do there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import (
    ada,
    arrive,
    ben,
    browser,
    cleo,
    data,
    fit_to_browser,
    playwright,
    pytest_runtest_teardown,
    seeding,
    site,
)

__all__ = [
    "ada",
    "arrive",
    "ben",
    "browser",
    "cleo",
    "data",
    "playwright",
    "pytest_runtest_teardown",
    "seeding",
    "site",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    fit_to_browser(config, items, Path(__file__).parent)
