"""At which link somebody knocked: by that they are answered, whatever the link is then."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("knocks", sa.Column("room_id", sa.Text(), nullable=False, server_default=""))
    # The best that is known: a link that was replaced since may be the one they knocked at.
    op.execute(
        "UPDATE knocks SET room_id = (SELECT conversations.room_id FROM conversations "
        "WHERE conversations.id = knocks.conversation_id)"
    )
