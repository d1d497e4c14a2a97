"""Whatever people write as title, description, name or message is shown, and never run."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
import requests
import socketio
from playwright.sync_api import expect

from parley.client.encryption import Kind, Opener
from parley.contract import DESCRIPTION_MAX_CHARS, TITLE_MAX_CHARS, USERNAME_MAX_CHARS
from tests import effort
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_encrypted_page import Stranger, starts_encrypted
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
    vectors = VECTORS[:: effort.times(8, full=1)]
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


def test_what_the_server_cannot_read_runs_nothing(
    ada: Visitor, reader: tuple[Visitor, Watch]
) -> None:
    """There no server makes Markdown of it, and bodies may hold anything."""
    link = starts_encrypted(ada, cut(VECTORS[0], TITLE_MAX_CHARS), VECTORS[6])
    cleo, watch = reader
    cleo.may_meet("status 403", "console: Failed to load resource")
    cleo.opens(link)
    cleo.joins()
    mallory = Mallory(link, cut(VECTORS[6], USERNAME_MAX_CHARS))
    vectors = VECTORS[:: effort.times(4, full=1)]
    for number, vector in enumerate(vectors):
        mallory.writes({"text": vector}, f"plain-{number}")
    for number, vector in enumerate(vectors):
        marked = f"**{vector}** `{vector}`\n> {vector}\n- [{vector}](https://a.example/{vector})"
        mallory.writes({"text": marked, "mentions": [vector]}, f"marked-{number}")
    mallory.writes(
        {
            "text": f"@{mallory.name} *last*",
            "mentions": [mallory.user_id, {"a": 1}],
            "parts": [["p", [["script", ["harm()"]]]]],
            "answers": {"seq": VECTORS[6], "digest": VECTORS[6]},
        },
        "odd",
    )
    target = mallory.digest_of("odd")
    for number, vector in enumerate(vectors):
        mallory.writes({"emoji": vector[:60], "on": True}, f"on-{number}", Kind.REACTION, target)
    about = {"title": vectors[0], "description": vectors[1], "text": vectors[2]}
    mallory.writes(about, "about", Kind.ABOUT)
    for again in (False, True):
        if again:
            cleo.reloads()
        expect(cleo.messages.last.locator("em")).to_have_text("last")
        expect(cleo.messages.last.locator(".mention")).to_be_visible()
        watch.finds_nothing()


def test_what_bots_bring_runs_nothing(
    seeding: Seeding, reader: tuple[Visitor, Watch], site: Process
) -> None:
    """Their names, buttons, commands and answers: served with the page, and live."""
    seeded = seeding.conversation("Bots", [Said("Cleo", "Hello")])
    cleo, watch = reader
    vectors = VECTORS[:: effort.times(4, full=1)]
    name = cut(vectors[0], USERNAME_MAX_CHARS)
    made = rest(site, seeded, "POST", "bots", seeded.tokens["owner"], {"name": name})
    token = made["token"]
    commands = [
        {"name": f"c{number}", "description": cut(vector, 100), "hint": cut(vector, 60)}
        for number, vector in enumerate(vectors[:8])
    ]
    rest(site, seeded, "PUT", "bots/me/commands", token, {"commands": commands})
    program = socketio.Client(reconnection=False)
    answers = itertools.cycle(vectors)

    def answer(data: dict[str, Any]) -> None:
        fields = {"room_id": seeded.room_id, "id": data["ask"]["id"], "text": next(answers)}
        program.emit("answer_ask", fields)

    program.on("asked", answer)
    program.connect(site.url, auth={"token": token}, transports=["websocket"], wait_timeout=30)
    program.call("join_room", {"room_id": seeded.room_id}, timeout=PATIENCE_S)

    def says(some: Sequence[str]) -> None:
        for number, vector in enumerate(some):
            buttons = [{"id": vector[:64], "label": cut(vector, 40)}, {"id": "b", "label": "Press"}]
            body = {"message": f"Message {number}", "buttons": buttons}
            rest(site, seeded, "POST", "messages", token, body)

    says(vectors[::2])
    cleo.has_session(seeded.tokens["Cleo"])
    cleo.opens(seeded.link)
    cleo.is_connected()
    says(vectors[1::2])
    expect(cleo.page.get_by_role("button", name="Press")).to_have_count(len(vectors))
    cleo.types("/c")
    expect(cleo.page.get_by_role("option")).to_have_count(len(commands))
    watch.finds_nothing()
    cleo.composer.fill("")
    for row in cleo.messages.filter(has_text="Message").all()[-4:]:
        row.locator("[data-button]").first.click()
        row.get_by_role("button", name="Press").click()
    shown = cleo.page.get_by_role("log", name="Answers from bots").locator(".answer")
    expect(shown).to_have_count(3)
    watch.finds_nothing()
    program.disconnect()


def rest(
    site: Process, seeded: Seeded, method: str, path: str, token: str, body: object
) -> dict[str, Any]:
    reply: dict[str, Any] = requests.request(
        method,
        f"{site.url}/api/conversations/{seeded.room_id}/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_S,
    ).json()
    assert reply["success"], reply
    return reply


class Mallory(Stranger):
    """A member, who seals whatever she likes."""

    def __init__(self, link: str, name: str) -> None:
        super().__init__(link, name)
        self.name = name

    def writes(
        self, body: object, client_id: str, kind: Kind = Kind.MESSAGE, target: bytes | None = None
    ) -> None:
        envelope = self.sealer.seal(
            json.dumps(body).encode(), client_id=client_id, kind=kind, target=target
        )
        self.call("messages", message=envelope, type="encrypted", client_id=client_id)

    def digest_of(self, client_id: str) -> bytes:
        opener = Opener(self.epoch.room, self.epoch)
        [said] = [
            each
            for each in self.call("messages?limit=5")["messages"]
            if each.get("client_id") == client_id
        ]
        opened = opener.open(said["message"], user_id=said["user_id"], client_id=client_id)
        return opened.digest
