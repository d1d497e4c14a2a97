"""Owners may demand a token of whoever comes back, and where conversations were started from."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("created_from", sa.Text()))
    op.add_column(
        "conversations",
        sa.Column("needs_proof", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )
