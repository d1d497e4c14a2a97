"""Signing in with providers of OpenID Connect."""

import sqlalchemy as sa
from alembic import op

from parley.storage.schema import Instant

revision = "0031"
down_revision = "0030"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "external_identities",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("added_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_external_identities"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_external_identities_account_id"
        ),
        sa.UniqueConstraint("issuer", "subject", name="uq_external_identities_issuer_subject"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_external_identities_account_id", "external_identities", ["account_id"])
    op.create_table(
        "authorizations",
        sa.Column("state_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("brings", sa.Boolean, nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("session_id", sa.BigInteger),
        sa.Column("subject", sa.Text),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_authorizations"),
    )
    op.create_index("ix_authorizations_expires_at", "authorizations", ["expires_at"])
