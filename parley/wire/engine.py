"""Engine.IO, as the library serves it, with guarded sockets: for whoever polls, and inside other
ASGI servers.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import engineio
from engineio import packet as eio_packet

from parley.addresses import place_of
from parley.wire.countdown import Countdown
from parley.wire.direct import DirectClient
from parley.wire.handshake import Handshake
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.socket import GuardedSocket


class GuardedEngine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Engine.IO with guarded sockets, and counts where it would log."""

    start_service_task: bool

    def __init__(
        self, *, join_within_s: float, places: Places, crowded: bytes, **options: Any
    ) -> None:
        super().__init__(**options)
        self.counts: Counter[str] = Counter()
        self.places = places
        self._crowded = crowded
        # One timer each, however many clients there are.
        self.pings: Countdown[GuardedSocket | DirectClient] = Countdown(
            self.ping_interval, lambda client: client.ping()
        )
        self.pongs: Countdown[DirectClient] = Countdown(self.ping_timeout, DirectClient.abort)
        self.unseated: Countdown[GuardedSocket | DirectClient] = Countdown(
            join_within_s, lambda client: client.dismiss()
        )

    def forget(self, client: GuardedSocket | DirectClient) -> None:
        """It is gone: nothing of it is due any more."""
        self.pings.stop(client)
        self.unseated.stop(client)
        self.places.give_back(client.place)
        if isinstance(client, DirectClient):
            self.pongs.stop(client)

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> Any:
        # As in python-engineio 4.15.1, but for the class of the socket, which takes a place.
        place = place_of(Handshake.from_scope(environ["asgi.scope"]).address)
        if not self.places.take(place):
            return self._too_many()
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_handle = self.start_background_task(self._service_task)
        sid = self.generate_id()
        socket = self.sockets[sid] = GuardedSocket(self, sid, place)
        self.unseated.start(socket)
        hello = self.opening(sid, self._upgrades(sid, transport))
        await socket.send(eio_packet.Packet(eio_packet.OPEN, hello))
        await self._trigger_event("connect", sid, environ, run_async=False)
        socket.schedule_ping()
        if transport == "websocket":
            answer = await socket.handle_get_request(environ)
            if socket.closed:
                self.sockets.pop(sid, None)
            return answer
        socket.connected = True
        try:
            return self._ok(await socket.poll())
        except engineio.exceptions.QueueEmpty:
            return self._bad_request()

    def _too_many(self) -> dict[str, Any]:
        headers = [("Content-Type", "application/json"), ("Retry-After", str(RETRY_AFTER_S))]
        return {
            "status": "429 TOO MANY REQUESTS",
            "headers": headers,
            "response": self._crowded,
        }

    def opening(self, sid: str, upgrades: list[str]) -> dict[str, Any]:
        """What the first packet of a connection says."""
        return {
            "sid": sid,
            "upgrades": upgrades,
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
