"""Networks of our own: devices in homes, each behind its router, and servers out in the open.

    device ── wire ── home's router ══ the middle ══ server
       └───── air ──────┘

All of it are the kernel's namespaces (ip-netns(8)), which nobody outside of them sees. They end
with whoever made them, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SERVER = "10.79.0.2"
"""Where servers are. Nobody but these namespaces knows a way there."""
PROGRAMS = ("ip", "nft", "nsenter", "unshare")
MISSING = (
    "Networks were not tried: that takes root, iproute2, nftables and util-linux "
    "(Debian: apt-get install iproute2 nftables)."
)
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_WITHIN_S = 20.0


def are_there() -> bool:
    return os.geteuid() == 0 and all(shutil.which(each, path=_PATH) for each in PROGRAMS)


class Space:
    """A namespace: what runs in it has its network and no other."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        # It lives as long as its pipe, and says a word once it is there.
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo there; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": _PATH},
        )
        stack.callback(_end, holder)
        assert holder.stdout is not None
        if holder.stdout.readline().strip() != "there":
            raise OSError("There may be no namespaces here.")
        self.pid = holder.pid
        self.run("ip link set lo up")

    def within(self, *command: str) -> list[str]:
        """This command, in here."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *command]

    def run(self, script: str) -> None:
        """Commands of a shell, in here. Raises `CalledProcessError`."""
        subprocess.run(
            self.within("sh", "-ec", script),
            check=True,
            capture_output=True,
            timeout=_WITHIN_S,
            env={**os.environ, "PATH": _PATH},
        )

    def routes(self) -> None:
        """It passes on what is not for itself."""
        self.run("echo 1 > /proc/sys/net/ipv4/ip_forward")

    def waits_for(self, host: str, port: int) -> None:
        """Until somebody there takes connections by TCP. Raises `TimeoutError`."""
        asked = f"import socket; socket.create_connection(({host!r}, {port}), 1)"
        until = time.monotonic() + _WITHIN_S
        while time.monotonic() < until:
            done = subprocess.run(self.within(sys.executable, "-c", asked), capture_output=True)
            if done.returncode == 0:
                return
        raise TimeoutError(f"{host}:{port} takes no connection.")

    def program(self, path: str, folder: Path) -> Path:
        """A program that is that one in here, for those who want a path alone."""
        script = folder / f"{Path(path).name}-{self.pid}"
        script.write_text(f'#!/bin/sh\nexec {" ".join(self.within(path))} "$@"\n')
        script.chmod(0o700)
        return script


class Home:
    """A device, and the router that takes it to the rest of the world."""

    def __init__(self, network: Network, number: int) -> None:
        stack = network.stack
        self.device, self.router = Space(stack), Space(stack)
        self.router.routes()
        self._net = f"10.{100 + number}"
        self.by = ""
        """Its newest network."""
        _join(self.router, "out", network.middle, f"home{number}", f"10.79.{number}.0")
        self.router.run(
            f"ip route add default via 10.79.{number}.1;"
            "nft add table ip home;"
            "nft 'add chain ip home out { type nat hook postrouting priority 100; }';"
            "nft add rule ip home out oifname out masquerade;"
            # As routers do, or what comes too early takes the place of what it is for.
            "nft 'add chain ip home in { type filter hook input priority 0; }';"
            "nft add rule ip home in iifname out ct state new drop;"
            "nft 'add chain ip home way { type filter hook forward priority 0; }'"
        )
        self.wire()

    def wire(self) -> None:
        """By cable."""
        self._plug("wire", 1)

    def air(self) -> None:
        """Without one, and with another address."""
        self._plug("air", 2)

    def unplug(self, name: str) -> None:
        self.device.run(f"ip link delete {name}")

    def _plug(self, name: str, number: int) -> None:
        self.by = name
        _join(self.device, name, self.router, name, f"{self._net}.{number}.0")
        self.device.run(f"ip route replace default via {self._net}.{number}.1")

    def lose(self, percent: int) -> None:
        """Of the packets that pass, so many go nowhere, both ways; nobody is told. 100 for all."""
        self.router.run("nft flush chain ip home way")
        if percent:
            some = "" if percent >= 100 else f"numgen random mod 100 < {percent} "
            self.router.run(f"nft 'add rule ip home way {some}drop'")


class Network:
    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.stack = stack
        self.middle, self.server = Space(stack), Space(stack)
        self.middle.routes()
        _join(self.server, "out", self.middle, "server", "10.79.0.0")
        self.server.run("ip route add default via 10.79.0.1")
        self._homes = 0

    def home(self) -> Home:
        self._homes += 1
        return Home(self, self._homes)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of `SERVER` and of this machine, which only they vouch for; and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = f"subjectAltName=IP:{SERVER},IP:127.0.0.1,DNS:localhost"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=parley.test", "-addext", names),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=_WITHIN_S,
    )
    return certificate, key


def _join(one: Space, name: str, other: Space, others_name: str, net: str) -> None:
    """By a cable: `one` has the address .2 in that network, `other` .1."""
    start = net.rpartition(".")[0]
    one.run(
        f"ip link add {name} type veth peer name {others_name} netns {other.pid};"
        f"ip address add {start}.2/24 dev {name}; ip link set {name} up"
    )
    other.run(f"ip address add {start}.1/24 dev {others_name}; ip link set {others_name} up")


def _end(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=_WITHIN_S)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    with contextlib.ExitStack() as stack:
        yield Network(stack)
