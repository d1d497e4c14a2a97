"""How soon the page of a conversation is live on a slow phone, beside another build.

    make loading [ARGS="--before CHECKOUT --rounds N"]

A guest opens a link for the first time, with an empty cache, on slow 4G (150 ms, 1.6 Mbit/s down,
0.75 up) and a processor a quarter as fast as this one: what Lighthouse takes for a phone. Chromium
slows requests down, not what a WebSocket carries once it is open. Builds take turns.
"""

from __future__ import annotations

import argparse
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.builds import ROOT, served
from tests.browser.seeding import Said
from tests.servers import free_port

LATENCY_MS = 150
DOWN_BYTES_PER_S = 1_600_000 / 8
UP_BYTES_PER_S = 750_000 / 8
CPU_SLOWDOWN = 4
MESSAGES = 40
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries()))
  .observe({ type: "longtask", buffered: true });
new MutationObserver(() => {
  if (!document.querySelector("#badge[data-state=connected]")) return;
  window.connectedAt ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# As Lighthouse counts it: what tasks take beyond 50 ms, once there is something to touch.
BLOCKED = f"""window.longTasks
  .map((task) => task.startTime + task.duration - Math.max(task.startTime, {PAINTED}) - 50)
  .reduce((sum, over) => sum + Math.max(0, over), 0)"""


@dataclass(frozen=True, slots=True)
class Load:
    """One first visit."""

    requests: float
    kibibytes: float
    readable_ms: float
    connected_ms: float
    blocked_ms: float


HEADINGS = ("requests", "KiB", "readable ms", "connected ms", "blocked ms")


def main() -> None:
    parser = argparse.ArgumentParser(description="Load a conversation as a slow phone does.")
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    builds = {"now": ROOT}
    if arguments.before:
        builds["before"] = arguments.before.resolve()
    loads: dict[str, list[Load]] = defaultdict(list)
    with contextlib.ExitStack() as stack:
        links = {name: stack.enter_context(_conversation(path)) for name, path in builds.items()}
        browser = chromium.launch(stack.enter_context(sync_playwright()))
        for _ in range(arguments.rounds):
            for name, link in links.items():
                loads[name].append(_load(browser, link))
        browser.close()
    print(f"{'':8}" + "".join(f"{heading:>14}" for heading in HEADINGS))
    middles = {
        name: [median(column) for column in zip(*map(astuple, of), strict=True)]
        for name, of in loads.items()
    }
    for name, middle in middles.items():
        print(f"{name:8}" + "".join(f"{value:14,.0f}" for value in middle))
    if "before" in middles:
        pairs = zip(middles["now"], middles["before"], strict=True)
        print(f"{'ratio':8}" + "".join(f"{now / before:14.2f}" for now, before in pairs))


@contextlib.contextmanager
def _conversation(checkout: Path) -> Iterator[str]:
    """The link of a talk on a server of that build."""
    with served(checkout, free_port()) as seeding:
        talk = (Said(("Ada", "Ben")[i % 2], f"Line {i} of a talk.") for i in range(MESSAGES))
        yield seeding.conversation("Tea", talk).link


def _load(browser: Browser, link: str) -> Load:
    context = browser.new_context(**PHONE)
    context.add_init_script(WATCH)
    page = context.new_page()
    chrome = context.new_cdp_session(page)
    received: list[int] = []
    chrome.on("Network.loadingFinished", lambda it: received.append(it["encodedDataLength"]))
    chrome.send("Network.enable")
    chrome.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": DOWN_BYTES_PER_S,
            "uploadThroughput": UP_BYTES_PER_S,
        },
    )
    chrome.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    page.goto(link, wait_until="networkidle")
    page.wait_for_function("window.connectedAt", timeout=60_000)
    load = Load(
        len(received),
        sum(received) / 1024,
        page.evaluate(PAINTED),
        page.evaluate("window.connectedAt"),
        page.evaluate(BLOCKED),
    )
    context.close()
    return load


if __name__ == "__main__":
    main()
