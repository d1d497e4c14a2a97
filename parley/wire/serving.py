"""Listening, serving, and coming to an end in time.

A Socket.IO WebSocket is taken over with its first request. Every other request is
Hypercorn's, whose connections we start and end here.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, cast

import structlog
from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.utils import wrap_app

from parley.wire.accepting import Hall
from parley.wire.announced import Announced, Porch
from parley.wire.certificate import Certificate
from parley.wire.connection import Connection
from parley.wire.countdown import Countdown
from parley.wire.gate import OWN_LINES, Gate
from parley.wire.heads import HEAD_MAX_BYTES
from parley.wire.listening import BACKLOG, Acceptor, room_for
from parley.wire.opening import OPEN_WITHIN_S, Door, Opening, ways_in
from parley.wire.pace import Pace
from parley.wire.places import SCARCE
from parley.wire.unread import Backlog

log = structlog.get_logger(__name__)

KEEP_ALIVE_S = 30.0
TURNS_TO_BEGIN = 16
"""Of the event loop: then whatever was asked in time is begun, and not taken for idle."""
DRAIN_WITHIN_S, ANSWER_WITHIN_S, CUT_OFF_WITHIN_S = 4.0, 4.0, 1.0
"""How long a stop may take, together less than ten seconds: for goodbyes; for requests that
wait, longer than for a database that is locked; for what is cut off because it never reads."""


class Handed(Protocol):
    """Connections that another process accepted."""

    def begin(self, come: Callable[[socket.socket, Any], None], count: Callable[[], int]) -> None:
        """From now on, hand each to `come`, with its peer; `count` tells how many are open."""


async def serve(
    app: Any,
    sockets: list[socket.socket],
    *,
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[None]],
    max_connections: int = 10_000,
    certificate: Certificate | None = None,
    handed: Handed | None = None,
    when_up: Callable[[], object] | None = None,
) -> None:
    """Serve what comes to the `sockets`, and what is `handed`, until `stop` is set; then `drain()`,
    and end within ten seconds.

    With a `certificate`, only TLS is spoken. `when_up` is called once there is an answer for
    whoever comes. Raises `TooFewFiles`.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_note)
    config = _config()
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    async with _lifespan(wrapped, config) as state:
        house = _House(app, wrapped, config, state, room_for(max_connections), certificate)
        servers: list[asyncio.Server | Acceptor] = []
        for sock in sockets:
            if house.hall is not None:
                servers.append(Acceptor(sock, house.hall.come))
            else:
                servers.append(await loop.create_server(house.protocol, sock=sock, backlog=BACKLOG))
        if handed is not None:
            handed.begin(house.come, house.taken)
        if when_up is not None:
            when_up()
        async with _watched(certificate):
            await stop.wait()
        house.release()
        try:
            async with asyncio.timeout(DRAIN_WITHIN_S):
                await drain()
        except TimeoutError:
            log.warning("drain_cut_short")
        for server in servers:
            server.close()
        await house.close()


