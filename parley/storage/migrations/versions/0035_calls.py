"""Calls that go on, and whether there may be any in a conversation."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0035"
down_revision = "0030"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("has_calls", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    op.create_table(
        "calls",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("people", sa.Text, nullable=False),
        sa.Column("put_out", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_calls"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_calls_conversation_id"
        ),
    )
    op.create_table(
        "call_peers",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("process", sa.BigInteger, nullable=False),
        sa.Column("has_audio", sa.Boolean, nullable=False),
        sa.Column("has_video", sa.Boolean, nullable=False),
        sa.Column("has_screen", sa.Boolean, nullable=False),
        sa.Column("has_hand", sa.Boolean, nullable=False),
        sa.Column("joined_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_call_peers"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_call_peers_conversation_id"
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        # What counts changes looks at the new column too.
        op.execute("DROP TRIGGER conversations_counted_0 ON conversations")
        op.execute(
            "CREATE TRIGGER conversations_counted_0 AFTER UPDATE OF title, description, "
            "is_read_only, shows_title, keep_days, has_calls ON conversations "
            "FOR EACH ROW EXECUTE FUNCTION conversations_counted_0()"
        )
