"""PostgreSQL: its version, its connections, and whether it keeps what it says it stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from parley.bus import CarrierFailed
from parley.config import Config
from parley.doctor.clock import compare
from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.doctor.versions import of_moves, of_revision

CHECK = "database"
OLDEST = 14
"""The oldest that its makers still mend in 2026."""
HINTS = 2
"""Connections for LISTEN and NOTIFY, where there is no Redis."""
CHANNEL = "parley_doctor"
HEARS_WITHIN_S = 3.0
_RISKS = {
    "fsync": "a crash or power cut can destroy the whole database",
    "full_page_writes": "a power cut can damage pages for good",
    "synchronous_commit": "a crash loses messages that people were told are stored",
}


def look(look: Look) -> Iterator[Finding]:
    config = look.config
    if not config.database_url:
        return
    try:
        from parley.storage.postgresql.connections import driver, engine_of
    except ImportError:
        yield skip(CHECK, "PostgreSQL was not asked, as the extra postgres is missing.")
        return
    engine = engine_of(config.database_url)
    try:
        with engine.connect() as connection:
            began = time.monotonic()
            now_s = float(_one(connection, "SELECT extract(epoch FROM clock_timestamp())"))
            yield from compare("PostgreSQL", now_s, time.monotonic() - began)
            yield from _version(connection)
            yield from _tables(connection)
            yield from _risks(connection)
            yield from _connections(connection, config)
            is_pooled = driver(connection).prepare_threshold is None
        if is_pooled:
            yield from _pooled(config)
    except (sa.exc.DBAPIError, sa.exc.ArgumentError) as error:
        said = " ".join(str(getattr(error, "orig", error)).split()).rstrip(".")
        if "statement pooling mode" in said:
            yield fail(
                CHECK,
                "PgBouncer runs in statement mode, which lets no transaction through.",
                "Set pool_mode = transaction.",
            )
        else:
            yield fail(
                CHECK,
                f"PostgreSQL can't be used: {said}.",
                "See whether it runs, and check --database-url.",
            )
    finally:
        engine.dispose()


def _version(connection: sa.Connection) -> Iterator[Finding]:
    number = int(_one(connection, "SHOW server_version_num"))
    name = str(_one(connection, "SHOW server_version")).split()[0]
    if number // 10_000 < OLDEST:
        yield warn(
            CHECK,
            f"PostgreSQL {name} gets no more fixes.",
            f"Upgrade it to {OLDEST} or newer.",
        )
    else:
        yield ok(CHECK, f"PostgreSQL {name} answers.")
    encoding = str(_one(connection, "SHOW server_encoding"))
    if encoding != "UTF8":
        yield fail(
            CHECK,
            f"The database is encoded as {encoding}, which can't hold every name and message.",
            "Make one with ENCODING 'UTF8' and TEMPLATE template0.",
        )
    if _one(connection, "SELECT pg_is_in_recovery()"):
        yield fail(
            CHECK,
            "This PostgreSQL is a standby, and takes no writes.",
            "Give the primary with --database-url; target_session_attrs=read-write finds it "
            "among several hosts.",
        )


def _tables(connection: sa.Connection) -> Iterator[Finding]:
    if _one(connection, "SELECT to_regclass('alembic_version')") is None:
        yield skip(CHECK, "The database is empty; the first start makes the tables.")
        return
    revision = _one(connection, "SELECT version_num FROM alembic_version")
    yield from of_revision(None if revision is None else str(revision))
    names = connection.exec_driver_sql("SELECT name FROM facts").scalars()
    yield from of_moves(str(name) for name in names)


def _risks(connection: sa.Connection) -> Iterator[Finding]:
    found = False
    for name, what in _RISKS.items():
        if _one(connection, f"SHOW {name}") == "off":
            found = True
            yield fail(
                CHECK,
                f"PostgreSQL runs with {name} off: {what}.",
                f"Set {name} = on in postgresql.conf and reload it.",
            )
    if not found:
        yield ok(CHECK, "PostgreSQL keeps what it says it stored (fsync, synchronous_commit).")


def _connections(connection: sa.Connection, config: Config) -> Iterator[Finding]:
    from parley.storage.postgresql.database import READERS

    most = int(_one(connection, "SHOW max_connections"))
    most -= int(_one(connection, "SHOW superuser_reserved_connections"))
    used = int(
        _one(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()",
        )
    )
    ours = int(
        _one(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'parley%%' "
            "AND datname = current_database() AND pid <> pg_backend_pid()",
        )
    )
    # One writes, one reads what takes long; the hints are Redis's where there is one.
    each = READERS + 2 + (0 if config.redis_url else HINTS)
    wanted = config.workers * each
    left = most - used
    what = f"{config.workers} × {each}" if config.workers > 1 else str(each)
    if left + ours < wanted:
        yield warn(
            CHECK,
            f"PostgreSQL has {left} of {most} connections left, and this machine's server needs up "
            f"to {what}.",
            "Raise max_connections, lower --workers, or put PgBouncer in between.",
        )
    else:
        yield ok(CHECK, f"{used} of {most} connections are in use; this server needs up to {what}.")


def _pooled(config: Config) -> Iterator[Finding]:
    """Behind PgBouncer hints arrive only where each client has a connection to itself."""
    yield ok(CHECK, "PgBouncer is in between, and keeps transactions whole.")
    if not config.redis_url and not asyncio.run(_hears(config.database_url)):
        yield warn(
            CHECK,
            "Hints between processes go by LISTEN, which PgBouncer in transaction mode drops: "
            "people on another process hear each message seconds late.",
            "Give a Redis with --redis-url, or set pool_mode = session.",
        )


async def _hears(url: str) -> bool:
    """Whether what one process tells arrives at another, by the connections they have for it."""
    from parley.bus.postgresql import PostgreSQLCarrier

    telling, listening = (PostgreSQLCarrier(url, channel=CHANNEL) for _ in range(2))
    is_ready, has_heard = asyncio.Event(), asyncio.Event()
    receiving = asyncio.create_task(listening.receive(is_ready.set, lambda _text: has_heard.set()))
    try:
        async with asyncio.timeout(HEARS_WITHIN_S):
            await is_ready.wait()
            await telling.send(["?"])
            await has_heard.wait()
    except (TimeoutError, CarrierFailed):
        return False
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        await telling.close()
    return True


def _one(connection: sa.Connection, sql: str) -> Any:
    return connection.exec_driver_sql(sql).scalar()
