"""Mallory's tools: Engine.IO spoken by hand, packet by packet, right or wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import aiohttp

from tests.people import PATIENCE_S

RECORD_SEPARATOR = "\x1e"
Ack = dict[str, Any]


def event(name: str, *arguments: Any, id: int | None = None) -> str:
    """The packet of an event, for whose acknowledgement it waits where it has an id."""
    return f"42{'' if id is None else id}{json.dumps([name, *arguments])}"


class Received:
    """Packets in the order they came, and what is in them."""

    def __init__(self) -> None:
        self.packets: list[str] = []

    def acks(self) -> list[tuple[int, Ack]]:
        """Every acknowledgement: the id, and what it holds."""
        return [
            (int(packet[2 : packet.index("[")]), json.loads(packet[packet.index("[") :])[0])
            for packet in self.packets
            if packet.startswith("43")
        ]

    def ack(self, id: int) -> Ack:
        """The one acknowledgement with that id."""
        (found,) = [ack for number, ack in self.acks() if number == id]
        return found

    def events(self, name: str) -> list[Any]:
        """What the events of that name hold."""
        said = [json.loads(packet[2:]) for packet in self.packets if packet.startswith("42")]
        return [event[1] for event in said if event[0] == name]


class Socket(Received):
    """A WebSocket that sends text or bytes as they are."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__()
        self._ws = ws

    async def send(self, *packets: str | bytes) -> None:
        for packet in packets:
            with contextlib.suppress(ConnectionError):
                if isinstance(packet, str):
                    await self._ws.send_str(packet)
                else:
                    await self._ws.send_bytes(packet)

    async def ask(self, name: str, *arguments: Any, id: int = 0) -> Ack:
        """Send an event and give its acknowledgement."""
        await self.send(event(name, *arguments, id=id))
        await self.reads_ack(id)
        return self.ack(id)

    async def reads_ack(self, id: int) -> bool:
        """Read on until that acknowledgement has come; False where the server hung up."""
        return await self._reads_until(f"43{id}[")

    async def reads_to_the_end(self) -> None:
        """Read on until the server has hung up."""
        assert not await self._reads_until("no packet begins like this")

    async def _reads_until(self, beginning: str) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self._ws.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return False
                self.packets.append(message.data)
                if message.data.startswith(beginning):
                    return True


class Polling(Received):
    """A polling client: whatever is posted is posted as it is."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        super().__init__()
        self._http = http
        self.url = url

    async def post(self, body: str | bytes | AsyncIterator[bytes], **options: Any) -> int:
        async with self._http.post(self.url, data=body, **options) as response:
            await response.read()
            return response.status

    async def send(self, *packets: str) -> int:
        return await self.post(RECORD_SEPARATOR.join(packets))

    async def poll(self) -> int:
        """Wait for what the server has; the status, the packets kept."""
        async with asyncio.timeout(PATIENCE_S), self._http.get(self.url) as response:
            text = await response.text()
            if response.status == 200 and text:
                self.packets += text.split(RECORD_SEPARATOR)
            return response.status

    async def polls_acks(self, ids: Iterable[int]) -> None:
        """Poll until each of these was acknowledged."""
        missing = set(ids)
        while missing - {id for id, _ in self.acks()}:
            assert await self.poll() == 200


@contextlib.asynccontextmanager
async def engine_socket(url: str, **options: Any) -> AsyncIterator[Socket]:
    """A WebSocket at the server that said nothing yet."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", **options) as ws,
    ):
        yield Socket(ws)


@contextlib.asynccontextmanager
async def raw_socket(url: str, **options: Any) -> AsyncIterator[Socket]:
    """The same, connected to the default namespace."""
    async with engine_socket(url, **options) as socket:
        await socket.send("40")
        assert await socket._reads_until("40{")
        yield socket


@contextlib.asynccontextmanager
async def raw_polling(url: str, *, connected: bool = True) -> AsyncIterator[Polling]:
    """A polling connection, on the default namespace unless `connected` says otherwise."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        polling = Polling(http, f"{url}/socket.io/?EIO=4&transport=polling")
        assert await polling.poll() == 200
        polling.url += "&sid=" + json.loads(polling.packets.pop()[1:])["sid"]
        if connected:
            assert await polling.send("40") == 200
            assert await polling.poll() == 200
        yield polling
