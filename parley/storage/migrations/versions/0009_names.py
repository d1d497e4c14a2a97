"""Whose a name is, is found by an index, however many hold it; and a place for what is known of
the database as a whole, such as by which rules names were compared.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

HOLDS = sa.text("removed_at IS NULL")
REMOVED = sa.text("removed_at IS NOT NULL")
PRESENT = sa.text("left_at IS NULL")
NAME = ["conversation_id", "name_key"]


def upgrade() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )
    op.drop_index("ix_participants_name", "participants")
    for name, columns, condition in (
        ("name", [*NAME, "role", "is_alike", "named_at"], HOLDS),
        ("present_name", [*NAME, "is_alike", "named_at"], PRESENT),
        ("kept_name", [*NAME, "is_alike"], REMOVED),
    ):
        op.create_index(
            f"ix_participants_{name}",
            "participants",
            columns,
            sqlite_where=condition,
            postgresql_where=condition,
        )
