"""Files: what was uploaded, what is on its way, and what is to be erased where files are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NO = sa.text("0")


def upgrade() -> None:
    op.add_column("messages", sa.Column("attachments", sa.Text()))
    op.create_table(
        "files",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("file_id", sa.Text(), nullable=False, unique=True),
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("session_id", _KEY, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("has_preview", sa.Boolean(), nullable=False, server_default=_NO),
    )
    op.create_index("ix_files_message", "files", ["conversation_id", "seq", "id"])
    op.create_index("ix_files_session", "files", ["session_id", "size"])
    op.create_index(
        "ix_files_unsent",
        "files",
        ["created_at"],
        sqlite_where=sa.text("seq IS NULL"),
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_table(
        "uploads",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("file_id", sa.Text(), nullable=False, unique=True),
        sa.Column("conversation_id", _KEY, sa.ForeignKey("conversations.id"), nullable=False),
        sa.Column("session_id", _KEY, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_uploads_conversation", "uploads", ["conversation_id", "size"])
    op.create_index("ix_uploads_session", "uploads", ["session_id", "size"])
    op.create_index("ix_uploads_touched", "uploads", ["touched_at"])
    op.create_table(
        "erased_files",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("file_id", sa.Text(), nullable=False),
    )
