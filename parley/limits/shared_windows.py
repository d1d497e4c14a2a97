"""The same counts in Redis, so that they outlive a restart and hold for several processes.

A fault of Redis stops nobody: where it does not answer, whoever asks counts in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError, RedisError

from parley.errors import RateLimitStorageUnusable
from parley.limits.rates import Rate
from parley.limits.windows import PLACES, Keys

log = structlog.get_logger(__name__)

PREFIX = "parley"
ANSWER_WITHIN_S = 0.5
"""How long a message may be kept waiting by it."""
FIRST_ANSWER_WITHIN_S = 5.0
"""At a start, for which nobody waits: a machine that has just started is busy."""
LEFT_ALONE_S = 5.0
"""After a failure it is not asked for so long: every message would wait for it again."""
SAY_EVERY_S = 60.0
"""How often the log tells that it does not answer."""
CONNECTIONS_MAX = 16
"""Of this process; whoever finds all in use waits, as long as for an answer."""
_FAULTS = (RedisError, OSError, TimeoutError)

# All windows of a use at once, so that it counts in each or in none, and for one question.
#
# A window is a sorted set: uses by the moment they were counted, in microseconds of Redis's own
# clock, as those of several machines differ. Each use has a name, so that the same one asked about
# twice, as an answer was lost, counts once. KEYS are the windows; ARGV what is to be done, the
# name, and for each window how many uses fit and into how many microseconds. It answers how many
# microseconds to wait.
_SCRIPT = """
local act, use = ARGV[1], ARGV[2]
if act == 'forget' then
  for _, key in ipairs(KEYS) do redis.call('ZREM', key, use) end
  return 0
end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function written(number) return string.format('%.0f', number) end
local wait = 0
for place, key in ipairs(KEYS) do
  local count, per = tonumber(ARGV[2 * place + 1]), tonumber(ARGV[2 * place + 2])
  if act ~= 'look' then redis.call('ZREMRANGEBYSCORE', key, '-inf', written(now - per)) end
  if act ~= 'charge' and not redis.call('ZSCORE', key, use) then
    local oldest = redis.call('ZRANGE', key, -count, -count, 'WITHSCORES')[2]
    if oldest and redis.call('ZCARD', key) >= count then
      wait = math.max(wait, oldest + per - now)
    end
  end
end
if act == 'look' or wait > 0 then return wait end
for place, key in ipairs(KEYS) do
  local count, per = tonumber(ARGV[2 * place + 1]), tonumber(ARGV[2 * place + 2])
  redis.call('ZADD', key, 'NX', written(now), use)
  if act == 'charge' then redis.call('ZREMRANGEBYRANK', key, 0, -count - 1) end
  redis.call('PEXPIRE', key, written(per / 1000))
end
return 0
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class SharedWindows:
    """As `Windows`, but what it answers is None where Redis does not answer."""

    def __init__(self, url: str, rates: Mapping[str, Sequence[Rate]]) -> None:
        """Raises `RateLimitStorageUnusable`."""
        self._where = _where(url)
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS_MAX,
                timeout=ANSWER_WITHIN_S,
                socket_connect_timeout=ANSWER_WITHIN_S,
                socket_timeout=ANSWER_WITHIN_S,
                retry=Retry(NoBackoff(), 0),  # it is asked again by us, once
                health_check_interval=0,
            )
        except (ValueError, TypeError) as error:
            reason = str(error).rstrip(".")
            raise RateLimitStorageUnusable(f"{self._where} cannot be used: {reason}.") from error
        self._redis: Redis = Redis.from_pool(pool)
        self._prefix = PREFIX
        self._rates = {
            kind: [
                (
                    PLACES[rate.by],
                    f"{kind}:{rate.count}/{rate.per_s}:{rate.by.value}",
                    (rate.count, rate.per_s * 1_000_000),
                )
                for rate in each
            ]
            for kind, each in rates.items()
        }
        self._process, self._number = secrets.token_hex(6), 0
        self._asked_again_at = 0.0
        self._says_again_at = 0.0

    async def open(self) -> None:
        """Raises `RateLimitStorageUnusable` where it does not answer."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FIRST_ANSWER_WITHIN_S
        answers, was_refused = False, False
        while not (answers or was_refused) and loop.time() < until:
            began = loop.time()
            with contextlib.suppress(*_FAULTS):
                async with asyncio.timeout_at(until):
                    await self._redis.ping()  # type: ignore[misc]
                    answers = True
            was_refused = loop.time() - began < ANSWER_WITHIN_S
        if not answers:
            raise RateLimitStorageUnusable(
                f"{self._where} does not answer. Start it, or leave --rate-limit-storage out."
            )

    def belong_to(self, installation: str) -> None:
        """From now on nothing counts together with what others have in the same Redis."""
        self._prefix = f"{PREFIX}:{installation}"

    async def close(self) -> None:
        with contextlib.suppress(*_FAULTS):
            await self._redis.aclose()

    def use(self) -> str:
        """The name of another use."""
        self._number += 1
        return f"{self._process}{self._number:x}"

    async def spend(self, kind: str, keys: Keys, use: str) -> float | None:
        """Count a use, or say how many seconds to wait; then nothing is counted for anybody."""
        return await self._do("spend", kind, keys, use)

    async def give_back(self, kind: str, keys: Keys, use: str) -> float | None:
        """Count the use no more, for these; 0 once that is so."""
        return await self._do("forget", kind, keys, use)

    async def wait_s(self, kind: str, keys: Keys) -> float | None:
        """How long until a use fits; 0 for none. Counts nothing."""
        return await self._do("look", kind, keys, "")

    async def charge(self, kind: str, keys: Keys) -> float | None:
        """Count a use that has happened; 0 once it is counted."""
        return await self._do("charge", kind, keys, self.use())

    async def _do(self, act: str, kind: str, keys: Keys, use: str) -> float | None:
        names: list[str] = []
        asked: list[str | int] = [act, use]
        for place, name, rate in self._rates[kind]:
            if keys[place]:
                names.append(f"{self._prefix}:{name}:{keys[place]}")
                asked += rate
        if not names:
            return 0.0
        now = time.monotonic()
        if now < self._asked_again_at:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                try:
                    wait_us = await self._ask(names, asked)
                except (Disconnected, OSError):
                    # The connection was to a Redis that has restarted since, or broke just now.
                    wait_us = await self._ask(names, asked)
        except _FAULTS as error:
            self._asked_again_at = now + LEFT_ALONE_S
            if now >= self._says_again_at:
                self._says_again_at = now + SAY_EVERY_S
                log.warning("rate_limits_counted_in_memory", why=f"{self._where} does not answer")
                log.debug("redis_failed", error=repr(error))
            return None
        return wait_us / 1e6

    async def _ask(self, names: Sequence[str], asked: Sequence[str | int]) -> int:
        try:
            found = await self._redis.evalsha(_SHA, len(names), *names, *asked)  # type: ignore[misc]
        except NoScriptError:  # it is new there, or all were dropped
            found = await self._redis.eval(_SCRIPT, len(names), *names, *asked)  # type: ignore[misc]
        return int(found)


def _where(url: str) -> str:
    """Which Redis, for a sentence: without the password that its address may hold."""
    parts = urlsplit(url)
    return f"The Redis at {parts.hostname}:{parts.port or 6379}"
