"""New keys of encrypted conversations."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0028"
down_revision = "0027"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "epochs",
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("made_by", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "number", name="pk_epochs"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_epochs_conversation_id"
        ),
    )
