"""Notifications: the browsers that get them, what of, and what each is to be told or shows."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "push_devices",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("session_id", _KEY, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False, unique=True),
        sa.Column("key", sa.LargeBinary(65), nullable=False),
        sa.Column("auth", sa.LargeBinary(16), nullable=False),
        sa.Column("shows_words", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer()),
        sa.Column("quiet_until", sa.Integer()),
        sa.Column("time_zone", sa.Text(), nullable=False, server_default=""),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("took_at", sa.BigInteger()),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_push_devices_session_id", "push_devices", ["session_id"])
    op.create_table(
        "notification_levels",
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("session_id", _KEY, sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("level", sa.Text()),
        sa.Column("quiet_until", sa.BigInteger()),
    )
    op.create_index("ix_notification_levels_session_id", "notification_levels", ["session_id"])
    op.create_table(
        "notices",
        sa.Column("device_id", _KEY, sa.ForeignKey("push_devices.id"), primary_key=True),
        sa.Column("conversation_id", sa.BigInteger(), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("shown_seq", sa.BigInteger()),
        sa.Column("shown_at", sa.BigInteger()),
    )
    op.create_index(
        "ix_notices_due",
        "notices",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_notices_conversation", "notices", ["conversation_id"])
