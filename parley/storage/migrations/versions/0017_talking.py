"""What people do with messages: edit, answer, mention, react, pin; and how far they have read."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NO = sa.text("0")


def upgrade() -> None:
    for column in (
        sa.Column("edited_at", sa.BigInteger()),
        sa.Column("pinned_at", sa.BigInteger()),
        sa.Column("reply_seq", sa.BigInteger()),
        sa.Column("reply_id", sa.Text()),
        sa.Column("mentions", sa.Text()),
        sa.Column("parts", sa.Text()),
        sa.Column("reactions", sa.Text()),
    ):
        op.add_column("messages", column)
    op.add_column(
        "participants",
        sa.Column("left_for_good", sa.Boolean(), nullable=False, server_default=_NO),
    )
    op.create_index(
        "ix_messages_pinned",
        "messages",
        ["conversation_id", "pinned_at"],
        sqlite_where=sa.text("pinned_at IS NOT NULL"),
        postgresql_where=sa.text("pinned_at IS NOT NULL"),
    )
    op.create_table(
        "readings",
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("user_id", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=_NO),
    )
    op.create_table(
        "reactions",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("emoji", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.UniqueConstraint("conversation_id", "seq", "emoji", "user_id"),
    )
    op.create_index("ix_reactions_order", "reactions", ["conversation_id", "seq", "emoji", "id"])
    op.create_table(
        "mentions",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("is_reply", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("conversation_id", "seq", "user_id"),
    )
    op.create_index("ix_mentions_user_id", "mentions", ["conversation_id", "user_id", "seq"])
