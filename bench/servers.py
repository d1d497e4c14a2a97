"""The servers to measure: how each is prepared, started on its core, and ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bench import machine

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"
START_WITHIN_S = 30.0
INSTALL_WITHIN_S = 180.0
ROOM_WITHIN_S = 10.0


class Missing(Exception):
    """Why a server cannot be measured here, in a sentence."""


@dataclass(frozen=True)
class Running:
    """A started server."""

    kind: Kind
    pid: int
    port: int

    def make_rooms(self, count: int) -> list[str]:
        """So many fresh, empty rooms."""
        return self.kind.make_rooms(self.port, count)


class Kind(ABC):
    """A server one can start."""

    name: str
    title: str
    short: str
    """The title where room is scarce."""

    def prepare(self) -> None:
        """Install what it needs. Raises `Missing`."""
        return

    @abstractmethod
    def command(self, scratch: Path) -> list[str]: ...

    def make_rooms(self, port: int, count: int) -> list[str]:
        # Here rooms spring up when somebody joins.
        return [f"room{number:04}" for number in range(count)]

    @abstractmethod
    def version(self) -> str: ...

    @contextlib.contextmanager
    def running(self, core: int, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
        """Pinned to that core, on a free port, until the block ends. Raises `Missing`."""
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            scratch = Path(folder)
            with (scratch / "stderr").open("w+") as errors:
                process = self._start(core, scratch, errors, environ or {})
                try:
                    port = _port_said_by(process)
                    if port is None:
                        errors.seek(0)
                        said = errors.read().strip().splitlines()[-1:]
                        raise Missing(f"{self.title} did not start. {' '.join(said)}")
                    yield Running(self, process.pid, port)
                finally:
                    # All has been measured; nothing of it is wanted any more.
                    process.kill()
                    process.communicate()

    def _start(
        self, core: int, scratch: Path, errors: TextIO, environ: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        with machine.pinned(core):
            return subprocess.Popen(  # our own command lines
                self.command(scratch),
                cwd=self.folder(),
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environ(), **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # Ctrl-C is for us; we end it.
            )

    def folder(self) -> Path:
        return ROOT

    def environ(self) -> dict[str, str]:
        return {}


class Parley(Kind):
    """As people run it: its defaults, kept on disk; but nobody is told to slow down."""

    name = "parley"
    title = "Parley"
    short = "Parley"

    def __init__(self, checkout: Path = ROOT) -> None:
        self._checkout = checkout

    def command(self, scratch: Path) -> list[str]:
        flags = ["--port", "0", "--data", str(scratch / "data")]
        return [sys.executable, "-m", "parley", "serve", *flags]

    def folder(self) -> Path:
        return self._checkout

    def environ(self) -> dict[str, str]:
        return {"PARLEY_RATE_LIMITS": "off", "PARLEY_HOST": "127.0.0.1"}

    def version(self) -> str:
        return _said([sys.executable, "-m", "parley", "--version"], self._checkout).split()[-1]

    def make_rooms(self, port: int, count: int) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ROOM_WITHIN_S)
        with contextlib.closing(connection):
            return [_create_conversation(connection) for _ in range(count)]


class Node(Kind):
    """Socket.IO's own server."""

    name = "node"
    title = "Socket.IO on Node.js"
    short = "Node.js"
    package = "socket.io"

    def prepare(self) -> None:
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise Missing("Node.js was not found.")
        if not (PEERS / "node" / "node_modules" / self.package).exists():
            install(["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"], PEERS / "node")

    def command(self, scratch: Path) -> list[str]:
        return ["node", "server.js"]

    def folder(self) -> Path:
        return PEERS / "node"

    def environ(self) -> dict[str, str]:
        return {"NODE_ENV": "production"}

    def version(self) -> str:
        package = PEERS / "node" / "node_modules" / self.package / "package.json"
        node = _said(["node", "--version"], PEERS / "node").strip().removeprefix("v")
        return f"{json.loads(package.read_text())['version']} on Node.js {node}"


class Flask(Kind):
    """What most Python chats are built on."""

    name = "flask"
    title = "Flask-SocketIO on gevent"
    short = "Flask-SocketIO"
    _python = PEERS / "flask" / ".venv" / "bin" / "python"

    def prepare(self) -> None:
        if not self._python.exists():
            install([sys.executable, "-m", "venv", ".venv"], PEERS / "flask")
        listed = (PEERS / "flask" / "requirements.txt").read_text()
        stamp = PEERS / "flask" / ".venv" / "installed.txt"
        if not stamp.exists() or stamp.read_text() != listed:
            pip = [str(self._python), "-m", "pip", "-q", "install"]
            install([*pip, "-r", "requirements.txt"], PEERS / "flask")
            stamp.write_text(listed)

    def command(self, scratch: Path) -> list[str]:
        return [str(self._python), "server.py"]

    def folder(self) -> Path:
        return PEERS / "flask"

    def version(self) -> str:
        asked = "import importlib.metadata as m; print(m.version('flask-socketio'))"
        return _said([str(self._python), "-c", asked], PEERS / "flask").strip()


class Floor(Kind):
    """The least a Python server can do: one frame, written to each socket of a room."""

    name = "floor"
    title = "the floor"
    short = "the floor"

    def command(self, scratch: Path) -> list[str]:
        return [sys.executable, "-m", "bench.peers.floor"]

    def version(self) -> str:
        return ""


class Busboy(Node):
    """Node.js taking a file in a form, and nothing else."""

    name = "busboy"
    title = "busboy on Node.js"
    short = "busboy"
    package = "busboy"

    def command(self, scratch: Path) -> list[str]:
        return ["node", "upload.js", str(scratch)]


class Nginx(Kind):
    """nginx serving a folder."""

    name = "nginx"
    title = "nginx"
    short = "nginx"

    def prepare(self) -> None:
        if shutil.which("nginx") is None:
            raise Missing("nginx was not found.")

    def command(self, scratch: Path) -> list[str]:
        return [sys.executable, "-m", "bench.peers.nginx", str(scratch)]

    @contextlib.contextmanager
    def running(self, core: int, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
        with super().running(core, environ) as server:
            _until_listening(server.port)
            yield server

    def version(self) -> str:
        told = subprocess.run(  # our own command line; it tells on stderr
            ["nginx", "-v"], check=True, capture_output=True, text=True, timeout=START_WITHIN_S
        ).stderr
        return told.strip().rpartition("/")[2]


KINDS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Parley, Node, Flask, Floor, Busboy, Nginx)
}


def _port_said_by(process: subprocess.Popen[str]) -> int | None:
    """The port in the line that every server prints once it listens."""
    if process.stdout is None:
        return None
    ready, _, _ = select.select([process.stdout], [], [], START_WITHIN_S)
    line = process.stdout.readline() if ready else ""
    said = re.search(r" at https?://\S+:(\d+)", line)
    return None if said is None else int(said[1])


def _until_listening(port: int) -> None:
    """For a server that says where it will be. Raises `Missing`."""
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    raise Missing("It did not start.")


def _create_conversation(connection: http.client.HTTPConnection) -> str:
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/conversations/create", "{}", headers)
    reply = json.loads(connection.getresponse().read())
    if not reply["success"]:
        raise Missing(f"Parley made no conversation: {reply['error']}")
    return str(reply["room_id"])


def install(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(  # our own command lines
            command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_WITHIN_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{Path(command[0]).name} could not install it.") from error


def _said(command: list[str], folder: Path) -> str:
    return subprocess.run(  # our own command lines
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=START_WITHIN_S
    ).stdout
