"""The one JSON codec: msgspec, behind the names that Socket.IO and Engine.IO call."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from parley.contract import JSON_MAX_DEPTH

# A string that nothing closes counts to the end: to try each of its quotes as a
# beginning would take time that grows with the square of its length.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


class Malformed(ValueError):
    """Not JSON, or nested too deeply."""


def dumps(value: Any, **_options: Any) -> str:
    """JSON, as compact as it gets; takes the contract's structs as well as plain values."""
    return msgspec.json.encode(value).decode()


def loads(text: str | bytes) -> Any:
    """The value. Raises `Malformed`."""
    if is_too_deep(text):
        raise Malformed("nested too deeply")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(str(error)) from None


def is_too_deep(text: str | bytes) -> bool:
    """Whether arrays and objects nest deeper than the limit; cheap for what has few of them."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text.count("[") + text.count("{") <= JSON_MAX_DEPTH:
        return False
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        bracket = match.group()
        if bracket in ("[", "{"):
            depth += 1
            if depth > JSON_MAX_DEPTH:
                return True
        elif bracket in ("]", "}"):
            depth -= 1
    return False
