"""A conversation without a title has its link in its place: the one there is now.

One that was replaced since no longer told that there was no title. The log of owners has none.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
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
