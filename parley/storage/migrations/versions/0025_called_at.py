"""When people last called about a conversation they are in, not about another."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("participants", sa.Column("called_at", sa.BigInteger()))
    # Who is there now is looked at from when their session called last.
    op.execute(
        "UPDATE participants SET called_at ="
        " (SELECT seen_at FROM sessions WHERE sessions.id = participants.session_id)"
        " WHERE left_at IS NULL"
    )
