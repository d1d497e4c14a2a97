"""The terms that a message is found by beside its words: who said it, when, and what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from parley.search import words

NAME, USER_ID, DAY, HAS = "\x02", "\x03", "\x04", "\x05"
"""What such a term begins with: no word does."""


def terms(
    text: str, *, username: str, user_id: str, sent_at: datetime, has: Iterable[str]
) -> set[str]:
    """All terms of a message. `has`: what of `queries.HAS` is in it for good."""
    found = words.terms(text)
    found.update(NAME + term for term in words.terms(username))
    found.add(of_user(user_id))
    found.add(of_day(sent_at))
    found.update(HAS + kind for kind in has)
    return found


def of_user(user_id: str) -> str:
    return USER_ID + user_id[: words.TERM_MAX_CHARS].replace("\n", " ")


def of_day(at: datetime) -> str:
    """In UTC."""
    return f"{DAY}{at.date().isoformat().replace('-', '')}"  # strftime has years of one digit
