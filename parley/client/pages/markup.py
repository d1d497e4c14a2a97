"""A page's HTML, read so strictly that no browser could read something else.

Parley's pages use a small part of HTML: lower-case tags, values in double quotes, no comments,
nothing unescaped. Whatever else stands in a page is named, not read. So it needn't be known how
browsers mend it, or which of them do: every `<` that is left begins an element that is looked at.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_DOCTYPE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)
_TAG = re.compile(
    r'<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<attributes>(?:\s+[A-Za-z][\w-]*(?:="[^"<>]*")?)*)\s*/?>'
)
_ATTRIBUTE = re.compile(r'\s+([A-Za-z][\w-]*)(?:="([^"<>]*)")?')
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Element:
    tag: str
    attributes: dict[str, str]
    """Empty text for one without a value."""
    repeated: str
    """An attribute that it has twice; empty for none."""
    text: str
    """What stands between it and the next tag."""


@dataclass(frozen=True, slots=True)
class Strange:
    """What no page of Parley has."""

    text: str


def read(page: str) -> Iterator[Element | Strange]:
    """All elements in their order, and what isn't one."""
    doctype = _DOCTYPE.match(page)
    if not doctype:
        yield Strange(page[:_SHOWN_CHARS])
    at = page.find("<", doctype.end() if doctype else 0)
    while at >= 0:
        tag = _TAG.match(page, at)
        after = page.find("<", tag.end() if tag else at + 1)
        if not tag:
            yield Strange(page[at : at + _SHOWN_CHARS])
        elif not tag["end"]:
            yield _element(tag, page[tag.end() : after if after >= 0 else len(page)])
        at = after


def _element(tag: re.Match[str], text: str) -> Element:
    attributes: dict[str, str] = {}
    repeated = ""
    for name, value in _ATTRIBUTE.findall(tag["attributes"]):
        if name.lower() in attributes:
            repeated = name.lower()
        attributes.setdefault(name.lower(), html.unescape(value))
    return Element(tag["name"].lower(), attributes, repeated, text)
