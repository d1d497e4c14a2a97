"""What another chat's service wrote is a quiet line, which nobody can write themselves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import PATIENCE_S, Said, Seeded, Seeding


@pytest.fixture
def imported(seeding: Seeding, data: Path) -> Seeded:
    """A conversation whose first message is the service's, as an import stores it."""
    seeded = seeding.conversation("Tea", [Said("Ana", "Ana created the group"), Said("Ana", "Hi")])
    with closing(sqlite3.connect(data / "parley.db")) as db, db:
        db.execute(
            "UPDATE messages SET type = 'system', user_id = '', username = '' "
            "WHERE seq = 1 AND conversation_id = (SELECT id FROM conversations WHERE room_id = ?)",
            (seeded.room_id,),
        )
    return seeded


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_line_of_the_service_has_no_name(
    arrive: Arrive, imported: Seeded, with_scripts: bool
) -> None:
    ben = arrive("Ben", java_script_enabled=with_scripts)
    ben.opens(imported.link)
    line = ben.page.locator(".message.service")
    expect(line).to_have_text("Ana created the group", use_inner_text=True)
    expect(line.locator(".message-head")).to_be_hidden()
    expect(ben.page.locator(".message:not(.service)")).to_have_count(1)


def test_a_message_of_that_type_is_still_somebodys(
    arrive: Arrive, seeding: Seeding, site: object
) -> None:
    seeded = seeding.conversation("Tea", [Said("Ana", "Hi")])
    requests.post(
        seeded.link.replace("/conversation/", "/api/conversations/") + "/messages",
        json={"message": "Ben left", "type": "system"},
        headers={"Authorization": f"Bearer {seeded.tokens['Ana']}"},
        timeout=PATIENCE_S,
    ).raise_for_status()
    ben = arrive("Ben")
    ben.opens(seeded.link)
    expect(ben.message("Ben left").locator(".message-author")).to_have_text("Ana")
    expect(ben.page.locator(".message.service")).to_have_count(0)
