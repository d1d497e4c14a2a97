"""What a file becomes, in words: the same on the terminal and on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from parley.config import in_words
from parley.domain.importing.scratch import Staged


def rows(staged: Staged) -> list[tuple[str, str]]:
    """What there is of each, as a label and a value; nothing of what there is nothing of."""
    found = [
        ("Title", staged.title or "none"),
        ("People", _people(staged)),
        ("Messages", f"{staged.messages:,}"),
    ]
    if staged.files:
        found.append(("Files", f"{staged.files:,} ({in_words(staged.files_bytes)})"))
    if staged.first_at_ms is not None and staged.last_at_ms is not None:
        zone = "local time" if staged.needs_zone else "UTC"
        first, last = _minute(staged.first_at_ms), _minute(staged.last_at_ms)
        found.append(("Sent", f"{first} to {last}, {zone}"))
    for label, count in (
        ("Notices, such as who joined", staged.service_lines),
        ("Files missing from the export", staged.files_missing),
        ("Files too large for this server", staged.files_too_large),
        ("Messages too long for one, split into several", staged.split),
        ("Reactions left out, as they aren't single emoji", staged.reactions_left_out),
        ("Pins left out, as there are too many", staged.pins_left_out),
        ("Not read, or only in part", staged.problems_count),
    ):
        if count:
            found.append((label, f"{count:,}"))
    return found


def _people(staged: Staged) -> str:
    more = staged.people_count - len(staged.people)
    names = ", ".join(staged.people) + (f" and {more:,} more" if more else "")
    return f"{staged.people_count:,}" + (f" ({names})" if names else "")


def _minute(at_ms: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)  # before 1970 too
    return f"{at:%Y-%m-%d %H:%M}"
