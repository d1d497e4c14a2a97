"""WhatsApp's own marks in a text, as Parley's: `*bold*`, `_italic_`, `~struck~`, code.

Lists, quotes and `code` are written alike in both; `+ milk` and `1) milk` are lists to Parley
alone, which is what they were meant as. What else only Parley would take for a mark is escaped,
and nothing else: a text without any marks Parley shows as it is, backslashes too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct

_MAY_HOLD = re.compile(r"[*_~`]|\]\(|^ {0,3}(?:>|(?:[-+]|\d{1,3}[.)])[ \t])", re.MULTILINE)
_BLOCK = re.compile(r"(?<!`)```(?!`)([^`]++(?:`{1,2}(?!`)[^`]++)*+)```(?!`)")
_TOKEN = re.compile(
    rf"(?P<block>{_BLOCK.pattern})"
    r"|(?P<code>(?<!`)`(?!\s*`)[^`]++`(?!`))"
    r"|(?P<link>https?://[^\s<>*~`]*[^\s<>*~`_])"
    r"|(?P<shrug>¯\\_\()"
    r"|(?P<run>\*+|_+|~+|`+)"
    r"|(?P<bracket>\](?=\(\s*(?:<>|<?https?://[^\s<>]*>?)?"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)))"
    r"|(?P<slash>\\(?=[!-/:-@\[-`{-~]|$))",
    re.IGNORECASE,
)
_QUOTE = re.compile(r" {0,3}>(?:[ \t]|$)")
_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,3}[.)])[ \t]+\S")
_NO_ITEM = re.compile(r"[-+*\s]*")
_EMPTY_FENCE = re.compile(r"\s*(?:~~~[^\n]*|```[^\n`]*)\s*")
"""Markdown takes its only line for the name of a language, and shows nothing."""
_BRACKETS = re.compile(r"[\[\]]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_WRITTEN = {"*": "**", "_": "_", "~": "~~"}


def converted(text: str) -> str:
    """As Parley writes it."""
    if not _MAY_HOLD.search(text):
        return text
    lines = list(lines_of(text))
    if not _is_rich(lines) and not _is_rich_markdown(_ESCAPED.sub(".", text)):
        return text
    for paragraph in _paragraphs(lines):
        _escape(paragraph)
    return "\n".join(_written(lines))


class _Piece(Struct):
    """Of a line. `run` are marks of one kind; `mark` is what is written in place of one that opens
    or closes something, `may_open` and `may_close` are whether Markdown would have it do so."""

    kind: str
    text: str
    mark: str = ""
    may_open: bool = False
    may_close: bool = False
    is_escaped: bool = False


class _Line(Struct):
    kind: str
    """`plain`, `blank`, `quote`, `item`, or `fence` for all of a block of code."""
    pieces: list[_Piece]


def _is_rich(lines: list[_Line]) -> bool:
    """Whether WhatsApp would show something of it as more than text."""
    return any(
        line.kind in ("quote", "item", "fence")
        or any(piece.mark or piece.kind == "code" for piece in line.pieces)
        for line in lines
    )


def _is_rich_markdown(text: str) -> bool:
    """Whether Parley would, if it was left as it is."""
    if _EMPTY_FENCE.fullmatch(text):
        return False
    lines = list(lines_of(text))
    if any(piece.is_escaped for line in lines for piece in line.pieces):
        return True
    return any(
        _links(paragraph)
        or _twice(_ticks(paragraph))
        or any(_have_partners(_runs(paragraph, mark)) for mark in "*_~")
        for paragraph in _paragraphs(lines)
    )


def _paragraphs(lines: list[_Line]) -> Iterator[list[_Piece]]:
    """In which a mark may find its partner."""
    found: list[_Piece] = []
    before = ""
    for line in lines:
        if line.kind != before or line.kind == "item":
            yield found
            found = []
        found += line.pieces
        before = line.kind
    yield found


def _escape(paragraph: list[_Piece]) -> None:
    for mark in "*_~":
        literal = _runs(paragraph, mark)
        if len(literal) > 1 or any(piece.mark and piece.text == mark for piece in paragraph):
            for piece in literal:
                piece.is_escaped = True
    for piece in _links(paragraph):
        piece.is_escaped = True
    # Whatever is escaped is one alone, and could end what another begins: so all or none.
    if _twice(_ticks(paragraph)):
        for piece in paragraph:
            piece.is_escaped |= piece.kind == "run" and piece.text[0] == "`"


def _runs(paragraph: list[_Piece], mark: str) -> list[_Piece]:
    """Of this mark, those that mean nothing to WhatsApp and may mean something to Markdown."""
    least = 2 if mark == "~" else 1
    return [
        piece
        for piece in paragraph
        if piece.kind == "run"
        and piece.text[0] == mark
        and len(piece.text) >= least
        and not piece.mark
        and (piece.may_open or piece.may_close)
    ]


def _links(paragraph: list[_Piece]) -> list[_Piece]:
    """The brackets that would end the words of a link."""
    found = []
    depth = 0
    for piece in paragraph:
        if piece.kind == "bracket" and depth:
            found.append(piece)
        for bracket in _BRACKETS.findall(piece.text) if piece.kind in ("text", "bracket") else ():
            depth = depth + 1 if bracket == "[" else max(0, depth - 1)
    return found


def _ticks(paragraph: list[_Piece]) -> list[int]:
    """How many stand together wherever they do."""
    return [
        len(piece.text) - len(piece.text.lstrip("`"))
        for piece in paragraph
        if piece.kind in ("run", "code") and piece.text[0] == "`"
    ]


def _twice(lengths: list[int]) -> bool:
    return len(set(lengths)) < len(lengths)


def _have_partners(pieces: list[_Piece]) -> bool:
    """Whether one opens what a later one closes, by CommonMark's rule for lengths: where either
    may do both, they don't fit if they are a multiple of three together, but each isn't."""
    opened: set[tuple[int, bool]] = set()
    for piece in pieces:
        length = len(piece.text) % 3
        is_both = piece.may_open and piece.may_close
        for other, was_both in opened if piece.may_close else ():
            if not (is_both or was_both) or (other + length) % 3 or other == length == 0:
                return True
        if piece.may_open:
            opened.add((length, is_both))
    return False


def _written(lines: list[_Line]) -> Iterator[str]:
    before = "blank"
    for line in lines:
        # Without a line between, Markdown would take it for a part of the quote or the item.
        if line.kind == "plain" and before in ("quote", "item"):
            yield ""
        yield "".join(map(_written_piece, line.pieces))
        before = line.kind


def _written_piece(piece: _Piece) -> str:
    if piece.mark:
        return piece.mark
    if piece.is_escaped:
        # One alone strikes nothing, and by two together Parley knows that there may be Markdown.
        last = "~" if piece.text[0] == "~" else ""
        return "".join([f"\\{each}" for each in piece.text.removesuffix(last)]) + last
    return "\\\\" if piece.kind == "slash" else piece.text


def lines_of(text: str) -> Iterator[_Line]:
    """Blocks of code as one, all else line by line."""
    at = 0
    whole = text.strip()
    for block in _BLOCK.finditer(text):
        code = block[1]
        if "\n" not in code or not code.strip():
            continue
        before = text[at : block.start()].removesuffix("\n")
        if before or block.start() > at:
            yield from _plain_lines(before, whole)
        code = code.strip("\n")
        yield _Line("fence", [_Piece("fence", f"```\n{code}\n```")])
        at = block.end() + (text[block.end() : block.end() + 1] == "\n")
    if at < len(text) or not at:
        yield from _plain_lines(text[at:], whole)


def _plain_lines(lines: str, whole: str) -> Iterator[_Line]:
    for line in lines.split("\n"):
        yield _line(line, is_alone=line.strip() == whole)


def _line(line: str, is_alone: bool) -> _Line:
    kind = "plain"
    pieces: list[_Piece] = []
    begin = 0
    if not line.strip():
        return _Line("blank", [_Piece("text", line)])
    if _QUOTE.match(line):
        kind = "quote"
    elif _ITEM.match(line) and not _NO_ITEM.fullmatch(line):
        kind = "item"
    for found in _TOKEN.finditer(line):
        if found.start() > begin:
            pieces.append(_Piece("text", line[begin : found.start()]))
        begin = found.end()
        pieces.append(_piece(found, line))
    pieces.append(_Piece("text", line[begin:]))
    _pair(pieces)
    _escape_fence(pieces, is_alone)
    return _Line(kind, pieces)


def _piece(found: re.Match[str], line: str) -> _Piece:
    kind = found.lastgroup or "block"
    text = found[0]
    if kind == "run":
        before, after = _char(line, found.start() - 1), _char(line, found.end())
        may_open, may_close = _flanks(text[0], before, after)
        piece = _Piece(kind, text, may_open=may_open, may_close=may_close)
        if len(text) == 1:
            # For WhatsApp: whether it may open, and close.
            piece.mark = ("o" if not before.isalnum() and not after.isspace() else "") + (
                "c" if not before.isspace() and not after.isalnum() else ""
            )
        return piece
    if found["block"]:
        code = text[3:-3]
        if not code.strip():
            return _Piece("run", text)
        return _Piece("code", f"`` {code} ``" if "`" in code else f"`{code}`")
    return _Piece(kind, text)


def _pair(pieces: list[_Piece]) -> None:
    """Finds what WhatsApp shows as opened and closed: each that closes, with the last opened."""
    opened: list[_Piece] = []
    waiting = dict.fromkeys(_WRITTEN, 0)
    for piece in pieces:
        if piece.kind != "run":
            continue
        role, piece.mark = piece.mark, ""
        if piece.text not in _WRITTEN:
            continue
        if "c" in role and waiting[piece.text]:
            while (partner := opened.pop()).text != piece.text:
                waiting[partner.text] -= 1
            waiting[piece.text] -= 1
            # Beside an emoji, `_` is part of a word to Markdown.
            is_shut_in = not (partner.may_open and piece.may_close)
            is_star = piece.text == "_" and is_shut_in
            partner.mark = piece.mark = "*" if is_star else _WRITTEN[piece.text]
        elif "o" in role:
            opened.append(piece)
            waiting[piece.text] += 1


def _flanks(mark: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether Markdown would have marks between these two open or close something."""
    left = not after.isspace() and (
        not _is_punctuation(after) or before.isspace() or _is_punctuation(before)
    )
    right = not before.isspace() and (
        not _is_punctuation(before) or after.isspace() or _is_punctuation(after)
    )
    if mark == "_":
        return (
            left and (not right or _is_punctuation(before)),
            right and (not left or _is_punctuation(after)),
        )
    return left, right


def _escape_fence(pieces: list[_Piece], is_alone: bool) -> None:
    """At the beginning of a line, three would begin a block of code that takes in all the rest."""
    begun = [piece for piece in pieces if piece.text.strip(" ")]
    is_alone &= not any(piece.mark or piece.kind == "code" for piece in begun)
    if is_alone or not begun or begun[0].kind != "run":
        return
    has_ticks_after = any("`" in piece.text for piece in begun[1:])
    if begun[0].text[:3] == "~~~" or (begun[0].text[:3] == "```" and not has_ticks_after):
        begun[0].is_escaped = True


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P" or (
        char.isascii() and not char.isalnum() and char > " "
    )


def _char(line: str, at: int) -> str:
    return line[at] if 0 <= at < len(line) else " "
