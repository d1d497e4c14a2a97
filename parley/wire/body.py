"""The body of a request to Socket.IO: read whole, in time, before the libraries wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

BODY_WITHIN_S = 10.0
"""How long a body may take to come."""

Receive = Callable[[], Awaitable[Any]]


class HungUp(Exception):
    """The client went before its request was whole."""


async def read_whole(receive: Receive, most_bytes: int) -> Receive:
    """What an ASGI app receives from, with the whole body at once.

    More than `most_bytes` is no longer read: such a body is too long, and cut short.
    Raises `HungUp`, and `TimeoutError` for one that does not come in time.
    """
    body = bytearray()
    is_whole = False
    async with asyncio.timeout(BODY_WITHIN_S):
        while not is_whole and len(body) <= most_bytes:
            message = await receive()
            if message["type"] != "http.request":
                raise HungUp
            body += message.get("body", b"")
            is_whole = not message.get("more_body", False)
    said = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def receive_after() -> Any:
        return said.pop() if said else await receive()

    return receive_after
