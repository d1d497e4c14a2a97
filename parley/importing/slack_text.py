"""Slack's own marks: `*bold*`, `<@U01>`, `<https://example.org|words>`, `&amp;`, `:wave:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from parley.importing import short_names
from parley.importing.markdown import Piece, joined, literal

Named = Callable[[str], str]
"""The name of the person, or of the channel, of an id; empty where nobody knows."""

MARKED_MAX_CHARS = 200_000
"""In a longer text, marks stay as they are. Slack's own limit is 40,000."""

_MARKED = re.compile(r"[<&*_~`:]|^>", re.MULTILINE)
_PRE = re.compile(r"```(.+?)```", re.DOTALL)
_ATOM = re.compile(r"`([^`\n]++)`|<([^<>\n]++)>")
_HELD = "\x00"
"""Stands for a link or code while marks around it are looked for. No text has it."""
_PAIRS = re.compile(
    r"(?<![\w*])\*(?=\S)(?P<strong>[^*\n]++)(?<=\S)\*(?![\w*])"
    r"|(?<!\w)_(?=\S)(?P<em>[^_\n]++)(?<=\S)_(?!\w)"
    r"|(?<![\w~])~(?=\S)(?P<s>[^~\n]++)(?<=\S)~(?![\w~])"
)
_QUOTED = re.compile(r"(?P<all>^(?:&gt;){3}(?s:.*))|(?:^(?:&gt;|>)[^\n]*(?:\n|\Z))+", re.MULTILINE)
"""Behind three marks, all that follows is quoted."""
_QUOTE_MARK = re.compile(r"^(?:&gt;|>) ?", re.MULTILINE)
_SPECIAL = re.compile(r"&(lt|gt|amp);")
_SPECIALS = {"lt": "<", "gt": ">", "amp": "&"}


def markdown(text: str, person: Named, channel: Named) -> str:
    """As Parley writes it."""
    if not _MARKED.search(text):
        return literal(text)
    return joined(pieces(text, person, channel))


def pieces(text: str, person: Named, channel: Named) -> list[Piece]:
    if len(text) > MARKED_MAX_CHARS:
        return [Piece(_plain(text))]
    return list(_Text(person, channel).blocks(text.replace(_HELD, "")))


class _Text:
    def __init__(self, person: Named, channel: Named) -> None:
        self._person = person
        self._channel = channel

    def blocks(self, text: str) -> Iterator[Piece]:
        at = 0
        for found in _PRE.finditer(text):
            yield from self._quotes(text[at : found.start()])
            yield Piece(self._bare(found[1]), ("pre",))
            at = found.end()
        yield from self._quotes(text[at:])

    def _quotes(self, text: str) -> Iterator[Piece]:
        at = 0
        for found in _QUOTED.finditer(text):
            yield from self._line(text[at : found.start()])
            inner = found[0][12:].lstrip(" ") if found["all"] else _QUOTE_MARK.sub("", found[0])
            quoted = self._line(inner.rstrip("\n"))
            yield Piece("".join([piece.text for piece in quoted]), ("quote",))
            at = found.end()
        yield from self._line(text[at:])

    def _line(self, text: str) -> Iterator[Piece]:
        atoms: list[Piece] = []

        def hold(found: re.Match[str]) -> str:
            atoms.append(Piece(_plain(found[1]), ("code",)) if found[1] else self._link(found[2]))
            return _HELD

        held = _ATOM.sub(hold, text)
        yield from self._marked(held, (), iter(atoms))

    def _marked(self, text: str, marks: tuple[str, ...], atoms: Iterator[Piece]) -> Iterator[Piece]:
        at = 0
        for found in _PAIRS.finditer(text):
            kind = found.lastgroup or ""
            if kind in marks:
                continue
            yield from self._released(text[at : found.start()], marks, atoms)
            yield from self._marked(found[kind], (*marks, kind), atoms)
            at = found.end()
        yield from self._released(text[at:], marks, atoms)

    def _released(
        self, text: str, marks: tuple[str, ...], atoms: Iterator[Piece]
    ) -> Iterator[Piece]:
        for number, words in enumerate(text.split(_HELD)):
            if number:
                atom = next(atoms)
                yield Piece(atom.text, (*marks, *atom.marks), atom.address)
            if words:
                yield Piece(short_names.replaced(_plain(words)), marks)

    def _link(self, inner: str) -> Piece:
        target, _, label = inner.partition("|")
        label = _plain(label)
        match target[:1]:
            case "@":
                return Piece(f"@{self._person(target[1:]) or label or target[1:]}")
            case "#":
                return Piece(f"#{self._channel(target[1:]) or label or target[1:]}")
            case "":
                return Piece(f"<{_plain(inner)}>")
            case "!":
                return Piece(label or f"@{target[1:].partition('^')[0]}")
        address = _plain(target)
        if not label or address in (label, f"mailto:{label}", f"tel:{label}", f"http://{label}"):
            return Piece(label if address.startswith(("mailto:", "tel:")) and label else address)
        return Piece(label, (), address)

    def _bare(self, text: str) -> str:
        """Of code: links are what they lead to."""
        return _plain(_ATOM.sub(self._shown, text))

    def _shown(self, found: re.Match[str]) -> str:
        return found[0] if found[1] else found[2].partition("|")[2] or found[2]


def _plain(text: str) -> str:
    if "&" not in text:
        return text
    return _SPECIAL.sub(lambda found: _SPECIALS[found[1]], text)
