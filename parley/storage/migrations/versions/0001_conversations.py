"""Sessions, conversations, participants and messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
LISTED = sa.text("ended_at IS NULL AND visibility = 'listed'")
PRESENT = sa.text("left_at IS NULL")
GIVEN = sa.text("client_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("token_used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_folded", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("owner_session_id", KEY, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("message_count", sa.BigInteger, nullable=False),
        sa.Column("participant_count", sa.BigInteger, nullable=False),
        sa.Column("last_activity_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("room_id", name="uq_conversations_room_id"),
        sa.ForeignKeyConstraint(
            ["owner_session_id"], ["sessions.id"], name="fk_conversations_owner_session_id"
        ),
    )
    op.create_index(
        "ix_conversations_activity",
        "conversations",
        ["last_activity_at", "id"],
        sqlite_where=LISTED,
        postgresql_where=LISTED,
    )
    op.create_table(
        "participants",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="pk_participants"),
        sa.UniqueConstraint(
            "conversation_id", "session_id", name="uq_participants_conversation_id_session_id"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_participants_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_participants_session_id"),
    )
    op.create_index(
        "ix_participants_present",
        "participants",
        ["conversation_id"],
        sqlite_where=PRESENT,
        postgresql_where=PRESENT,
    )
    op.create_table(
        "messages",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("changed_seq", sa.BigInteger, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_messages"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_messages_session_id"),
    )
    op.create_index(
        "ix_messages_client_id",
        "messages",
        ["conversation_id", "session_id", "client_id"],
        unique=True,
        sqlite_where=GIVEN,
        postgresql_where=GIVEN,
    )
