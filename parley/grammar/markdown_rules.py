"""The grammar of messages: the rules of markdown-it that are understood, and ours beside them.

The library has a twin in JavaScript. Its work ends early where a text would cost too much; what
is a link of its own accord is our own rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block, paragraph
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, escape
from markdown_it.token import Token

from parley.grammar import web_links

Meant = Sequence[tuple[str, str]]
"""A name as it stands after an `@`, and the user_id of whom it means."""

LINES_MAX = 500
MARKED_LINES_MAX = 200
"""Lines that begin as items or quotes do: each is asked whether it ends what is open."""
MARKS_MAX = 500
"""Outside code. A hundred pieces of strong text have 400."""
BRACKETS_MAX = 40
"""From each the library looks for its partner."""
BLOCK_TOKENS_MAX = 600
"""An item of a list has five."""
MARKED_LINE = re.compile(r"^[ \t]*(?:>(?:[ \t]|$)|(?:[-+*]|\d{1,3}[.)])[ \t]+\S)", re.MULTILINE)
"""How a quote or an item begins."""
LINKS_MAX = 100_000
"""What may be links with words, times characters: from each the library reads on to the end."""
NESTED_MAX = 500
"""Quotes and items in each other, times lines: each line is read anew in every one of them."""
_OPENS = r"(?:>|[-+*]|\d{1,3}[.)])[ \t]"
_OPENED = re.compile(rf"^(?:[ \t]*{_OPENS})+", re.MULTILINE)
_OPENING = re.compile(_OPENS)
_NO_ITEM = re.compile(r"[-+*\s]*|\d+[.)]\s*|\d{4,}.*", re.DOTALL)
_MARK = re.compile(r"[*_~`\[\]\\@]|:(?=//)")
_TERMINATOR = re.compile(rf"\n|{_MARK.pattern}")
_SCHEME = re.compile(r"(?ai:https?)\Z")
_LINK = re.compile(web_links.LINK)
# Where words are not set apart: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul. A name may begin and
# end between any two letters of these.
UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


class TooMuch(Exception):
    """To be shown as it was written."""


def parse(text: str, meant: Meant = ()) -> list[Token]:
    """The library's tokens. Raises `TooMuch`."""
    if text.count("\n") + text.count("\r") > LINES_MAX:
        raise TooMuch
    if len(MARKED_LINE.findall(text)) > MARKED_LINES_MAX:
        raise TooMuch
    if text.count("](") * len(text) > LINKS_MAX:
        raise TooMuch
    lines = text.count("\n") + text.count("\r") + 1
    deepest = max((len(_OPENING.findall(each)) for each in _OPENED.findall(text)), default=0)
    if deepest * lines > NESTED_MAX:
        raise TooMuch
    return _markdown.parse(text, {"mentions": _Mentions(meant) if meant else None})


class _Mentions:
    """Who is meant, to be found where they are named."""

    def __init__(self, meant: Meant) -> None:
        self._user_ids = dict(meant)
        longest_first = sorted(self._user_ids, key=len, reverse=True)
        self._named = re.compile(
            rf"(?:(?<![\w/])|(?<={UNSPACED}))@({'|'.join(map(re.escape, longest_first))})"
            rf"(?:(?!\w)|(?={UNSPACED})|(?<={UNSPACED}))"
        )

    def at(self, source: str, start: int) -> list[str] | None:
        found = self._named.match(source, start)
        return None if found is None else ["mention", self._user_ids[found[1]], found[0]]


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote begins with `>` and a space: `>:(` is no quote."""
    begin = state.bMarks[start] + state.tShift[start]
    if _is_indented(state, start):
        return False
    if state.src[begin : begin + 2].rstrip(" \t\n") != ">" or begin >= state.eMarks[start]:
        return False
    return blockquote(state, start, end, silent)


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """An item has words: `-` alone is none, `* * *` is none. And `2026.` is a year."""
    if _is_indented(state, start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    return not _NO_ITEM.fullmatch(first) and list_block(state, start, end, silent)


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return not _is_indented(state, start) and fence(state, start, end, silent)


def _is_indented(state: StateBlock, line: int) -> bool:
    """What is indented by four begins no block. The library's twin does so by itself."""
    return state.sCount[line] - state.blkIndent >= 4


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if len(state.tokens) > BLOCK_TOKENS_MAX:
        raise TooMuch
    found = paragraph(state, start, end, silent)
    # The library takes wide spaces off the edges, too, by which Chinese and Japanese are indented;
    # CommonMark and the library's twin take spaces and tabs alone (findings/).
    lines = state.getLines(start, state.line, state.blkIndent, False)
    state.tokens[-2].content = lines.strip(" \t\n")
    return found


