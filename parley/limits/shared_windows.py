"""The same counts in Redis, so that they outlive a restart.

A fault of Redis stops nobody: where it does not answer, whoever asks counts in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from parley.errors import RateLimitStorageUnusable
from parley.limits.rates import Rate
from parley.limits.windows import PLACES, Keys

log = structlog.get_logger(__name__)

T = TypeVar("T")
PREFIX = "parley"
ANSWER_WITHIN_S = 0.5
"""How long a message may be kept waiting by it."""
FIRST_ANSWER_WITHIN_S = 5.0
"""At a start, for which nobody waits: a machine that has just started is busy."""
LEFT_ALONE_S = 5.0
"""After a failure it is not asked for so long: every message would wait for it again."""
SAY_EVERY_S = 60.0
"""How often the log tells that it does not answer."""


_ONCE: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
"""The library would send a command again by itself, and a use would count twice."""

# In Lua, as what counts it is: a number is written there as it was written then.
_FORGET = "return redis.call('lrem', KEYS[1], 1, tonumber(ARGV[1]))"


class SharedWindows:
    """As `Windows`, but what it answers is None where Redis does not answer."""

    def __init__(self, url: str, rates: Mapping[str, Sequence[Rate]]) -> None:
        """Raises `RateLimitStorageUnusable`."""
        self._where = _where(url)
        try:
            storage = RedisStorage(
                f"async+{url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=PREFIX,
                socket_connect_timeout=ANSWER_WITHIN_S,
                socket_timeout=ANSWER_WITHIN_S,
                **_ONCE,
            )
        except (ConfigurationError, ValueError) as error:
            reason = str(error).rstrip(".")
            raise RateLimitStorageUnusable(f"{self._where} cannot be used: {reason}.") from error
        self._storage = storage
        self._strategy = MovingWindowRateLimiter(storage)
        bridge: Any = storage.bridge
        own = bridge.base_exceptions
        self._faults: tuple[type[Exception], ...] = (StorageError, OSError, TimeoutError)
        self._faults += own if isinstance(own, tuple) else (own,)
        self._forgetting = bridge.get_connection().register_script(_FORGET)
        self._rates = {
            kind: [(PLACES[rate.by], rate.by.value, _item(kind, rate)) for rate in each]
            for kind, each in rates.items()
        }
        self._asked_again_at = 0.0
        self._says_again_at = 0.0

    async def open(self) -> None:
        """Raises `RateLimitStorageUnusable` where it does not answer."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FIRST_ANSWER_WITHIN_S
        answers, was_refused = False, False
        while not (answers or was_refused) and loop.time() < until:
            began = loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    answers = await self._storage.check()
            was_refused = loop.time() - began < ANSWER_WITHIN_S
        if not answers:
            raise RateLimitStorageUnusable(
                f"{self._where} does not answer. Start it, or leave --rate-limit-storage out."
            )

    async def close(self) -> None:
        bridge: Any = self._storage.bridge  # has no call for it
        await bridge.get_connection().aclose()

    async def spend(self, kind: str, keys: Keys, at: float) -> float | None:
        """Count a use of this moment, by the wall clock, or say how many seconds to wait; then
        nothing is counted for anybody.
        """

        async def ask() -> float:
            concerned = self._concerned(kind, keys)
            for place, (item, *names) in enumerate(concerned):
                if not await self._hit(item, names, at):
                    await self._forget(concerned[:place], at)
                    return await self._wait_s(item, names)
            return 0.0

        return await self._asked(ask)

    async def give_back(self, kind: str, keys: Keys, at: float) -> float | None:
        """Count the use of this moment no more, for these; 0 once that is so."""

        async def ask() -> float:
            await self._forget(self._concerned(kind, keys), at)
            return 0.0

        return await self._asked(ask)

    async def wait_s(self, kind: str, keys: Keys) -> float | None:
        """How long until a use fits; 0 for none. Counts nothing."""

        async def ask() -> float:
            for item, *names in self._concerned(kind, keys):
                if not await self._strategy.test(item, *names):
                    return await self._wait_s(item, names)
            return 0.0

        return await self._asked(ask)

    async def charge(self, kind: str, keys: Keys) -> float | None:
        """Count a use that has happened; 0 once it is counted."""

        async def ask() -> float:
            for item, *names in self._concerned(kind, keys):
                await self._strategy.hit(item, *names)
            return 0.0

        return await self._asked(ask)

    def _concerned(self, kind: str, keys: Keys) -> list[tuple[RateLimitItemPerSecond, str, str]]:
        """The rates that apply, with the two names each is counted under."""
        return [
            (item, by, str(keys[place])) for place, by, item in self._rates[kind] if keys[place]
        ]

    async def _hit(self, item: RateLimitItemPerSecond, names: Sequence[str], at: float) -> bool:
        # As the library's own `hit`, which takes the time itself: to give a use back takes its.
        bridge: Any = self._storage.bridge
        asked = [at, item.amount, item.get_expiry(), 1]
        return bool(await bridge.lua_acquire_moving_window([self._key(item, names)], asked))

    async def _forget(
        self, concerned: Sequence[tuple[RateLimitItemPerSecond, str, str]], at: float
    ) -> None:
        for item, *names in concerned:
            await self._forgetting([self._key(item, names)], [at])

    def _key(self, item: RateLimitItemPerSecond, names: Sequence[str]) -> str:
        bridge: Any = self._storage.bridge
        return str(bridge.prefixed_key(item.key_for(*names)))

    async def _wait_s(self, item: RateLimitItemPerSecond, names: Sequence[str]) -> float:
        stats = await self._strategy.get_window_stats(item, *names)
        # It may have become free between the two questions.
        return max(stats.reset_time - time.time(), 0.1)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        now = time.monotonic()
        if now < self._asked_again_at:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await ask()
        except self._faults as error:
            self._asked_again_at = now + LEFT_ALONE_S
            if now >= self._says_again_at:
                self._says_again_at = now + SAY_EVERY_S
                log.warning("rate_limits_counted_in_memory", why=f"{self._where} does not answer")
                log.debug("redis_failed", error=repr(error))
            return None


def _item(kind: str, rate: Rate) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(rate.count, rate.per_s, namespace=kind)


def _where(url: str) -> str:
    """Which Redis, for a sentence: without the password that its address may hold."""
    parts = urlsplit(url)
    return f"The Redis at {parts.hostname}:{parts.port or 6379}"
