"""Calls: what arrives of a picture and a sound, how soon, and what the server has to do with it.

python -m bench --calls             about a quarter of an hour
python -m bench --calls --quick     a look
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from bench import callers
from bench.machine import Cores
from bench.servers import Parley, Running
from tests import network
from tests.browser import chromium, hearing
from tests.browser.test_calls import calls as begins_a_call
from tests.browser.visitor import Visitor
from tests.calling.test_turn import SECRET, coturn

AT_MOST_MS = {"direct": 1000.0, "relayed": 2000.0, "changed": 3000.0}
PORT = 8040
URL = f"https://{network.SERVER}:{PORT}"
LOSES_PERCENT = 15
HANDED_OVER_S = 0.5
RESTS_S = 2.0


@dataclass(frozen=True)
class Size:
    numbers: tuple[int, ...]
    settle_s: float
    for_s: float
    taps: int
    changes: int
    cut_s: float
    lossy_s: float
    cost_s: float
    """How long a call of six is watched, and how long the same six in none."""
    messages: int


STANDARD = Size((2, 3, 4, 6), 20.0, 20.0, 10, 7, 10.0, 30.0, 180.0, 100)
QUICK = Size((2,), 5.0, 5.0, 3, 2, 5.0, 10.0, 30.0, 30)


class _Calling(Parley):
    """Where there is a relay; and, in a network of its own, at an address of its own."""

    def __init__(self, checkout: Path, *more: str, space: network.Space | None = None) -> None:
        super().__init__(checkout)
        self._more, self._space = more, space

    def command(self, scratch: Path) -> list[str]:
        flags = ["--data", str(scratch / "data"), *self._more]
        if self._space is not None:
            own, key = network.certificate(scratch)
            flags += ["--tls-certificate", str(own), "--tls-key", str(key)]
        command = [sys.executable, "-m", "parley", "serve", *flags]
        if self._space is None:
            return [*command, "--port", "0"]
        there = ["--host", network.SERVER, "--port", str(PORT), "--public-url", URL]
        return self._space.within(*command, *there)


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> None:
    """Printed as it comes."""
    size = QUICK if is_quick else STANDARD
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="calls-") as made:
        scratch = Path(made)
        _tell(_sizes(playwright, scratch, checkout, cores, size))
        _tell(_taps(playwright, scratch, checkout, cores, size))
        if network.are_there():
            _tell(_networks(playwright, scratch, checkout, cores, size))
        else:
            _tell([network.MISSING])
        _tell(_cost(playwright, scratch, checkout, cores, size))


def _tell(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        print(line, flush=True)
    print()


def _sizes(
    playwright: Playwright, scratch: Path, checkout: Path, cores: Cores, size: Size
) -> Iterator[str]:
    yield "What arrives of each other's camera and microphone, and what it takes:\n"
    yield callers.HEAD
    with _Calling(checkout).running(cores.server) as server:
        for number in size.numbers:
            with (
                callers.browser(playwright, scratch) as browser,
                callers.in_a_call([browser] * number, _url(server)) as here,
            ):
                yield callers.arrived(here, server.pid, size.settle_s, size.for_s).row


def _taps(
    playwright: Playwright, scratch: Path, checkout: Path, cores: Cores, size: Size
) -> Iterator[str]:
    with _Calling(checkout).running(cores.server) as server:
        yield _row(
            "From a tap to hearing each other, direct",
            "direct",
            _all_taps(playwright, scratch, server, size),
        )
    with coturn(scratch) as port:
        place = f"turn:127.0.0.1:{port}"
        flags = ("--turn", f"{place}?transport=udp,{place}?transport=tcp", "--turn-secret", SECRET)
        with _Calling(checkout, *flags).running(cores.server) as server:
            yield _row("Relayed by coturn", "relayed", _all_taps(playwright, scratch, server, size))


def _all_taps(playwright: Playwright, scratch: Path, server: Running, size: Size) -> list[float]:
    with (
        callers.browser(playwright, scratch) as browser,
        callers.people([browser] * 2, _url(server)) as (ada, ben),
    ):
        begins_a_call(ada)
        return [callers.tap_ms(ada, ben) for _ in range(size.taps)]


@contextlib.contextmanager
def _two_homes(
    playwright: Playwright, scratch: Path, net: network.Network
) -> Iterator[tuple[list[network.Home], list[Browser]]]:
    homes = [net.home(), net.home()]
    with contextlib.ExitStack() as stack:
        browsers = []
        for home in homes:
            program = home.device.program(chromium.path(), scratch)
            trusting = "--ignore-certificate-errors"
            made = callers.browser(playwright, scratch, str(program), trusting)
            browsers.append(stack.enter_context(made))
        yield homes, browsers


def _networks(
    playwright: Playwright, scratch: Path, checkout: Path, cores: Cores, size: Size
) -> Iterator[str]:
    """In two homes behind routers, with a server out in the open that is a STUN and TURN server,
    too.
    """
    for name, is_relayed in (("direct", "off"), ("relayed", "on")):
        with network.network() as net, coturn(scratch, space=net.server) as port:
            place = f"{network.SERVER}:{port}"
            flags = (
                "--stun",
                f"stun:{place}",
                "--turn",
                f"turn:{place}?transport=udp",
                "--turn-secret",
                SECRET,
                "--calls-relayed",
                is_relayed,
            )
            running = _Calling(checkout, *flags, space=net.server).running(cores.server)
            with (
                running,
                _two_homes(playwright, scratch, net) as (homes, browsers),
                callers.in_a_call(browsers, URL, video=True) as (ada, ben),
            ):
                yield f"Between two homes, {name}:\n"
                yield from _trouble(homes[1], ada, ben, size)
                yield ""


def _trouble(home: network.Home, ada: Visitor, ben: Visitor, size: Size) -> Iterator[str]:
    time.sleep(size.settle_s)
    yield f"By {ben.measures(hearing.WAYS)}."
    for is_apart, what in ((True, "One network, then another"), (False, "From one to another")):
        silences = _changes(home, ada, ben, size.changes, is_apart=is_apart)
        yield _row(f"{what}: silent for", "changed", silences)
    began = hearing.now_ms()
    before = ben.measures(hearing.SENT_AT_MOST)
    home.lose(LOSES_PERCENT)
    time.sleep(size.lossy_s)
    silences = [each.measures(hearing.SILENCE, began) for each in (ada, ben)]
    now, states = ben.measures(hearing.SENT_AT_MOST), ben.measures(hearing.STATES)
    home.lose(0)
    yield (
        f"{LOSES_PERCENT} % of all packets lost: the picture may take {now} bit/s after "
        f"{size.lossy_s:.0f} s, where it was {before}; "
        f"longest silence {max(silences):.0f} ms; {states[-1]}."
    )
    home.lose(100)
    time.sleep(size.cut_s)
    home.lose(0)
    back = hearing.now_ms()
    _heard_by_both(ada, ben, back)
    after = max(hearing.first_heard_ms(each, back, within_s=1) for each in (ada, ben))
    yield f"Nothing gets through for {size.cut_s:.0f} s: heard again {after:.0f} ms after that."


def _changes(
    home: network.Home, ada: Visitor, ben: Visitor, times: int, *, is_apart: bool
) -> list[float]:
    """From the wire to the air, and back: how long nothing was heard."""
    silences = []
    for _ in range(times):
        _heard_by_both(ada, ben, hearing.now_ms())
        one, other = (home.wire, "air") if home.by == "air" else (home.air, "wire")
        if not is_apart:
            one()
            time.sleep(HANDED_OVER_S)
        began = hearing.now_ms()
        home.unplug(other)
        if is_apart:
            one()
        _heard_by_both(ada, ben, hearing.now_ms())
        silences.append(max(each.measures(hearing.SILENCE, began) for each in (ada, ben)))
        time.sleep(RESTS_S)
    return silences


def _heard_by_both(ada: Visitor, ben: Visitor, since_ms: float) -> None:
    # What is in the air or in a buffer yet is no sign of a way.
    time.sleep(1.0)
    for each in (ada, ben):
        hearing.first_heard_ms(each, since_ms + 1000, within_s=callers.HEARD_WITHIN_S)


def _cost(
    playwright: Playwright, scratch: Path, checkout: Path, cores: Cores, size: Size
) -> Iterator[str]:
    with (
        _Calling(checkout).running(cores.server) as server,
        callers.browser(playwright, scratch) as browser,
        callers.people([browser] * 6, _url(server)) as here,
    ):
        began, from_ns = time.perf_counter(), callers.nanoseconds(server.pid)
        for number in range(size.messages):
            here[number % 6].says(f"Message {number}")
        took, all_of_it = time.perf_counter() - began, callers.nanoseconds(server.pid) - from_ns
        time.sleep(size.settle_s)  # what messages leave to be done later
        idle = _ns_a_second(server, size.cost_s)
        said = all_of_it - idle * took
        began, from_ns = time.perf_counter(), callers.nanoseconds(server.pid)
        callers.come_together(here, video=False)
        took = time.perf_counter() - began
        coming = callers.nanoseconds(server.pid) - from_ns - idle * took
        time.sleep(size.settle_s)
        talking = _ns_a_second(server, size.cost_s) - idle
        hour = coming + 3600 * talking
        messages = said * 100 / size.messages
        yield f"{size.messages} messages among six pages: {said / 1e6:.0f} ms of the server's CPU."
        yield (
            f"Six coming into a call: {coming / 1e6:.0f} ms; in it {talking * 60 / 1e6:.1f} ms a "
            f"minute, beside the {idle * 60 / 1e6:.1f} ms that the same pages cost in no call "
            f"(each over {size.cost_s:.0f} s)."
        )
        yield (
            f"So a call of six costs {hour / 1e6:.0f} ms an hour: "
            f"{hour / messages:.2f} times 100 messages."
        )


def _ns_a_second(server: Running, for_s: float) -> float:
    before, began = callers.nanoseconds(server.pid), time.perf_counter()
    time.sleep(for_s)
    return (callers.nanoseconds(server.pid) - before) / (time.perf_counter() - began)


def _row(what: str, aim: str, took_ms: Sequence[float]) -> str:
    middle, worst, most = statistics.median(took_ms), max(took_ms), AT_MOST_MS[aim]
    verdict = "as wanted" if worst <= most else f"more than {most:.0f} ms"
    return f"{what}: {middle:.0f} ms, at worst {worst:.0f} ms of {len(took_ms)} ({verdict})."


def _url(server: Running) -> str:
    return f"http://localhost:{server.port}"
