"""Two people at home, each with a browser in a network of their own, and a server between them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Playwright

from tests import network
from tests.browser import chromium, hearing
from tests.browser.visitor import Visitor
from tests.calling.test_turn import SECRET, coturn
from tests.network import SERVER, Home, Network

PORT = 8040
URL = f"https://{SERVER}:{PORT}"
RELAY = "RELAY"
"""In the server's flags: where its STUN and TURN server is."""


@dataclass
class Two:
    """In a conversation. Ben's home is what a test makes of it."""

    ada: Visitor
    ben: Visitor
    home: Home


@contextlib.contextmanager
def two(
    playwright: Playwright, folder: Path, *flags: str, turn: tuple[str, ...] = ()
) -> Iterator[Two]:
    """With a coturn beside the server, with those flags."""
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(network.network())
        port = stack.enter_context(coturn(folder, *turn, space=net.server))
        given = [each.replace(RELAY, f"{SERVER}:{port}") for each in flags]
        stack.enter_context(_serving(net, folder, given))
        homes = [net.home(), net.home()]
        people = []
        for name, home in zip(("Ada", "Ben"), homes, strict=True):
            program = str(home.device.program(chromium.path(), folder))
            arguments = [*chromium.FLAGS, *hearing.flags(folder), "--ignore-certificate-errors"]
            browser = playwright.chromium.launch(executable_path=program, args=arguments)
            stack.callback(browser.close)
            people.append(Visitor(name, browser, URL))
            people[-1].context.add_init_script(hearing.LISTENS)
        ada, ben = people
        link = ada.starts_by_hand("Tea")
        ada.joins()
        ben.comes_by_hand(link)
        yield Two(ada, ben, homes[1])


def relayed_by(*urls: str) -> tuple[str, ...]:
    """The server's flags for these, which share its secret."""
    return ("--turn", ",".join(urls), "--turn-secret", SECRET)


@contextlib.contextmanager
def _serving(net: Network, folder: Path, flags: list[str]) -> Iterator[None]:
    own, key = network.certificate(folder)
    command = [sys.executable, "-m", "parley", "serve", "--data", str(folder / "data")]
    where = ["--host", SERVER, "--port", str(PORT), "--public-url", URL]
    tls = ["--tls-certificate", str(own), "--tls-key", str(key)]
    log = folder / "server.log"
    with (
        log.open("w") as complaints,
        subprocess.Popen(
            net.server.within(*command, *where, *tls, *flags),
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as server,
    ):
        try:
            assert server.stdout is not None
            assert " at https" in server.stdout.readline()
            yield
        finally:
            server.kill()
    # Networks come and go: to a server that is no failure.
    assert "level='error'" not in log.read_text()
