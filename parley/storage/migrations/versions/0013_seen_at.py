"""When a session last called: who is here without a socket is told by that."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("seen_at", sa.BigInteger()))
