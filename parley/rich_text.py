"""What a message's text becomes on a page rendered here.

The rules are written down in `static/js/text.js`, which does the same in the
browser; `tests/rich_text_cases.json` holds both to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from markupsafe import Markup, escape

Kind = Literal["text", "link", "code", "pre"]
Part = tuple[Kind, str]

_OPENING_FENCE = re.compile(r"```[A-Za-z0-9_+#.-]*[ \t]*")
_CLOSING_FENCE = re.compile(r"```[ \t]*")
_UNLINKED = (
    '\\u0000-\\u0020"<>`\\u007f-\\u00a0\\u1680\\u2000-\\u200f'
    "\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff"
)
_INLINE = re.compile(r"(`{1,3})([^`\n]+)\1(?!`)|https?://[^" + _UNLINKED + "]+", re.IGNORECASE)
_TRAILING = ".,:;!?'*_~…。，、！？；："  # noqa: RUF001  # punctuation of other scripts, meant
_OPENERS = {")": "(", "]": "[", "}": "{"}
_LINK_START = re.compile(r"https?://[^/?#.:@]", re.IGNORECASE)

_PICTURE = (
    "[\\u231a\\u231b\\u23e9-\\u23f3\\u23f8-\\u23fa\\u25fd\\u25fe\\u2614\\u2615\\u2648-\\u2653"
    "\\u267f\\u2693\\u26a1\\u26aa\\u26ab\\u26bd\\u26be\\u26c4\\u26c5\\u26ce\\u26d4\\u26ea\\u26f2"
    "\\u26f3\\u26f5\\u26fa\\u26fd\\u2705\\u270a\\u270b\\u2728\\u274c\\u274e\\u2753-\\u2755\\u2757"
    "\\u2795-\\u2797\\u27b0\\u27bf\\u2b1b\\u2b1c\\u2b50\\u2b55\\U0001f004\\U0001f0cf\\U0001f18e"
    "\\U0001f191-\\U0001f19a\\U0001f300-\\U0001f3fa\\U0001f400-\\U0001f64f"
    "\\U0001f680-\\U0001f6ff\\U0001f7e0-\\U0001f7eb\\U0001f90c-\\U0001f9ff"
    "\\U0001fa70-\\U0001faff]"
)
_SYMBOL = (
    "[\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139\\u2190-\\u21ff\\u2300-\\u27bf\\u2900-\\u2bff"
    "\\u3030\\u303d\\u3297\\u3299\\U0001f170-\\U0001f171\\U0001f17e-\\U0001f17f"
    "\\U0001f202\\U0001f237]"
)
_ONE_PICTURE = (
    f"(?:{_PICTURE}|{_SYMBOL}\\ufe0f)\\ufe0f?[\\U0001f3fb-\\U0001f3ff]?[\\U000e0020-\\U000e007f]*"
)
_EMOJI = (
    "(?:[\\U0001f1e6-\\U0001f1ff]{2}|[0-9#*]\\ufe0f?\\u20e3|"
    f"{_ONE_PICTURE}(?:\\u200d{_ONE_PICTURE})*)"
)
_EMOJI_ONLY = re.compile(f"{_EMOJI}{{1,5}}")
_SPACES = re.compile(r"[ \r\n]")
_EMOJI_ONLY_MAX_CHARS = 200
"""Five emoji are shorter, tags and all; a longer text is not even looked at."""


def parse(text: str) -> list[Part]:
    """The text in parts, in order."""
    parts: list[Part] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = 0
    for opening, closing in _blocks(lines):
        _parse_inline("\n".join(lines[start:opening]), parts)
        parts.append(("pre", "\n".join(lines[opening + 1 : closing])))
        start = closing + 1
    _parse_inline("\n".join(lines[start:]), parts)
    return parts


def rich(text: str) -> Markup:
    """The text as HTML: links, code, everything else escaped."""
    # Escaped once and joined: a long message may be a thousand links, a page a hundred messages.
    html = "".join(_render(kind, str(escape(value))) for kind, value in parse(text))
    return Markup(html)  # noqa: S704  # every value in it is escaped


def is_emoji_only(text: str) -> bool:
    """Whether it is one to five emoji and nothing else, to be shown large."""
    if len(text) > _EMOJI_ONLY_MAX_CHARS:
        return False
    return _EMOJI_ONLY.fullmatch(_SPACES.sub("", text)) is not None


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The lines that open and close each fenced block.

    One pass, whatever the text: an opening that nothing closes leaves none for those after it.
    """
    opening = None
    for number, line in enumerate(lines):
        if opening is None:
            opening = number if _OPENING_FENCE.fullmatch(line) else None
        elif number > opening + 1 and _CLOSING_FENCE.fullmatch(line):
            yield opening, number
            opening = None


def _parse_inline(text: str, parts: list[Part]) -> None:
    end = 0
    for match in _INLINE.finditer(text):
        is_link = match[2] is None
        found = _trim_link(match[0]) if is_link else match[0]
        if not found:
            continue
        _add_text(text[end : match.start()], parts)
        parts.append(("link", found) if is_link else ("code", match[2]))
        end = match.start() + len(found)
    _add_text(text[end:], parts)


def _add_text(text: str, parts: list[Part]) -> None:
    if text:
        parts.append(("text", text))


def _trim_link(link: str) -> str:
    """The link without the sentence's punctuation after it; empty where nothing is left."""
    unopened = {close: link.count(close) - link.count(open) for close, open in _OPENERS.items()}
    end = len(link)
    while end and (link[end - 1] in _TRAILING or unopened.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in unopened:
            unopened[link[end]] -= 1
    kept = link[:end]
    return kept if _LINK_START.match(kept) else ""


def _render(kind: Kind, escaped: str) -> str:
    match kind:
        case "text":
            return escaped
        case "link":
            return (
                f'<a href="{escaped}" rel="noopener noreferrer nofollow" target="_blank">'
                f"{escaped}</a>"
            )
        case "code":
            return f"<code>{escaped}</code>"
        case "pre":
            return f'<pre tabindex="0"><code>{escaped}</code></pre>'
