"""The wire between Parley and a store, which tests cut, hold and tap."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

RANGE, NO_RANGE = b"\r\nrange: ", b"\r\nx-ran: "


class Wire:
    """To a store at `endpoint`; by itself it passes on all that comes."""

    def __init__(self, endpoint: str) -> None:
        self._to = urlsplit(endpoint)
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self.is_cut = False
        self.loses_ranges = False
        """As some stores, and proxies before them, know none."""
        self.hold_after: int | None = None
        """Connections on which more bytes go to the store are held; the others pass."""
        self.is_held = False
        self.deletions = 0
        """Asked of the store."""
        self.refused = 0
        """Connections, while it was cut."""
        self.passed = 0
        """Bytes that went to the store."""
        self.url = ""

    def cut(self) -> None:
        """From now on nobody gets through."""
        self.is_cut = True
        for end in self._ends:
            end.close()

    def mend(self) -> None:
        self.is_cut = False

    def hold(self) -> None:
        """What goes to the store waits."""
        self.hold_after, self.is_held = 0, True
        self._passes.clear()

    def let_pass(self) -> None:
        self.hold_after, self.is_held = None, False
        self._passes.set()

    async def joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        try:
            if self.is_cut:
                self.refused += 1
            else:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._ends.discard(writer)
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store, to_store = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._ends.add(to_store)
        back = asyncio.create_task(self._pass_back(store, writer))
        sent = 0
        try:
            while piece := await reader.read(65_536):
                sent += len(piece)
                self.deletions += piece.startswith(b"DELETE ")
                if self.hold_after is not None and sent > self.hold_after:
                    self.is_held = True
                    self._passes.clear()
                    await self._passes.wait()
                if self.loses_ranges:
                    piece = piece.replace(RANGE, NO_RANGE)
                self.passed += len(piece)
                to_store.write(piece)
                await to_store.drain()
        finally:
            to_store.close()
            self._ends.discard(to_store)
            back.cancel()
            await asyncio.wait([back])

    async def _pass_back(self, store: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await store.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def end(self) -> None:
        self.cut()
        self._passes.set()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@contextlib.asynccontextmanager
async def wire_to(endpoint: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    wire = Wire(endpoint)
    listening = await asyncio.start_server(wire.joined, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    wire.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield wire
    finally:
        listening.close()
        await wire.end()
        await listening.wait_closed()
