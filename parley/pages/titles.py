"""How a page calls a conversation that nobody gave a title."""

from __future__ import annotations

from parley.records import Conversation

UNTITLED = "Untitled conversation"


def given(conversation: Conversation) -> str:
    """Its title; empty where it has none but its id, by which nobody knows it."""
    is_untitled = conversation.title == f"Conversation {conversation.room_id}"
    return "" if is_untitled else conversation.title
