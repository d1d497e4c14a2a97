"""Calls between homes: behind routers, over other networks than before, and over bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests import network
from tests.browser import hearing
from tests.browser.homes import RELAY, Two, relayed_by, two
from tests.browser.test_calls import calls, is_reached, joins
from tests.browser.visitor import Visitor
from tests.calling.test_turn import needs_coturn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    needs_coturn,
    pytest.mark.skipif(not network.are_there(), reason=network.MISSING),
]

HEARD_WITHIN_S = 60.0
BACK_WITHIN_MS = 10_000
"""Three seconds where a machine has nothing else to do: `python -m bench --calls`."""
CUT_MS = 10_000
LOST_PERCENT = 20


def talk(both: Two) -> None:
    """With pictures, until each hears the other."""
    since = hearing.now_ms()
    calls(both.ada, video=True)
    joins(both.ben, video=True)
    for one, other in ((both.ada, "Ben"), (both.ben, "Ada")):
        is_reached(one, other)
        hearing.first_heard_ms(one, since, within_s=HEARD_WITHIN_S)


def is_heard_after(both: Two, since_ms: float) -> None:
    """By both, a while after that: what was on its way already isn't meant."""
    for each in (both.ada, both.ben):
        hearing.first_heard_ms(each, since_ms + 1000, within_s=HEARD_WITHIN_S)


def silence_ms(both: Two, since_ms: float) -> float:
    found = [float(each.measures(hearing.SILENCE, since_ms)) for each in (both.ada, both.ben)]
    return max(found)


def has_way(who: Visitor, *kinds: str) -> None:
    """It may begin by another, and go over to the best."""
    hearing.waits(who, f"async kinds => String(await ({hearing.WAYS})()) === kinds",
                  ",".join(kinds), within_s=HEARD_WITHIN_S)  # fmt: skip


@pytest.mark.parametrize("relayed", ["on", "off"])
def test_a_call_outlasts_another_network_a_cut_and_a_bad_line(
    playwright: Playwright, tmp_path: Path, relayed: str
) -> None:
    flags = ("--calls-relayed", relayed, "--stun", f"stun:{RELAY}")
    relay = relayed_by(f"turn:{RELAY}?transport=udp")
    with two(playwright, tmp_path, *flags, *relay) as both:
        talk(both)
        # One network is gone before there is another.
        began = hearing.now_ms()
        both.home.unplug("wire")
        both.home.air()
        is_heard_after(both, hearing.now_ms())
        assert silence_ms(both, began) < BACK_WITHIN_MS
        # There is another before one is gone: no browser tells.
        both.home.wire()
        began = hearing.now_ms()
        both.home.unplug("air")
        is_heard_after(both, hearing.now_ms())
        assert silence_ms(both, began) < BACK_WITHIN_MS
        # Nothing gets through for a while, and nobody is told.
        began = hearing.now_ms()
        both.home.lose(100)
        hearing.waits(both.ada, "until => Date.now() > until", began + CUT_MS, within_s=30)
        both.home.lose(0)
        is_heard_after(both, hearing.now_ms())
        assert silence_ms(both, began) > CUT_MS * 0.9
        for one, other in ((both.ada, "Ben"), (both.ben, "Ada")):
            is_reached(one, other)
        # Of what goes out, less is tried until enough of it arrives.
        [before] = both.ben.measures(hearing.SENT_AT_MOST)
        began = hearing.now_ms()
        both.home.lose(LOST_PERCENT)
        less = f"before => ({hearing.SENT_AT_MOST})().at(-1) < before / 2"
        hearing.waits(both.ben, less, before, within_s=HEARD_WITHIN_S)
        assert silence_ms(both, began) < BACK_WITHIN_MS
        both.home.lose(0)
        is_heard_after(both, hearing.now_ms())


def test_behind_routers_a_stun_server_is_enough(playwright: Playwright, tmp_path: Path) -> None:
    with two(playwright, tmp_path, "--stun", f"stun:{RELAY}", turn=("--stun-only",)) as both:
        talk(both)
        for who in (both.ada, both.ben):
            has_way(who, "srflx", "srflx", "")


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        (f"turn:{RELAY}?transport=udp", "udp"),
        (f"turn:{RELAY}?transport=tcp", "tcp"),
        (f"turns:{RELAY}", "tls"),
    ],
)
def test_a_relay_passes_on_sound_by_each_way_to_it(
    playwright: Playwright, tmp_path: Path, url: str, protocol: str
) -> None:
    own, key = network.certificate(tmp_path)
    tls = (f"--cert={own}", f"--pkey={key}")
    with two(playwright, tmp_path, *relayed_by(url), turn=tls) as both:
        talk(both)
        for who in (both.ada, both.ben):
            has_way(who, "relay", "relay", protocol)
