"""Names of people as exports have them, made fit to be shown."""

from __future__ import annotations

import hashlib
import re

from parley.importing.chats import ImportRefused, Person

NAME_MAX_CHARS = 200
"""No system allows longer ones."""
PEOPLE_MAX = 250_000
"""More don't take part in any chat, and their names are kept in memory."""
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_SPACES = re.compile(r"\s+")


def cleaned(name: str) -> str:
    """Without controls and marks of direction; with single spaces. A name that is too long is cut,
    and tells itself from others by its end."""
    if len(name) > NAME_MAX_CHARS:
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
        name = f"{name[: NAME_MAX_CHARS - 9]}…{digest}"
    return _SPACES.sub(" ", _HARMFUL.sub("", name)).strip() or "Unknown"


class People:
    """Those of a file, by key, as they come."""

    def __init__(self) -> None:
        self.by_key: dict[str, Person] = {}

    def add(self, key: str, name: str) -> None:
        """Raises `ImportRefused` for too many."""
        if key not in self.by_key:
            if len(self.by_key) >= PEOPLE_MAX:
                raise ImportRefused(f"This file names more than {PEOPLE_MAX:,} people.")
            self.by_key[key] = Person(key, name)
