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

from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_files import chips
from tests.browser.visitor import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long("sends 200 MB four times"),
    pytest.mark.not_in_firefox("tells the processes of Chromium alone"),
]

SIZE = 200_000_000
ROUNDS = 2
MOST_TIMES = 1 / 0.6
"""How much longer it may take."""
MOST_MORE_BYTES = SIZE // 2
WITHIN_MS = 240_000


def test_it_takes_little_longer_and_little_memory(
    ada: Visitor, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for _ in range(SIZE // 1_000_000):
            file.write(os.urandom(1_000_000))
    open_link = ada.starts()
    starts_encrypted(ada)
    sealed_link = ada.page.url
    took_s: dict[str, list[float]] = {open_link: [], sealed_link: []}
    more: dict[str, list[int]] = {open_link: [], sealed_link: []}
    for _ in range(ROUNDS):
        for link in took_s:
            ada.opens(link)
            ada.is_connected()
            with peak(renderers(browser)) as grew:
                began = time.monotonic()
                with ada.page.expect_file_chooser() as chosen:
                    ada.page.get_by_role("button", name="Attach files").click()
                chosen.value.set_files(path)
                expect(chips(ada)).to_have_attribute("data-status", "done", timeout=WITHIN_MS)
                took_s[link].append(time.monotonic() - began)
            more[link].append(grew[0])
            chips(ada).get_by_role("button", name=re.compile("Remove")).click()
            expect(chips(ada)).to_have_count(0)
    plain_s, sealed_s = (min(took_s[link]) for link in (open_link, sealed_link))
    grew_mb = {name: max(more[link]) / 1e6 for name, link in
               (("open", open_link), ("encrypted", sealed_link))}  # fmt: skip
    print(
        f"200 MB: open {plain_s:.1f} s, encrypted {sealed_s:.1f} s, {plain_s / sealed_s:.2f} of the"
        f" speed; the page's memory grew by {grew_mb} MB"
    )
    assert sealed_s <= plain_s * MOST_TIMES
    assert max(more[sealed_link]) < MOST_MORE_BYTES


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
