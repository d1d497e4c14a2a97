"""What pages call a conversation.

One without a title is not called by the id that leads to it, as it is on the wire: whoever sees the
screen would have its link.
"""

from __future__ import annotations

from parley import contract, records

UNTITLED = "Untitled conversation"
"""`static/js/room/title.js` says the same."""

Titled = (
    contract.Conversation
    | contract.ConversationSummary
    | contract.OwnConversation
    | records.Conversation
)


def called(conversation: Titled) -> str:
    return UNTITLED if is_untitled(conversation) else conversation.title


def is_untitled(conversation: Titled) -> bool:
    return conversation.title == contract.default_title(conversation.room_id)


def given(conversation: Titled) -> str:
    """Its title; empty where nobody gave it one."""
    return "" if is_untitled(conversation) else conversation.title
