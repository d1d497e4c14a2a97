"""WhatsApp's marks become Parley's, and nothing else becomes a mark."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from parley.grammar import markdown
from parley.importing import whatsapp_markdown
from parley.importing.whatsapp_markdown import converted
from tests.cases import together
from tests.effort import times


def shown(text: str) -> list[object]:
    """What Parley shows of it."""
    parts = markdown.parts(text)
    return [["p", [text]]] if parts is None else msgspec.json.decode(parts)


def words(nodes: object) -> str:
    match nodes:
        case str():
            return nodes
        case ["ul", list(items)] | ["ol", _, list(items)]:
            return "\n".join("- " + words(item) for item in items)
        case [("p" | "quote" | "strong" | "em" | "s") as kind, list(children)]:
            return words(children) + ("\n" if kind in ("p", "quote") else "")
        case ["a", _, list(children)]:
            return words(children)
        case [("pre" | "code" | "link"), *_, str(text)]:
            return text
        case list():
            return "".join(map(words, nodes))
    raise AssertionError(nodes)


@together(
    ("text", "expected"),
    [
        ("*bold* and _italic_ and ~gone~", "**bold** and _italic_ and ~~gone~~"),
        ("*_both_*, (*so*)!", "**_both_**, (**so**)!"),
        ("```one line``` and `code`", "`one line` and `code`"),
        ("see:\n```a = 1\nb = *2*```\ndone", "see:\n```\na = 1\nb = *2*\n```\ndone"),
        ("```a`b```", "`` a`b ``"),
        ("👍_so_👍", "👍*so*👍"),
        ("2*3*4", r"2\*3\*4"),
        ("5 * 3 * 2 _ a", "5 * 3 * 2 _ a"),
        ("snake_case_name and ~5", "snake_case_name and ~5"),
        ("**twice**", r"\*\*twice\*\*"),
        ("__init__ ~~x~~", r"\_\_init\_\_ \~~x\~~"),
        ("* apples\n- pears\n1. plums", "* apples\n- pears\n1. plums"),
        ("> quoted\nnot quoted", "> quoted\n\nnot quoted"),
        ("[words](https://example.org)", r"[words\](https://example.org)"),
        ("https://example.org/a_b_c *x*", "https://example.org/a_b_c **x**"),
        (r"C:\_old", r"C:\_old"),
        (r"C:\_old *x*", r"C:\\_old **x**"),
        (r"¯\_(ツ)_/¯ *x*", r"¯\_(ツ)_/¯ **x**"),
        ("*not\nover lines*", "\\*not\nover lines\\*"),
        ("a ```b", "a ```b"),
        ("Milk", "Milk"),
    ],
)
def test_marks_become_parleys(text: str, expected: str) -> None:
    assert converted(text) == expected


def test_what_is_bold_is_strong() -> None:
    assert shown(converted("*a* _b_ ~c~ `d`")) == [
        ["p", [["strong", ["a"]], " ", ["em", ["b"]], " ", ["s", ["c"]], " ", ["code", "d"]]]
    ]


def meant(text: str) -> str:
    """What WhatsApp shows of it, without spaces: its marks gone, all else as it stands."""
    read = ""
    for line in whatsapp_markdown.lines_of(text):
        for piece in line.pieces:
            if piece.kind in ("code", "fence"):
                read += piece.text.strip("`")
            elif not piece.mark:
                read += piece.text
    return re.sub(r"\s", "", read)


@pytest.mark.longer
@given(st.text(alphabet="ab *_~`[]()\\\n", max_size=24))
@settings(max_examples=times(300, full=1000), deadline=None, derandomize=True)
def test_what_is_no_mark_of_whatsapps_is_none_of_parleys(text: str) -> None:
    # Lists are for another test. Of marks alone Parley shows what was written; and backslashes
    # that keep a text from being Markdown can't be shown in a text without any.
    assume(not re.search(r"(?m)^ {0,3}\*[ \t]", text) and re.search("[ab]", text))
    assume("\\" not in text or (converted(text) != text and "\\`" not in text))
    # What is escaped in a later paragraph, Parley doesn't see where nothing else is Markdown.
    assume(not re.search(r"\n\s*\n|\]\(\s*\n", text))
    assert re.sub(r"\s", "", words(shown(converted(text)))) == meant(text)


@pytest.mark.longer
@given(st.text(alphabet="ab *_~`[]()>-+1.\\\n", max_size=24))
@settings(max_examples=times(100, full=300), deadline=None, derandomize=True)
def test_no_word_is_lost_in_lists_and_quotes(text: str) -> None:
    read = words(shown(converted(text)))
    assert re.sub("[^ab]", "", read) == re.sub("[^ab]", "", text)
