"""Calls on the page: people hear and see each other, and are told where they can't.

Chromium brings a camera and a microphone of its own: a green picture, and a beep each second.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio
from playwright.sync_api import Browser, Locator, Playwright, WebSocketRoute, expect

from tests.browser import chromium
from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.visitor import Visitor
from tests.calling.test_turn import SECRET, coturn, needs_coturn
from tests.servers import Process, process

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WITHIN_MS = 30_000
FAKE_DEVICES = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
KEEPS_CONNECTIONS = """
globalThis.connections = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }
};
"""
# What comes from the other end, by kind: how much was played, and how loud it was lately.
RECEIVED = """async kind => {
  let [frames, energy, packets] = [0, 0, 0];
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    for (const each of (await connection.getStats()).values()) {
      if (each.type !== "inbound-rtp" || each.kind !== kind) continue;
      frames += each.framesDecoded ?? 0;
      energy += each.totalAudioEnergy ?? 0;
      packets += each.packetsReceived ?? 0;
    }
  }
  return { frames, energy, packets };
}"""
BITRATES = """() => connections.map(connection =>
  connection.getTransceivers()[1].sender.getParameters().encodings[0].maxBitrate)"""
# Of which kind the addresses are that each told the other.
CANDIDATES = """() => connections.flatMap(connection =>
  [connection.localDescription, connection.remoteDescription].flatMap(({ sdp }) =>
    [...sdp.matchAll(/^a=candidate:.* typ (\\w+)/gm)].map(([, kind]) => kind)))"""
COLOUR = """video => {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(video, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """With a camera and a microphone."""
    browser = chromium.launch(playwright, *FAKE_DEVICES)
    yield browser
    browser.close()


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def meets(who: Visitor, link: str = "") -> str:
    """In the conversation, with a look at their connections; starts one where there is no link."""
    who.context.add_init_script(KEEPS_CONNECTIONS)
    if link:
        who.comes(link)
        return link
    return who.starts("Tea")


def looks(who: Visitor, name: str) -> None:
    """Press the button, and be asked how to join."""
    who.page.locator("header").get_by_role("button", name=name, exact=True).click()
    expect(who.page.get_by_role("dialog").get_by_label("Microphone level")).to_be_visible()


def calls(who: Visitor, *, video: bool = False) -> None:
    looks(who, "Call")
    goes_in(who, "Start call", video=video)


def joins(who: Visitor, *, video: bool = False) -> None:
    looks(who, "Join call")
    goes_in(who, "Join", video=video)


def goes_in(who: Visitor, name: str, *, video: bool) -> None:
    asked = who.page.locator(".call-before")
    expect(asked.get_by_role("checkbox", name="Microphone")).to_be_checked()
    asked.get_by_role("checkbox", name="Camera").set_checked(video)
    if video:
        expect(asked.get_by_label("Your camera")).to_be_visible()
    asked.get_by_role("button", name=name, exact=True).click()
    is_in(who)


def is_in(who: Visitor) -> None:
    expect(who.page.get_by_role("dialog", name="Call", exact=True)).to_be_visible(timeout=WITHIN_MS)


def does(who: Visitor, what: str) -> None:
    who.page.get_by_role("toolbar", name="Call").get_by_role("button", name=what).click()


def tile(who: Visitor, name: str) -> Locator:
    return who.page.locator(".call-tile").filter(
        has=who.page.locator(".call-name bdi", has_text=re.compile(f"^{re.escape(name)}$"))
    )


def hears(who: Visitor, kind: str = "audio") -> None:
    """Until more of it comes than came: a beep, or a frame."""
    more = "energy" if kind == "audio" else "frames"
    before = who.measures(RECEIVED, kind)[more]
    deadline = time.monotonic() + WITHIN_MS / 1000
    while who.measures(RECEIVED, kind)[more] <= before + (0.001 if kind == "audio" else 2):
        assert time.monotonic() < deadline, who.measures(RECEIVED, kind)


def sees(who: Visitor, name: str) -> None:
    """Their picture, in its colour."""
    picture = tile(who, name).locator("video")
    expect(picture).to_be_visible(timeout=WITHIN_MS)
    hears(who, "video")
    red, green, blue = picture.evaluate(COLOUR)
    assert green > 100 > max(red, blue), (red, green, blue)


def is_reached(who: Visitor, name: str) -> None:
    expect(tile(who, name)).to_be_visible(timeout=WITHIN_MS)
    expect(tile(who, name).locator(".call-reached")).to_be_empty(timeout=WITHIN_MS)


def they_call(ada: Visitor, ben: Visitor) -> Locator:
    """With cameras; what tells Ben of it beside the messages."""
    ben_link = meets(ada)
    meets(ben, ben_link)
    calls(ada, video=True)
    # Whoever reads is told at once, and only then.
    bar = ben.page.get_by_role("region", name="Call")
    expect(bar).to_contain_text("Ada")
    joins(ben, video=True)
    for one, other in ((ada, "Ben"), (ben, "Ada")):
        is_reached(one, other)
        hears(one)
        sees(one, other)
    return bar


def they_end(ada: Visitor, ben: Visitor, bar: Locator) -> None:
    bar.get_by_role("button", name="Leave call").click()
    expect(tile(ada, "Ben")).to_have_count(0)
    does(ada, "Leave call")
    for each in (ada, ben):
        line = each.messages.filter(has_text=re.compile(r"Call · .* · Ada, Ben"))
        expect(line).to_be_visible()
        each.reloads()
        expect(line).to_be_visible()
        expect(line).to_have_class(re.compile(r"\bservice\b"))
    expect(ben.page.get_by_role("region", name="Call")).to_be_hidden()


def test_two_people_hear_and_see_each_other(ada: Visitor, ben: Visitor) -> None:
    bar = they_call(ada, ben)
    ben.page.get_by_role("button", name="Back to messages").click()
    they_end(ada, ben, bar)


def test_what_one_turns_off_and_on_the_other_notices(ada: Visitor, ben: Visitor) -> None:
    bar = they_call(ada, ben)
    # Muted is told, and nothing is heard any more.
    does(ben, "Mute")
    expect(tile(ada, "Ben")).to_contain_text("Muted")
    before = ada.measures(RECEIVED, "audio")
    sees(ada, "Ben")
    after = ada.measures(RECEIVED, "audio")
    assert after["packets"] > before["packets"]
    hears(ben)
    # Space talks as long as it is held.
    ben.page.locator(".call-tiles").focus()
    ben.page.keyboard.down(" ")
    expect(tile(ada, "Ben").locator(".call-sign").last).to_be_hidden()
    hears(ada)
    ben.page.keyboard.up(" ")
    expect(tile(ada, "Ben")).to_contain_text("Muted")
    # Another microphone while talking.
    does(ben, "Unmute")
    does(ben, "People and devices")
    ben.page.get_by_role("combobox", name="Microphone").select_option("Fake Audio Input 2")
    expect(tile(ada, "Ben").locator(".call-sign").last).to_be_hidden()
    hears(ada)
    does(ben, "People and devices")
    # A camera that is off shows a face.
    does(ben, "Turn camera off")
    expect(tile(ada, "Ben").locator("video")).to_be_hidden()
    does(ben, "Turn camera on")
    sees(ada, "Ben")
    assert grave_faults(ada.page) == []
    does(ben, "Raise hand")
    expect(ada.page.locator(".call-line")).to_have_text("Ben raised their hand.")
    # One goes on reading and writing, and the call goes on.
    ben.page.get_by_role("button", name="Back to messages").click()
    ben.says("Can you hear me?")
    hears(ben)
    expect(bar).to_contain_text("Ada and you")
    they_end(ada, ben, bar)


def test_a_screen_is_shared_with_all_and_is_large(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = meets(ada)
    meets(ben, link)
    meets(cleo, link)
    calls(ada)
    joins(ben)
    joins(cleo)
    for who, others in ((ada, ("Ben", "Cleo")), (ben, ("Ada", "Cleo")), (cleo, ("Ada", "Ben"))):
        for other in others:
            is_reached(who, other)
        hears(who)
    # To two others goes less than to one.
    ada.page.wait_for_function(f"() => String(({BITRATES})()) === '800000,800000'")
    does(ada, "Share screen")
    for who in (ben, cleo):
        shared = tile(who, "Ada's screen")
        expect(shared).to_have_class(re.compile("is-large"), timeout=WITHIN_MS)
        expect(shared.locator("video")).to_be_visible()
        hears(who, "video")
    does(ada, "Stop sharing")
    expect(tile(cleo, "Ada's screen")).to_have_count(0)
    # An owner decides about all of it.
    does(ada, "People and devices")
    ada.page.get_by_role("button", name="Mute everyone").click()
    for who in (ben, cleo):
        expect(who.page.locator(".call-line")).to_contain_text("Ada muted everyone")
        tools = who.page.get_by_role("toolbar", name="Call")
        expect(tools.get_by_role("button", name="Unmute")).to_be_visible()
    ada.page.get_by_role("button", name="Remove Ben from the call").click()
    said = ben.page.get_by_role("region", name="Call")
    expect(said).to_contain_text("Ada removed you from the call.")
    expect(said.get_by_role("button", name="Join call")).to_be_hidden()
    expect(ada.page.locator(".call-line")).to_have_text("Ben was removed from the call.")
    expect(tile(cleo, "Ben")).to_have_count(0)
    is_reached(ada, "Cleo")
    ada.page.get_by_role("button", name="End call for everyone").click()
    for who in (ada, cleo):
        expect(who.page.get_by_role("dialog", name="Call", exact=True)).to_be_hidden()
        expect(who.messages.filter(has_text="Call · ")).to_be_visible()


def test_a_connection_that_breaks_is_made_again(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada)
    joins(ben)
    for one, other in ((ada, "Ben"), (ben, "Ada")):
        is_reached(one, other)
    # The same connection finds another way.
    ben.measures("() => connections[0].restartIce()")
    hears(ada)
    # One end is gone, and nobody said so.
    ben.measures("() => connections.at(-1).close()")
    reached = tile(ada, "Ben").locator(".call-reached")
    expect(reached).to_have_text("Reconnecting to Ben…", timeout=WITHIN_MS)
    is_reached(ada, "Ben")
    for who in (ada, ben):
        hears(who)
    assert ada.measures("() => connections.length") == 2
    # Without its socket the page goes on talking, and is the same in the call after that.
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.context.set_offline(True)
    ben.page.get_by_role("button", name="Back to messages").click()
    expect(ben.page.locator("#badge-text")).not_to_have_text("Connected")
    hears(ben)
    ben.context.set_offline(False)
    ben.is_connected()
    expect(ben.page.get_by_role("region", name="Call")).to_contain_text("Ada and you")
    hears(ada)
    assert ada.measures("() => connections.length") == 2


def test_a_page_that_is_loaded_again_is_back_and_one_that_is_killed_is_gone(
    ada: Visitor, ben: Visitor
) -> None:
    link = meets(ada)
    meets(ben, link)
    ben.context.grant_permissions(["microphone", "camera"])
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    ben.page.reload()
    is_in(ben)
    is_reached(ben, "Ada")
    is_reached(ada, "Ben")
    expect(tile(ada, "Ben")).to_have_count(1)
    for who in (ada, ben):
        hears(who)
    session = ben.context.new_cdp_session(ben.page)
    session.on("Inspector.targetCrashed", lambda _: None)
    session.send("Inspector.enable")
    with pytest.raises(Exception, match=r"crash|closed"):
        ben.page.goto("chrome://crash")
    expect(tile(ada, "Ben")).to_have_count(0, timeout=WITHIN_MS)


def test_a_seventh_camera_is_refused_and_its_voice_is_not(
    site: Process, ada: Visitor, ben: Visitor, stack: contextlib.ExitStack
) -> None:
    link = meets(ada)
    room_id = link.rpartition("/")[2]
    for number in range(6):
        socket = stack.enter_context(socketio.SimpleClient())
        socket.connect(site.url, transports=["websocket"])
        assert socket.call("join_room", {"room_id": room_id, "username": f"Guest {number}"})["ok"]
        with_camera = {"room_id": room_id, "audio": True, "video": True}
        assert socket.call("call_join", with_camera)["ok"]
    meets(ben, link)
    looks(ben, "Join call")
    assert grave_faults(ben.page) == []
    asked = ben.page.locator(".call-before")
    asked.get_by_role("checkbox", name="Camera").check()
    expect(asked.get_by_label("Your camera")).to_be_visible()
    asked.get_by_role("button", name="Join", exact=True).click()
    expect(asked.get_by_role("alert")).to_contain_text("Join with voice alone")
    asked.get_by_role("checkbox", name="Camera").uncheck()
    asked.get_by_role("button", name="Join", exact=True).click()
    is_in(ben)
    expect(ben.page.locator(".call-tile")).to_have_count(7)


def test_who_cannot_call_is_told_why(arrive: Arrive, site: Process, ben: Visitor) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    ada.starts_by_hand()
    ada.joins()
    ada.page.get_by_role("button", name="Call", exact=True).click()
    expect(ada.page.locator(".call-before [role=alert]")).to_contain_text("Calls need HTTPS")
    # No microphone: one listens.
    ben.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = "
        "async () => { throw new DOMException('', 'NotFoundError'); };"
    )
    meets(ben)
    ben.page.get_by_role("button", name="Call", exact=True).click()
    asked = ben.page.locator(".call-before")
    expect(asked.get_by_role("alert")).to_contain_text("No microphone was found")
    asked.get_by_role("button", name="Start without microphone").click()
    is_in(ben)
    expect(tile(ben, "You")).to_contain_text("Muted")


def test_without_a_way_to_the_other_it_says_what_is_needed(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    # Addresses are found, and nothing reaches them.
    ben.context.add_init_script("RTCPeerConnection.prototype.addIceCandidate = async () => {};")
    ada.context.add_init_script("RTCPeerConnection.prototype.addIceCandidate = async () => {};")
    strips = """
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (given) {
  return set.call(this, { ...given, sdp: given.sdp.replace(/^a=candidate:.*\\r\\n/gm, "") });
};
"""
    for who in (ada, ben):
        who.context.add_init_script(strips)
        who.reloads()
        who.is_connected()
    calls(ada)
    joins(ben)
    reached = tile(ada, "Ben")
    expect(reached).to_contain_text("A TURN server is needed", timeout=90_000)
    expect(reached.get_by_role("button", name="Try again")).to_be_visible()


def test_a_server_that_swaps_fingerprints_is_found_out(ada: Visitor, ben: Visitor) -> None:
    for who in (ada, ben):
        who.context.add_init_script(KEEPS_CONNECTIONS)
    ben.may_meet("status 403", "console: Failed to load resource")  # before there is a key
    swaps: list[bool] = []

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def swap(message: str | bytes) -> None:
            if isinstance(message, str) and swaps and "call_signal" in message:
                message = re.sub(r"(a=fingerprint:sha-256 )..", r"\g<1>00", message)
            route.send(message)

        server.on_message(swap)

    ben.page.route_web_socket(re.compile(r"/socket\.io/"), between)
    link = starts_encrypted(ada, "Secret tea")
    ben.opens(link)
    ben.joins()
    calls(ada)
    joins(ben)
    for one, other in ((ada, "Ben"), (ben, "Ada")):
        is_reached(one, other)
        hears(one)
    does(ben, "Leave call")
    expect(tile(ada, "Ben")).to_have_count(0)
    swaps.append(True)
    joins(ben)
    expect(tile(ben, "Ada")).to_contain_text("isn't signed with their key", timeout=WITHIN_MS)
    does(ben, "Leave call")
    does(ada, "Leave call")
    expect(ben.messages.filter(has_text="Call · ")).to_have_count(1)


def test_nothing_of_calls_is_loaded_before_there_is_one(ada: Visitor, ben: Visitor) -> None:
    asked: list[str] = []
    ben.page.on("request", lambda request: asked.append(request.url))
    link = meets(ada)
    meets(ben, link)
    ben.says("Hello")
    assert not [each for each in asked if re.search(r"/call[s.\-/]", each)]
    calls(ada)
    expect(ben.page.get_by_role("region", name="Call")).to_be_visible()
    assert [each for each in asked if re.search(r"/call[s.\-/]", each)]
    # Nobody came, for longer than a slip of the hand takes.
    duration = ada.page.get_by_role("timer", name="Duration")
    expect(duration).to_have_text(re.compile(r"0:(0[4-9]|[1-5]\d)"))
    does(ada, "Leave call")
    expect(ben.page.get_by_role("region", name="Call")).to_be_hidden()
    ben.reads("Missed call from Ada")
    expect(ben.page.locator("#announcer")).to_contain_text("Missed call from Ada")
    # What owners turn off is gone at once, and there again.
    button = ben.page.get_by_role("button", name="Call", exact=True)
    ada.decides(link, calls="off")
    expect(button).to_be_hidden()
    ben.reloads()
    ben.is_connected()
    expect(button).to_be_hidden()
    ada.decides(link, calls="on")
    expect(button).to_be_visible()


@needs_coturn
def test_where_all_is_relayed_nobody_learns_an_address(
    browser: Browser, tmp_path: Path, arrive: Arrive
) -> None:
    with (
        coturn(tmp_path) as port,
        process(
            tmp_path / "data",
            *("--port", "0", "--turn", f"turn:127.0.0.1:{port}?transport=udp"),
            *("--turn-secret", SECRET),
        ) as site,
    ):
        ada, ben = arrive("Ada", url=site.url), arrive("Ben", url=site.url)
        link = meets(ada)
        meets(ben, link)
        looks(ada, "Call")
        expect(ada.page.locator(".call-before")).to_contain_text(
            "Calls are not recorded or transcribed."
        )
        expect(ada.page.locator(".call-before")).not_to_contain_text("address")
        goes_in(ada, "Start call", video=True)
        joins(ben)
        is_reached(ben, "Ada")
        hears(ben)
        sees(ben, "Ada")
        assert set(ben.measures(CANDIDATES)) == {"relay"}
        for who in (ada, ben):
            who.goes_home()
