"""Redis or Valkey: whether it answers, and what it does when it is full."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from parley.config import MEMORY
from parley.doctor.clock import compare
from parley.doctor.findings import Finding, fail, ok, warn
from parley.doctor.looking import Look
from parley.errors import the_extra

CHECK = "redis"
ANSWER_WITHIN_S = 4.0
OLDEST = 6
FULL_FROM = 0.9
"""Of the memory that it may use."""


def look(look: Look) -> Iterator[Finding]:
    config = look.config
    urls = {
        "--redis-url": config.redis_url,
        "--rate-limit-storage": config.rate_limit_storage.removeprefix(MEMORY),
    }
    for setting, url in urls.items():
        if url:
            yield from _ask(url, setting)


def _ask(url: str, setting: str) -> Iterator[Finding]:
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
        from redis.retry import Retry
    except ImportError:
        yield fail(CHECK, f"{setting} needs {the_extra('redis')}", "Until then nothing starts.")
        return
    try:
        client = Redis.from_url(
            url,
            socket_connect_timeout=ANSWER_WITHIN_S,
            socket_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        yield fail(CHECK, f"{setting} is no address of a Redis: {error}.", "Correct it.")
        return
    try:
        began = time.monotonic()
        now: Any = client.time()
        yield from compare("Redis", now[0] + now[1] / 1e6, time.monotonic() - began)
        told: Any = client.info()
        yield from _told(told, setting)
    except (RedisError, OSError) as error:
        yield fail(
            CHECK,
            f"The Redis of {setting} doesn't answer as it should: {str(error).rstrip('.')}.",
            "See whether it runs, and check the setting. Until then nothing is lost, but people "
            "on different processes hear each other later.",
        )
    finally:
        client.close()


def _told(told: dict[str, Any], setting: str) -> Iterator[Finding]:
    name = "Valkey" if "valkey_version" in told else "Redis"
    version = str(told.get("valkey_version") or told.get("redis_version", ""))
    if version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) < OLDEST:
        yield warn(CHECK, f"{name} {version} is very old.", f"Upgrade it to {OLDEST} or newer.")
    else:
        yield ok(CHECK, f"{name} {version} answers, as {setting} says.")
    most, used = int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    policy = str(told.get("maxmemory_policy", ""))
    if most and used > most * FULL_FROM:
        yield warn(
            CHECK,
            f"{name} uses {used / most:.0%} of the memory it may use.",
            "Raise maxmemory: what is full counts nobody's uses.",
        )
    elif most and policy == "noeviction":
        yield ok(CHECK, f"{name} has a bound (maxmemory) and evicts nothing (noeviction).")
    elif most:
        yield warn(
            CHECK,
            f"{name} evicts by {policy} when it is full, and with that forgets how often people "
            "did things: rate limits then let more through.",
            "Set maxmemory-policy noeviction. Parley's counts expire by themselves.",
        )
    if told.get("loading"):
        yield warn(CHECK, f"{name} is still loading its data.", "Ask again in a minute.")
