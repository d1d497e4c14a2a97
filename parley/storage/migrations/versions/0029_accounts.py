"""Accounts: their devices, passkeys and recovery codes, and what authenticators are to sign."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_ACCOUNT = sa.text("principal_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("principal_id", sa.BigInteger))
    op.create_index(
        "ix_sessions_principal_id",
        "sessions",
        ["principal_id"],
        sqlite_where=OF_ACCOUNT,
        postgresql_where=OF_ACCOUNT,
    )
    op.create_index("ix_knocks_session_id", "knocks", ["session_id"])
    op.add_column("push_devices", sa.Column("added_by", sa.BigInteger))
    op.create_table(
        "accounts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("handle", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("erasing_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_accounts_session_id"),
        sa.UniqueConstraint("session_id", name="uq_accounts_session_id"),
        sa.UniqueConstraint("handle", name="uq_accounts_handle"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "account_devices",
        sa.Column("session_id", KEY, nullable=False, autoincrement=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("signed_in_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_account_devices"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_account_devices_session_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_devices_account_id"
        ),
    )
    op.create_index("ix_account_devices_account_id", "account_devices", ["account_id"])
    op.create_table(
        "passkeys",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("is_synced", sa.Boolean, nullable=False),
        sa.Column("transports", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_passkeys_account_id"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_recovery_codes_account_id"
        ),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "challenges",
        sa.Column("challenge_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("session_id", sa.BigInteger),
        sa.Column("handle", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])
