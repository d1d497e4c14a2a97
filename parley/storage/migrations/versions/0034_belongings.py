"""What an account gives its holder on all devices."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0034"
down_revision = "0033"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pinned_conversations",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("pinned_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "session_id", name="pk_pinned_conversations"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_pinned_conversations_conversation_id",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_pinned_conversations_session_id"
        ),
    )
    op.create_index("ix_pinned_conversations_session_id", "pinned_conversations", ["session_id"])
    op.create_table(
        "drafts",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "session_id", name="pk_drafts"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_drafts_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_drafts_session_id"),
    )
    op.create_index("ix_drafts_session_id", "drafts", ["session_id", "version"])
    op.add_column(
        "conversations",
        sa.Column("has_looks", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "looks",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("hue", sa.Integer),
        sa.Column("picture", sa.Text),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="pk_looks"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_looks_conversation_id"
        ),
    )
    op.add_column("accounts", sa.Column("hue", sa.Integer))
    op.add_column(
        "accounts",
        sa.Column("has_picture", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "account_pictures",
        sa.Column("account_id", KEY, nullable=False, autoincrement=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_pictures"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_pictures_account_id"
        ),
    )
    op.create_table(
        "chests",
        sa.Column("account_id", KEY, nullable=False, autoincrement=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_chests"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_chests_account_id"),
    )
