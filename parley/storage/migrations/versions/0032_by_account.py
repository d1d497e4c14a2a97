"""What owners decide by accounts: who may post. Several founders."""

import sqlalchemy as sa
from alembic import op

from parley.storage import cluster

revision = "0032"
down_revision = "0030"


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("is_accounts_only", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "grants",
        sa.Column("is_founder", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    if op.get_bind().dialect.name == "postgresql":
        # It is told of as what else owners decide.
        cluster.count_again(op.get_bind(), "conversations", 0)
