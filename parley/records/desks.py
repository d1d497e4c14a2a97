"""Desks: where visitors of a page start conversations with its owner."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Desk(Struct, frozen=True):
    id: str
    """Stands in pages for all to see: it lets people write to whoever owns it, and no more."""
    session_id: int
    """Who owns what is started there."""
    title: str
    """Of each conversation; `{name}` stands for the visitor's."""
    username: str
    """As whom the owner answers."""
    greeting: str
    is_open: bool
    """Whether somebody is said to be there. Visitors can write all the same."""
    made_at: datetime
