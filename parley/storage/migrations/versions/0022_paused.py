"""Since when a paused conversation waits to be told of by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("notification_levels", sa.Column("untold_since", sa.BigInteger))
