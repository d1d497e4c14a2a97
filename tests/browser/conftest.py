"""One browser and one server for all; each person a browser context of their own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser import chromium, firefox, short_set
from tests.browser.display import display
from tests.browser.seeding import Seeding
from tests.browser.visitor import SLOW_MS, Visitor
from tests.servers import Process, process

Arrive = Callable[..., Visitor]

BROWSER = os.environ.get("BROWSER", "chromium")
"""What all tests here run in. Where it is Chromium, some run in others as well."""

FIREFOX_IGNORES = {
    "java_script_enabled": "Playwright cannot keep it from running scripts",
    "color_scheme": "it does as the system has it, whatever Playwright says of colours",
}
"""Options of a context without which a test proves nothing."""

FIREFOX_LIMIT = pytest.mark.timeout(300, method="thread")
"""Ends the process, which xdist replaces: Playwright can hang where no exception reaches it."""

expect.set_options(timeout=SLOW_MS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    fit_to_browser(config, items, Path(__file__).parent)


def fit_to_browser(config: pytest.Config, items: list[pytest.Item], folder: Path) -> None:
    """Mark what needs a browser and what is not for every change, and leave out what proves
    nothing in the browser we have.
    """
    is_asked_for = _is_asked_for(config, folder)
    within = str(folder) + os.sep
    for item in items:
        if not str(item.path).startswith(within):
            continue
        item.add_marker(pytest.mark.browser)
        if not is_asked_for and not short_set.has(item.path, item.name):
            item.add_marker(pytest.mark.long("`make browsers` runs it"))
        if BROWSER != "firefox":
            continue
        if left_out := item.get_closest_marker("not_in_firefox"):
            item.add_marker(pytest.mark.skip(_not_in_firefox(*left_out.args)))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(FIREFOX_LIMIT)


def _is_asked_for(config: pytest.Config, folder: Path) -> bool:
    """Whether the command names this folder, or something in it: then all of that is wanted."""
    named = [config.invocation_params.dir / each.split("::")[0] for each in config.args]
    return any(path.resolve().is_relative_to(folder) for path in named)


class Kept:
    """The browser of all tests that follow on each other, in this folder and in others."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def playwright(self) -> Playwright:
        if self._playwright is None:
            self._playwright = self._stack.enter_context(sync_playwright())
        return self._playwright

    def browser(self) -> Browser:
        if self._browser is None:
            self._browser = self._stack.enter_context(self._launched())
        return self._browser

    @contextlib.contextmanager
    def _launched(self) -> Iterator[Browser]:
        if BROWSER == "firefox":
            with a_firefox(self.playwright()) as browser:
                yield browser
        else:
            browser = chromium.launch(self.playwright(), *chromium.FOR_LESS)
            yield browser
            browser.close()

    def end(self) -> None:
        self._playwright = self._browser = None
        self._stack.close()


KEPT = Kept()


# For these folders and no longer: while Playwright runs, its event loop is this
# thread's, and the asynchronous tests of other folders could not have theirs.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    yield
    if nextitem is None or nextitem.get_closest_marker("browser") is None:
        KEPT.end()


@pytest.fixture(scope="package")
def playwright() -> Playwright:
    return KEPT.playwright()


@pytest.fixture(scope="package")
def browser() -> Browser:
    return KEPT.browser()


@contextlib.contextmanager
def a_firefox(playwright: Playwright) -> Iterator[Browser]:
    """On a screen of its own. Skips, with a word, where there is none."""
    if (path := firefox.find()) is None:
        pytest.skip(firefox.MISSING)
    with display() as on_display:
        browser = firefox.launch(playwright, path, on_display)
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
def arrive(browser: Browser, site: Process, request: pytest.FixtureRequest) -> Iterator[Arrive]:
    """Brings people: `arrive("Ada")`, with the options of a context such as `color_scheme`.

    When they go home, none may have met any trouble that the test did not allow.
    """
    here: list[Visitor] = []
    has_worker = request.node.get_closest_marker("with_worker") is not None

    def arrive(name: str, *, url: str = "", **options: Any) -> Visitor:
        if browser.browser_type.name == "firefox":
            for option in options.keys() & FIREFOX_IGNORES:
                pytest.skip(_not_in_firefox(FIREFOX_IGNORES[option]))
        here.append(Visitor(name, browser, url or site.url, has_worker=has_worker, **options))
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


def _not_in_firefox(why: str) -> str:
    return f"Left out in Firefox: {why}."
