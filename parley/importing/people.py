"""Who speaks in a file, as they are met, with names that are fit to be shown."""

from __future__ import annotations

import hashlib
import re

from parley.importing.chats import ImportRefused, Person

NAME_MAX_CHARS = 200
"""No system allows longer ones."""
PEOPLE_MAX = 250_000
"""They are held in memory. The largest groups have more members, but those don't all speak."""
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_SPACES = re.compile(r"\s+")


def cleaned(name: str) -> str:
    """Without controls and marks of direction; with single spaces. A name that is too long is cut,
    and tells itself from others by its end."""
    if len(name) > NAME_MAX_CHARS:
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
        name = f"{name[: NAME_MAX_CHARS - 9]}…{digest}"
    return _SPACES.sub(" ", _HARMFUL.sub("", name)).strip() or "Unknown"


class People(dict[str, Person]):
    """By key."""

    def meet(self, key: str, name: str, *, is_bot: bool = False) -> str:
        """Remember somebody by the first name that isn't empty. The key.

        Raises `ImportRefused` for too many.
        """
        known = self.get(key)
        if known is not None and (known.name or not name):
            return key
        if len(self) >= PEOPLE_MAX:
            raise ImportRefused(f"More than {PEOPLE_MAX:,} people speak in this file.")
        self[key] = Person(key, name, is_bot)
        return key
