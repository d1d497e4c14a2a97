"""From bytes and loose values to the contract's structs, with errors a person understands."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_args

import msgspec

from parley.contract import JSON_MAX_DEPTH, codec
from parley.errors import BadRequest, TooLarge

T = TypeVar("T")

_TOO_LONG = re.compile(r"Expected `str` of length <= (\d+) - at `\$\.(\w+)`")

_ECHO = re.compile(r"Invalid enum value .*(?= - at `\$[^`]*`\Z)", re.DOTALL)
"""An error tells what was wrong where, but repeats nothing of what was sent."""


def from_json(body: bytes, type: type[T]) -> T:
    """A JSON body as `type`. Raises `BadRequest` and `TooLarge`."""
    if codec.is_too_deep(body):
        raise BadRequest(f"The JSON is nested too deeply: at most {JSON_MAX_DEPTH} levels.")
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None


def from_value(value: Any, type: type[T]) -> T:
    """A value already parsed from JSON as `type`. Raises `BadRequest` and `TooLarge`."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise _explained(error) from None


def from_query(text: str, name: str, type: Any) -> Any:
    """A query parameter, or a field of a form, as `type`: a number in plain decimal digits alone,
    not as other programs would write one (`1e1`, `+10`, `1_0`). Raises `BadRequest`.
    """
    if _is_number(type) and not is_plain_number(text):
        raise BadRequest(f"{name}: Expected a number in decimal digits.")
    try:
        return msgspec.convert(text, type, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"{name}: {error}.") from None


def is_plain_number(text: str) -> bool:
    """Whether it is written in the digits 0 to 9 and in nothing else."""
    return text.isascii() and text.isdigit()


def _is_number(type: Any) -> bool:
    return type is int or get_args(type)[:1] == (int,)


def _explained(error: msgspec.ValidationError) -> BadRequest | TooLarge:
    text = str(error)
    if too_long := _TOO_LONG.search(text):
        limit, field = too_long.groups()
        return TooLarge(f"{field} is too long: at most {int(limit):,} characters.")
    return BadRequest(_ECHO.sub("Unknown value", text) + ".")
