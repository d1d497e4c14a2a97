"""What owners decide by accounts: who may post. Several founders, and invitations by
way of contact links."""

import sqlalchemy as sa
from alembic import op

from parley.storage import cluster
from parley.storage.schema import Instant

revision = "0032"
down_revision = "0031"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("is_accounts_only", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "grants",
        sa.Column("is_founder", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "contact_links",
        sa.Column("account_id", KEY, nullable=False, autoincrement=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_contact_links"),
        sa.UniqueConstraint("code", name="uq_contact_links_code"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_contact_links_account_id"
        ),
    )
    op.create_table(
        "contact_invites",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("by_session_id", sa.BigInteger, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("conversation_id", "session_id", name="pk_contact_invites"),
        sa.UniqueConstraint("id", name="uq_contact_invites_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_contact_invites_conversation_id"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_contact_invites_session_id"
        ),
    )
    op.create_index("ix_contact_invites_session_id", "contact_invites", ["session_id"])
    op.create_index("ix_contact_invites_by_session_id", "contact_invites", ["by_session_id"])
    op.create_table(
        "contact_blocks",
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("blocked_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "blocked_id", name="pk_contact_blocks"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_contact_blocks_session_id"
        ),
    )
    op.create_index("ix_contact_blocks_blocked_id", "contact_blocks", ["blocked_id"])
    if op.get_bind().dialect.name == "postgresql":
        # It is told of as what else owners decide.
        fires = (
            "UPDATE OF title, description, is_read_only, is_accounts_only, shows_title, keep_days"
        )
        cluster.count_again(op.get_bind(), "conversations", 0, fires)
