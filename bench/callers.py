"""People in a call, each with a browser context of their own, and what their call comes to."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, expect

from bench import machine
from tests.browser import chromium, hearing
from tests.browser.test_calls import calls, is_in, is_reached, joins, looks, tile
from tests.browser.visitor import Visitor

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hal", "Ida", "Jon")
HEARD_WITHIN_S = 60.0
WITHIN_MS = 90_000.0
LOOK_MS = 1000


@contextlib.contextmanager
def browser(playwright: Playwright, scratch: Path, path: str = "", *more: str) -> Iterator[Browser]:
    """With a camera, and a microphone that is never silent."""
    expect.set_options(timeout=WITHIN_MS)
    flags = [*chromium.FLAGS, *hearing.flags(scratch), *more]
    launched = playwright.chromium.launch(executable_path=path or chromium.path(), args=flags)
    try:
        yield launched
    finally:
        launched.close()


def cpu_s(browser: Browser) -> float:
    """Of all its processes."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(machine.cpu_s(each["id"]) for each in found)


def person(name: str, browser: Browser, url: str) -> Visitor:
    who = Visitor(name, browser, url)
    who.context.add_init_script(hearing.LISTENS)
    return who


@contextlib.contextmanager
def people(browsers: Sequence[Browser], url: str) -> Iterator[list[Visitor]]:
    """In one conversation, each in one of the browsers, in no call yet."""
    here = [person(name, each, url) for name, each in zip(NAMES, browsers, strict=False)]
    try:
        # Only browsers know a way to a server in a network of its own.
        link = here[0].starts_by_hand("Tea")
        here[0].joins()
        for who in here[1:]:
            who.comes_by_hand(link)
        yield here
    finally:
        for who in here:
            who.goes_home()


@contextlib.contextmanager
def in_a_call(
    browsers: Sequence[Browser], url: str, *, video: bool = True
) -> Iterator[list[Visitor]]:
    """All of them connected with all others."""
    with people(browsers, url) as here:
        come_together(here, video=video)
        yield here


def come_together(here: Sequence[Visitor], *, video: bool) -> None:
    calls(here[0], video=video)
    for who in here[1:]:
        joins(who, video=video)
    for who in here:
        for other in here:
            if other is not who:
                is_reached(who, other.name)


def tap_ms(first: Visitor, second: Visitor) -> float:
    """From the second one's tap until both hear each other, each time anew."""
    looks(second, "Join call")
    second.page.wait_for_timeout(LOOK_MS)  # a look at oneself, as people take it
    second.page.locator(".call-before").get_by_role("button", name="Join", exact=True).click()
    is_in(second)
    tapped_ms = float(second.measures("() => taps.at(-1)"))
    within_s = HEARD_WITHIN_S
    took = [hearing.first_heard_ms(each, tapped_ms, within_s=within_s) for each in (first, second)]
    second.page.get_by_role("toolbar", name="Call").get_by_role("button", name="Leave").click()
    tile(first, second.name).wait_for(state="detached")
    return max(took)


@dataclass(frozen=True)
class Arrived:
    """Of what comes from each of the others to each of them."""

    people: int
    frames: list[float]
    """A second, decoded."""
    pixels: list[tuple[int, int]]
    kbits: list[float]
    """A second."""
    levels: list[float]
    """Root mean square, of 1."""
    browsers_cores: float
    """How many cores all browsers kept busy."""
    server_ms: float
    """Of CPU a minute."""

    @property
    def row(self) -> str:
        wide, high = statistics.median_low(self.pixels)
        return (
            f"| {self.people} | {len(self.frames)} | {statistics.median(self.frames):.0f} "
            f"({min(self.frames):.0f}) | {wide} × {high} | {statistics.median(self.kbits):.0f} "
            f"| {statistics.median(self.levels):.2f} ({min(self.levels):.2f}) "
            f"| {self.browsers_cores:.2f} | {self.server_ms:.0f} |"
        )


HEAD = (
    "| people | pictures | frames/s (least) | size | kbit/s each | sound (least) | cores "
    "| server, ms a minute |\n"
    "|---|---|---|---|---|---|---|---|"
)


def arrived(here: Sequence[Visitor], pid: int, settle_s: float, for_s: float) -> Arrived:
    """All over a stretch of time, once a call has settled."""
    time.sleep(settle_s)
    browsers = {who.context.browser for who in here} - {None}
    before = [who.measures(hearing.COUNTED) for who in here]
    began, cpu, server = time.perf_counter(), _cpu_s(browsers), nanoseconds(pid)
    time.sleep(for_s)
    took = time.perf_counter() - began
    cores, server_ns = (_cpu_s(browsers) - cpu) / took, nanoseconds(pid) - server
    after = [who.measures(hearing.COUNTED) for who in here]
    pairs = [
        (a, b)
        for one, other in zip(before, after, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    return Arrived(
        people=len(here),
        frames=[(b["frames"] - a.get("frames", 0)) / took for a, b in pairs],
        pixels=[(b["width"], b["height"]) for _, b in pairs],
        kbits=[8 * (b["bytes"] - a["bytes"]) / took / 1000 for a, b in pairs],
        levels=[_level(a, b) for a, b in pairs],
        browsers_cores=cores,
        server_ms=server_ns / 1e6 / took * 60,
    )


def _level(before: dict[str, Any], after: dict[str, Any]) -> float:
    seconds = after["seconds"] - before["seconds"]
    return (
        float(max(0.0, (after["energy"] - before["energy"]) / seconds)) ** 0.5 if seconds else 0.0
    )


def _cpu_s(browsers: set[Any]) -> float:
    return sum(cpu_s(each) for each in browsers)


def nanoseconds(pid: int) -> int:
    """Of CPU, of all threads: finer than `machine.cpu_s` (proc(5), schedstat)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads)
