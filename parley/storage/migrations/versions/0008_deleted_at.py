"""When a conversation was deleted: nobody finds it from then on, while its rows are erased."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("deleted_at", sa.BigInteger()))
    op.create_index(
        "ix_conversations_deleted",
        "conversations",
        ["id"],
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
