"""The admin's pages in a browser: on a phone and at a desk, and what comes by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.test_mail import is_for_everyone
from tests.browser.visitor import PHONE, Visitor
from tests.operating.test_conversations import parley
from tests.servers import Process, process

SECTIONS = ("", "/reports", "/conversations", "/blocks", "/invitations", "/limits", "/activity")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("admins") / "data"


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[Process]:
    with process(data) as started:
        yield started


def becomes_admin(visitor: Visitor, data: Path) -> None:
    visitor.opens("/account")
    visitor.page.get_by_role("button", name="Use recovery codes").click()
    made = parley("admin-link", "--label", visitor.name, "--data", str(data))
    visitor.opens("/admin-link/" + made.stdout.strip().rpartition("/")[2])
    is_for_everyone(visitor)
    visitor.page.get_by_role("button", name="Become an admin").click()
    expect(visitor.page.get_by_role("heading", name="Admin", exact=True)).to_be_visible()


def reports_somebody(visitor: Visitor, words: str) -> None:
    """By the page's own call."""
    visitor.page.evaluate(
        """async words => {
          const path = "/api/conversations/" + location.pathname.split("/")[2];
          const post = (rest, body) => fetch(path + rest, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
          }).then(answer => answer.json());
          const said = await post("/messages", { message: words });
          await post("/reports", { message_id: said.id, reason: "spam" });
        }""",
        words,
    )


@pytest.mark.parametrize("how", ["phone", "desk"])
def test_every_page_is_for_everyone(arrive: Arrive, data: Path, how: str) -> None:
    options: dict[str, Any] = PHONE if how == "phone" else {}
    ada, ben = arrive(f"Ada on a {how}", **options), arrive("Ben")
    ben.starts_by_hand("A" * 60)
    ben.joins("Ben")
    reports_somebody(ben, "Buy now! " * 40)
    becomes_admin(ada, data)
    for section in SECTIONS:
        ada.opens(f"/admin{section}")
        is_for_everyone(ada)
    ada.opens("/admin/conversations")
    ada.page.locator(".row-name").first.click()
    expect(ada.page.get_by_role("heading", name="Danger zone")).to_be_visible()
    is_for_everyone(ada)
    ada.page.get_by_role("button", name="Delete for good…").click()
    is_for_everyone(ada)


def test_reports_are_counted_as_they_come(arrive: Arrive, data: Path) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    becomes_admin(ada, data)
    ada.page.clock.install()
    ada.opens("/admin/blocks")
    before = ada.page.locator("#waiting").inner_text() or "0"
    ben.starts_by_hand("Tea")
    ben.joins("Ben")
    reports_somebody(ben, "Buy now!")
    ada.page.clock.run_for(21_000)
    count = int(before) + 1
    expect(ada.page.locator("#waiting")).to_have_text(str(count))
    expect(ada.page).to_have_title(re.compile(rf"^\({count}\) Blocks"))


def test_who_is_an_admin_no_more_sees_nothing_from_then_on(arrive: Arrive, data: Path) -> None:
    ada = arrive("Ada who goes")
    becomes_admin(ada, data)
    ada.page.clock.install()
    ada.opens("/admin/reports")
    listed = parley("admins", "--data", str(data)).stdout
    [number] = re.findall(r"^(\d+) .*Ada who goes$", listed, re.MULTILINE)
    ada.may_meet(r"status 40[34]", "Failed to load resource")
    parley("admins", "--data", str(data), "remove", number)
    ada.page.clock.run_for(21_000)
    expect(ada.page.get_by_role("heading", name="Nothing here")).to_be_visible()
