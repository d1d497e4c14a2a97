"""What a message's text becomes on a page rendered here.

The rules are written down in `static/js/transcript/text.js`, which does the same in the
browser; `tests/rich_text_cases.json` holds both to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from markupsafe import Markup, escape

from parley.grammar import web_links as links

Kind = Literal["text", "link", "code", "pre"]
Part = tuple[Kind, str]

_OPENING_FENCE = re.compile(r"```[A-Za-z0-9_+#.-]*[ \t]*")
_CLOSING_FENCE = re.compile(r"```[ \t]*")
_INLINE = re.compile(rf"(`{{1,3}})([^`\n]+)\1(?!`)|{links.LINK}")

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
EMOJI = (
    "(?:[\\U0001f1e6-\\U0001f1ff]{2}|[0-9#*]\\ufe0f?\\u20e3|"
    f"{_ONE_PICTURE}(?:\\u200d{_ONE_PICTURE})*)"
)
"""One of them, as an expression."""
_EMOJI_ONLY = re.compile(f"{EMOJI}{{1,5}}")
_SPACES = re.compile(r"[ \r\n]")
RICH_PARTS_MAX = 100
"""What comes after so many links and pieces of code stays text: each is an element of the page,
and a message can be written of nothing else."""
_SEAM = "\0"
"""Between parts that are escaped together: no text that is stored holds it."""
_EMOJI_ONLY_MAX_CHARS = 200
"""Five emoji are shorter, tags and all; a longer text is not even looked at."""
FOLD_LINE_BREAKS = 20
FOLD_CHARS = 1500
"""Of longer texts the first sixteen lines show, until somebody asks for the rest."""


def parse(text: str) -> list[Part]:
    """The text in parts, in order."""
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[Part] = []
    end = 0
    for start, stop, part in islice(_found(source), RICH_PARTS_MAX):
        _add_text(source[end:start], parts)
        parts.append(part)
        end = stop
    _add_text(source[end:], parts)
    return parts


def rich(text: str) -> Markup:
    """The text as HTML: links, code, everything else escaped."""
    parts = parse(text.replace(_SEAM, ""))
    if not parts:
        return Markup()
    # All of it is escaped at once: to call for each part costs more than everything else.
    escaped = str(escape(_SEAM.join([value for _, value in parts]))).split(_SEAM)
    html = "".join([_render(kind, value) for (kind, _), value in zip(parts, escaped, strict=True)])
    return Markup(html)  # noqa: S704  # every value in it is escaped


def link(escaped: str) -> str:
    """An address, escaped, as a link that leads to it and tells nothing to whom it leads."""
    return f'<a href="{escaped}" rel="noopener noreferrer nofollow" target="_blank">{escaped}</a>'


def is_emoji_only(text: str) -> bool:
    """Whether it is one to five emoji and nothing else, to be shown large."""
    # No emoji is of ASCII alone, and most texts are.
    if text.isascii() or len(text) > _EMOJI_ONLY_MAX_CHARS:
        return False
    return _EMOJI_ONLY.fullmatch(_SPACES.sub("", text)) is not None


def is_long(text: str) -> bool:
    """Whether it is shown folded, for it would fill more than a screen."""
    breaks = text.count("\n") + text.count("\r") - text.count("\r\n")
    return breaks > FOLD_LINE_BREAKS or len(text) > FOLD_CHARS


def _found(source: str) -> Iterator[tuple[int, int, Part]]:
    """What is more than text: where it starts, where the text goes on, and what it is."""
    if "`" not in source and "://" not in source:  # as in most: there is nothing to look for
        return
    begin = 0
    for opening, inside, end, closing in _blocks(source):
        block = max(begin, opening - 1)  # without the line break before it
        yield from _inline(source, begin, block)
        yield block, closing, ("pre", source[inside:end])
        begin = closing
    yield from _inline(source, begin, len(source))


def _blocks(source: str) -> Iterator[tuple[int, int, int, int]]:
    """Where each fenced block opens, where its lines begin and end, and what comes after it.

    One pass, whatever the text: an opening that nothing closes leaves none for those after it.
    """
    opening = inside = at = 0
    is_open = False
    for line in source.split("\n"):
        after = at + len(line) + 1
        if not is_open:
            if _OPENING_FENCE.fullmatch(line):
                opening, inside, is_open = at, after, True
        elif at > inside and _CLOSING_FENCE.fullmatch(line):
            yield opening, inside, at - 1, min(after, len(source))
            is_open = False
        at = after


def _inline(source: str, begin: int, end: int) -> Iterator[tuple[int, int, Part]]:
    emphasis = links.Emphasis(source, begin)
    for match in _INLINE.finditer(source, begin, end):
        start = match.start()
        if (code := match[2]) is not None:
            yield start, match.end(), ("code", code)
        elif link := links.trimmed(match[0], start, emphasis):
            yield start, start + len(link), ("link", link)


def _add_text(text: str, parts: list[Part]) -> None:
    if text:
        parts.append(("text", text))


def _render(kind: Kind, escaped: str) -> str:
    match kind:
        case "text":
            return escaped
        case "link":
            return link(escaped)
        case "code":
            return f"<code>{escaped}</code>"
        case "pre":
            return f'<pre tabindex="0"><code>{escaped}</code></pre>'
