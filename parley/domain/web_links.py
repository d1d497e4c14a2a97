"""Addresses of the web in a text: what of it is a link, and whether its words lie.

Where a link ends is written down in `static/js/transcript/text.js`, which does the same in the
browser; `tests/rich_text_cases.json` holds both to it.
"""

from __future__ import annotations

import re
import unicodedata

from parley.domain import names

_UNLINKED = (
    '\\u0000-\\u0020"<>`\\u007f-\\u00a0\\u1680\\u2000-\\u200f'
    "\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff"
)
_PAIRS = "“”„“„”«»‹›（）［］｛｝＜＞〈〉《》「」『』【】〔〕〖〗〘〙〚〛｢｣｟｠"  # noqa: RUF001  # meant
_LINKED = f"[^{_UNLINKED}{_PAIRS}]"
_IN_PAIRS = "|".join(
    f"{opener}{_LINKED}*{closer}" for opener, closer in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)
)
LINK = rf"(?i:https?)://{_LINKED}+(?:(?:{_IN_PAIRS}){_LINKED}*)*"
"""As an expression: what may be a link, with all that stands straight after it."""
_WORD = re.compile(f"{_LINKED}+")
_TRAILING = ".,:;!?'‘’…。，、！？；：．｡､،؛؟۔।"  # noqa: RUF001  # punctuation of other scripts, meant
_OPENERS = {")": "(", "]": "[", "}": "{"}
_MARKS = "*_~"
_BEFORE_WORD = _MARKS + "([{'‘‚"  # noqa: RUF001  # quotation marks, meant
_AFTER_WORD = _MARKS + ")]}" + _TRAILING
_CUT = frozenset(_AFTER_WORD)
_HAS_PATH = re.compile(rf"https?://[^/?#]*(?:[/#]|\?.*[^{re.escape(_AFTER_WORD)}])", re.IGNORECASE)
_LINK_START = re.compile(r"https?://[^/?#.:@]", re.IGNORECASE)
_WEB_ADDRESS = re.compile(rf"(?i:https?)://[^/?#.:@\\{_UNLINKED}][^\\{_UNLINKED}]*")

_SPACE = re.compile(r"\s")
WORDS_MAX_CHARS = 1_000
"""Of a link. A character may stand for eighteen when it is read as what it looks like."""
_AUTHORITY = re.compile(r"https?://([^/?#\s]*)")
_PORT = re.compile(r":\d*$")
# Tried once a word, and never given back: else a long word without a dot would cost its square.
_HOST_LIKE = re.compile(r"(?<![\w-])([\w-]++(?:\.[\w-]++)+)(?:[:/?#]\S*)?")
_NUMBERS = re.compile(r"\d+(?:\.\d+){3}")
_LAST_LABEL = re.compile(r"\.(?:[^\W\d_]{2,}|xn--[\w-]+)$")
_FILE_ENDING = re.compile(
    r"\.(?:bmp|css|csv|doc|docx|exe|gif|gz|htm|html|ini|java|jpeg|jpg|js|json|jsx|kt|log|lua|mp3"
    r"|odt|pdf|php|png|ppt|pptx|rar|rb|scss|sql|svg|toml|ts|tsx|txt|vue|wav|webp|xls|xlsx|xml|yaml"
    r"|yml)$"
)
"""No domain ends so; names of files do."""


class Emphasis:
    """Which marks of emphasis are open on a line, asked from left to right. One pass in all."""

    def __init__(self, source: str, begin: int) -> None:
        self._source = source
        self._at = begin
        self._open = dict.fromkeys(_MARKS, 0)

    def before(self, start: int) -> dict[str, int]:
        """How many of each mark are open where a link starts."""
        if line := self._source.rfind("\n", self._at, start) + 1:
            self._at = line
            self._open = dict.fromkeys(_MARKS, 0)
        for word in _WORD.finditer(self._source, self._at, start):
            if word.end() == start:  # what stands straight before the link
                opened = _leading(word[0])
                return {mark: self._open[mark] + opened.count(mark) for mark in _MARKS}
            self._read(word[0])
            self._at = word.end()
        return self._open

    def _read(self, word: str) -> None:
        opened, closed = _leading(word), word[len(word.rstrip(_AFTER_WORD)) :]
        if len(closed) == len(word):
            return  # marks alone, as before the item of a list
        for mark in _MARKS:
            self._open[mark] += opened.count(mark)
            self._open[mark] = max(0, self._open[mark] - closed.count(mark))


def trimmed(link: str, start: int, emphasis: Emphasis) -> str:
    """The link without the sentence's punctuation after it; empty where nothing is left."""
    if link[-1] not in _CUT:
        return link if _LINK_START.match(link) else ""
    unopened = {close: link.count(close) - link.count(open) for close, open in _OPENERS.items()}
    cut_at_most = link[len(link.rstrip(_AFTER_WORD)) :]
    if any(mark in cut_at_most for mark in _MARKS):
        no_path = dict.fromkeys(_MARKS, len(link))  # no host's name ends in a mark
        unopened |= emphasis.before(start) if _HAS_PATH.match(link) else no_path
    end = len(link)
    while end and (link[end - 1] in _TRAILING or unopened.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in unopened:
            unopened[link[end]] -= 1
    kept = link[:end]
    return kept if _LINK_START.match(kept) else ""


def is_web_address(address: str) -> bool:
    """Whether words may lead there: `http` or `https`, and nothing in it that does not show."""
    return _WEB_ADDRESS.fullmatch(address) is not None


def is_honest(words: str, address: str) -> bool:
    """Whether nobody could take these words for another address than the one they lead to.

    Of an address with a name before its host, as in `https://bank.example@evil.example`, no words
    are honest.
    """
    if len(words) > WORDS_MAX_CHARS:
        return False
    host = _host(_AUTHORITY.match(address.casefold()))
    return host is not None and all(named == host for named in _hosts_named(words))


def _hosts_named(words: str) -> list[str | None]:
    plain = unicodedata.normalize("NFKC", words).casefold().replace("。", ".")
    drawn = names.UNSEEN.sub(lambda found: " " if _SPACE.search(found[0]) else "", plain)
    seen = drawn
    if not drawn.isascii():
        seen = "".join([each for each in drawn if unicodedata.category(each) != "Cf"])
    named = [_host(match) for match in _AUTHORITY.finditer(seen)]
    return named + [
        host.removeprefix("www.")
        for host in _HOST_LIKE.findall(seen)
        if _NUMBERS.fullmatch(host) or (_LAST_LABEL.search(host) and not _FILE_ENDING.search(host))
    ]


def _host(match: re.Match[str] | None) -> str | None:
    """Without a port; None where somebody's name stands before it."""
    if match is None or "@" in match[1]:
        return None
    return _PORT.sub("", unicodedata.normalize("NFKC", match[1])).removeprefix("www.")


def _leading(word: str) -> str:
    return word[: len(word) - len(word.lstrip(_BEFORE_WORD))]
