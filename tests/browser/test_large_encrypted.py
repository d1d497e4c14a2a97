"""A large file in an encrypted conversation: it takes little longer, and is never held whole."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Arrive
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_files import chips
from tests.browser.visitor import Visitor
from tests.servers import process

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long("sends 300 MB six times"),
    pytest.mark.not_in_firefox("tells the processes of Chromium alone"),
]

SIZE = 300_000_000
ROUNDS = 3
SHARE_OF_SPEED = 0.4
"""Beside other tests. `python -m bench --encrypted` holds it to more."""
MOST_MORE_BYTES = 300_000_000
"""The same for 600 MB: what is sealed stays until the browser tidies up."""
WITHIN_MS = 240_000
LIMITS = ("--max-file", "1GB", "--files-per-person", "9GB", "--files-per-conversation", "9GB")


@pytest.mark.timeout(900)
def test_it_takes_little_longer_and_little_memory(
    arrive: Arrive, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for _ in range(SIZE // 1_000_000):
            file.write(os.urandom(1_000_000))
    with process(tmp_path / "data", "--port", "0", *LIMITS) as site:
        ada = arrive("Ada", url=site.url)
        ada.starts()
        open_link = ada.page.url
        starts_encrypted(ada)
        links = {"open": open_link, "encrypted": ada.page.url}
        took_s: dict[str, list[float]] = {name: [] for name in links}
        more: dict[str, list[int]] = {name: [] for name in links}
        for _ in range(ROUNDS):
            for name, link in links.items():
                ada.opens(link)
                ada.is_connected()
                with peak(renderers(browser)) as grew:
                    took_s[name].append(sending_s(ada, path))
                more[name].append(grew[0])
        ada.goes_home()
    share = min(took_s["open"]) / min(took_s["encrypted"])
    grew_mb = {name: round(max(each) / 1e6) for name, each in more.items()}
    print(
        f"{SIZE / 1e6:.0f} MB in {took_s} s: {share:.2f} of the speed; pages grew by {grew_mb} MB"
    )
    assert share >= SHARE_OF_SPEED
    assert max(more["encrypted"]) < MOST_MORE_BYTES


def sending_s(ada: Visitor, path: Path) -> float:
    """How long it takes until it is there; then nobody wants it any more."""
    began = time.monotonic()
    with ada.page.expect_file_chooser() as chosen:
        ada.page.get_by_role("button", name="Attach files").click()
    chosen.value.set_files(path)
    chip = chips(ada)
    expect(chip).to_have_attribute("data-status", re.compile("done|failed"), timeout=WITHIN_MS)
    took_s = time.monotonic() - began
    expect(chip).to_have_attribute("data-status", "done")
    chip.get_by_role("button", name="Remove").click()
    expect(chips(ada)).to_have_count(0)
    return took_s


def renderers(browser: Browser) -> list[int]:
    """The processes that have pages."""
    asked = browser.new_browser_cdp_session()
    found = asked.send("SystemInfo.getProcessInfo")["processInfo"]
    asked.detach()
    return [int(each["id"]) for each in found if each["type"] == "renderer"]


@contextmanager
def peak(pids: list[int]) -> Iterator[list[int]]:
    """By how many bytes these had grown at most, once it is over."""
    over, grew = threading.Event(), [0]
    before = resident(pids)

    def watch() -> None:
        while not over.wait(0.02):
            grew[0] = max(grew[0], resident(pids) - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grew
    finally:
        over.set()
        watching.join()


def resident(pids: list[int]) -> int:
    return sum(pages(pid) for pid in pids) * os.sysconf("SC_PAGE_SIZE")


def pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0
