"""Who speaks in a file, as they are met."""

from __future__ import annotations

from parley.importing.chats import ImportRefused, Person

PEOPLE_MAX = 100_000
"""They are held in memory. The largest groups have more members, but those don't all speak."""


class People(dict[str, Person]):
    """By key."""

    def meet(self, key: str, name: str, *, is_bot: bool = False) -> str:
        """Remember somebody by the first name that isn't empty. The key."""
        known = self.get(key)
        if known is not None and (known.name or not name):
            return key
        if len(self) >= PEOPLE_MAX:
            raise ImportRefused(f"More than {PEOPLE_MAX:,} people speak in this file.")
        self[key] = Person(key, name, is_bot)
        return key
