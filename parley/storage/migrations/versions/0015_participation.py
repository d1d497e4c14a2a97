"""Whoever comes back finds what they take part in: by session, where it has proved who it is.
And owners say whether other apps show the title of a link.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "ix_participants_session",
        "participants",
        ["session_id", "conversation_id"],
        sqlite_where=sa.text("unproven_from IS NULL"),
        postgresql_where=sa.text("unproven_from IS NULL"),
    )
    op.create_index("ix_conversations_owner", "conversations", ["owner_session_id", "id"])
    op.add_column(
        "conversations",
        sa.Column("shows_title", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )
    op.create_index("ix_grants_session", "grants", ["session_id", "conversation_id"])
