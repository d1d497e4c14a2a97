"""Who wants mail about new messages, and what keeps anybody from getting too much."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NO = sa.text("0")
OF_SESSION = sa.text("session_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "mail_addresses",
        sa.Column("id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_tag", sa.Text, nullable=False),
        sa.Column("mailbox_tag", sa.Text, nullable=False),
        sa.Column("words", sa.Boolean, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("is_due", sa.Boolean, server_default=NO, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("told_at", sa.BigInteger),
        sa.Column("failures", sa.Integer, server_default=NO, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_mail_addresses"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_mail_addresses_session_id"
        ),
        sa.UniqueConstraint("session_id", name="uq_mail_addresses_session_id"),
    )
    op.create_index("ix_mail_addresses_address_tag", "mail_addresses", ["address_tag"])
    op.create_table(
        "mail_targets",
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger),
        sa.Column("asked_count", sa.Integer, server_default=NO, nullable=False),
        sa.Column("quiet_until", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tag", name="pk_mail_targets"),
    )
    op.create_table(
        "mail_codes",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("address_tag", sa.Text, nullable=False),
        sa.Column("mailbox_tag", sa.Text, nullable=False),
        sa.Column("session_id", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_mail_codes"),
    )
    op.create_index(
        "ix_mail_codes_session_id",
        "mail_codes",
        ["session_id"],
        sqlite_where=OF_SESSION,
        postgresql_where=OF_SESSION,
    )
    op.create_index("ix_mail_codes_expires_at", "mail_codes", ["expires_at"])
