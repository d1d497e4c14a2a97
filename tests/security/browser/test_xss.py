"""Whatever people write as title, description, name or message is shown, and never run."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import socketio
from playwright.sync_api import expect

from parley.contract import DESCRIPTION_MAX_CHARS, TITLE_MAX_CHARS, USERNAME_MAX_CHARS
from tests import effort
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import Visitor
from tests.security.browser.xss import VECTORS, Watch, cut
from tests.servers import Process

PATIENCE_S = 30
AT_ONCE = 8
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def reader(arrive: Arrive) -> tuple[Visitor, Watch]:
    """Cleo, who reads it all, and is watched over from the first page on."""
    cleo = arrive("Cleo")
    return cleo, Watch(cleo)


@pytest.fixture(scope="module")
def listed(seeding: Seeding) -> list[Seeded]:
    """A conversation for each vector, with it as title and description."""
    return [
        seeding.conversation(
            cut(vector, TITLE_MAX_CHARS),
            description=cut(vector, DESCRIPTION_MAX_CHARS),
            listed=True,
        )
        for vector in VECTORS
    ]


def test_there_is_enough_of_it() -> None:
    assert len(set(VECTORS)) >= 60


def test_the_list_runs_nothing(listed: list[Seeded], reader: tuple[Visitor, Watch]) -> None:
    cleo, watch = reader
    cleo.opens("/conversations")
    expect(cleo.page.locator(".row")).to_have_count(len(listed))
    watch.finds_nothing()


def test_a_title_and_a_description_run_nothing(
    listed: list[Seeded], reader: tuple[Visitor, Watch]
) -> None:
    cleo, watch = reader
    for seeded in listed[:: effort.times(8, full=1)]:
        # With its scripts run, but without waiting for what loads after.
        cleo.page.goto(seeded.link, wait_until="domcontentloaded")
        watch.finds_nothing()


def test_a_search_runs_nothing(reader: tuple[Visitor, Watch]) -> None:
    cleo, watch = reader
    for vector in VECTORS[:: effort.times(8, full=4)]:
        cleo.opens(f"/conversations?q={quote(cut(vector, 200))}")
        watch.finds_nothing()


def test_names_and_messages_served_with_the_page_run_nothing(
    seeding: Seeding, reader: tuple[Visitor, Watch]
) -> None:
    said = [Said(cut(vector, USERNAME_MAX_CHARS), vector) for vector in VECTORS]
    seeded = seeding.conversation("All of it", said)
    cleo, watch = reader
    cleo.opens(seeded.link)
    cleo.is_connected()
    expect(cleo.messages).to_have_count(len(VECTORS))
    watch.finds_nothing()


@pytest.fixture
def mallory(site: Process) -> Iterator[socketio.SimpleClient]:
    """A program on a socket, who takes another name for each thing she says."""
    client = socketio.SimpleClient()
    client.connect(site.url, transports=["websocket"], wait_timeout=PATIENCE_S)
    yield client
    client.disconnect()


def test_names_and_messages_that_come_live_run_nothing(
    seeding: Seeding, reader: tuple[Visitor, Watch], mallory: socketio.SimpleClient
) -> None:
    seeded = seeding.conversation("Live")
    room = {"room_id": seeded.room_id}
    cleo, watch = reader
    cleo.comes(seeded.link)
    vectors = VECTORS[:: effort.times(2, full=1)]
    for number, vector in enumerate(vectors, 1):
        name = cut(vector, USERNAME_MAX_CHARS)
        for event, data in (
            ("join_room", {**room, "username": name}),
            ("typing", {**room, "is_typing": True}),
            ("send_message", {**room, "message": vector}),
            ("leave_room", room),
        ):
            assert mallory.call(event, data, timeout=PATIENCE_S)["ok"]
        if number % AT_ONCE == 0:
            expect(cleo.messages).to_have_count(number)
    expect(cleo.messages).to_have_count(len(vectors))
    watch.finds_nothing()


def test_what_a_form_shows_again_runs_nothing(
    seeding: Seeding, reader: tuple[Visitor, Watch]
) -> None:
    seeded = seeding.conversation("Refused")
    cleo, watch = reader
    cleo.may_meet("413")
    for vector in VECTORS[:: effort.times(16, full=8)]:
        cleo.opens(seeded.link)
        cleo.name_field.evaluate(
            "(field, text) => { field.value = text; field.form.submit(); }",
            vector + "x" * USERNAME_MAX_CHARS,
        )
        expect(cleo.page.get_by_role("alert").filter(visible=True)).to_contain_text("too long")
        watch.finds_nothing()


def test_ones_own_draft_and_message_run_nothing(reader: tuple[Visitor, Watch]) -> None:
    cleo, watch = reader
    cleo.starts("Own")
    for vector in VECTORS[:: effort.times(12, full=6)]:
        cleo.composer.fill(vector)
        cleo.reloads()
        cleo.is_connected()
        watch.finds_nothing()
        cleo.says(vector)
        watch.finds_nothing()
