"""What a supervisor and its workers say to each other: packets over a pair of Unix sockets."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence

CONNECTIONS, STOP = b"c", b"s"
"""From the supervisor: accepted sockets, which come with it; and that no more will come."""
READY, COUNTS, LEAVING = b"r", b"n", b"l"
"""From a worker: that it can be handed connections, with what is to be said of it on the terminal;
how many it has open, and how many it was handed so far; and that somebody asked it to stop."""
SOCKETS_MAX = 64
"""In a packet; Linux takes 253."""
PACKET_MAX_BYTES = 4_096
_COUNTS = struct.Struct("!II")
_MOST = 0xFFFFFFFF


class NoSuchSockets(Exception):
    """This system has no pairs of sockets that keep packets apart."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends. Raises `NoSuchSockets`."""
    try:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except (OSError, AttributeError) as error:  # macOS has none, Windows not even the names
        raise NoSuchSockets from error
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


def counts(open_now: int, handed: int) -> bytes:
    return COUNTS + _COUNTS.pack(open_now, handed & _MOST)


def difference(sent: int, received: int) -> int:
    """How many of those that were sent are on their way, as `received` was told."""
    return (sent - received) & _MOST


def read_counts(packet: bytes) -> tuple[int, int]:
    """How many connections a worker has open, and how many it received."""
    open_now, handed = _COUNTS.unpack(packet[1:])
    return open_now, handed


def hand_over(end: socket.socket, sockets: Sequence[socket.socket]) -> None:
    """Raises `OSError`, a `BlockingIOError` where too many wait to be taken; then none is gone."""
    socket.send_fds(end, [CONNECTIONS], [each.fileno() for each in sockets])


def receive(end: socket.socket) -> tuple[bytes, list[socket.socket]]:
    """The next packet, empty once the other side is gone, and the sockets that came with it.

    Raises `BlockingIOError` where there is none.
    """
    packet, files, _flags, _ = socket.recv_fds(end, PACKET_MAX_BYTES, SOCKETS_MAX)
    sockets = []
    for file in files:
        os.set_inheritable(file, False)
        sockets.append(socket.socket(fileno=file))
    return packet, sockets
