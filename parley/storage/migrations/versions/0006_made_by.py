"""Who made a link: who owns no more must not come back by one they made before."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("links", sa.Column("made_by", sa.BigInteger()))
