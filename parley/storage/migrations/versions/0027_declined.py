"""When an owner didn't agree with a claim, which whoever made it is told."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("claims", sa.Column("declined_at", Instant))
