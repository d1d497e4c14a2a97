"""What a version of Parley says its pages are made of."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass

import msgspec

FORMAT = 1


class NotPublished(Exception):
    """A sentence saying why this is no list of what pages are made of."""


class Published(msgspec.Struct, frozen=True):
    """What `parley page-hashes` prints."""

    format: int
    version: str
    """Of Parley."""
    files: dict[str, str]
    """The SHA-256 of each static file, in hex, by its name below `/static/<version>/`."""
    elements: dict[str, dict[str, list[str]]]
    """By tag, the attributes it may have, and what each may say: `*` stands for anything."""
    policy: dict[str, str]
    """The directives of a page's Content-Security-Policy, but for what names the server."""
    worker_policy: dict[str, str]

    @classmethod
    def read(cls, text: str | bytes) -> Published:
        """Raises `NotPublished`."""
        try:
            found = msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            raise NotPublished("That isn't what parley page-hashes prints.") from None
        if found.format != FORMAT:
            raise NotPublished("That was published by a newer Parley: use that one to check.")
        return found

    def is_file(self, name: str, content: bytes) -> bool:
        """Whether a static file is as it was published."""
        return self.files.get(name) == hashlib.sha256(content).hexdigest()

    def may_be(self, tag: str, attribute: str, value: str) -> bool:
        """Whether a template writes such an attribute."""
        patterns = self.elements[tag].get(attribute, [])
        return any(_is(pattern, value) for pattern in patterns)


@dataclass(frozen=True)
class Kind:
    """A page that has to do with keys."""

    words: str
    script: str
    """What it runs, below `js/`."""


HOME = Kind("where a conversation is started", "page")
KEY = Kind("that asks for the key", "unlock")
INSIDE = Kind("of the conversation", "encrypted")


def _is(pattern: str, value: str) -> bool:
    return pattern == "*" or _compiled(pattern).fullmatch(value) is not None


@functools.lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
