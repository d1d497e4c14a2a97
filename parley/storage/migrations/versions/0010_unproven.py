"""Who never proved to be who they say, from where they and those who knock came, and which of the
owners' acts are light.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TAKEN_UP = sa.text("first_session_id IS NOT NULL")
LIGHT = sa.text("act IN ('changed_title', 'changed_description')")


def upgrade() -> None:
    op.add_column("participants", sa.Column("unproven_from", sa.Text()))
    op.add_column("participants", sa.Column("first_session_id", sa.BigInteger()))
    # Nobody noted from where: none of them is taken up again but with its token.
    op.execute(
        "UPDATE participants SET unproven_from = '' WHERE session_id IN "
        "(SELECT id FROM sessions WHERE token_used_at IS NULL)"
    )
    op.add_column("sessions", sa.Column("unproven_in", sa.Text()))
    op.execute(
        # No index leads from a session to where it takes part: all are gathered in one go.
        "UPDATE sessions SET unproven_in = taking_part.conversation_ids "
        "FROM (SELECT session_id, group_concat(conversation_id, ' ') AS conversation_ids "
        "FROM participants GROUP BY session_id) AS taking_part "
        "WHERE taking_part.session_id = sessions.id AND token_used_at IS NULL"
    )
    op.create_index(
        "ix_participants_first",
        "participants",
        ["first_session_id"],
        sqlite_where=TAKEN_UP,
        postgresql_where=TAKEN_UP,
    )
    op.add_column(
        "messages",
        sa.Column("is_unproven", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column("knocks", sa.Column("place", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "ix_audit_light",
        "audit",
        ["conversation_id", "id"],
        sqlite_where=LIGHT,
        postgresql_where=LIGHT,
    )
