"""Hints over pub/sub of Redis, or of Valkey."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from parley.bus import CarrierFailed

CHANNEL = "parley:hints"
ANSWER_WITHIN_S = 2.0
"""A Redis that stands still for longer is taken for gone."""
SILENT_S = 5.0
"""Every process says something each second: who hears nothing for so long has no connection."""
_FAULTS = (RedisError, OSError, TimeoutError, EOFError, ConnectionError)


class RedisCarrier:
    longest = 512 * 1024
    gather_s = 0.0  # what comes while a sending is on its way makes the next

    def __init__(self, url: str, *, channel: str = CHANNEL) -> None:
        """Raises `ValueError` for what is no address of a Redis."""
        self._url, self._channel = url, channel
        parts = urlsplit(url)
        self._where = f"the Redis at {parts.hostname}:{parts.port or 6379}"
        self._sending = self._client()

    def _client(self) -> Redis:
        # Nothing may be sent again by itself: the library's own default does it ten times.
        client: Redis = Redis.from_url(
            self._url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=ANSWER_WITHIN_S,
            socket_timeout=None,  # deadlines are ours
            socket_keepalive=True,
            health_check_interval=0,
            max_connections=4,
        )
        return client

    async def send(self, texts: list[str]) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                for text in texts:
                    await self._sending.publish(self._channel, text)
        except _FAULTS as error:
            client, self._sending = self._sending, self._client()
            await _let_go(client)
            raise self._failure(error) from error

    async def receive(self, ready: Callable[[], None], took: Callable[[str], None]) -> None:
        client = self._client()
        pubsub = client.pubsub()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await pubsub.subscribe(self._channel)
                await pubsub.parse_response(block=True)  # that it is so
            ready()
            while True:
                async with asyncio.timeout(SILENT_S):
                    answer = await pubsub.parse_response(block=True)
                if answer is not None and answer[0] == b"message":
                    took(answer[2].decode(errors="replace"))
        except _FAULTS as error:
            raise self._failure(error) from error
        finally:
            with contextlib.suppress(*_FAULTS):
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await _let_go(client)

    async def close(self) -> None:
        await _let_go(self._sending)

    def _failure(self, error: BaseException) -> CarrierFailed:
        why = "does not answer" if isinstance(error, TimeoutError) else f"fails: {error}"
        return CarrierFailed(f"{self._where} {why}")


async def _let_go(client: Any) -> None:
    with contextlib.suppress(*_FAULTS):
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await client.aclose()
