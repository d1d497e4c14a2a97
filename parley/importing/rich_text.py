"""HTML that other chats keep beside or instead of a text, as Parley's Markdown.

What is said is taken from it, and the marks that Parley has; nothing of the HTML itself comes
through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser

from parley.importing.fields import text as clean
from parley.importing.markdown import Piece, joined

PARSED_MAX_CHARS = 128 * 1024
"""Of longer ones only the words are taken: no chat allows such messages."""
PIECES_MAX = 5_000
OPEN_MAX = 200
"""Elements in each other that are kept in mind."""

_MARKS = {
    **dict.fromkeys(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"), "strong"),
    **dict.fromkeys(("i", "em"), "em"),
    **dict.fromkeys(("s", "del", "strike"), "s"),
    **dict.fromkeys(("code", "tt"), "code"),
}
_BLOCKS = frozenset(
    (
        *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"),
        *("table", "tr", "details", "summary", "hr", "quote"),
    )
)
_UNSAID = frozenset(["script", "style", "head", "title", "mx-reply", "legacyquote", "e_m", "swift"])
_ENDED_BY_NEXT = frozenset(["p", "li", "tr", "td", "th"])
_EMPTY = frozenset(["br", "hr", "img", "input", "meta", "link", "wbr"])
_TAG = re.compile(r"<[^<>]*>")
_STRAY = re.compile(
    r"""<(?!/?[A-Za-z][A-Za-z0-9_:-]*(?:[^<>"'A-Za-z0-9_:-](?:[^<>"']|"[^<"]*"|'[^<']*')*)?>)"""
)
"""What begins no whole tag: Python's parser looks for its end again and again, to the very end."""
_UNTOLD = re.compile(r"<[!?][^<>]*>")
_ENDLESS = re.compile(r"&#(?=[0-9]{9})")
"""No character's number is so long, and of thousands of digits Python makes an error."""
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SPACES_IN_LINE = re.compile(r"[ \t\f]+")
_BREAKS = re.compile(r"\n{3,}")
_LANGUAGE = re.compile(r"(?:^|\s)language-([A-Za-z0-9_+#.-]{1,30})")
_PERSON = re.compile(r"https://matrix\.to/#/(?:@|%40)")


def markdown(html: str, *, unsaid: Sequence[str] = (), keeps_breaks: bool = False) -> str:
    """What it says. The elements `unsaid` are left out with all that is in them; with
    `keeps_breaks`, lines break where they do in the file."""
    html = clean(html)
    if len(html) > PARSED_MAX_CHARS:
        return joined([Piece(words(html))])
    parser = _Parser(frozenset(unsaid) | _UNSAID, keeps_breaks)
    parser.feed(_ENDLESS.sub("&amp;#", _STRAY.sub("&lt;", _UNTOLD.sub("", html))))
    parser.close()
    if len(parser.pieces) > PIECES_MAX:
        return joined([Piece(words(html))])
    return joined(parted(parser.pieces)).strip()


def words(html: str) -> str:
    """The text alone, of HTML of any length."""
    return unescaped(_TAG.sub("", html.replace("<br>", "\n").replace("</p>", "\n"))).strip()


def unescaped(text: str) -> str:
    """With the characters that entities stand for."""
    return unescape(_ENDLESS.sub("&amp;#", text))


def parted(pieces: list[Piece]) -> list[Piece]:
    """With one mark where two would touch a letter, at which Markdown can't end both."""
    texts = ["", *[piece.text for piece in pieces], ""]
    return [
        Piece(piece.text, piece.marks[:1], piece.address)
        if len(piece.marks) > 1
        and "code" not in piece.marks
        and (_touch(texts[number], piece.text) or _touch(piece.text, texts[number + 2]))
        else piece
        for number, piece in enumerate(pieces)
    ]


def _touch(left: str, right: str) -> bool:
    return bool(left and right) and not left[-1].isspace() and not right[0].isspace()


class _Parser(HTMLParser):
    def __init__(self, unsaid: frozenset[str], keeps_breaks: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._unsaid = unsaid
        self._keeps_breaks = keeps_breaks
        self._open: list[tuple[str, str]] = []
        """The elements around, each with its address, language or number."""
        self.pieces: list[Piece] = []
        """One more than are allowed, where there were more."""
        self._is_after_break = True
        """Whether a space would stand at the start of a line."""
        self._breaks = 0
        """Ends of lines that are due before the next word."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_unsaid():
            if tag not in _EMPTY:
                self._push(tag)
            return
        found = {name: value or "" for name, value in attrs}
        if tag in _ENDED_BY_NEXT and self._open and self._open[-1][0] == tag:
            self._open.pop()
        if tag in _BLOCKS:
            self._break(2 if tag in ("p", "blockquote") else 1)
        match tag:
            case "br":
                self._put("\n")
            case "hr":
                self._put("———")
                self._break(1)
            case "img":
                self._put(found.get("alt") or found.get("title", ""))
            case "a":
                self._push(tag, found.get("href", ""))
                if _PERSON.match(found.get("href", "")):
                    self._open[-1] = (tag, "@")
            case "at":
                self._push(tag, "@")
            case "code":
                language = _LANGUAGE.search(found.get("class", ""))
                self._push(tag, language[1] if language else "")
            case "ol":
                start = found.get("start", "")
                self._push(tag, start if start.isascii() and start.isdigit() else "1")
            case "li":
                self._push(tag)
                self._put(self._bullet())
                self._is_after_break = True
            case _ if tag not in _EMPTY:
                self._push(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" or tag not in (each for each, _ in self._open):
            if tag in ("p", "br") and not self._is_unsaid():
                self._break(2 if tag == "p" else 1)
            if tag != "p":
                return
        while self._open and any(each == tag for each, _ in self._open):
            ended, _ = self._open.pop()
            if ended == tag:
                break
        if tag in _BLOCKS and not self._is_unsaid():
            self._break(2 if tag in ("p", "blockquote") else 1)
        elif tag in ("td", "th"):
            self._put(" ")

    def handle_data(self, data: str) -> None:
        if self._is_unsaid():
            return
        if not self._is_in("pre"):
            data = _SPACES_IN_LINE.sub(" ", data) if self._keeps_breaks else _SPACES.sub(" ", data)
            if self._is_after_break or self._breaks:
                data = data.lstrip(" ")
        if data:
            self._put(data)

    def _push(self, tag: str, held: str = "") -> None:
        if len(self._open) < OPEN_MAX:
            self._open.append((tag, held))

    def _is_unsaid(self) -> bool:
        return any(tag in self._unsaid for tag, _ in self._open)

    def _is_in(self, tag: str) -> bool:
        return any(each == tag for each, _ in self._open)

    def _break(self, lines: int) -> None:
        if self.pieces:
            self._breaks = max(self._breaks, lines)

    def _put(self, said: str) -> None:
        if not said or len(self.pieces) > PIECES_MAX:
            return
        if self._breaks:
            before = self.pieces[-1]
            ended = len(before.text) - len(before.text.rstrip("\n"))
            if before.marks in (("pre",), ("quote",)):
                # A block ends its line by itself.
                ended += 1
            missing = max(0, self._breaks - ended)
            self._breaks = 0
            if self._is_in("blockquote") and before.marks == ("quote",):
                self.pieces.append(Piece("\n" * (missing + 1), ("quote",)))
            elif missing:
                self.pieces.append(Piece("\n" * missing))
        self.pieces.append(self._piece(said))
        self._is_after_break = said.endswith(("\n", " "))

    def _piece(self, said: str) -> Piece:
        if self._is_in("pre"):
            language = next((held for tag, held in self._open if tag == "code" and held), "")
            return Piece(said, ("pre",), "", language)
        if self._is_in("blockquote"):
            return Piece(said, ("quote",))
        marks = tuple(dict.fromkeys(_MARKS[tag] for tag, _ in self._open if tag in _MARKS))
        address = ""
        for tag, held in self._open:
            if tag in ("a", "at") and held == "@":
                said = f"@{said.removeprefix('@')}"
            elif tag == "a":
                address = held
        return Piece(said, marks, address)

    def _bullet(self) -> str:
        for number, (tag, held) in reversed(list(enumerate(self._open))):
            if tag == "ol":
                self._open[number] = (tag, str(int(held[:6]) + 1))
                return f"{held[:6]}. "
            if tag == "ul":
                break
        return "• "