@contextlib.asynccontextmanager
async def _lifespan(wrapped: Any, config: Config) -> AsyncIterator[dict[str, Any]]:
    """The app's own start and stop, around the block."""
    state: dict[str, Any] = {}
    lifespan = Lifespan(wrapped, config, asyncio.get_running_loop(), state)
    task = asyncio.create_task(lifespan.handle_lifespan())
    await lifespan.wait_for_startup()
    if task.done():
        task.result()
    try:
        yield state
    finally:
        await lifespan.wait_for_shutdown()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def _watched(certificate: Certificate | None) -> AsyncIterator[None]:
    """Within the block, its files are read again when they change."""
    if certificate is None:
        yield
        return
    watching = asyncio.create_task(certificate.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


class _House:
    """The connections of one server."""

    def __init__(
        self,
        app: Any,
        wrapped: Any,
        config: Config,
        state: dict[str, Any],
        max_connections: int,
        certificate: Certificate | None,
    ) -> None:
        gate = getattr(app, "asgi_app", None)
        self._gate = gate if isinstance(gate, Gate) else None
        self._wrapped = wrapped
        self._config = config
        self._state = state if self._gate is None else {**state, OWN_LINES: True}
        self._max_connections = max_connections
        self._context = WorkerContext(None)
        self._backlog = Backlog() if self._gate is None else self._gate.backlog
        self._pace = Pace(is_limited=False) if self._gate is None else self._gate.pace
        self._http: dict[asyncio.Task[None], Connection] = {}
        self._coming: set[asyncio.Task[None]] = set()
        self._door = Door(
            admit=lambda scope: None if self._gate is None else self._gate.admit(scope),
            to_http=self._to_http,
            entering=Countdown(OPEN_WITHIN_S, Opening.give_up),
            is_full=self._is_full,
            take_place=self._take_place,
            crowded=b"" if self._gate is None else self._gate.crowded,
            pace=self._pace,
            backlog=self._backlog,
            place_of_peer=self._place_of_peer,
            place_of=self._place_of,
            ours=ways_in("" if self._gate is None else self._gate.root),
        )
        self._porch = Porch.before(
            self._opening,
            lambda peer: self._gate is not None and self._gate.is_announcing(peer),
            self._is_full,
        )
        has_announced = self._gate is not None and self._gate.has_announced
        self.protocol: Callable[[], asyncio.Protocol] = (
            functools.partial(Announced, self._porch) if has_announced else self._opening
        )
        """Makes what hears a new connection."""
        self.hall: Hall | None = None
        """What new connections come through first, where TLS is spoken."""
        if certificate is not None:
            self.hall = Hall.before(
                self._opening,
                certificate=certificate,
                porch=self._porch,
                is_full=self._is_full,
                take_place=self._take_place,
                place_of_peer=self._place_of_peer,
                pace=self._pace,
            )

    def _opening(self) -> Opening:
        if self._gate is not None and self.taken() > self._max_connections * SCARCE:
            self._gate.make_room()
        return Opening(self._door)

    def come(self, sock: socket.socket, peer: Any) -> None:
        """A connection was accepted elsewhere."""
        if self.hall is not None:
            self.hall.come(sock, peer)
            return
        task = asyncio.get_running_loop().create_task(self._enter(sock))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _enter(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, sock)

    def release(self) -> None:
        """Nobody waits for a turn any more: whoever asked in time is to be answered."""
        self._pace.release()

    async def close(self) -> None:
        """End what is left, by force in the end."""
        for _ in range(TURNS_TO_BEGIN):
            await asyncio.sleep(0)
        if self.hall is not None:
            await self.hall.close()
        await self._context.terminated.set()
        self._door.entering.clear()
        self._porch.waiting.clear()
        if self._http:
            await asyncio.wait(self._http, timeout=ANSWER_WITHIN_S)
        if self._http:
            log.warning("connections_cut_off")
            for connection in list(self._http.values()):
                connection.cut_off()
            await asyncio.wait(self._http, timeout=CUT_OFF_WITHIN_S)
        for task in list(self._http):
            task.cancel()

    def _is_full(self) -> bool:
        return self.taken() >= self._max_connections

    def taken(self) -> int:
        """How many connections there are."""
        lines = 0 if self._gate is None else self._gate.line_count
        coming = len(self._porch.waiting) + len(self._door.entering)
        if self.hall is not None:
            coming += len(self.hall)
        return coming + len(self._http) + lines

    def _to_http(
        self,
        transport: asyncio.Transport,
        data: bytes,
        when_lost: Callable[[], object] | None,
    ) -> None:
        """Hand a connection to Hypercorn, as if it had accepted it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=2**16, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        connection = Connection(
            self._wrapped,
            loop,
            self._config,
            self._context,
            cast("Any", self._state),
            reader,
            writer,
            admit=self._door.admit,
            backlog=self._backlog,
            pace=self._pace,
            place=self._place_of_peer(transport.get_extra_info("peername")),
            place_of=self._place_of,
            when_lost=when_lost,
        )
        task = loop.create_task(connection.run())
        self._http[task] = connection
        task.add_done_callback(self._left)

    def _take_place(self, peer: Any) -> Callable[[], object] | None:
        return _nobody if self._gate is None else self._gate.take_place(peer)

    def _place_of_peer(self, peer: Any) -> str:
        return "" if self._gate is None else self._gate.place_of_peer(peer)

    def _place_of(self, scope: dict[str, Any]) -> str:
        return "" if self._gate is None else self._gate.place_of(scope)

    def _left(self, task: asyncio.Task[None]) -> None:
        del self._http[task]
        error = None if task.cancelled() else task.exception()
        # A network that was lost ends no connection: in the end the system, or TLS, gives it up.
        if error is not None and not isinstance(error, TimeoutError | ConnectionError):
            log.error("connection_failed", exc_info=error)


def _nobody() -> None:
    """Nobody counts the connections of another app."""


def _config() -> Config:
    config = Config()
    config.errorlog = None
    config.accesslog = None
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.include_server_header = False
    config.h11_max_incomplete_size = HEAD_MAX_BYTES
    config.websocket_max_message_size = 128 * 1024
    # A piece of a file may have 256 KiB, and each upload as many that wait for the disk.
    config.max_app_queue_size = 4
    return config


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what asyncio would print as a traceback; nothing for what was cut off."""
    error = context.get("exception")
    if isinstance(error, asyncio.CancelledError | ConnectionError | TimeoutError):
        return
    # What follows a bracket are the arguments of a callback: bytes that somebody sent.
    what = str(context.get("message", "")).partition("(")[0]
    log.error("loop_error", what=what, exc_info=error)
