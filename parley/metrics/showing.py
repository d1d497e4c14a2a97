"""Showing the numbers of this process, and of the others on its machine."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from quart import Blueprint, Response, request

from parley.metrics.families import Measured
from parley.metrics.listening import PATH, Listening
from parley.metrics.measuring import Measuring
from parley.metrics.rendering import CONTENT_TYPE, text
from parley.metrics.seeing import Seeing

Others = Callable[[], Awaitable[Sequence[bytes]]]
"""What the other processes of this machine say of themselves, as JSON."""


class Metrics:
    """One for a process where metrics are on."""

    def __init__(self, seeing: Seeing, measuring: Measuring, others: Others) -> None:
        self._seeing = seeing
        self._measuring = measuring
        self._others = others
        self._listening = Listening(seeing, self.text) if seeing.host else None

    async def open(self, *, is_shared: bool = False) -> str | None:
        """Where they are shown, if that is an address of their own. Raises `AddressUnusable`."""
        return None if self._listening is None else await self._listening.open(is_shared=is_shared)

    async def close(self) -> None:
        if self._listening is not None:
            await self._listening.close()

    async def run(self) -> None:
        """Measure what has to be measured all the time, until it is cancelled."""
        await self._measuring.run()

    async def measure(self) -> Measured:
        """Of this process alone."""
        return await self._measuring.measure()

    async def text(self) -> bytes:
        """Of all processes of this machine, in Prometheus's text format."""
        measured = [await self._measuring.measure()]
        for each in await self._others():
            # One of another version, as while they are restarted one by one, is left out.
            with contextlib.suppress(msgspec.ValidationError):
                measured.append(msgspec.json.decode(each, type=Measured))
        return text(measured)

    def count(self, response: Response) -> Response:
        """For what is called after every request."""
        self._measuring.requests[f"{response.status_code // 100}xx"] += 1
        return response

    def blueprint(self) -> Blueprint:
        """The page, where they are shown on the server's own address."""
        blueprint = Blueprint("metrics", __name__)
        if self._listening is None:
            blueprint.add_url_rule(PATH, "metrics", self._answer)
        return blueprint

    async def _answer(self) -> Response:
        if not self._seeing.is_allowed(request.headers.get("Authorization", "")):
            return Response(
                "", status=401, headers={"WWW-Authenticate": 'Bearer realm="parley metrics"'}
            )
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return Response(await self.text(), headers=headers)
