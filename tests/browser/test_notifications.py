"""Notifications on pages: offered where they help, turned on, chosen, explained.

Browsers reach no push service here, so the page's subscription is one of ours (`SUBSCRIBES`). What
the worker does with what comes from there is in `tests/js/push.test.mjs`.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Seeding
from tests.browser.test_looks import has_amber
from tests.browser.visitor import SLOW_MS, Visitor

pytestmark = [
    pytest.mark.with_worker,
    pytest.mark.not_in_firefox("it asks nobody in a window that a test makes"),
]

ENDPOINT = "https://push.example.net/a-browser"
SUBSCRIBES = """
(() => {
  const key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZ"
    + "GH6SRpkNtoIAiw4";
  const keys = { p256dh: key, auth: "BTBZMqHH6r4Tts7J_aSIgg" };
  const made = (options) => ({
    endpoint: "ENDPOINT", options, toJSON: () => ({ endpoint: "ENDPOINT", keys }),
    unsubscribe: async () => { sessionStorage.removeItem("subscribed"); return true; },
  });
  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0)).buffer;
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    sessionStorage.setItem("subscribed", applicationServerKey);
    return made({ applicationServerKey: bytes(applicationServerKey) });
  };
  PushManager.prototype.getSubscription = async () => {
    const known = sessionStorage.getItem("subscribed");
    return known ? made({ applicationServerKey: bytes(known) }) : null;
  };
})();
""".replace("ENDPOINT", ENDPOINT)


def becomes(visitor: Visitor, promise: str, given: str = "") -> None:
    """Wait for what a page has to ask for."""
    last = time.monotonic() + SLOW_MS / 1000
    while not visitor.page.evaluate(promise, given):
        assert time.monotonic() < last


def room_of(visitor: Visitor) -> str:
    return visitor.page.url.split("/conversation/")[1].split("#")[0]


UNDECIDED = """
const allowed = () => sessionStorage.getItem("allowed") ?? "default";
Object.defineProperty(Notification, "permission", { get: allowed });
Notification.requestPermission = async () => {
  sessionStorage.setItem("allowed", "granted");
  return "granted";
};
"""
"""A browser that has not asked yet, and whose holder will say yes."""


@pytest.fixture
def arrive(arrive: Arrive) -> Arrive:
    def undecided(name: str, **options: Any) -> Visitor:
        visitor = arrive(name, permissions=["notifications"], **options)
        visitor.page.add_init_script(SUBSCRIBES + UNDECIDED)
        return visitor

    return undecided


@pytest.fixture
def ada(arrive: Arrive) -> Visitor:
    return arrive("Ada")


def test_they_are_offered_after_ones_first_message_and_turned_on(ada: Visitor) -> None:
    ada.starts()
    expect(ada.page.locator(".offer")).to_have_count(0)
    ada.says("Hello?")
    offer = ada.page.get_by_role("group", name="Notifications")
    expect(offer).to_contain_text("when someone answers?")
    # It leaves amber to what is written, and the room of a phone with its keyboard to what was.
    has_amber(ada)
    ada.page.set_viewport_size({"width": 320, "height": 300})
    expect(offer).to_be_hidden()
    expect(ada.message("Hello?")).to_be_in_viewport(ratio=1)
    ada.page.set_viewport_size({"width": 1280, "height": 720})
    offer.get_by_role("button", name="Turn on").click()
    expect(offer).to_contain_text("You'll be notified on this device.")
    reply = ada.page.evaluate("async () => (await fetch('/api/push')).json()")
    assert [each["service"] for each in reply["devices"]] == ["push.example.net"]
    offer.get_by_role("button", name="OK").click()
    ada.says("Anybody?")
    expect(ada.page.locator(".offer")).to_have_count(0)


def test_what_of_and_where_is_chosen_in_a_dialog(ada: Visitor) -> None:
    ada.starts()
    ada.page.get_by_role("button", name="Notifications").click()
    dialog = ada.page.get_by_role("dialog", name="Notifications")
    expect(dialog.get_by_label("As usual (everything)")).to_be_checked()
    dialog.get_by_label("Mentions and replies").check()
    dialog.get_by_label("Pause").select_option(label="8 hours")
    dialog.get_by_label("Notify me on this device").check()
    words = dialog.get_by_label("Show names and what was said")
    expect(words).to_be_enabled()
    words.uncheck()
    dialog.get_by_label("Quiet hours").check()
    expect(dialog.get_by_label("From")).to_have_value("22:00")
    path = f"/api/conversations/{room_of(ada)}/notifications"
    becomes(
        ada,
        """async (path) => {
          const level = await (await fetch(path)).json();
          const { devices: [device] } = await (await fetch("/api/push")).json();
          return level.level === "mentions" && level.quiet_until && device?.words === false
            && device.quiet_hours?.start === "22:00";
        }""",
        path,
    )
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    ada.page.wait_for_function("() => !history.state?.dialogs")
    ada.page.reload()
    ada.page.get_by_role("button", name="Notifications").click()
    expect(dialog.get_by_label("Mentions and replies")).to_be_checked()
    expect(dialog.get_by_label("As usual (everything)")).to_be_visible()
    expect(dialog.get_by_label("Notify me on this device")).to_be_checked()
    expect(words).not_to_be_checked()
    dialog.get_by_label("Notify me on this device").uncheck()
    becomes(ada, "async () => !(await (await fetch('/api/push')).json()).devices.length")


def test_what_could_not_be_stored_does_not_look_as_if_it_were(ada: Visitor) -> None:
    ada.starts()
    ada.page.get_by_role("button", name="Notifications").click()
    dialog = ada.page.get_by_role("dialog", name="Notifications")
    dialog.get_by_label("Notify me on this device").check()
    words = dialog.get_by_label("Show names and what was said")
    becomes(ada, "async () => (await (await fetch('/api/push')).json()).devices.length === 1")
    ada.may_meet("ERR_FAILED")
    ada.context.route("**/api/**", lambda route: route.abort())
    dialog.get_by_label("Nothing").click()
    expect(dialog.get_by_role("alert")).to_contain_text("didn't respond")
    expect(dialog.get_by_label("As usual (everything)")).to_be_checked()
    words.click()
    expect(words).to_be_checked()
    ada.context.unroute("**/api/**")
    dialog.get_by_label("Quiet hours").check()
    stored = "async () => (await (await fetch('/api/push')).json()).devices[0].quiet_hours?.start"
    becomes(ada, f"async () => (await ({stored})()) === '22:00'")
    dialog.get_by_label("From").fill("07:00")
    expect(dialog.get_by_role("alert")).to_contain_text("two different times")
    assert ada.page.evaluate(stored) == "22:00"


def test_whoever_waits_at_a_door_and_its_owner_are_offered_it(ada: Visitor, arrive: Arrive) -> None:
    ada.starts()
    ada.page.evaluate(
        """async (room) => {
          const headers = { "Content-Type": "application/json", "Parley-Page": "1" };
          await fetch(`/api/conversations/${room}`,
            { method: "PATCH", headers, body: JSON.stringify({ knock: true }) });
        }""",
        room_of(ada),
    )
    ben = arrive("Ben")
    ben.may_meet("403")
    ben.page.goto(ada.page.url)
    ben.page.get_by_label("Your name").fill("Ben")
    ben.page.get_by_role("button", name="Knock").click()
    expect(ben.page.get_by_role("group", name="Notifications")).to_contain_text("owner answers?")
    offer = ada.page.get_by_role("group", name="Notifications")
    expect(offer).to_contain_text("when someone knocks")


def test_whoever_waits_at_a_door_and_does_not_want_them_is_not_asked_again(
    seeding: Seeding, arrive: Arrive
) -> None:
    talk = seeding.conversation(owner="Ada")
    seeding.decide(talk, {"knock": True})
    ben = arrive("Ben")
    ben.page.clock.install()
    ben.may_meet("403")
    ben.opens(talk.link)
    ben.page.get_by_label("Your name").fill("Ben")
    ben.page.get_by_role("button", name="Knock").click()
    offer = ben.page.get_by_role("group", name="Notifications")
    offer.get_by_role("button", name="Not now").click()
    expect(offer).to_have_count(0)
    # It asks every three seconds whether the owner has answered.
    for _ in range(3):
        with ben.page.expect_response("**/knock"):
            ben.page.clock.run_for(3000)
    expect(offer).to_have_count(0)


def test_on_an_iphone_it_says_that_the_home_screen_is_needed(arrive: Arrive) -> None:
    ada = arrive(
        "Ada",
        viewport={"width": 390, "height": 664},
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    )
    ada.starts()
    ada.says("Hello?")
    offer = ada.page.get_by_role("group", name="Notifications")
    expect(offer).to_contain_text("need this site on your home screen")
    offer.get_by_role("link", name="Show me how").click()
    expect(ada.page.get_by_role("heading", name="On iPhone and iPad")).to_be_visible()
    expect(ada.page.get_by_role("img", name=re.compile("Share button"))).to_be_visible()
