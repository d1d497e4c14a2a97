"""Find what changed after a seq."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "ix_messages_changed", "messages", ["conversation_id", "changed_seq"], unique=True
    )
