"""Serving on Hypercorn: listening, and coming to an end in time."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from hypercorn.asyncio import run as hypercorn_run
from hypercorn.asyncio.run import worker_serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config, Sockets
from hypercorn.utils import wrap_app

log = structlog.get_logger(__name__)

BACKLOG = 2_048
"""Connections the kernel holds for us in a rush; Hypercorn's 100 drops them for seconds."""
KEEP_ALIVE_S = 30.0
GRACEFUL_S = 2.0
STOP_WITHIN_S = 9.0
"""After this the rest is cut off: a client that never reads must not hold up the end."""


class _Connection(TCPServer):
    """One that can be cut off: Hypercorn waits for ever to write to a client that never reads."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        _connections.add(self)

    def cut_off(self) -> None:
        transport = self.writer.transport
        transport.abort()


_connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
hypercorn_run.TCPServer = _Connection  # type: ignore[assignment,attr-defined]


class CannotListen(Exception):
    """Why the address cannot be listened on, in words for whoever starts the server."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address `host` stands for. Raises `CannotListen`."""
    sockets: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in dict.fromkeys(addresses):
            taken = sockets[0].getsockname()[1] if sockets else port
            bound = _bind(family, (address[0], taken, *address[2:]), optional=bool(sockets))
            if bound is not None:
                sockets.append(bound)
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise CannotListen(_reason(host, port, error)) from error
    return sockets


def _bind(family: int, address: tuple[Any, ...], *, optional: bool) -> socket.socket | None:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        # "localhost" often names ::1 on machines that have no IPv6 at all.
        if optional and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return None
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


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked)
    return stop


async def serve(
    app: Any,
    sockets: list[socket.socket],
    *,
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[None]],
) -> None:
    """Serve until `stop` is set; then `drain()`, and end within ten seconds."""
    asyncio.get_running_loop().set_exception_handler(_note)
    config = _config()
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    close = asyncio.Event()
    serving = asyncio.create_task(
        worker_serve(wrapped, config, sockets=Sockets([], sockets, []), shutdown_trigger=close.wait)
    )
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        try:
            async with asyncio.timeout(STOP_WITHIN_S / 2):
                await drain()
        except TimeoutError:
            log.warning("drain_cut_short")
        close.set()
        await asyncio.wait({serving}, timeout=STOP_WITHIN_S / 4)
        if not serving.done():
            log.warning("connections_cut_off")
            for connection in list(_connections):
                if connection.app is wrapped:
                    connection.cut_off()
            await asyncio.wait({serving}, timeout=STOP_WITHIN_S / 4)
    stopping.cancel()
    if not serving.done():
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        return
    serving.result()


def _config() -> Config:
    config = Config()
    config.errorlog = None
    config.accesslog = None
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.graceful_timeout = GRACEFUL_S
    config.backlog = BACKLOG
    config.include_server_header = False
    config.websocket_max_message_size = 128 * 1024
    return config


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what asyncio would print as a traceback; nothing for what was cut off."""
    error = context.get("exception")
    if isinstance(error, asyncio.CancelledError | ConnectionError | TimeoutError):
        return
    log.error("loop_error", message=context.get("message"), error=repr(error))