def _bound(state: StateCore) -> None:
    """Between finding the blocks and reading their lines, which is what can cost most."""
    lines = [each.content for each in state.tokens if each.type == "inline"]
    marks = [mark for line in lines for mark in _MARK.findall(line)]
    if len(marks) > MARKS_MAX or marks.count("[") > BRACKETS_MAX:
        raise TooMuch


def _escape(state: StateInline, silent: bool) -> bool:
    """A shrug keeps its arm."""
    if not state.src.startswith(r"¯\_(", state.pos - 1):
        return escape(state, silent)
    if not silent:
        state.append_pending(r"\_")
    state.pos += 2
    return True


def _web_link(state: StateInline, silent: bool) -> bool:
    """A link that stands in the text as it is, by our own rule."""
    # Looked ahead for by the library only where no link can stand: in the words of another.
    if silent or state.linkLevel or state.src[state.pos] != ":":
        return False
    scheme = _SCHEME.search(state.src[max(0, state.pos - 5) : state.pos])
    match = scheme and _LINK.match(state.src, state.pos - len(scheme[0]))
    if not scheme or not match or not state.pending.endswith(scheme[0]):
        return False
    link = web_links.trimmed(match[0], match.start(), _emphasis(state))
    if not link:
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("web_link", "", 0).content = link
    state.pos = match.start() + len(link)
    return True


def _emphasis(state: StateInline) -> web_links.Emphasis:
    """It is asked from left to right, and so kept for the whole of a paragraph."""
    if state.env.get("source") is not state.src:
        state.env["source"] = state.src
        state.env["emphasis"] = web_links.Emphasis(state.src, 0)
    emphasis: web_links.Emphasis = state.env["emphasis"]
    return emphasis


def _mention(state: StateInline, silent: bool) -> bool:
    mentions: _Mentions | None = state.env["mentions"]
    if mentions is None or silent or state.linkLevel or state.src[state.pos] != "@":
        return False
    node = mentions.at(state.src, state.pos)
    if node is None:
        return False
    state.push("mention", "", 0).meta = {"node": node}
    state.pos += len(node[-1])
    return True


def grammar() -> MarkdownIt:
    """All of it, as the library takes it."""
    made = MarkdownIt("zero")
    made.enable(["fence", "blockquote", "list"])
    made.enable(["newline", "escape", "backticks", "strikethrough", "emphasis", "link"])
    ends = ["paragraph", "blockquote", "list"]
    made.block.ruler.at("blockquote", _quote, {"alt": ends})
    made.block.ruler.at("fence", _fence, {"alt": ends})
    made.block.ruler.at("list", _list, {"alt": ends[:2]})
    made.block.ruler.at("paragraph", _paragraph)
    made.core.ruler.after("block", "bound", _bound)
    made.inline.ruler.at("escape", _escape)
    made.inline.ruler.after("newline", "web_link", _web_link)
    made.inline.ruler.after("web_link", "mention", _mention)
    made.inline.terminator_re = _TERMINATOR
    # An address leads where it was written to, and is shown so.
    made.normalizeLink = lambda url: url  # type: ignore[method-assign]
    made.validateLink = lambda url: web_links.is_web_address(url)  # type: ignore[method-assign]
    return made


_markdown = grammar()
_markdown.parse("> * a")  # so that its rules are put in order before two threads ask for it
