"""What stands in a message of JSON, taken as it comes: of a wrong type is as good as left out."""

from __future__ import annotations

import hashlib
import heapq
import re
from array import array
from bisect import bisect_left
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

NAME_MAX_CHARS = 200
KEY_MAX_CHARS = 200
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside are mistakes, and some systems can't store them."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNKEPT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_NAME = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]+")
_SPACES = re.compile(r"\s+")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_SLACK = re.compile(r"[1-9]\d{9}\.\d{6}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; whatever else is in it is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Lines may break; other control characters go, and halves of characters."""
    if not isinstance(value, str):
        return ""
    if not _UNFIT.search(value):
        return value
    return _UNKEPT.sub("", _BREAKS.sub("\n", value))


def name(value: Any, otherwise: str = "") -> str:
    """On one line, without what turns the direction of its letters."""
    if not isinstance(value, str):
        return otherwise
    clean = _SPACES.sub(" ", _UNFIT_NAME.sub(" ", value[: 4 * NAME_MAX_CHARS])).strip()
    return clean[:NAME_MAX_CHARS].rstrip() or otherwise


def emoji(value: Any) -> str:
    """As it stands; what can't be an emoji between colons."""
    shown = name(value, "unknown")
    return f":{shown}:" if shown.isascii() else shown


def file_name(value: Any, otherwise: str = "file") -> str:
    """Without the path before it; a long one keeps its ending."""
    if not isinstance(value, str):
        return otherwise
    last = value.replace("\\", "/").rpartition("/")[2]
    if len(last) > NAME_MAX_CHARS:
        stem, ending = last[:NAME_MAX_CHARS], last[-16:]
        last = f"{stem[:-17]}.{ending.rpartition('.')[2]}"
    return name(last).strip(" .") or otherwise


def key(value: Any) -> str:
    """An id, be it a number or a text; empty for none."""
    if isinstance(value, str):
        clean = _UNFIT_NAME.sub("", value)
        return clean if len(clean) <= KEY_MAX_CHARS else _digest(clean).hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else _digest(hex(value)).hex()
    return ""


def whole(value: Any) -> int | None:
    """A whole number, be it written as a text; None for any other, and for those beyond 10^18."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if isinstance(value, float):
        return int(value) if abs(value) < 10**15 and value == int(value) else None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None


def size(value: Any) -> int | None:
    """In bytes."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def count(value: Any) -> int:
    return max(0, whole(value) or 0)


def moment(seconds: Any) -> datetime | None:
    """Of the seconds since 1970; None for what is no time, and for 0, which stands for none."""
    found = whole(seconds)
    return None if not found else _since_1970(found, 0)


def moment_exactly(seconds: Any) -> datetime | None:
    """Likewise, of Slack's `1706720860.000100`, which is a text since no float is as exact."""
    before, _, behind = seconds.partition(".") if isinstance(seconds, str) else ("", "", "")
    found = whole(before)
    microseconds = whole(behind[:6].ljust(6, "0"))
    if found is None or microseconds is None or microseconds < 0:
        return None
    return _since_1970(found, microseconds)


def moment_ms(milliseconds: Any) -> datetime | None:
    """Likewise, of milliseconds."""
    found = whole(milliseconds)
    return None if not found else _since_1970(found // 1000, found % 1000 * 1000)


def _since_1970(seconds: int, microseconds: int) -> datetime | None:
    try:
        made = EARLIEST + timedelta(seconds=seconds, microseconds=microseconds)
    except OverflowError:
        return None
    return made if EARLIEST < made < LATEST else None


def iso(value: Any) -> datetime | None:
    """Of `2024-01-31T18:07:40.12+01:00`; naive where no offset is written. None for no date."""
    found = _ISO.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    try:
        # What is finer than a microsecond is cut off.
        made = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}")
        if offset:
            made = made.replace(tzinfo=_zone(offset))
        aware = made if offset else made.replace(tzinfo=UTC)
        return made if EARLIEST < aware < LATEST else None
    except (ValueError, OverflowError):
        return None


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


class Seen:
    """Which keys there were, in eight bytes each: a file may have millions.

    A key is told from another by a hash of 64 bits: that two of a million are taken for one is less
    likely than one in ten million.
    """

    def __init__(self) -> None:
        self._sorted = array("Q")
        self._late: set[int] = set()

    def add(self, key: str) -> bool:
        """Whether it is the first time."""
        number = _number(key)
        if not self._sorted or number > self._sorted[-1]:
            if number in self._late:
                return False
            self._sorted.append(number)
            return True
        at = bisect_left(self._sorted, number)
        if self._sorted[at] == number or number in self._late:
            return False
        self._late.add(number)
        if len(self._late) > 20_000 + len(self._sorted) // 16:
            self._sorted = array("Q", heapq.merge(self._sorted, sorted(self._late)))
            self._late = set()
        return True


def _number(key: str) -> int:
    """Those of ascending numbers ascend, and of Slack's times."""
    if key.isascii() and key.isdigit() and len(key) <= 19 and (key[0] != "0" or key == "0"):
        number = int(key)
        if number < 1 << 63:
            return number
    if _SLACK.fullmatch(key):
        return int(key.replace(".", ""))
    return int.from_bytes(_digest(key)[:8], "big") | 1 << 63


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
