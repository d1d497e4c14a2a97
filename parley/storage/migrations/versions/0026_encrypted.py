"""Conversations that the server can't read, and the hash of what readers show."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("read_proof_hash", sa.LargeBinary(32)))
