"""Bring a database to the newest form, with Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from parley.errors import DatabaseTooNew

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0038"
"""The last revision in `migrations/versions`: a database that is there already starts faster."""


def migrate(engine: sa.Engine) -> None:
    """Make or upgrade the tables. Raises `DatabaseTooNew` for one that we cannot know."""
    with engine.connect() as connection:
        if not is_old(connection):
            return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            upgrade(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def is_old(connection: sa.Connection) -> bool:
    """Whether it is to be upgraded; empty ones are. Raises `DatabaseTooNew`."""
    revision = current_revision(connection)
    if revision is not None and not is_known(revision):
        raise DatabaseTooNew(
            f"The database was made by a newer version of Parley (its form is {revision}, "
            f"this version knows up to {NEWEST}). Start that version, or use another "
            "database."
        )
    return revision != NEWEST


def current_revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return revision


def is_known(revision: str) -> bool:
    """Whether this version can bring a database of that form up to date."""
    return any(MIGRATIONS.glob(f"versions/{revision}_*.py")) if revision.isalnum() else False


def upgrade(connection: sa.Connection) -> None:
    """Bring it to the newest form, in the caller's transaction."""
    # Imported here: a start on a database that needs nothing does not pay for Alembic.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
