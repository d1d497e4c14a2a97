"""Since when a name is held: of two that can be taken for one another, the newer is marked."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "participants",
        sa.Column("named_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    # The best that is known: nobody noted when a name was changed.
    op.execute("UPDATE participants SET named_at = joined_at")
