"""Which database there is, by the settings."""

from __future__ import annotations

from parley.config import Config
from parley.errors import DatabaseUnusable
from parley.storage.database import Database
from parley.storage.sqlite.database import SqliteDatabase


def database_of(config: Config) -> Database:
    """PostgreSQL where there is a URL, else SQLite in the data folder. Nothing is opened yet.

    Raises `DatabaseUnusable` where the extra is missing.
    """
    if not config.database_url:
        return SqliteDatabase(config.data)
    try:
        import psycopg  # noqa: F401  # that it is there
    except ImportError as error:
        raise DatabaseUnusable(
            "PostgreSQL needs the extra postgres: pip install 'parley[postgres]'."
        ) from error
    from parley.storage.postgresql.database import PostgresqlDatabase

    return PostgresqlDatabase(config.database_url, config.data)
