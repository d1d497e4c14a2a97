"""Bots on the page: made in Manage, told apart, asked by commands and buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import socketio
from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.visitor import PHONE, Visitor
from tests.servers import Process

PATIENCE_S = 30.0
Json = dict[str, Any]


@dataclass
class Bot:
    """A program of its own, on a socket. `answers` says what to each ask, None for nothing yet."""

    url: str
    room_id: str
    token: str
    answers: Callable[[Json], str | None] = lambda ask: "Done!"
    asked: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = socketio.Client(reconnection=False, request_timeout=PATIENCE_S)
        self._client.on("asked", self._is_asked)
        self._client.connect(
            self.url, auth={"token": self.token}, transports=["websocket"], wait_timeout=PATIENCE_S
        )
        joined = self._client.call("join_room", {"room_id": self.room_id}, timeout=PATIENCE_S)
        assert joined["ok"], joined

    def calls(self, method: str, path: str, body: Json) -> Json:
        reply: Json = requests.request(
            method,
            f"{self.url}/api/conversations/{self.room_id}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_S,
        ).json()
        assert reply["success"], reply
        return reply

    def declares(self, **commands: str) -> None:
        listed = [{"name": name, "description": about} for name, about in commands.items()]
        self.calls("PUT", "bots/me/commands", {"commands": listed})

    def says(self, text: str, *labels: str) -> Json:
        buttons = [{"id": label.lower(), "label": label} for label in labels]
        return self.calls("POST", "messages", {"message": text, "buttons": buttons})

    def answers_late(self, ask: Json, text: str) -> None:
        self.calls("POST", f"asks/{ask['id']}", {"text": text})

    def goes(self) -> None:
        self._client.disconnect()

    def _is_asked(self, data: Json) -> None:
        self.asked.append(data["ask"])
        text = self.answers(data["ask"])
        if text is not None:
            fields = {"room_id": self.room_id, "id": data["ask"]["id"], "text": text}
            self._client.emit("answer_ask", fields)


@pytest.fixture
def bots(site: Process) -> Iterator[Callable[..., Bot]]:
    """Makes bots of a seeded conversation."""
    made: list[Bot] = []

    def make(seeded: Seeded, name: str = "Echo", **options: Any) -> Bot:
        reply = requests.post(
            f"{site.url}/api/conversations/{seeded.room_id}/bots",
            json={"name": name},
            headers={"Authorization": f"Bearer {seeded.tokens['owner']}"},
            timeout=PATIENCE_S,
        ).json()
        made.append(Bot(site.url, seeded.room_id, reply["token"], **options))
        return made[-1]

    yield make
    for each in made:
        each.goes()


def comes(arrive: Arrive, seeded: Seeded, name: str = "Ada", **options: Any) -> Visitor:
    visitor = arrive(name, **options)
    visitor.has_session(seeded.tokens[name])
    visitor.opens(seeded.link)
    visitor.is_connected()
    return visitor


def talk_of(seeding: Seeding) -> Seeded:
    return seeding.conversation(said=[Said("Ada", "Hello"), Said("Ben", "Hi")], owner="Ada")


def test_a_command_is_completed_used_and_answered_for_whoever_asked(
    seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot]
) -> None:
    seeded = talk_of(seeding)
    bot = bots(seeded, answers=lambda ask: f"<b>{ask['text'].upper()}</b>\n1 2")
    bot.declares(deploy="Deploys a branch", echo="Says it again")
    ada, ben = comes(arrive, seeded), comes(arrive, seeded, "Ben")
    offered = ada.page.get_by_role("listbox", name="Commands").get_by_role("option")
    ada.types("/")
    expect(offered).to_have_text([re.compile("/deploy.*Deploys a branch"), re.compile("/echo")])
    expect(ada.composer).to_have_attribute("aria-activedescendant", "command-0")
    ada.types("e")
    expect(offered).to_have_count(1)
    ada.page.keyboard.press("Tab")
    expect(ada.composer).to_have_value("/echo ")
    ada.types("tea")
    ada.page.keyboard.press("Enter")
    answers = ada.page.get_by_role("log", name="Answers from bots")
    expect(answers).to_contain_text("Echo")
    expect(answers).to_contain_text("<b>TEA</b>")
    expect(ada.composer).to_have_value("")
    assert [ask["name"] for ask in bot.asked] == ["echo"]
    ada.says("Thanks")
    ben.reads("Thanks")
    ben.does_not_see("/echo tea")
    ada.page.get_by_role("button", name="Close the answer from Echo").click()
    expect(answers).to_be_hidden()
    assert ada.measures("document.activeElement.id") == "message"


def test_what_is_no_command_is_a_message(
    seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot]
) -> None:
    seeded = talk_of(seeding)
    bots(seeded).declares(echo="Says it again")
    ada = comes(arrive, seeded)
    for text in ("/etc/hosts", "/other one", "/ echo"):
        ada.types(text)
        ada.page.keyboard.press("Escape")
        ada.page.keyboard.press("Enter")
        ada.reads(text)


def test_a_button_is_pressed_and_its_bot_is_late(
    seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot]
) -> None:
    seeded = talk_of(seeding)
    bot = bots(seeded, name="Deploy", answers=lambda ask: None)
    bot.says("Deploy to production?", "Yes", "<i>No</i>")
    ada = comes(arrive, seeded)
    message = ada.message("Deploy to production?")
    expect(message.locator('[data-part="mark"]')).to_have_text("bot")
    # Those that the server rendered, and one that comes while the page is open.
    bot.says("And now?", "Stop")
    stop = ada.message("And now?").get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    expect(message.get_by_role("button")).to_have_text(["Yes", "<i>No</i>"])
    message.get_by_role("button", name="Yes").click()
    answers = ada.page.get_by_role("log", name="Answers from bots")
    expect(answers).to_contain_text("Deploy hasn’t answered yet", timeout=15_000)
    bot.answers_late(bot.asked[0], "Deployed.")
    expect(answers).to_contain_text("Deploy Deployed.")
    assert (bot.asked[0]["button"], bot.asked[0]["kind"]) == ("yes", "button")


def test_buttons_follow_an_edit(seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot]) -> None:
    seeded = talk_of(seeding)
    bot = bots(seeded)
    said = bot.says("Deploy?", "Yes", "No")
    ada = comes(arrive, seeded)
    expect(ada.message("Deploy?").locator("[data-button]")).to_have_count(2)
    bot.calls("PATCH", f"messages/{said['id']}", {"message": "Deployed.", "buttons": []})
    expect(ada.message("Deployed.").locator("[data-button]")).to_have_count(0)


def test_an_owner_makes_a_bot_sees_its_token_once_and_revokes_it(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = talk_of(seeding)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["owner"])
    ada.may_use_the_clipboard()
    ada.page.goto(f"{seeded.link}/manage#bots")
    ada.page.get_by_text("Make a bot", exact=True).first.click()
    ada.page.get_by_label("Name", exact=True).fill("Echo")
    assert not grave_faults(ada.page)
    ada.page.get_by_role("button", name="Make a bot").click()
    token = ada.page.get_by_role("textbox", name="Token").input_value()
    ada.page.get_by_role("button", name="Copy token").click()
    expect(ada.page.get_by_role("button", name="Copied")).to_be_visible()
    assert len(token) >= 43
    assert not grave_faults(ada.page)
    ada.page.get_by_role("link", name="Done").click()
    row = ada.page.get_by_role("listitem").filter(has_text="not used yet")
    expect(row).to_contain_text("Can read, write and react")
    row.get_by_text("Can read, write and react").click()
    row.get_by_label("Moderate").check()
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Can read, write, react and moderate")
    row.get_by_role("button", name="Revoke").click()
    ada.page.get_by_role("button", name="Revoke the bot").click()
    expect(ada.page.get_by_text("The bot was revoked.")).to_be_visible()


def test_people_see_that_it_is_a_bot(
    seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot]
) -> None:
    seeded = talk_of(seeding)
    ada = comes(arrive, seeded)
    bots(seeded)
    expect(ada.people.filter(has_text="Echo")).to_contain_text("bot")
    ada.reloads()
    expect(ada.people.filter(has_text="Echo")).to_contain_text("bot")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_all_fits_a_phone_and_has_no_grave_faults(
    seeding: Seeding, arrive: Arrive, bots: Callable[..., Bot], scheme: str
) -> None:
    seeded = talk_of(seeding)
    bot = bots(seeded, answers=lambda ask: "x" * 900)
    bot.declares(**{"a-long-name-of-a-command-to-wrap": "Says it again " * 7})
    bot.says("Which?", *(f"{number} {'w' * 38}" for number in range(5)))
    ada = comes(arrive, seeded, "Ada", color_scheme=scheme, **PHONE)
    ada.types("/a-long-name-of-a-command-to-wrap tea")
    ada.sends("/a-long-name-of-a-command-to-wrap tea")
    expect(ada.page.get_by_role("log", name="Answers from bots")).to_contain_text("xxx")
    ada.types("/")
    expect(ada.page.get_by_role("option")).to_have_count(1)
    assert ada.measures("document.documentElement.scrollWidth") <= 320
    assert not grave_faults(ada.page)


def test_a_page_that_needs_nothing_of_bots_loads_nothing_of_them(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = talk_of(seeding)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    asked: list[str] = []
    ada.context.on("request", lambda request: asked.append(request.url))
    ada.opens(seeded.link)
    ada.is_connected()
    ada.says("A plain message with a / in it")
    assert not [url for url in asked if "/bots" in url or "/commands" in url]
    with ada.page.expect_response(re.compile("/commands$")):
        ada.types("/")


def test_what_is_encrypted_goes_to_no_bot_whatever_the_server_says(arrive: Arrive) -> None:
    ada = arrive("Ada")
    starts_encrypted(ada)
    offer = {"bot": "b", "username": "Spy", "name": "echo", "description": "Says it again"}
    ada.page.route(
        "**/commands", lambda route: route.fulfill(json={"success": True, "commands": [offer]})
    )
    ada.types("/echo tea")
    ada.page.keyboard.press("Enter")
    ada.reads("/echo tea")
    expect(ada.page.get_by_role("option")).to_have_count(0)
    expect(ada.page.get_by_role("log", name="Answers from bots")).to_have_count(0)


def test_what_was_written_goes_out_where_nothing_of_bots_loads(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = talk_of(seeding)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.may_meet("failed", "Failed to load resource", "ERR_FAILED", "console")
    ada.page.route(re.compile(r"/bots[^/]*\.js$"), lambda route: route.abort())
    ada.opens(seeded.link)
    ada.is_connected()
    ada.sends("/echo tea")
    ada.reads("/echo tea")
