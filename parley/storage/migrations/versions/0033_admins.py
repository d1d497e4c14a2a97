"""Who acts for the host in the browser, and what was done for it."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0033"
down_revision = "0032"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("added_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_admins"),
        sa.UniqueConstraint("account_id", name="uq_admins_account_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_admins_account_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "admin_links",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_admin_links"),
    )
    op.create_table(
        "host_acts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("admin_id", sa.BigInteger),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_host_acts"),
        sqlite_autoincrement=True,
    )
    waits = sa.text("host_resolved_at IS NULL")
    op.create_index(
        "ix_reports_waiting", "reports", ["id"], sqlite_where=waits, postgresql_where=waits
    )
