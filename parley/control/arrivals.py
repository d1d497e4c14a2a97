"""How a request arrives that `parley doctor` sent the way people come: through whatever proxy.

It is told to nobody but who knows the server's secret, and so could ask the database itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
from msgspec import Struct
from quart import Blueprint, Response, request

from parley import web
from parley.contract import FORM_MAX_BYTES
from parley.errors import NotFound
from parley.secret import Secret

PATH = "/doctor"
HEADER = "X-Parley-Doctor"
VALID_FOR_S = 120
PAUSE_S = 1.5
"""Between the two halves of an answer, or of what is sent: long enough to see whether they
come as they were sent."""
PURPOSE = "doctor"


class Arrival(Struct):
    """A request as it came to the server."""

    client: str
    """The address that counts as who asks."""
    is_trusted: bool
    """Whether whoever connected is in `--trusted-proxies`."""
    scheme: str
    host: str
    forwarded_for: list[str]
    """The lines of `X-Forwarded-For`, as they came."""


class Taken(Struct):
    """A body as it came to the server."""

    announced: int
    """Bytes, as its head said."""
    took_s: float
    """From its head to its end."""


def token_of(secret: Secret, now_s: float) -> str:
    """What opens this page for two minutes."""
    until = str(int(now_s) + VALID_FOR_S)
    return f"{until}.{secret.seal(PURPOSE, until)}"


def arrivals() -> Blueprint:
    """The page."""
    blueprint = Blueprint("doctor", __name__)
    blueprint.add_url_rule(PATH, "seen", _seen, methods=["GET"])
    blueprint.add_url_rule(PATH, "took", _took, methods=["POST"])
    return blueprint


async def _require() -> None:
    """Raise what a page that isn't there does, unless the doctor asks."""
    until, _, seal = request.headers.get(HEADER, "").partition(".")
    is_in_time = until.isdecimal() and 0 <= int(until[:20]) - time.time() <= VALID_FOR_S
    if not is_in_time or not web.secret().is_seal(seal, PURPOSE, until):
        await web.count_read()
        raise NotFound("There's no page at this address.")


async def _seen() -> Response:
    """Tell how it came, and after a pause that this is all."""
    await _require()
    address, port = request.scope.get("client") or ("", 0)
    arrival = Arrival(
        client=address,
        is_trusted=port == 0,  # a proxy's client has none
        scheme=request.scheme,
        host=request.headers.get("Host", ""),
        forwarded_for=request.headers.getlist("X-Forwarded-For"),
    )

    async def pieces() -> AsyncIterator[bytes]:
        yield msgspec.json.encode(arrival) + b"\n"
        await asyncio.sleep(PAUSE_S)
        yield b"done\n"

    response = Response(pieces(), content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


async def _took() -> Response:
    """Tell how much was announced, and how long it took to come. What is more than a form may be is
    left alone: only whether it is let through matters then.
    """
    await _require()
    began, size = time.monotonic(), request.content_length or 0
    if size <= FORM_MAX_BYTES:
        await request.get_data(as_text=False)
    return web.json(Taken(size, time.monotonic() - began))
