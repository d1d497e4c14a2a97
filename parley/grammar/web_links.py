"""Addresses of the web in a text: what of it is a link, and whether its words lie.

Where a link ends is written down in `static/js/transcript/text.js`, which does the same in the
browser; `tests/rich_text_cases.json` holds both to it.
"""

from __future__ import annotations

import re
import unicodedata

from parley.grammar.unseen import UNSEEN

_UNLINKED = (
    '\\u0000-\\u0020"<>`\\u007f-\\u00a0\\u1680\\u2000-\\u200f'
    "\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff"
)
_PAIRS = "“”„“„”«»‹›（）［］｛｝＜＞〈〉《》「」『』【】〔〕〖〗〘〙〚〛｢｣｟｠"  # noqa: RUF001  # meant
_LINKED = f"[^{_UNLINKED}{_PAIRS}]"
_IN_PAIRS = "|".join(
    f"{opener}{_LINKED}*{closer}" for opener, closer in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)
)
LINK = rf"(?ai:https?)://{_LINKED}+(?:(?:{_IN_PAIRS}){_LINKED}*)*"
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
_WEB_ADDRESS = re.compile(rf"(?ai:https?)://[^/?#.:@\\{_UNLINKED}][^\\{_UNLINKED}]*")

_AUTHORITY = re.compile(r"https?://([^/?#\s]*)")
_PORT = re.compile(r":\d*$")
# Begun only where a word does, and never gone back on: or a long word would be read once for each
# of its letters.
_HOST_LIKE = re.compile(r"(?<![\w-])([\w-]++(?:\.[\w-]++)++)(?:[:/?#]\S*+)?")
_NUMBERS = re.compile(r"\d+(?:\.\d+){3}")
_LAST_LABEL = re.compile(r"\.(?:[^\W\d_]{2,}|xn--[\w-]+)$")
_FILE_ENDING = re.compile(
    r"\.(?:bmp|css|csv|doc|docx|exe|gif|gz|htm|html|ini|java|jpeg|jpg|js|json|jsx|kt|log|lua|mp3"
    r"|odt|pdf|php|png|ppt|pptx|rar|rb|scss|sql|svg|toml|ts|tsx|txt|vue|wav|webp|xls|xlsx|xml|yaml"
    r"|yml)$"
)
"""No domain ends so; names of files do."""
_WORDS_MAX = 500
"""Nobody reads more to see where a link leads."""
_SEEN_MAX = 2 * _WORDS_MAX
"""One character can stand for as many as 18."""
_AUTHORITY_MAX = 300
"""The name of a host has at most 253 characters (RFC 1035), a port six."""
# Hair-thin spaces close up, and of the format characters those go, too, that some fonts lack.
_INVISIBLE = re.compile(
    f"[{UNSEEN}\u2009\u200a\u202f\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]+"
)
_STOP = "\u3002"
"""The ideographic full stop: browsers read it as a dot. NFKC folds half-wide ones to it."""
# Others only look like a dot (TR 39): of Syriac, Vai, Lisu, Kharoshthi and music, and Arabic
# noughts among Latin letters. The raised dots of Catalan and Japanese do not, and words need them.
_DOTS = re.compile(
    f"[{_STOP}\u0701\u0702\ua4f8\ua60e\U00010a50\U0001d16d]|(?<=[a-z])[\u0660\u06f0](?=[a-z])"
)


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
    host = _host(_AUTHORITY.match(address.casefold()))
    if host is None or len(words) > _WORDS_MAX:
        return False
    seen = _seen(words)
    return seen is not None and all(named == host for named in _hosts_named(seen))


def _seen(words: str) -> str | None:
    """As the eye takes them: in plain small letters, without what does not show. None for too
    many of these.
    """
    if words.isascii():
        return words.casefold()
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", words))
    if len(plain) > _SEEN_MAX:
        return None
    return _DOTS.sub(".", _INVISIBLE.sub("", plain.casefold()))


def _hosts_named(seen: str) -> list[str | None]:
    named = [_host(match) for match in _AUTHORITY.finditer(seen)]
    for match in _HOST_LIKE.finditer(_letters(seen)):
        host, start = match[1], match.start(1)
        if _NUMBERS.fullmatch(host) or (_LAST_LABEL.search(host) and not _FILE_ENDING.search(host)):
            named.append(seen[start : match.end(1)].removeprefix("www."))
    return named


def _letters(seen: str) -> str:
    """With a letter for each mark above or below one: expressions take these for no part of a
    word, though names in Hindi or Thai have them.
    """
    if seen.isascii():
        return seen
    return "".join(["a" if unicodedata.category(each)[0] == "M" else each for each in seen])


def _host(match: re.Match[str] | None) -> str | None:
    """Without a port; None where somebody's name stands before it, or it is too long for one."""
    if match is None or "@" in match[1] or len(match[1]) > _AUTHORITY_MAX:
        return None
    plain = unicodedata.normalize("NFKC", match[1]).replace(_STOP, ".")
    return _PORT.sub("", plain).removeprefix("www.")


def _leading(word: str) -> str:
    return word[: len(word) - len(word.lstrip(_BEFORE_WORD))]
