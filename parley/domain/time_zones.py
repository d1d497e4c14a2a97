"""Time zones, by the names that IANA gives them."""

from __future__ import annotations

from zoneinfo import ZoneInfo


def zone_called(name: str) -> ZoneInfo | None:
    """Such as `Europe/Berlin`; None where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # there is none; it is no name; it is a folder
        return None
