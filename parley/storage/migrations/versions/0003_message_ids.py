"""Fewer indexes to write for each message: its id begins with its seq, and of changes only
those of messages that were there before stand in one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

GIVEN = sa.text("client_id IS NOT NULL")
LATER = sa.text("changed_seq > seq")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # SQLite takes no constraint off a table: it is copied without. (Alembic's own copying
    # puts the constraints that remain in any order.)
    op.create_table(
        "messages_copied",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("changed_seq", sa.BigInteger, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_messages_session_id"),
    )
    op.execute(
        "INSERT INTO messages_copied SELECT conversation_id, seq, seq || '-' || id, changed_seq, "
        "session_id, user_id, username, text, type, sent_at, client_id FROM messages"
    )
    op.drop_table("messages")
    op.rename_table("messages_copied", "messages")
    op.create_index(
        "ix_messages_client_id",
        "messages",
        ["conversation_id", "session_id", "client_id"],
        unique=True,
        sqlite_where=GIVEN,
        postgresql_where=GIVEN,
    )
    op.create_index(
        "ix_messages_changed",
        "messages",
        ["conversation_id", "changed_seq"],
        unique=True,
        sqlite_where=LATER,
        postgresql_where=LATER,
    )
