"""What devices in a call tell each other, and what becomes of the call where some of it is lost."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
import socketio
from playwright.sync_api import Browser, Playwright, WebSocketRoute, expect

from tests.browser import chromium
from tests.browser.test_calls import (
    FAKE_DEVICES,
    RECEIVED,
    calls,
    does,
    hears,
    is_reached,
    joins,
    looks,
    meets,
    tile,
)
from tests.browser.visitor import Visitor
from tests.servers import Process

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FLOOD = 100
COUNTS_OFFERS = """
globalThis.offers = 0;
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (given) {
  offers += given.type === "offer";
  return set.call(this, given);
};
"""
# Has the other agree on it all anew, until it isn't answered at once; how often it was.
AGREES_AGAIN = """async count => {
  const [connection] = connections;
  const isIn = async (state) => {
    for (const until = performance.now() + 2000; connection.signalingState !== state;) {
      if (performance.now() > until) return false;
      await new Promise((done) => setTimeout(done, 5));
    }
    return true;
  };
  for (let times = 0; times < count; times += 1) {
    connection.restartIce();
    if (!(await isIn("have-local-offer")) || !(await isIn("stable"))) return times;
  }
  return count;
}"""
SENT_MUCH = """async () => [...(await connections[0].getStats()).values()].some(
  ({ type, packetsSent }) => type === "outbound-rtp" && packetsSent > 50)"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, *FAKE_DEVICES)
    yield browser
    browser.close()


class Losing:
    """Between somebody's page and the server: of what it is told of calls, loses the next that hold
    this.
    """

    def __init__(self, who: Visitor, event: str = '"call_signal"') -> None:
        self._event = event
        self._next: list[str] = []
        who.page.route_web_socket(re.compile(r"/socket\.io/"), self._between)

    def loses(self, *holding: str) -> None:
        self._next += holding

    @property
    def has_lost_all(self) -> bool:
        return not self._next

    def _between(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def passes(message: str | bytes) -> None:
            is_event = isinstance(message, str) and self._event in message
            if is_event and self._next and self._next[0] in str(message):
                del self._next[0]
            else:
                route.send(message)

        server.on_message(passes)


@pytest.mark.parametrize("lost", ['"offer"', '"answer"'])
def test_what_is_lost_on_the_way_is_said_again(ada: Visitor, ben: Visitor, lost: str) -> None:
    # Ben comes later, so he offers.
    losing = Losing(ada if lost == '"offer"' else ben)
    meets(ben, meets(ada))
    losing.loses(lost)
    calls(ada)
    joins(ben)
    for one, other in ((ada, "Ben"), (ben, "Ada")):
        is_reached(one, other)
        hears(one)
    assert losing.has_lost_all
    # And so it is with what they agree on later.
    losing.loses(lost)
    ben.measures("() => connections[0].restartIce()")
    ben.page.wait_for_function("() => connections[0].signalingState === 'have-local-offer'")
    ben.page.wait_for_function("() => connections[0].signalingState === 'stable'")
    assert losing.has_lost_all
    for who in (ada, ben):
        hears(who)
        assert who.measures("() => connections.length") == 1


def test_whom_the_server_does_not_name_hears_nothing(ada: Visitor, ben: Visitor) -> None:
    # Who offered and was gone before anybody was told of them would listen, and be seen by nobody.
    losing = Losing(ada, '"call_state"')
    meets(ben, meets(ada))
    calls(ada)
    losing.loses("Ben")
    joins(ben)
    ben.page.wait_for_function("() => connections[0]?.connectionState === 'connected'")
    ben.page.wait_for_function(SENT_MUCH)
    assert ben.measures(RECEIVED, "audio")["packets"] == 0
    expect(tile(ada, "Ben")).to_have_count(0)
    does(ben, "Mute")
    expect(tile(ada, "Ben")).to_be_visible()
    hears(ben)


def test_nobody_makes_a_page_connect_as_fast_as_they_can_ask(
    site: Process, ada: Visitor, ben: Visitor
) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada)
    room_id = link.rpartition("/")[2]
    sly = socketio.SimpleClient()
    sly.connect(site.url, transports=["websocket"])
    assert sly.call("join_room", {"room_id": room_id, "username": "Sly"})["ok"]
    came = sly.call("call_join", {"room_id": room_id, "audio": True, "video": False})
    of_ada = came["people"][0]["peer"]
    joins(ben)
    is_reached(ben, "Ada")
    of_ben = sly.call("call_join", {"room_id": room_id, "audio": True, "video": False})
    [of_ben] = [each["peer"] for each in of_ben["people"] if each["username"] == "Ben"]
    # Whoever came later makes the offers: to Ada Sly makes many, and Ben is asked for many.
    offer = {"description": {"type": "offer", "sdp": "v=0\r\n"}}
    for number in range(1, FLOOD):
        for peer, data in ((of_ada, offer), (of_ben, {"rebuild": True})):
            signal = {"room_id": room_id, "to": peer, "data": {**data, "round": number}}
            assert sly.call("call_signal", signal)["ok"]
    for who in (ada, ben):
        hears(who)
        assert who.measures("() => connections.length") < FLOOD / 5
    for _ in range(FLOOD):
        for told in ({"bye": True}, {**offer, "round": FLOOD}):
            asked = {"room_id": room_id, "to": of_ada, "data": told}
            assert sly.call("call_signal", asked)["ok"]
    hears(ada)
    assert ada.measures("() => connections.length") < FLOOD / 5
    sly.disconnect()


def test_nobody_has_a_page_agree_again_without_end(ada: Visitor, ben: Visitor) -> None:
    ada.context.add_init_script(COUNTS_OFFERS)
    meets(ben, meets(ada))
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    times = ben.measures(AGREES_AGAIN, FLOOD)
    # As often as lines that really break need it, and no more.
    assert 10 < times < FLOOD / 2
    assert ada.measures("() => offers") < FLOOD / 2
    # What was left unanswered is answered a little later, and they never stopped talking.
    ben.page.wait_for_function("() => connections[0].signalingState === 'stable'")
    for who in (ada, ben):
        hears(who)
        assert who.measures("() => connections.length") == 1


def test_an_eleventh_person_is_told_that_the_call_is_full(
    site: Process, ada: Visitor, ben: Visitor
) -> None:
    link = meets(ada)
    room_id = link.rpartition("/")[2]
    with contextlib.ExitStack() as stack:
        for number in range(10):
            guest = stack.enter_context(socketio.SimpleClient())
            guest.connect(site.url, transports=["websocket"])
            assert guest.call("join_room", {"room_id": room_id, "username": f"Guest {number}"})[
                "ok"
            ]
            assert guest.call("call_join", {"room_id": room_id, "audio": True, "video": False})[
                "ok"
            ]
        meets(ben, link)
        looks(ben, "Join call")
        asked = ben.page.locator(".call-before")
        asked.get_by_role("button", name="Join", exact=True).click()
        expect(asked.get_by_role("alert")).to_contain_text("This call is full")
