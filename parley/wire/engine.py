"""Engine.IO, as the library serves it, with guarded sockets: for whoever polls, and inside other
ASGI servers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import engineio
from engineio import packet as eio_packet

from parley.addresses import place_of
from parley.wire.countdown import Countdown
from parley.wire.direct import DirectClient
from parley.wire.environ import environ_of
from parley.wire.handshake import Handshake
from parley.wire.idle import Idle
from parley.wire.pace import Pace
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.socket import UPGRADE_WITHIN_S, GuardedSocket
from parley.wire.unread import Backlog


class GuardedEngine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Engine.IO with guarded sockets, and counts where it would log."""

    def __init__(
        self, *, join_within_s: float, places: Places, crowded: bytes, **options: Any
    ) -> None:
        super().__init__(**options)
        self._async: dict[str, Any] = {**self._async, "translate_request": environ_of}
        self.counts: Counter[str] = Counter()
        self.mark: Callable[[], str] = str
        """What the ids of sessions begin with, where another process may be asked about them."""
        self.places = places
        self.backlog = Backlog(is_limited=places.is_limited)
        self.pace = Pace(is_limited=places.is_limited)
        self._crowded = crowded
        # One timer each, however many clients there are.
        self.pings: Countdown[GuardedSocket | DirectClient] = Countdown(
            self.ping_interval, lambda client: client.ping()
        )
        self.pongs: Countdown[GuardedSocket | DirectClient] = Countdown(
            self.ping_timeout, lambda client: client.abort()
        )
        self.unseated = Idle(join_within_s)
        self.upgrading: Countdown[DirectClient] = Countdown(UPGRADE_WITHIN_S, DirectClient.abort)

    def generate_id(self) -> str:
        return self.mark() + str(super().generate_id())

    def take_place(self, place: str) -> bool:
        """One more connection of an address, if it may; where few are left, an idle one goes."""
        if self.places.is_scarce(place):
            self.unseated.make_room(place)
        return self.places.take(place)

    def forget(self, client: GuardedSocket | DirectClient) -> None:
        """It is gone: nothing of it is due any more."""
        self.pings.stop(client)
        self.pongs.stop(client)
        self.unseated.stop(client)
        self.places.give_back(client.place)
        if isinstance(client, GuardedSocket):
            self.backlog.forget(client)
        else:
            self.upgrading.stop(client)

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> Any:
        """Answer a request, in ASGI's form; the answer is out when this returns."""
        answer = await super().handle_request(scope, receive, send)
        if scope.get("method") == "GET":
            query = parse_qs(scope["query_string"].decode("latin-1"))
            socket = self.sockets.get(query.get("sid", [""])[0])
            if socket is not None:
                socket.answered()
        return answer

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> Any:
        # As in python-engineio 4.15.1, but for the class of the socket, which takes a place, and
        # without the task that looks after all of them: it holds on to the last that was there.
        place = place_of(Handshake.from_scope(environ["asgi.scope"]).address)
        if not self.take_place(place):
            return self._too_many()
        sid = self.generate_id()
        socket = self.sockets[sid] = GuardedSocket(self, sid, place)
        self.unseated.start(socket)
        hello = self.opening(sid, self._upgrades(sid, transport))
        await socket.send(eio_packet.Packet(eio_packet.OPEN, hello))
        # Kept as long as the client stays, and the rest of it holds on to the connection.
        kept = {"asgi.scope": environ["asgi.scope"]}
        await self._trigger_event("connect", sid, kept, run_async=False)
        socket.schedule_ping()
        if transport == "websocket":
            return await socket.handle_get_request(environ)
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
