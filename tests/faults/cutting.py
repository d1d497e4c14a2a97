"""A proxy in front of a PostgreSQL that cuts connections where it hurts: in a COMMIT."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

_PIECE = 65_536
_COMMIT = b"COMMIT\0"


class Cut(enum.Enum):
    """What becomes of the next COMMIT."""

    UNSENT = enum.auto()
    """It doesn't arrive, and its connection ends on both sides."""
    UNANSWERED = enum.auto()
    """It is done, and nobody is told."""
    LATE = enum.auto()
    """Its connection ends for the client alone; it arrives at `release()`, if there is anybody."""


class Cutter:
    """Listens at `port` of this machine from its making to `close()`."""

    def __init__(self, server: Path) -> None:
        self._target = str(server / ".s.PGSQL.5432")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.next: Cut | None = None
        self.refuses_after = False
        """Whether nobody is let in from the next cut on."""
        self.cuts = 0
        self._is_refusing = False
        self._both: list[tuple[socket.socket, socket.socket]] = []
        self._late: list[tuple[socket.socket, bytes]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, name: str) -> str:
        return (
            f"postgresql://parley@127.0.0.1:{self.port}/{name}?sslmode=disable&gssencmode=disable"
        )

    def refuse(self) -> None:
        """Cut every connection, and let nobody in."""
        self._is_refusing = True
        for client, server in self._both:
            _end(client)
            _end(server)
        self._both.clear()

    def accept(self) -> None:
        self._is_refusing = False

    def release(self) -> None:
        for server, data in self._late:
            with contextlib.suppress(OSError):
                server.sendall(data)
            _end(server)
        self._late.clear()

    def close(self) -> None:
        self._listening.close()
        self.refuse()
        self.release()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._is_refusing:
                _end(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._target)
            except OSError:
                _end(client)
                continue
            self._both.append((client, server))
            for pump in (self._asks, self._answers):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _asks(self, client: socket.socket, server: socket.socket) -> None:
        for data in _pieces(client):
            if self.next is not None and _COMMIT in data:
                how, self.next = self.next, None
                self._is_refusing = self._is_refusing or self.refuses_after
                if how is Cut.LATE:
                    self._late.append((server, data))
                    _end(client)
                elif how is Cut.UNANSWERED:
                    client.shutdown(socket.SHUT_WR)  # before any answer can come
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                else:
                    _end(client)
                    _end(server)
                self.cuts += 1
                return
            with contextlib.suppress(OSError):
                server.sendall(data)
        if all(late is not server for late, _ in self._late):
            _end(server)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        for data in _pieces(server):
            with contextlib.suppress(OSError):
                client.sendall(data)
        _end(client)


def _pieces(of: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while data := of.recv(_PIECE):
            yield data


def _end(it: socket.socket) -> None:
    with contextlib.suppress(OSError):
        it.shutdown(socket.SHUT_RDWR)
    it.close()
