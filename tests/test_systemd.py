"""What a service manager is told, over a real socket of its kind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.systemd import ServiceManager
from tests.servers import START_WITHIN_S, process
from tests.wire.test_tls import issued


class Manager:
    """The side of systemd."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.address = f"\0{path[1:]}" if path.startswith("@") else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(START_WITHIN_S)

    def hears(self) -> dict[str, str]:
        """The next that it is told."""
        lines = self._socket.recv(4_096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def falls_silent(self, for_s: float = 1.0, told_max: int = 50) -> bool:
        """Whether it is told nothing for so long, once so many at most have come."""
        self._socket.settimeout(for_s)
        try:
            for _ in range(told_max):
                self._socket.recv(4_096)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(START_WITHIN_S)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["a file", "a name"])
def manager(request: pytest.FixtureRequest) -> Iterator[Manager]:
    with tempfile.TemporaryDirectory() as folder:
        is_file = request.param == "a file"
        made = Manager(f"{folder}/notify" if is_file else f"@parley-{os.getpid()}")
        yield made
        made.close()


def test_nobody_waits_for_one_that_does_not_listen(manager: Manager) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full:
        full.setblocking(False)
        with contextlib.suppress(BlockingIOError):  # it takes ten, mostly
            while True:
                full.sendto(b"WATCHDOG=1", manager.address)
    began = time.monotonic()
    ServiceManager(manager.path, 0.0).stopping()
    assert time.monotonic() - began < START_WITHIN_S


def test_it_tells_when_it_is_ready_and_when_it_stops(tmp_path: Path, manager: Manager) -> None:
    with process(tmp_path / "data", environ={"NOTIFY_SOCKET": manager.path}) as server:
        assert manager.hears() == {"READY": "1"}
        code, _ = server.stop()
        assert code == 0
        assert manager.hears() == {"STOPPING": "1"}


@pytest.mark.parametrize("what", ["a certificate", "nothing"])
def test_it_tells_when_it_reads_its_files_again(
    tmp_path: Path, manager: Manager, what: str
) -> None:
    certificate = issued(tmp_path / "tls").flags if what == "a certificate" else ()
    flags = ("--port", "0", *certificate)
    with process(tmp_path / "data", *flags, environ={"NOTIFY_SOCKET": manager.path}) as server:
        assert manager.hears() == {"READY": "1"}
        before_us = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
        os.kill(server.pid, signal.SIGHUP)
        told = manager.hears()
        assert told["RELOADING"] == "1"
        assert int(told["MONOTONIC_USEC"]) >= int(before_us)
        assert manager.hears() == {"READY": "1"}
        assert server.stop()[0] == 0


def test_it_shows_life_for_as_long_as_it_has_any(tmp_path: Path, manager: Manager) -> None:
    environ = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"}
    with process(tmp_path / "data", environ=environ) as server:
        told = [manager.hears() for _ in range(5)]
        assert {"READY": "1"} in told
        assert told.count({"WATCHDOG": "1"}) == 4
        os.kill(server.pid, signal.SIGSTOP)
        assert manager.falls_silent()
        os.kill(server.pid, signal.SIGCONT)
        assert manager.hears() == {"WATCHDOG": "1"}


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_it_shows_life_only_to_who_asked_this_process(
    environ: dict[str, str], watchdog_s: float
) -> None:
    given = {**environ, "NOTIFY_SOCKET": "/nowhere", "PATH": "/bin"}
    manager = ServiceManager.asking(given)
    assert manager.watchdog_s == watchdog_s
    assert given == {"PATH": "/bin"}  # nobody whom we start is to tell it anything
    manager.ready()  # one that is gone keeps nobody from serving
