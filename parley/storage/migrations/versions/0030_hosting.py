"""What the host of a server decides on, with the reports that it reads."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0030"
down_revision = "0029"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("message_id", sa.Text),
        sa.Column("seq", sa.BigInteger),
        sa.Column("sent_at", Instant),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("is_told", sa.Boolean, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("resolved_at", Instant),
        sa.Column("host_resolved_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_reports_conversation_id"
        ),
    )
    op.create_index("ix_reports_conversation_id", "reports", ["conversation_id", "id"])
    op.create_table(
        "complaints",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("report_id", KEY, nullable=False),
        sa.Column("reporter", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
        sa.UniqueConstraint("report_id", "reporter", name="uq_complaints_report_id_reporter"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_complaints_conversation_id"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_complaints_report_id"),
    )
    op.create_index("ix_complaints_conversation_id", "complaints", ["conversation_id", "id"])
    op.create_table(
        "blocks",
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("network", name="pk_blocks"),
    )
    op.add_column(
        "links",
        sa.Column("is_founding", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "invitations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("uses_max", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("code_hash", name="uq_invitations_code_hash"),
    )
    op.create_table(
        "invited",
        sa.Column("session_id", KEY, nullable=False, autoincrement=False),
        sa.Column("invitation_id", KEY, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_invited"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_invited_session_id"),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name="fk_invited_invitation_id"
        ),
    )
    op.create_index("ix_invited_invitation_id", "invited", ["invitation_id"])
