"""Markdown's everyday part: what a message's text comes to, as it is kept and sent.

The library finds it (`markdown_rules`), and here its tokens become the nodes that pages are made
of without a parser. `static/js/sealed/markdown` makes the same of what the server can't read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from markdown_it.token import Token

from parley.grammar import markdown_rules, web_links
from parley.grammar.markdown_rules import Meant, TooMuch

Node = str | list[Any]
"""Text, or a list that begins with its kind: docs/protocol.md says which there are."""

NODES_MAX = 100
"""Each is an element of the page, and a message can be written of nothing else."""
DEPTH_MAX = 16
"""Eight lists in each other. The library drops what is nested more than twenty deep."""
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")

_MAY_BE = re.compile(r"[*_~`>\]]")
_IS_INLINE = re.compile(r"\*[^*]+\*|(?<!\w)_+[^_]+_|~~|`[^`]*`|`{3}|\]\(")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKED_FIRST = re.compile(r"[ \t]*(?:[-+*]|\d{1,3}[.)])[ \t]+\S")
_MARKED_LATER = re.compile(r"[\r\n][ \t]*(?:[-+*]|\d{1,3}[.)])[ \t]+\S")


def parts(text: str, meant: Meant = ()) -> str | None:
    """What the text comes to, in JSON; None where it is to be shown as it was written.

    So it is where nothing in it is Markdown but perhaps links, and where it would be too much:
    nested too deep, of too many pieces. `meant` are the people that it means, each by a name as it
    stands after an `@`, with their user_id.
    """
    if not meant and not _may_hold_markdown(text) and not _may_be_escaped(text):
        return None
    try:
        tree = _Tree(text, meant)
        is_shown = tree.is_rich or _is_escaped(text, tree)
    except TooMuch:
        return None
    return msgspec.json.encode(tree.blocks).decode() if is_shown else None


def mentions(parts: str) -> list[tuple[str, str]]:
    """Of what a text came to, the people that are mentioned: the user_id of each, and the name."""
    found: list[tuple[str, str]] = []
    _mentioned(msgspec.json.decode(parts), found)
    return found


def plain(parts: str) -> str:
    """What is read of what a text came to: a line for each block, and each item of a list."""
    return _lines(msgspec.json.decode(parts)).strip("\n")


def _lines(nodes: Sequence[Node]) -> str:
    return "".join([node if isinstance(node, str) else _lines_of(node) for node in nodes])


def _lines_of(node: list[Any]) -> str:
    match node:
        case ["ul", items] | ["ol", _, items]:
            return "".join([_lines(item).rstrip("\n") + "\n" for item in items])
        case ["p" | "quote", children]:
            return _lines(children).rstrip("\n") + "\n"
        case ["pre", _, code]:
            return f"{code}\n"
        case [_, [*children]] | ["a", _, [*children]]:
            return _lines(children)
    return str(node[-1])


def _mentioned(nodes: list[Any], found: list[tuple[str, str]]) -> None:
    if nodes and nodes[0] == "mention" and len(nodes) == 3 and isinstance(nodes[1], str):
        found.append((nodes[1], nodes[2][1:]))
        return
    for node in nodes:
        if isinstance(node, list):
            _mentioned(node, found)


def _may_hold_markdown(text: str) -> bool:
    """Most texts are told apart by the first lines of it; they cost a microsecond."""
    if _MAY_BE.search(text) and (
        _IS_INLINE.search(text) or markdown_rules.MARKED_LINE.search(text)
    ):
        return True
    if _MARKED_FIRST.match(text):
        return True
    # To look for these first costs less than the expression.
    return ("\n" in text or "\r" in text) and _MARKED_LATER.search(text) is not None


def _may_be_escaped(text: str) -> bool:
    """Whether it might be Markdown but for its backslashes."""
    return "\\" in text and _may_hold_markdown(_ESCAPE.sub(r"\1", text))


def _is_escaped(text: str, tree: _Tree) -> bool:
    """Whether backslashes keep it from being Markdown. Others stay: `C:\\_old` is a folder."""
    if "\\" not in text:
        return False
    unescaped = "\n\n".join([words([block]) for block in tree.blocks])
    return _may_hold_markdown(unescaped) and _Tree(unescaped, ()).is_rich


def words(nodes: Sequence[Node]) -> str:
    """All that is read in them."""
    return "".join([node if isinstance(node, str) else _words_of(node) for node in nodes])


def _words_of(node: list[Any]) -> str:
    match node:
        case ["ul", items] | ["ol", _, items]:
            return "".join([words(item) for item in items])
        case [_, [*children]] | ["a", _, [*children]]:
            return words(children)
    return str(node[-1])


class _Tree:
    """What a text comes to: the library's tokens, of which some open and some close, as nodes in
    each other. Raises `TooMuch`.
    """

    def __init__(self, text: str, meant: Meant) -> None:
        self.blocks: list[Node] = []
        self._open: list[list[Any]] = [self.blocks]
        self._count = 0
        self._is_rich = False
        for token in markdown_rules.parse(text, meant):
            self._add(token)

    @property
    def is_rich(self) -> bool:
        """Whether there is something to be read, and more than text and links alone show."""
        return self._is_rich and words(self.blocks).strip() != ""

    def _add(self, token: Token) -> None:
        if token.type == "inline":
            for child in token.children or ():
                self._add(child)
        elif token.nesting > 0:
            self._begin(token)
        elif token.nesting < 0:
            self._end(token)
        elif token.type in _WRITTEN:
            self._write(_WRITTEN[token.type](token))
        else:
            self._put(_LEAVES[token.type](token))

    def _begin(self, token: Token) -> None:
        children: list[Any] = []
        if token.hidden:  # a paragraph of a list without blank lines
            children = self._open[-1]
        elif token.type == "list_item_open":
            self._put(children)
        else:
            self._put([*_OPENED[token.type](token), children])
        self._open.append(children)
        if len(self._open) > DEPTH_MAX:
            raise TooMuch

    def _end(self, token: Token) -> None:
        self._open.pop()
        if token.type == "link_close":
            self._is_rich = True
            self._check_link()

    def _check_link(self) -> None:
        """Words that say nothing, or another address, do not stand for this one: it is shown."""
        _, address, children = self._open[-1].pop()
        said = words(children)
        if web_links.is_honest(said, address) and said.strip():
            self._open[-1].append(["a", address, children])
        elif not said.strip():
            self._open[-1].append(["link", address])
        else:
            for node in (*children, " (", ["link", address], ")"):
                self._write(node) if isinstance(node, str) else self._open[-1].append(node)

    def _put(self, node: list[Any]) -> None:
        self._count += 1
        if self._count > NODES_MAX:
            raise TooMuch
        self._is_rich |= node[:1] not in (["p"], ["link"], ["a"])
        self._open[-1].append(node)

    def _write(self, text: str) -> None:
        """Neighbouring text is one piece of it."""
        into = self._open[-1]
        if into and isinstance(into[-1], str):
            into[-1] += text
        elif text:
            into.append(text)


def _code_block(token: Token) -> list[Any]:
    language = _LANGUAGE.fullmatch(token.info.strip().partition(" ")[0])
    return ["pre", language[0] if language else "", token.content.removesuffix("\n")]


_OPENED: dict[str, Callable[[Token], list[Any]]] = {
    "paragraph_open": lambda _: ["p"],
    "blockquote_open": lambda _: ["quote"],
    "bullet_list_open": lambda _: ["ul"],
    "ordered_list_open": lambda token: ["ol", token.attrs.get("start", 1)],
    "strong_open": lambda _: ["strong"],
    "em_open": lambda _: ["em"],
    "s_open": lambda _: ["s"],
    "link_open": lambda token: ["a", token.attrs["href"]],
}
_LEAVES: dict[str, Callable[[Token], list[Any]]] = {
    "code_inline": lambda token: ["code", token.content],
    "fence": _code_block,
    "web_link": lambda token: ["link", token.content],
    "mention": lambda token: token.meta["node"],
}
_WRITTEN: dict[str, Callable[[Token], str]] = {
    "text": lambda token: token.content,
    "softbreak": lambda _: "\n",
    "hardbreak": lambda _: "\n",
}
