"""Bots, what they may, and what people ask of them."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0036"
down_revision = "0035"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("may", sa.Integer))
    op.add_column("messages", sa.Column("buttons", sa.Text))
    op.create_table(
        "bots",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("acted_at", Instant),
        sa.Column("commands", sa.Text, nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="pk_bots"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_bots_conversation_id"
        ),
    )
    op.create_table(
        "asks",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_asks"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_asks_conversation_id"
        ),
    )
    op.create_index("ix_asks_asked_at", "asks", ["asked_at"])
