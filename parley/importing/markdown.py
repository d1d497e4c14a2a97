"""Words of other chats as Parley writes them: their marks as Markdown, all else as it stood.

Where nothing in a text is Markdown, Parley shows it as it was written, backslashes and all. So
nothing is escaped unless Parley would read it as Markdown otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from parley.grammar import markdown, web_links

MARKS = {"strong": "**", "em": "*", "s": "~~"}
"""What a `Piece` can be besides `code`, `pre` and `quote`."""
PIECES_MAX = 1000
"""More than ten times what Parley takes for Markdown."""
CHECKED_FROM = 30
"""Pieces and escapes, from which it is looked whether Parley takes that many."""

_MARK = re.compile(
    rf"""
    (?P<link>{web_links.LINK}`*)
    | (?P<before>^[ \t]*)(?:(?P<bullet>[>+*-])|(?P<number>\d{{1,9}})(?P<dot>[.)]))(?=[ \t]|$)
    | \\(?=[!-/:-@\[-`{{-~]|\n|$)
    | [*`]
    | (?<![^\W_])_ | _(?![^\W_])
    | ~(?=~|\Z) | (?<=~)~ | \A~
    | \](?=\(|$)
    """,
    re.MULTILINE | re.VERBOSE,
)
_SUSPECT = re.compile(r"https?://[^\s<>]*[\\`*_~\[]", re.IGNORECASE)
"""An address that may have swallowed the marks behind it."""
_LINK_LAST = re.compile(r"https?://[^\s`]*\Z", re.IGNORECASE)
_TICKS = re.compile(r"`+")
_SPACES = re.compile(r"\s+")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LEFT_ALONE = re.compile(r"[^\s<>()\\]+")
_UNSAFE = re.compile(r"[\s<>\\\x00-\x1f]")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")


class Piece(Struct, frozen=True):
    """Words that are marked alike."""

    text: str
    marks: tuple[str, ...] = ()
    """Of `strong`, `em`, `s`, `code`; or `pre` or `quote` alone, which are blocks."""
    address: str = ""
    """Where a click on them leads."""
    language: str = ""
    """Of `pre`."""


def literal(text: str) -> str:
    """Text that is to be shown as it stands. Escaped only if Parley took it for Markdown.

    What would be too much of it with every mark escaped is left as it was.
    """
    if markdown.parts(text) is None:
        return text
    escaped = escape(text)
    return escaped if _reads(escaped, text) else text


def joined(pieces: Sequence[Piece]) -> str:
    """Of pieces, one text. Marks that Markdown can't put where they stand are left out."""
    plain = "".join([_plain(piece) for piece in pieces])
    is_marked = any(piece.marks or piece.address for piece in pieces)
    if not is_marked or len(pieces) > PIECES_MAX:
        return literal(plain)
    whole = _Text()
    for (marks, address, language), alike in groupby(
        [piece for piece in pieces if piece.text],
        key=lambda piece: (piece.marks, piece.address, piece.language),
    ):
        whole.add(Piece("".join([piece.text for piece in alike]), marks, address, language))
    written = whole.written()
    if not whole.is_marked:
        return literal(plain)
    is_simple = len(pieces) + written.count("\\") < CHECKED_FROM
    if is_simple and not _SUSPECT.search(written):
        return written
    return written if _reads(written, plain) else literal(plain)


def _plain(piece: Piece) -> str:
    """With the address that no link can lead to."""
    is_said = piece.address in ("", piece.text.strip())
    return piece.text if is_said or not piece.text else f"{piece.text} ({piece.address})"


def escape(text: str, *, is_line_start: bool = True) -> str:
    """With every mark escaped: for text that stands beside real Markdown. But those in an address,
    and straight behind it, where a backslash would belong to it."""

    def escaped(match: re.Match[str]) -> str:
        if match["link"]:
            return match[0]
        if match["before"] is None:
            return "\\" + match[0]
        if match.start() == 0 and not is_line_start:
            return match[0] if match["bullet"] != "*" else f"{match['before']}\\*"
        return f"{match['before']}{match['number'] or ''}\\{match['bullet'] or match['dot']}"

    return _MARK.sub(escaped, text)


class _Text:
    """Markdown as it grows."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._last = ""
        """What the text ends with so far."""
        self._is_line_start = True
        """Whether only spaces stand before what comes."""
        self._after: Piece | None = None
        """Held back until it is known what follows it."""
        self._is_after_quote = False
        self.is_marked = False
        """Whether there is a mark that stands for certain."""

    def add(self, piece: Piece) -> None:
        if not piece.text:
            return
        if self._after is not None:
            self._put(self._after, piece.text[0])
        self._after = piece

    def written(self) -> str:
        if self._after is not None:
            self._put(self._after, "")
            self._after = None
        return "".join(self._said)

    def _put(self, piece: Piece, following: str) -> None:
        if piece.marks in (("pre",), ("quote",)):
            self._put_block(piece, following)
            return
        if self._is_after_quote:
            # A line that follows a quote straight away would belong to it.
            self._say("\n" if self._last == "\n" else "\n\n")
            self._is_after_quote = False
        if piece.address:
            self._put_link(piece)
        elif not piece.marks:
            self._say(escape(piece.text, is_line_start=self._is_line_start))
        else:
            lines = piece.text.split("\n")
            for number, line in enumerate(lines):
                if number:
                    self._say("\n")
                self._put_marked(line, piece.marks, following if line is lines[-1] else "\n")

    def _put_marked(self, line: str, marks: tuple[str, ...], following: str) -> None:
        """Marks hold from word to word: no space stands inside at their edges, and they end with
        their line."""
        words = line.strip()
        if not words:
            self._say(line)
            return
        start = line.index(words)
        before, after = line[:start], line[start + len(words) :]
        self._say(before)
        if "code" in marks:
            inner = _code(words)
        else:
            inner = escape(words, is_line_start=self._is_line_start)
        runs = [MARKS[mark] for mark in marks if mark in MARKS]
        fits = self._fits(inner, after or following)
        if runs and fits:
            opened, closed = "".join(runs), "".join(reversed(runs))
            inner = f"{opened}{inner}{closed}"
        if inner[0] == "`" == self._last:
            self._say(" ")
        self.is_marked |= "code" in marks or (bool(runs) and fits)
        self._say(inner)
        self._say(after)

    def _fits(self, inner: str, following: str) -> bool:
        """Whether a mark of emphasis opens before these words and closes behind them."""
        if self._last in ("*", "_", "~") or following[:1] in ("*", "_", "~"):
            return False
        if self._is_behind_link:
            return False  # it would be taken for a part of the address
        opens = inner[0].isalnum() or not self._last.strip()
        closes = inner[-1].isalnum() or not following.strip()
        return opens and closes

    def _put_link(self, piece: Piece) -> None:
        words = _SPACES.sub(" ", piece.text).strip()
        address = _address(piece.address)
        if piece.address in (piece.text, words) or words in ("", address):
            self._say(piece.address)
        elif address and "[" not in words and "]" not in words:
            if self._is_behind_link:
                self._say(" ")
            inner = escape(words, is_line_start=False)
            if "code" in piece.marks:
                inner = _code(words)
            runs = [MARKS[mark] for mark in piece.marks if mark in MARKS]
            if runs and inner[0].isalnum() and inner[-1].isalnum():
                inner = f"{''.join(runs)}{inner}{''.join(reversed(runs))}"
            self._say(f"[{inner}]({address})")
            self.is_marked = True
        else:
            self._say(escape(piece.text, is_line_start=self._is_line_start))
            self._say(f" ({piece.address})")

    def _put_block(self, piece: Piece, following: str) -> None:
        text = piece.text.strip("\n")
        if not text.strip():
            self._say(piece.text)
            return
        if self._last not in ("", "\n"):
            self._say("\n")
        if piece.marks == ("pre",):
            if self._is_after_quote:
                self._say("\n")
            ticks = "`" * max(3, 1 + _longest_ticks(text))
            language = piece.language if _LANGUAGE.fullmatch(piece.language) else ""
            self._say(f"{ticks}{language}\n{text}\n{ticks}")
            self._is_after_quote = False
            if following not in ("", "\n"):
                self._say("\n")
        else:
            if self._is_after_quote:
                self._say("\n")
            self._say("\n".join([f"> {escape(line)}" for line in text.split("\n")]))
            self._is_after_quote = True
        self.is_marked = True

    @property
    def _is_behind_link(self) -> bool:
        return bool(self._said) and _LINK_LAST.search(self._said[-1][-500:]) is not None

    def _say(self, text: str) -> None:
        if text:
            self._said.append(text)
            self._last = text[-1]
            _, newline, line = text.rpartition("\n")
            self._is_line_start = (bool(newline) or self._is_line_start) and not line.strip()


def _code(words: str) -> str:
    ticks = "`" * (1 + _longest_ticks(words))
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{space}{words}{space}{ticks}"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _address(address: str) -> str:
    """As it stands in the brackets of a link; empty where no words may lead there."""
    address = address.strip()
    if not web_links.is_web_address(address):
        return ""
    address = _ENTITY.sub("&amp;", address)
    if _LEFT_ALONE.fullmatch(address):
        return address
    return "" if _UNSAFE.search(address) else f"<{address}>"


def _reads(written: str, text: str) -> bool:
    """Whether what is written is shown as the text, its spaces aside."""
    read = markdown.parts(written)
    if read is None:
        return False
    shown = markdown.words(msgspec.json.decode(read))
    return _SPACES.sub("", shown) == _SPACES.sub("", text)
