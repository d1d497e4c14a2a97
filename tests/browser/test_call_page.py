"""What a call looks and sounds like on the page: ringing, devices that come and go, the keyboard.

What a phone does to a page in a call (it takes the microphone for a phone call, the camera when the
screen is locked) comes here as the events by which browsers tell of it: Chromium's own devices are
never taken away.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
import socketio
from playwright.sync_api import Browser, Locator, Playwright, expect

from tests.browser import chromium
from tests.browser.axe import grave_faults
from tests.browser.test_calls import (
    FAKE_DEVICES,
    RECEIVED,
    calls,
    does,
    goes_in,
    hears,
    is_in,
    is_reached,
    joins,
    meets,
    sees,
    tile,
)
from tests.browser.visitor import Visitor
from tests.servers import Process

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

COUNTS_TONES = """
globalThis.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  tones += 1;
  return start.apply(this, given);
};
"""
# A voice that never pauses, in place of a beep each second, until it is to fail.
TALKS = """
globalThis.taken = [];
globalThis.fails = "";
const original = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = async function (wanted) {
  if (fails) throw new DOMException("", fails);
  let stream = await original.call(this, wanted);
  if (wanted.audio) {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 300 });
    const voice = context.createMediaStreamDestination();
    tone.connect(voice);
    tone.start();
    stream = voice.stream;
  }
  taken.push(...stream.getTracks());
  return stream;
};
"""
PLAYS = """
MediaDevices.prototype.getDisplayMedia = async () => {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  setInterval(() => pen.fillRect(0, 0, Math.random() * 100, 100), 50);
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 300 });
  const sound = context.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const [audio] = sound.stream.getAudioTracks();
  globalThis.shared = new MediaStream([...canvas.captureStream(15).getVideoTracks(), audio]);
  return shared;
};
"""
# A muted microphone sends silence.
LOUD_ENOUGH = f"async before => (await ({RECEIVED})('audio')).energy > before + 0.1"
ENDS = """kind => taken.findLast(track => track.kind === kind).dispatchEvent(new Event("ended"))"""
IS_HELD = """([kind, muted]) => {
  const track = taken.findLast(track => track.kind === kind);
  Object.defineProperty(track, "muted", { value: muted, configurable: true });
  track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
}"""
IS_SEEN = """visible => {
  Object.defineProperty(document, "visibilityState", { value: visible, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
COUNTS_LOCKS = """
globalThis.locks = [];
WakeLock.prototype.request = async () => {
  const lock = { released: false, release: async () => void (lock.released = true) };
  locks.push(lock);
  return lock;
};
"""
FITS = """() => {
  const list = document.querySelector(".call-tiles");
  const bounds = list.getBoundingClientRect();
  const tiles = [...list.children].map((tile) => tile.getBoundingClientRect());
  const overlaps = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  return {
    outside: tiles.filter(({ left, right, top, bottom }) =>
      left < bounds.left - 1 || right > bounds.right + 1 || top < bounds.top - 1
      || bottom > bounds.bottom + 1).length,
    over: tiles.filter((one, at) => tiles.slice(at + 1).some(overlaps.bind(null, one))).length,
    small: tiles.filter(({ width, height }) => width < 50 || height < 50).length,
    scrolls: document.documentElement.scrollWidth > innerWidth,
  };
}"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """With some cameras and a few microphones."""
    some = "--use-fake-device-for-media-stream=device-count=3"
    browser = chromium.launch(playwright, *FAKE_DEVICES[1:], some)
    yield browser
    browser.close()


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def bar(who: Visitor) -> Locator:
    return who.page.get_by_role("region", name="Call")


def line(who: Visitor) -> Locator:
    return who.page.locator(".call-line")


def tones(who: Visitor) -> int:
    count: int = who.measures("() => tones")
    return count


def knows_what_is_wished(who: Visitor) -> None:
    """Whether this conversation is to leave them alone."""
    who.page.wait_for_function(
        "() => performance.getEntriesByType('resource').some("
        "({ name, responseEnd }) => name.endsWith('/notifications') && responseEnd > 0)"
    )


def test_a_call_rings_on_open_pages_unless_it_is_to_be_quiet(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = meets(ada)
    for each in (ben, cleo):
        each.context.add_init_script(COUNTS_TONES)
        meets(each, link)
    path = f"/api/conversations/{link.rpartition('/')[2]}/notifications"
    cleo.measures(
        """async path => {
          const headers = { "Content-Type": "application/json", "X-Parley-Page": "1" };
          const reply = await fetch(path, { method: "PUT", headers, body: '{"level": "none"}' });
          if (!reply.ok) throw new Error(await reply.text());
        }""",
        path,
    )
    calls(ada)
    expect(bar(ben)).to_contain_text("Ada is calling")
    ben.page.wait_for_function("() => tones > 0")
    expect(bar(cleo)).to_contain_text("Ada is calling")
    knows_what_is_wished(cleo)
    assert tones(cleo) == 0
    assert grave_faults(ben.page) == []
    # Whoever doesn't want to is left alone, and can still come.
    bar(ben).get_by_role("button", name="Not now").click()
    expect(bar(ben)).not_to_contain_text("calling")
    expect(bar(ben).get_by_role("button", name="Join call")).to_be_focused()
    # Who comes late joins what goes on; who is in it hears nothing of it any more.
    joins(cleo)
    expect(line(ada)).to_have_text("Cleo joined the call.")
    does(cleo, "Leave call")
    expect(line(ada)).to_have_text("Cleo left the call.")
    expect(bar(cleo)).not_to_contain_text("calling")


def test_who_writes_is_not_rung_at(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    ben.context.add_init_script(COUNTS_TONES)
    meets(ben, link)
    ben.types("I was about to")
    calls(ada)
    expect(bar(ben)).to_contain_text("Ada is calling")
    knows_what_is_wished(ben)
    assert tones(ben) == 0
    # Once they pause, it rings.
    ben.page.wait_for_function("() => tones > 0")


def test_a_missed_call_is_unread_in_the_list(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    ben.opens("/")
    calls(ada)
    duration = ada.page.get_by_role("timer", name="Duration")
    expect(duration).to_have_text(re.compile(r"0:(0[4-9]|[1-5]\d)"))
    does(ada, "Leave call")
    row = ben.page.locator(".own-row")
    expect(row).to_contain_text("1 new")
    expect(row.locator(".row-last")).to_have_text("Missed call from Ada")
    ben.page.reload()
    expect(row.locator(".row-last")).to_have_text("Missed call from Ada")


def test_a_notification_leads_into_the_call(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    ben.opens("/")
    calls(ada)
    ben.opens(f"{link}#call")
    goes_in(ben, "Join", video=False)
    is_reached(ada, "Ben")
    assert ben.measures("() => location.hash") == ""
    # Later there is no call to come into, and none is begun.
    does(ben, "Leave call")
    does(ada, "Leave call")
    ben.opens("/")
    ben.opens(f"{link}#call")
    ben.is_connected()
    expect(ben.page.locator(".call-before")).to_have_count(0)


def test_who_talks_while_muted_is_told_so(ada: Visitor) -> None:
    ada.context.add_init_script(TALKS)
    meets(ada)
    calls(ada)
    expect(tile(ada, "You")).to_have_class(re.compile("speaks"))
    does(ada, "Mute")
    expect(line(ada)).to_have_text("You're muted: others can't hear you.")
    expect(tile(ada, "You")).not_to_have_class(re.compile("speaks"))
    expect(ada.page.get_by_text("Hold Space to talk")).to_be_visible()


def test_devices_that_are_taken_away_come_back(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    ben.context.add_init_script(TALKS)
    meets(ben, link)
    calls(ada)
    joins(ben, video=True)
    is_reached(ada, "Ben")
    sees(ada, "Ben")
    # A headset is pulled out, and there is another microphone.
    ben.measures(ENDS, "audio")
    expect(line(ben)).to_contain_text("Now you're heard through")
    hears(ada)
    # There is none.
    ben.measures("() => (fails = 'NotFoundError')")
    ben.measures(ENDS, "audio")
    expect(line(ben)).to_have_text("Your microphone was disconnected. Others can't hear you.")
    expect(tile(ada, "Ben")).to_contain_text("Muted")
    # And one is plugged in.
    ben.measures("() => (fails = '')")
    ben.measures("() => navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(line(ben)).to_have_text("Your microphone is back. Others can hear you.")
    hears(ada)
    # A phone call comes in, and ends.
    ben.measures(IS_HELD, ["audio", True])
    expect(line(ben)).to_contain_text("has paused your microphone")
    expect(tile(ada, "Ben").locator(".call-sign").nth(1)).to_be_visible()
    ben.measures(IS_HELD, ["audio", False])
    expect(line(ben)).to_have_text("Your microphone is back.")
    expect(tile(ada, "Ben").locator(".call-sign").nth(1)).to_be_hidden()
    # The screen is locked, and with it the camera.
    ben.measures(IS_HELD, ["video", True])
    expect(tile(ada, "Ben").locator("video")).to_be_hidden()
    ben.measures(IS_HELD, ["video", False])
    sees(ada, "Ben")
    # It is unplugged: nobody is shown by another that they didn't choose.
    ben.measures(ENDS, "video")
    expect(line(ben)).to_have_text("Your camera was disconnected.")
    expect(tile(ada, "Ben").locator("video")).to_be_hidden()
    does(ben, "Turn camera on")
    sees(ada, "Ben")


def test_a_permission_that_is_taken_back_is_told(ada: Visitor) -> None:
    ada.context.add_init_script(TALKS)
    meets(ada)
    calls(ada)
    ada.measures("() => (fails = 'NotAllowedError')")
    ada.measures(ENDS, "audio")
    expect(line(ada)).to_contain_text("may not use your microphone")
    does(ada, "Unmute")
    expect(line(ada)).to_contain_text("Allow it in your browser's settings")
    ada.measures("() => (fails = '')")
    does(ada, "Unmute")
    expect(ada.page.get_by_role("toolbar").get_by_role("button", name="Mute")).to_be_visible()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "may not use your microphone"),
        ("NotReadableError", "in use by another program"),
        ("NotFoundError", "No microphone was found"),
    ],
)
def test_without_a_microphone_one_joins_and_listens(
    ada: Visitor, ben: Visitor, error: str, words: str
) -> None:
    link = meets(ada)
    ben.context.add_init_script(TALKS + f"fails = '{error}';")
    meets(ben, link)
    calls(ada)
    ben.page.locator("header").get_by_role("button", name="Join call").click()
    asked = ben.page.locator(".call-before")
    expect(asked.get_by_role("alert")).to_contain_text(words)
    asked.get_by_role("button", name="Join without microphone").click()
    is_in(ben)
    expect(tile(ada, "Ben")).to_contain_text("Muted")
    hears(ben)


def test_a_page_that_may_not_ask_comes_back_by_one_press(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    ben.page.reload()
    back = bar(ben).get_by_role("button", name="Come back to the call")
    expect(back).to_have_text("Come back")
    expect(bar(ben)).not_to_contain_text("calling")
    back.click()
    is_in(ben)
    is_reached(ben, "Ada")
    hears(ada)


def test_the_screen_stays_on_as_long_as_one_looks_at_it(ada: Visitor) -> None:
    ada.context.add_init_script(COUNTS_LOCKS)
    meets(ada)
    calls(ada)
    ada.page.wait_for_function("() => locks.length === 1")
    ada.measures(IS_SEEN, "hidden")
    ada.measures(IS_SEEN, "visible")
    ada.page.wait_for_function("() => locks.length === 2")
    does(ada, "Leave call")
    ada.page.wait_for_function("() => locks.at(-1).released")


def test_a_shared_screen_is_heard_too(ada: Visitor, ben: Visitor) -> None:
    """By a screen that plays a tone: Chromium's own, without a window, is silent."""
    link = meets(ada)
    ada.context.add_init_script(PLAYS)
    meets(ben, link)
    ada.reloads()
    ada.is_connected()
    calls(ada)
    joins(ben)
    is_reached(ben, "Ada")
    does(ada, "Mute")
    expect(tile(ben, "Ada")).to_contain_text("Muted")
    does(ada, "Share screen")
    expect(tile(ben, "Ada's screen").locator("video")).to_be_visible()
    before = ben.measures(RECEIVED, "audio")["energy"]
    ben.page.wait_for_function(LOUD_ENOUGH, arg=before)
    # The browser's own bar ends it, sound and all.
    ada.measures("() => shared.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(tile(ben, "Ada's screen")).to_have_count(0)
    expect(ada.page.get_by_role("button", name="Share screen")).to_be_visible()
    assert ada.measures("() => shared.getTracks().map((track) => track.readyState)") == [
        "ended",
        "ended",
    ]


def test_a_picture_floats_and_another_camera_is_chosen(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada, video=True)
    joins(ben)
    sees(ben, "Ada")
    does(ben, "Picture in picture")
    ben.page.wait_for_function("() => document.pictureInPictureElement")
    does(ada, "People and devices")
    cameras = ada.page.get_by_role("combobox", name="Camera")
    names = cameras.locator("option").all_inner_texts()
    cameras.select_option(names[2])  # the second gives pictures that can't be sent
    ada.page.wait_for_function(
        "id => document.querySelector('.is-you video').srcObject.getVideoTracks()[0]"
        ".getSettings().deviceId === id",
        arg=cameras.input_value(),
    )
    hears(ben, "video")
    does(ben, "Picture in picture")
    ben.page.wait_for_function("() => !document.pictureInPictureElement")


def test_all_of_it_goes_by_keyboard(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    tools = ada.page.get_by_role("toolbar", name="Call")
    mute = tools.get_by_role("button", name=re.compile("ute$"))
    mute.focus()
    ada.page.keyboard.press("Enter")
    expect(mute).to_have_text("Unmute")
    expect(mute).to_be_focused()
    expect(ada.page.locator(".call-stage > [role=status]")).to_have_text("Muted")
    ada.page.keyboard.press("Space")
    expect(mute).to_have_text("Mute")
    for _ in range(3):
        ada.page.keyboard.press("ArrowRight")
    expect(tools.get_by_role("button", name="Raise hand")).to_be_focused()
    ada.page.keyboard.press("Enter")
    expect(line(ben)).to_have_text("Ada raised their hand.")
    ada.page.keyboard.press("ArrowRight")
    ada.page.keyboard.press("ArrowRight")
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("region", name="People and devices")).to_be_focused()
    assert grave_faults(ada.page) == []
    # Out of the window, which leaves the call where it is, and back.
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("dialog", name="Call", exact=True)).to_be_hidden()
    assert grave_faults(ada.page) == []
    bar(ada).get_by_role("button", name="Open call").focus()
    ada.page.keyboard.press("Enter")
    is_in(ada)
    tools.get_by_role("button", name="Mute").focus()
    ada.page.keyboard.press("ArrowLeft")
    expect(tools.get_by_role("button", name="Leave call")).to_be_focused()
    ada.page.keyboard.press("Enter")
    expect(tile(ben, "Ada")).to_have_count(0)


def test_whatever_the_window_every_tile_has_its_place(
    site: Process, ada: Visitor, stack: contextlib.ExitStack
) -> None:
    link = meets(ada)
    calls(ada)
    tiles = ada.page.locator(".call-tile")
    for count in (2, 3, 6, 10):
        for number in range(tiles.count(), count):
            comes_by_program(site, link, f"Guest {number}", stack)
        expect(tiles).to_have_count(count)
        for width, height in ((320, 640), (390, 844), (768, 1024), (1280, 800), (844, 390)):
            ada.page.set_viewport_size({"width": width, "height": height})
            has_places(ada, f"{count} at {width} x {height}", is_column=height < 480)
        tile(ada, "You").hover()
        tile(ada, "You").get_by_role("button", name="Make You larger").click()
        for width, height in ((320, 640), (390, 844), (768, 1024), (1280, 800), (844, 390)):
            ada.page.set_viewport_size({"width": width, "height": height})
            has_places(ada, f"{count}, one large, at {width} x {height}", is_column=height < 480)
        tile(ada, "You").hover()
        tile(ada, "You").get_by_role("button", name="Make You smaller").click()


def comes_by_program(site: Process, link: str, name: str, stack: contextlib.ExitStack) -> None:
    socket = stack.enter_context(socketio.SimpleClient())
    socket.connect(site.url, transports=["websocket"])
    room_id = link.rpartition("/")[2]
    assert socket.call("join_room", {"room_id": room_id, "username": name})["ok"]
    assert socket.call("call_join", {"room_id": room_id, "audio": True, "video": False})["ok"]


def has_places(who: Visitor, what: str, *, is_column: bool) -> None:
    found = who.measures(FITS)
    assert not found["scrolls"], (what, found)
    assert found["small"] == 0, (what, found)
    # Of two one lies in the corner of the other; a column beside who is large scrolls.
    if who.page.locator(".call-tiles.has-large").count() == 0 or not (
        is_column or who.page.locator(".call-tile").count() == 2
    ):
        assert (found["outside"], found["over"]) == (0, 0), (what, found)
