"""Which messages of encrypted conversations say nothing to anybody: introductions, what the
conversation is about, and reactions. They count as unread for nobody, and nobody is told of them.
"""

from __future__ import annotations

import sqlalchemy as sa

from parley.storage.prepared import p
from parley.storage.schema import conversations, messages

TYPE = "encrypted"
_BEGINS = ("AQM", "AQQ", "AQU")
"""Version 1, and the kinds 3, 4 and 5, in base64url (docs/encryption.md)."""

_first = sa.func.substr(messages.c.text, 1, 3)
# Elsewhere a message may begin with anything, whatever type it says it is of.
_is_encrypted = (
    sa.select(conversations.c.read_proof_hash.is_not(None))
    .where(conversations.c.id == p("conversation_id"))
    .scalar_subquery()
)
# Of all others no more than the type is looked at: of an AND SQLite computes both sides.
IS_ASIDE = sa.case(
    (
        messages.c.type == TYPE,
        sa.and_(sa.or_(*(_first == begins for begins in _BEGINS)), _is_encrypted),
    ),
    else_=sa.false(),
)
"""For a statement on the messages of the conversation `conversation_id`."""
