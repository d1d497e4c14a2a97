"""Hooks: by which other programs speak in a conversation, and which tell them what happens."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0037"
down_revision = "0036"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NO = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("code_seal", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_used_at", Instant),
        sa.Column("uses", sa.BigInteger, nullable=False, server_default=NO),
        sa.PrimaryKeyConstraint("id", name="pk_hooks"),
        sa.UniqueConstraint("code_seal", name="uq_hooks_code_seal"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_hooks_conversation_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hooks_conversation_id", "hooks", ["conversation_id"])
    op.create_table(
        "webhooks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("through_seq", sa.BigInteger, nullable=False),
        sa.Column("done_through", sa.BigInteger, nullable=False, server_default=NO),
        sa.Column("waiting", sa.BigInteger, nullable=False, server_default=NO),
        sa.Column("paused_at", Instant),
        sa.Column("paused_for", sa.Text),
        sa.Column("failing_since", Instant),
        sa.Column("failures", sa.Integer, nullable=False, server_default=NO),
        sa.Column("retry_at", Instant),
        sa.Column("took_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_webhooks_conversation_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_conversation_id", "webhooks", ["conversation_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("webhook_id", KEY, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("message_seq", sa.BigInteger),
        sa.Column("data", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("happened_at", Instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default=NO),
        sa.Column("status", sa.Integer, nullable=False, server_default=NO),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("tried_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries", ["webhook_id", "id"])
