"""Who has spoken under the name they hold; and what conversations without a title have for one.

That is their link: the one there is now, as one that was replaced since no longer told that there
was no title. The log of owners has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


SPOKEN = sa.text("has_spoken = 1 AND removed_at IS NULL")


def upgrade() -> None:
    op.add_column(
        "participants",
        sa.Column("has_spoken", sa.Boolean, nullable=False, server_default=sa.text("0")),
    )
    # Once through all messages, however many people there are.
    op.execute(
        "UPDATE participants SET has_spoken = 1 WHERE (conversation_id, user_id) IN ("
        "SELECT participants.conversation_id, participants.user_id FROM messages "
        "JOIN participants USING (conversation_id, user_id) "
        # Since then they have had it, or one that looks like it.
        "WHERE messages.username = participants.username "
        "OR messages.sent_at >= participants.named_at)"
    )
    op.create_index(
        "ix_participants_spoken_name",
        "participants",
        ["conversation_id", "name_key", "named_at"],
        sqlite_where=SPOKEN,
        postgresql_where=SPOKEN,
    )
    op.execute(
        "UPDATE audit SET about = '' WHERE act = 'changed_title' AND (EXISTS ("
        "SELECT 1 FROM conversations WHERE conversations.id = audit.conversation_id "
        "AND audit.about = 'Conversation ' || conversations.room_id) OR EXISTS ("
        "SELECT 1 FROM old_links WHERE old_links.conversation_id = audit.conversation_id "
        "AND audit.about = 'Conversation ' || old_links.room_id))"
    )
    op.execute(
        "UPDATE conversations SET title = 'Conversation ' || room_id, "
        "title_folded = lower('conversation ' || room_id) WHERE EXISTS ("
        "SELECT 1 FROM old_links WHERE old_links.conversation_id = conversations.id "
        "AND conversations.title = 'Conversation ' || old_links.room_id)"
    )
