"""What a message's text becomes on a page rendered here.

The rules are written down in `static/js/text.js`, which does the same in the
browser; `tests/rich_text_cases.json` holds both to them.
"""

from __future__ import annotations

import re
from typing import Literal

from markupsafe import Markup

Kind = Literal["text", "link", "code", "pre"]
Part = tuple[Kind, str]

_FENCE = re.compile(r"(?:\A|\n)```[A-Za-z0-9_+#.-]*[ \t]*\n([\s\S]*?)\n```[ \t]*(?=\n|\Z)")
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
"""Five emoji are shorter, tags and all; a long text is not even looked at."""


def parse(text: str) -> list[Part]:
    """The text in parts, in order."""
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[Part] = []
    end = 0
    for match in _FENCE.finditer(source):
        _parse_inline(source[end : match.start()], parts)
        parts.append(("pre", match[1]))
        end = match.end()
        # The line break after a block is the block's own. The next fence may need it too.
        if source[end : end + 1] == "\n":
            end += 1
    _parse_inline(source[end:], parts)
    return parts


def rich(text: str) -> Markup:
    """The text as HTML: links, code, everything else escaped."""
    return Markup("").join(_render(kind, value) for kind, value in parse(text))


def is_emoji_only(text: str) -> bool:
    """Whether it is one to five emoji and nothing else, to be shown large."""
    if len(text) > _EMOJI_ONLY_MAX_CHARS:
        return False
    return _EMOJI_ONLY.fullmatch(_SPACES.sub("", text)) is not None


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
    while link and _ends_outside(link):
        link = link[:-1]
    return link if _LINK_START.match(link) else ""


def _ends_outside(link: str) -> bool:
    last = link[-1]
    if last in _TRAILING:
        return True
    opener = _OPENERS.get(last)
    return opener is not None and link.count(last) > link.count(opener)


def _render(kind: Kind, value: str) -> Markup:
    match kind:
        case "text":
            return Markup.escape(value)
        case "link":
            return Markup(
                '<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>'
            ).format(value)
        case "code":
            return Markup("<code>{}</code>").format(value)
        case "pre":
            return Markup('<pre tabindex="0"><code>{}</code></pre>').format(value)
