"""The names under which somebody spoke who has another now.

Those of old are read off the messages. Their keys are made at the next start with everybody
else's, so by which rules keys were made is forgotten where there are any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "former_names",
        sa.Column("id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("named_at", sa.BigInteger, nullable=False),
        sa.Column("is_alike", sa.Boolean, nullable=False),
        sa.Column("given_up_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_former_names"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_former_names_conversation_id"
        ),
    )
    # Once through all messages. The greatest of each is an owner's role, and a mark. So many are
    # remembered of one person, the earliest.
    op.execute(
        "INSERT INTO former_names (conversation_id, user_id, username, name_key, role, named_at,"
        " is_alike, given_up_at) "
        "SELECT conversation_id, user_id, username, '', role, named_at, is_alike, given_up_at "
        "FROM (SELECT messages.conversation_id, messages.user_id, messages.username,"
        " max(messages.role) AS role, min(messages.sent_at) AS named_at,"
        " max(messages.is_alike) AS is_alike, max(messages.sent_at) AS given_up_at,"
        " row_number() OVER (PARTITION BY messages.conversation_id, messages.user_id"
        " ORDER BY min(messages.seq)) AS place "
        "FROM messages JOIN participants USING (conversation_id, user_id) "
        "WHERE messages.username != participants.username "
        "GROUP BY messages.conversation_id, messages.user_id, messages.username) AS former "
        "WHERE place <= 20 ORDER BY conversation_id, user_id, place"
    )
    op.create_index(
        "ix_former_names_name",
        "former_names",
        ["conversation_id", "name_key", sa.text("role DESC"), "named_at", "user_id"],
    )
    op.create_index(
        "ix_former_names_user", "former_names", ["conversation_id", "user_id", "name_key"]
    )
    op.create_index("ix_former_names_given_up", "former_names", ["conversation_id", "given_up_at"])
    op.execute(
        "DELETE FROM facts WHERE name IN ('name_keys', 'name_marks') "
        "AND EXISTS (SELECT 1 FROM former_names)"
    )
