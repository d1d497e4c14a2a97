"""One Chromium and one server for all; each person a browser context of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.seeding import Seeding
from tests.browser.visitor import Visitor
from tests.servers import Process, process

Arrive = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


# For this folder and no longer: while Playwright runs, its event loop is this
# thread's, and the asynchronous tests of other folders could not have theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser") / "data"


@pytest.fixture(scope="package")
def site(data: Path) -> Iterator[Process]:
    """`parley serve`, as everybody here shares it."""
    with process(data, "--port", "0", "--hosts", chromium.PLAIN_HTTP_HOST) as started:
        yield started


@pytest.fixture(scope="package")
def seeding(site: Process, data: Path) -> Iterator[Seeding]:
    seeding = Seeding(site.url, data)
    yield seeding
    seeding.close()


@pytest.fixture
def arrive(browser: Browser, site: Process) -> Iterator[Arrive]:
    """Brings people: `arrive("Ada")`, with the options of a context such as `color_scheme`.

    When they go home, none may have met any trouble that the test did not allow.
    """
    here: list[Visitor] = []

    def arrive(name: str, *, url: str = "", **options: Any) -> Visitor:
        here.append(Visitor(name, browser, url or site.url, **options))
        return here[-1]

    yield arrive
    for visitor in here:
        visitor.goes_home()
    met = {visitor.name: visitor.trouble.met for visitor in here if visitor.trouble.met}
    assert not met, met


@pytest.fixture
def ada(arrive: Arrive) -> Visitor:
    """Starts conversations."""
    return arrive("Ada")


@pytest.fixture
def ben(arrive: Arrive) -> Visitor:
    """Opens links."""
    return arrive("Ben")


@pytest.fixture
def cleo(arrive: Arrive) -> Visitor:
    """Reads along."""
    return arrive("Cleo")
