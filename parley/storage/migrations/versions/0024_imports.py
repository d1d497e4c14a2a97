"""Conversations that took place elsewhere, and people in them whom members claim to be."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DELETED = sa.text("deleted_at IS NOT NULL AND importing_at IS NULL")
IMPORTED = sa.text("is_imported = 1")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("importing_at", sa.BigInteger))
    op.drop_index("ix_conversations_deleted", "conversations")
    op.create_index(
        "ix_conversations_deleted",
        "conversations",
        ["id"],
        sqlite_where=DELETED,
        postgresql_where=DELETED,
    )
    op.add_column(
        "participants",
        sa.Column("is_imported", sa.Boolean, server_default=sa.text("0"), nullable=False),
    )
    op.create_index(
        "ix_participants_imported",
        "participants",
        ["conversation_id", "user_id"],
        sqlite_where=IMPORTED,
        postgresql_where=IMPORTED,
    )
    op.create_table(
        "claims",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("claimed_id", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="pk_claims"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_claims_conversation_id"
        ),
    )
