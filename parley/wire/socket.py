"""One client's Engine.IO connection, guarded against what the client may do to it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import Any

import structlog
from engineio import async_socket, exceptions, packet, payload

from parley.wire.body import Receive
from parley.wire.frames import POLICY_VIOLATION
from parley.wire.line import (
    CLOSE_WITHIN_S,
    FRAMES_MAX,
    FRAMES_PER_S,
    NORMAL_CLOSURE,
    SERVICE_RESTART,
)
from parley.wire.outbox import Outbox
from parley.wire.unread import UNREAD_MAX_BYTES

log = structlog.get_logger(__name__)

UPGRADE_WITHIN_S = 10.0
TURN_PACKETS = 16
"""So many of what one client posted at once are handled before others have their turn."""
POLL_PACKETS = payload.Payload.max_decode_packets
"""So many answer a poll: a client of python-engineio takes more for no payload, and ends."""
_FROM_CLIENTS = frozenset((packet.CLOSE, packet.PONG, packet.MESSAGE, packet.UPGRADE))
_SEPARATOR = "\x1e"
"""Of the packets of a payload: Engine.IO 4, "Packet encoding"."""

_NOTHING = [packet.Packet(packet.NOOP)]


class GuardedSocket(async_socket.AsyncSocket):  # type: ignore[misc]  # the library has no types
    """Refuses binary, drops what is malformed, bounds what waits, ends what is closed."""

    connected: bool

    def __init__(self, server: Any, sid: str, place: str) -> None:
        super().__init__(server, sid)
        self.place = place
        """What it is counted under, while it is open."""
        self.queue = Outbox(place, server.backlog)
        self.unread_before = 0
        self._sending_bytes = 0
        self._is_reading = False
        """Whether a poll waits for what is said, or takes it."""
        self._frames_most = FRAMES_MAX if server.places.is_limited else math.inf
        self._frames_left = self._frames_most
        self._frames_since_s = time.monotonic()
        self._transport: asyncio.Task[Any] | None = None
        self._taking = asyncio.Lock()
        self._is_polled = False
        self._close_code = NORMAL_CLOSURE

    def schedule_ping(self) -> None:
        """As Engine.IO does, without a task that sleeps for each client."""
        if not self.closing and not self.closed:
            self.server.pongs.stop(self)
            self.server.pings.start(self)

    def ping(self) -> None:
        """Ask whether it is still there."""
        if not self.closing and not self.closed:
            self.push(packet.Packet(packet.PING))
            self.server.pongs.start(self)

    def abort(self) -> None:
        """It did not answer in time."""
        self._close_soon(self.server.reason.PING_TIMEOUT)

    def dismiss(self) -> None:
        """End what is of no use to its client."""
        self.server.start_background_task(self.go_away)

    def push(self, pkt: packet.Packet) -> None:
        """Queue a packet without waiting; a client too far behind is cut off."""
        if self.closed or self.closing:
            return
        is_too_much = self.queue.size > UNREAD_MAX_BYTES
        self.queue.put_nowait(pkt)
        if is_too_much or not self.queue.is_within:
            self.fall_off()
        elif not self._is_reading and self._transport is None:
            self.server.backlog.ensure_watched(self)

    async def send(self, pkt: packet.Packet) -> None:
        """The same, as the library calls it; its goodbye comes when this is closing already."""
        if pkt.packet_type == packet.CLOSE:
            self.queue.put_nowait(pkt)
        else:
            self.push(pkt)

    def unread(self) -> int:
        return self.queue.size + self._sending_bytes

    def fall_off(self) -> None:
        """Cut off whoever does not read."""
        self.server.counts["overflowed"] += 1
        self._close_soon(self.server.reason.TRANSPORT_ERROR)

    def answered(self) -> None:
        """A poll was answered, to the end: what waits by now is to be read."""
        self._is_reading = self._is_polled
        if self.queue.size and not (self._is_polled or self.closed or self._is_upgrading):
            self.server.backlog.ensure_watched(self)

    # --- giving way to a line of ours ---

    @property
    def may_upgrade(self) -> bool:
        return self.connected and not (self.upgraded or self.closing or self.closed)

    def make_way(self) -> None:
        """Somebody is about to take over: end the poll that waits, and hold what is said."""
        self.upgrading = True
        self.queue.put_nowait(packet.Packet(packet.NOOP))

    async def settled(self) -> None:
        """Return once all that was posted is done with."""
        async with self._taking:
            pass

    def give_up(self) -> list[str]:
        """Be no more; what was not yet told, as it goes over a WebSocket."""
        self.server.forget(self)
        self.closing = self.closed = True
        self.server.sockets.pop(self.sid, None)
        waiting = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        self.queue.put_nowait(None)  # ends a poll that waits all the same
        return [
            each.encode()
            for each in waiting
            if each is not None and each.packet_type not in (packet.NOOP, packet.PING)
        ]

    async def receive(self, pkt: packet.Packet) -> None:
        """As Engine.IO does, without binary and without a log line for each bad packet."""
        if self.closed or self.closing:
            raise exceptions.SocketIsClosedError
        if pkt.binary or pkt.packet_type not in _FROM_CLIENTS:
            self.server.counts["malformed"] += 1
            raise exceptions.UnknownPacketError
        await super().receive(pkt)

    async def handle_get_request(self, environ: dict[str, Any]) -> Any:
        """Give a polling client what waits. Raises `EngineIOError`, and so ends, at two polls.

        As the protocol's own tests have it: of what is given to two polls the client could
        not tell the order, and what is given to one that was broken off is lost.
        """
        if environ["asgi.scope"]["type"] == "websocket" or self._is_upgrading:
            return await super().handle_get_request(environ)
        if self._is_polled:
            raise exceptions.EngineIOError
        self._is_polled = self._is_reading = True
        self.server.backlog.forget(self)
        try:
            return await self._poll(environ["asgi.receive"])
        finally:
            self._is_polled = False
            if self.closed:
                self.queue.clear()

    @property
    def _is_upgrading(self) -> bool:
        return bool(self.upgrading or self.upgraded)

    async def poll(self) -> list[packet.Packet]:
        """As Engine.IO does, but what is more than every client takes waits for the next poll.

        Of a connection that ends there is no next one. Raises `QueueEmpty` where nothing comes.
        """
        try:
            async with asyncio.timeout(self.server.ping_interval + self.server.ping_timeout):
                packets = [await self.queue.get()]
        except (TimeoutError, asyncio.CancelledError):
            raise exceptions.QueueEmpty from None
        is_last = self.closing or self.closed
        while packets[-1] is not None and not self.queue.empty():
            if len(packets) == POLL_PACKETS and not is_last:
                break
            packets.append(self.queue.get_nowait())
        if packets[-1] is None:
            packets.pop()
            if packets:
                self.queue.put_nowait(None)  # as Engine.IO: whoever polls again is told the end
        return packets

    async def _poll(self, receive: Receive) -> list[packet.Packet]:
        poll = asyncio.ensure_future(self.poll())
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait((poll, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if (gone.done() or not poll.done()) and not self._is_upgrading:
                await self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            gone.cancel()
            poll.cancel()
            await asyncio.wait((poll,))
            failure = poll.exception()
        if failure is not None and not self._is_upgrading:
            raise failure
        packets: list[packet.Packet] = poll.result() if failure is None else _NOTHING
        return packets

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take a polling client's packets. Raises `EngineIOError` for what is no payload."""
        raw: bytes = await environ["wsgi.input"].read()
        try:
            self._check_size(raw)
            # One after the other, however many requests of a client bring packets at once; as
            # bytes until then, for the packets take several times as many.
            async with self._taking:
                await self._take(await self._packets(raw))
        except exceptions.EngineIOError:
            # Engine.IO has an answer to this only as long as it knows the socket.
            if not self.closed:
                raise
        except ValueError as error:
            self.server.counts["malformed"] += 1
            if not self.closed:
                raise exceptions.UnknownPacketError from error

    def _check_size(self, raw: bytes) -> None:
        if len(raw) > self.server.max_http_buffer_size:
            raise exceptions.ContentTooLongError
        # Engine.IO drops a payload of more than 16 packets without a word, and a polling client
        # sends all it has at once.
        self._spend_frames(raw.count(_SEPARATOR.encode()) + 1)

    async def _packets(self, raw: bytes) -> list[packet.Packet]:
        body = raw.decode("utf-8")
        if body.startswith("d="):
            raise ValueError("JSONP")
        packets: list[packet.Packet] = []
        for each in body.split(_SEPARATOR) if body else []:
            packets.append(packet.Packet(encoded_packet=each))
            if len(packets) % TURN_PACKETS == 0:
                await asyncio.sleep(0)
        return packets

    def _spend_frames(self, count: int) -> None:
        """Raises `ValueError` for more than a client may send within the time."""
        now = time.monotonic()
        if now >= self._frames_since_s + FRAMES_PER_S:
            self._frames_left, self._frames_since_s = self._frames_most, now
        self._frames_left -= count
        if self._frames_left < 0:
            raise ValueError("too many packets")

    async def _take(self, packets: list[packet.Packet]) -> None:
        left = 0
        for count, pkt in enumerate(packets):
            if not left:
                left = await self.server.pace.turn(self.place, len(packets) - count)
            left -= 1
            await self.receive(pkt)
            if count % TURN_PACKETS == TURN_PACKETS - 1:
                await asyncio.sleep(0)

    async def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """End the connection, the transport too: Engine.IO alone would leave it open."""
        if self.closed or self.closing:
            return
        self.server.forget(self)
        await super().close(wait=False, abort=abort, reason=reason)
        self.server.sockets.pop(self.sid, None)
        if not self._is_polled and self._transport is None:
            self.queue.clear()
        self.queue.put_nowait(None)  # ends the writer, or the poll that waits
        if self._transport is not None and self._transport is not asyncio.current_task():
            asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self._transport.cancel)

    async def go_away(self) -> None:
        """End the connection so that the client comes back by itself.

        Engine.IO's CLOSE would say that it is not wanted any more: clients stay away then.
        """
        self._close_code = SERVICE_RESTART
        if not self.upgraded:
            self.queue.put_nowait(packet.Packet(packet.NOOP))
        await self.close(abort=True, reason=self.server.reason.SERVER_DISCONNECT)

    def _close_soon(self, reason: Any) -> None:
        self.server.start_background_task(self._cut_off, reason)

    async def _cut_off(self, reason: Any) -> None:
        await self.close(abort=True, reason=reason)
        if self._transport is not None:
            self._transport.cancel()

    async def _websocket_handler(self, ws: Any) -> None:
        if self.connected:
            if not await self._upgrade(ws):
                return
        else:
            self.connected = self.upgraded = True
        self._transport = asyncio.current_task()
        writer = asyncio.get_running_loop().create_task(self._write(ws))
        try:
            await self._read(ws)
        except asyncio.CancelledError:
            pass  # cut off, by close() or by the server's end
        finally:
            self._transport = None
            self.queue.put_nowait(None)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(writer, CLOSE_WITHIN_S)
            await self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            self.queue.clear()

    async def _upgrade(self, ws: Any) -> bool:
        """From polling to WebSocket: the probe of the Engine.IO protocol, version 4."""
        self.upgrading = True
        try:
            async with asyncio.timeout(UPGRADE_WITHIN_S):
                if await ws.wait() != "2probe":
                    return False
                await ws.send("3probe")
                await self.queue.put(packet.Packet(packet.NOOP))  # ends the waiting poll
                # Of two probes at once the first wins: one socket has one transport.
                if await ws.wait() != "5" or self.upgraded:
                    return False
        except (OSError, TimeoutError):
            return False
        finally:
            self.upgrading = False
        self.upgraded = True
        return True

    async def _read(self, ws: Any) -> None:
        # The libraries swallow a cancellation that comes while a handler runs: look.
        while not self.closed:
            try:
                frame = await ws.wait()
            except OSError:
                return
            if len(frame) > self.server.max_http_buffer_size or isinstance(frame, bytes):
                self.server.counts["malformed"] += 1
                return
            try:
                self._spend_frames(1)
            except ValueError:
                self.server.counts["malformed"] += 1
                self._close_code = POLICY_VIOLATION
                return
            try:
                async with self._taking:
                    await self._take([packet.Packet(encoded_packet=frame)])
            except exceptions.SocketIsClosedError:
                return
            except (exceptions.EngineIOError, ValueError):
                self.server.counts["malformed"] += 1

    async def _write(self, ws: Any) -> None:
        with contextlib.suppress(Exception):
            # One by one: what is taken out of the queue is bounded by nobody.
            while (pkt := await self.queue.get()) is not None:
                frame = pkt.encode()
                self._sending_bytes = len(frame)
                self.server.backlog.watch(self)
                await ws.send(frame)
                self.server.backlog.forget(self)
        self.server.backlog.forget(self)
        with contextlib.suppress(Exception):  # closed by the other side meanwhile
            await ws.asgi_send({"type": "websocket.close", "code": self._close_code})


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
