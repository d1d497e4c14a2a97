"""Which bus there is, by the settings."""

from __future__ import annotations

from parley.bus import Bus, Carrier
from parley.bus.local import LocalBus
from parley.bus.shared import SharedBus
from parley.config import Config
from parley.errors import BusUnusable


def bus_of(config: Config, process: str | None) -> Bus:
    """One for this process alone, where there are no others; else by Redis, where there is one, or
    by the database. `process` names this one. Nothing is opened yet.

    Raises `BusUnusable`.
    """
    return LocalBus() if process is None else SharedBus(carrier_of(config), process)


def carrier_of(config: Config) -> Carrier:
    """What takes hints from process to process."""
    if not config.redis_url:
        from parley.bus.postgresql import PostgreSQLCarrier

        return PostgreSQLCarrier(config.database_url)
    try:
        from parley.bus.redis import RedisCarrier
    except ImportError as error:
        raise BusUnusable("Redis needs the extra redis: pip install 'parley[redis]'.") from error
    return RedisCarrier(config.redis_url)
