"""The tables in an empty PostgreSQL database: the newest form at once, as none was ever older."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from parley.storage import cluster
from parley.storage.conversations import ACTIVE_SLOT, SLOT_MS
from parley.storage.migrate import NEWEST
from parley.storage.schema import metadata

UNCHECKED = (
    *(("messages", "session_id"), ("participants", "session_id"), ("knocks", "session_id")),
    *(("push_devices", "session_id"), ("notification_levels", "session_id")),
    *(("mail_addresses", "session_id"), ("pinned_conversations", "session_id")),
    ("drafts", "session_id"),
    ("messages", "conversation_id"),
)
"""Foreign keys that PostgreSQL doesn't check. Of those to sessions the first three have no index:
each session that is forgotten would have these tables read as a whole, and each message lock its
session's row. What the others name goes just after its session, in the same transaction. Only
sessions that take part in nothing are forgotten (`forgetting.py`), and alone. The last would look
up for each message what its transaction has just read and locked."""

SLOTTED = f"""
ALTER TABLE conversations ADD COLUMN {ACTIVE_SLOT.name} BIGINT NOT NULL
    GENERATED ALWAYS AS (last_activity_at / {SLOT_MS}) STORED;
DROP INDEX ix_conversations_activity;
CREATE INDEX ix_conversations_activity ON conversations ({ACTIVE_SLOT.name})
    WHERE ended_at IS NULL AND visibility = 'listed'
"""
"""Where an indexed column changes, PostgreSQL writes the row to all its table's indexes again. The
time of the last activity changes with every message, and a third of the log was that."""

_BUSY = ("messages", "reactions", "mentions", "participants", "conversations", "readings")

# Which transaction of which process was committed, for whoever lost the connection in a COMMIT.
_own = sa.MetaData()
writers = sa.Table(
    "writers",
    _own,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    postgresql_with={"fillfactor": 20},
)


@compiles(CreateColumn, "postgresql")
def _in_order_of_bytes(element: Any, compiler: Any, **kwargs: Any) -> str:
    """Texts are compared and ordered as SQLite does it, whatever the database's collation is."""
    written: str = compiler.visit_create_column(element, **kwargs)
    if isinstance(element.element.type, sa.Text):
        return written.replace(" TEXT", ' TEXT COLLATE "C"', 1)
    return written


def order_by_bytes(connection: sa.Connection) -> None:
    """The same for the columns that a migration added."""
    found = connection.execute(
        sa.text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        )
    ).all()
    quoted = connection.dialect.identifier_preparer.quote
    for table, column in found:
        if table in metadata.tables:
            connection.exec_driver_sql(
                f'ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} TYPE TEXT COLLATE "C"'
            )


def list_by_slot(connection: sa.Connection) -> None:
    """Index the latest activity by slots of time, where that isn't done yet."""
    found = connection.execute(
        sa.text(
            "SELECT 1 FROM pg_attribute"
            " WHERE attrelid = 'conversations'::regclass AND attname = :slot"
        ),
        {"slot": ACTIVE_SLOT.name},
    )
    if found.first() is None:
        connection.exec_driver_sql(SLOTTED)


def make(connection: sa.Connection) -> None:
    """Make them all. The transaction is the caller's."""
    for table in (*metadata.sorted_tables, *_own.sorted_tables):
        checked = [
            key
            for key in table.foreign_key_constraints
            if (table.name, *key.column_keys) not in UNCHECKED
        ]
        connection.execute(CreateTable(table, include_foreign_key_constraints=checked))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))
    list_by_slot(connection)
    cluster.make(connection)
    for name in _BUSY:
        # Sooner than after a fifth of a large table: until then what was erased stays in its place.
        connection.exec_driver_sql(
            f"ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.02, "
            "autovacuum_vacuum_threshold = 1000)"
        )
    # As Alembic makes it.
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(
        sa.text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST}
    )
