"""What owners decide: who may come in, who may stay, what is kept; and a list of what they did."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
NO = sa.text("0")


def upgrade() -> None:
    for column in (
        sa.Column("is_locked", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("is_knock", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("is_read_only", sa.Boolean, nullable=False, server_default=NO),
        sa.Column("passphrase_hash", sa.Text),
        sa.Column("keep_days", sa.Integer),
        sa.Column("erased_through", sa.BigInteger, nullable=False, server_default=NO),
    ):
        op.add_column("conversations", column)
    op.add_column("participants", sa.Column("removed_at", INSTANT))
    op.add_column(
        "participants", sa.Column("is_alike", sa.Boolean, nullable=False, server_default=NO)
    )
    # Filled when they come in the next time.
    op.add_column("participants", sa.Column("name_key", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_participants_name", "participants", ["conversation_id", "name_key"])
    op.add_column("messages", sa.Column("deleted_at", INSTANT))
    op.add_column("messages", sa.Column("role", sa.Text, nullable=False, server_default="member"))
    op.add_column("messages", sa.Column("is_alike", sa.Boolean, nullable=False, server_default=NO))
    op.create_table(
        "links",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("uses_max", sa.BigInteger),
        sa.Column("last_used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("code_hash", name="uq_links_code_hash"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_links_conversation_id"
        ),
    )
    op.create_index("ix_links_conversation_id", "links", ["conversation_id"])
    op.create_table(
        "grants",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("link_id", KEY),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "session_id", name="pk_grants"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_grants_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_grants_session_id"),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name="fk_grants_link_id"),
    )
    op.create_index("ix_grants_link_id", "grants", ["link_id"])
    op.create_table(
        "knocks",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("conversation_id", "session_id", name="pk_knocks"),
        sa.UniqueConstraint("id", name="uq_knocks_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_knocks_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_knocks_session_id"),
    )
    op.create_table(
        "old_links",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_old_links"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_old_links_conversation_id"
        ),
    )
    op.create_index("ix_old_links_conversation_id", "old_links", ["conversation_id"])
    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_audit_conversation_id"
        ),
    )
    op.create_index("ix_audit_conversation_id", "audit", ["conversation_id", "id"])
    op.create_index(
        "ix_conversations_keep_days",
        "conversations",
        ["id"],
        sqlite_where=sa.text("keep_days IS NOT NULL"),
        postgresql_where=sa.text("keep_days IS NOT NULL"),
    )
