"""Desks, where visitors of other pages start conversations."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0038"
down_revision = "0037"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "desks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("greeting", sa.Text, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_desks"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_desks_session_id"),
    )
    op.create_index("ix_desks_session_id", "desks", ["session_id"])
    op.create_table(
        "desk_conversations",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("desk_id", sa.Text, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_desk_conversations"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_desk_conversations_conversation_id",
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name="fk_desk_conversations_desk_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_desk_conversations_session_id"
        ),
    )
    op.create_index(
        "ix_desk_conversations_desk_id", "desk_conversations", ["desk_id", "started_at"]
    )
    op.create_index("ix_desk_conversations_session_id", "desk_conversations", ["session_id"])
