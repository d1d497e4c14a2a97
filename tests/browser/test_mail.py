"""Mail about new messages, on a phone: the address, the link, the stop; without scripts, too."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.test_everyone import SMALL_TARGETS, TARGET_PX, TOO_WIDE
from tests.browser.visitor import PHONE, Visitor
from tests.mail.postbox import Postbox, postbox, text_of
from tests.people import PATIENCE_S
from tests.servers import Process, free_port, process

LONG = "somebody.with.a.very.long.name.indeed+and.a.tag.as.well@mail.department.example.org"


@pytest.fixture(scope="module")
def box() -> Iterator[Postbox]:
    """A mail server in a thread of its own: Playwright has this one's event loop."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[Postbox] = []
    done = asyncio.Event()

    async def run() -> None:
        async with postbox() as opened:
            found.append(opened)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join(PATIENCE_S)
    loop.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, box: Postbox) -> Iterator[Process]:
    """One that sends mail."""
    data, port = tmp_path_factory.mktemp("mail") / "data", free_port()
    flags = {
        "--port": str(port),
        "--public-url": f"http://localhost:{port}",
        "--smtp-url": box.url,
        "--mail-from": "parley@example.org",
    }
    with process(data, *(part for flag in flags.items() for part in flag)) as started:
        started.url = flags["--public-url"]
        yield started


def link(box: Postbox, address: str, kind: str) -> str:
    """The link in the mail that came to an address, once it is there."""
    with box.news:
        assert box.news.wait_for(lambda: box.to(address), PATIENCE_S)
    [url] = re.findall(rf"http://\S+/mail/{kind}/\S+", text_of(box.to(address)[-1]))
    return str(url)


def is_for_everyone(visitor: Visitor) -> None:
    assert grave_faults(visitor.page) == []
    assert visitor.page.evaluate(TOO_WIDE) == []
    assert visitor.page.evaluate(SMALL_TARGETS, TARGET_PX) == []


def goes_through(visitor: Visitor, box: Postbox, address: str, *, has_scripts: bool) -> None:
    def looks() -> None:
        if has_scripts:  # axe needs them
            is_for_everyone(visitor)

    page = visitor.page
    visitor.opens("/mail")
    looks()
    visitor.starts_by_hand("Tea")
    visitor.opens("/")
    looks()
    page.get_by_role("link", name="Get e-mail about new messages").click()
    looks()
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_label("Quote the first words").check()
    page.get_by_role("button", name="Send me a link to confirm").click()
    expect(page.get_by_text("Not confirmed yet")).to_be_visible()
    expect(page.get_by_label("Quote the first words")).to_be_checked()
    looks()
    visitor.opens(link(box, address, "confirm"))
    looks()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Address confirmed")).to_be_visible()
    looks()
    visitor.opens("/mail")
    expect(page.locator(".mail-address")).to_have_text(address)
    expect(page.get_by_role("button", name="Stop these mails")).to_be_visible()
    looks()
    visitor.opens(link(box, address, "stop"))
    looks()
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("heading", name="You won't be asked again")).to_be_visible()
    looks()
    visitor.opens("/mail")
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("button", name="Send me a link to confirm")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_address_to_the_stop_on_a_phone(
    arrive: Arrive, box: Postbox, scripts: bool
) -> None:
    ben = arrive("Ben", java_script_enabled=scripts, **PHONE)
    goes_through(ben, box, f"{int(scripts)}.{LONG}", has_scripts=scripts)


def test_a_wrong_address_is_told_beside_it(arrive: Arrive) -> None:
    ben = arrive("Ben", **PHONE)
    ben.may_meet("400")
    ben.starts_by_hand("Tea")
    ben.opens("/mail")
    ben.page.get_by_label("Your e-mail address").fill("ben@localhost")
    ben.page.get_by_role("button", name="Send me a link to confirm").click()
    expect(ben.page.get_by_role("alert")).to_contain_text("an e-mail address")
    expect(ben.page.get_by_label("Your e-mail address")).to_have_value("ben@localhost")
    is_for_everyone(ben)
