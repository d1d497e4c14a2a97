"""People are listed page by page: an index in the order of the list, and one of owners."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("ix_participants_present")
    op.create_index(
        "ix_participants_present",
        "participants",
        ["conversation_id", "joined_at", "user_id"],
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index(
        "ix_participants_owners",
        "participants",
        ["conversation_id", "joined_at"],
        sqlite_where=sa.text("left_at IS NULL AND role = 'owner'"),
        postgresql_where=sa.text("left_at IS NULL AND role = 'owner'"),
    )
