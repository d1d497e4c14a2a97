"""Listening: sockets on every address a name stands for, and accepting what comes there.

It loads little: of several workers, one process does this for all.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SEND_BUFFER_BYTES = 128 * 1024
"""What the system may keep for a client: left to itself it keeps megabytes, and who reads
nothing is found out so much later.
"""
BACKLOG = 2_048
"""Connections the kernel holds for us in a rush; Hypercorn's 100 drops them for seconds."""
EVERY_IPV4, EVERY_IPV6 = "0.0.0.0", "::"  # noqa: S104  # only where somebody asked for it
FILES_OF_OUR_OWN = 128
"""Open files beside the connections: the database, logs, what a library opens."""
FEWEST_CONNECTIONS = 16
"""What two or three browsers open; a server with less is none."""
ACCEPT_AT_ONCE = 64
"""Connections, before the event loop does something else."""
ACCEPT_AGAIN_S = 1.0
"""Once the system had no more files."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class TooFewFiles(Exception):
    """Why there is no room for connections, in words for whoever starts the server."""


class CannotListen(Exception):
    """Why the address cannot be listened on, in words for whoever starts the server."""


def listen(host: str, port: int, *, is_shared: bool = False) -> list[socket.socket]:
    """Sockets on every address `host` stands for: `::` for every one of IPv4 too. Where it
    `is_shared`, other processes of this user may listen there too.

    Raises `CannotListen`.
    """
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in _addresses(host, port):
            taken = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bind(family, (address[0], taken, *address[2:]), is_shared))
            except OSError as error:
                # "localhost" often names ::1 on machines that have no IPv6 at all.
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                missing = error
        if missing is not None and not sockets:
            raise missing
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise CannotListen(_reason(host, port, error)) from error
    return sockets


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = [(int(family), address) for family, *_, address in dict.fromkeys(found)]
    if any(address[0] == EVERY_IPV6 for _, address in addresses):
        # Linux would give both to one socket, unless its `bindv6only` says otherwise; other
        # systems do not. With one for each, every address also comes as what it is.
        addresses.append((int(socket.AF_INET), (EVERY_IPV4, port)))
    return addresses


def _bind(family: int, address: tuple[Any, ...], is_shared: bool) -> socket.socket:
    # TCP by name: asyncio's own loop turns Nagle's algorithm off only where it is named, and
    # each answer would wait 40 ms for the other side's acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Connections have it from here, where it costs none of them a call.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _reason(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"{host!r} is not a name or address of this machine. Give another with --host."
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program. "
            "Stop that one, or give another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than you have. Give one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."


def room_for(connections: int) -> int:
    """How many connections there may be, once the process may open as many files as it can.

    Raises `TooFewFiles`.
    """
    if sys.platform == "win32":
        return connections
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_OF_OUR_OWN
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit > resource.getrlimit(resource.RLIMIT_NOFILE)[0]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files < FILES_OF_OUR_OWN + min(connections, FEWEST_CONNECTIONS):
        raise TooFewFiles(
            f"This process may open {files} files, too few to serve anybody: allow it {wanted}, "
            f"with `ulimit -n {wanted}` before it starts or LimitNOFILE= in its systemd unit."
        )
    return min(connections, files - FILES_OF_OUR_OWN)


class Acceptor:
    """Accepts what comes to a listening socket."""

    def __init__(
        self, listening: socket.socket, come: Callable[[socket.socket, Any], None]
    ) -> None:
        self._listening = listening
        self._come = come
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None
        self._is_held = False
        self._begin()

    def close(self) -> None:
        """Accept nothing more; whoever is not accepted yet is refused."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def hold(self, *, is_held: bool) -> None:
        """Leave those who come in the queue, or accept them again."""
        if is_held == self._is_held:
            return
        self._is_held = is_held
        if is_held:
            self._loop.remove_reader(self._listening)
        elif self._again is None:
            self._begin()

    def accept_what_waits(self) -> None:
        """All who have come by now."""
        for _ in range(BACKLOG // ACCEPT_AT_ONCE):
            if not self._accept():
                return

    def _begin(self) -> None:
        self._again = None
        if not self._is_held:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> bool:
        """Whether more may wait."""
        for _ in range(ACCEPT_AT_ONCE):
            try:
                sock, peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                log.warning("accepting_put_off", reason=error.strerror)
                self._loop.remove_reader(self._listening)
                self._again = self._loop.call_later(ACCEPT_AGAIN_S, self._begin)
                return False
            self._come(sock, peer)
        return True
