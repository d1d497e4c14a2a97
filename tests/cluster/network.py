"""A network of a test's own: an engine in a namespace, reached by a cable for each process, in
which packets can be lost.

Packets are dropped by iptables, at the end of the cable that lies in the namespace; where the
kernel has netem, they are also late. Nobody is told of either.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
from functools import cache

NUMBERS = itertools.count()
NETS = secrets.randbelow(16_384)
"""Where in 198.18.0.0/16, which is for such tests (RFC 2544), the cables of this run begin."""
TOOLS = ("ip", "iptables")


class NotPermitted(Exception):
    """Why there can be no such network here."""


def _run(*command: str) -> None:
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode:
        raise NotPermitted(f"{' '.join(command)}: {ran.stderr.strip()}")


class Namespace:
    """Whatever runs by `prefix` is in it."""

    def __init__(self) -> None:
        self.name = f"parley-{os.getpid()}-{next(NUMBERS)}"
        self.prefix = ["ip", "netns", "exec", self.name]

    def make(self) -> None:
        """Raises `NotPermitted`."""
        _run("ip", "netns", "add", self.name)
        _run("ip", "-n", self.name, "link", "set", "lo", "up")

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    def run(self, *command: str) -> None:
        _run(*self.prefix, *command)


class Cable:
    """From this machine into a namespace. `host` is the address of whoever is in there."""

    def __init__(self, namespace: Namespace) -> None:
        number = next(NUMBERS)
        net = (NETS + number) % 16_384
        self._namespace = namespace
        self._name = f"pl{os.getpid() % 100_000}n{number}"
        self._rules: list[tuple[str, ...]] = []
        at = 4 * (net % 64)
        self._here, self.host = (f"198.18.{net // 64}.{at + last}" for last in (1, 2))

    def plug_in(self) -> None:
        """Raises `NotPermitted`."""
        within = ("ip", "-n", self._namespace.name)
        names = (f"{self._name}a", f"{self._name}b")
        peer = ("peer", "name", names[1], "netns", self._namespace.name)
        _run("ip", "link", "add", names[0], "type", "veth", *peer)
        _run("ip", "addr", "add", f"{self._here}/30", "dev", names[0])
        _run("ip", "link", "set", names[0], "up")
        _run(*within, "addr", "add", f"{self.host}/30", "dev", names[1])
        _run(*within, "link", "set", names[1], "up")

    def cut(self) -> None:
        """Nothing passes."""
        self._lose()

    def worsen(self, lost: float, late_ms: int) -> None:
        """So much of what passes is lost, each way, and the rest is late where that can be."""
        self._lose("-m", "statistic", "--mode", "random", "--probability", str(lost))
        if has_netem():
            self._namespace.run(
                *("tc", "qdisc", "replace", "dev", f"{self._name}b", "root"),
                *("netem", "delay", f"{late_ms}ms"),
            )

    def heal(self) -> None:
        for rule in self._rules:
            self._namespace.run("iptables", "-D", *rule)
        self._rules = []
        if has_netem():
            subprocess.run(
                [*self._namespace.prefix, "tc", "qdisc", "del", "dev", f"{self._name}b", "root"],
                capture_output=True,
                check=False,
            )

    def _lose(self, *which: str) -> None:
        self.heal()
        for chain, way in (("INPUT", "-i"), ("OUTPUT", "-o")):
            rule = (chain, way, f"{self._name}b", *which, "-j", "DROP")
            self._namespace.run("iptables", "-A", *rule)
            self._rules.append(rule)


@cache
def why_not() -> str:
    """Why a test can have no network of its own here; empty where it can."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found"
    namespace = Namespace()
    try:
        namespace.make()
        cable = Cable(namespace)
        cable.plug_in()
        cable.worsen(0.1, 10)
        cable.heal()
    except NotPermitted as error:
        return str(error)
    finally:
        namespace.remove()
    return ""


@cache
def has_netem() -> bool:
    namespace = Namespace()
    try:
        namespace.make()
        namespace.run("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
    except (NotPermitted, FileNotFoundError):
        return False
    finally:
        namespace.remove()
    return True
