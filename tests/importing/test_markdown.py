"""Words of other chats are shown as they stood, and their marks as marks: by Parley's grammar."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.grammar import markdown as grammar
from parley.importing.markdown import Piece, escape, joined, literal
from tests.cases import together
from tests.effort import times


def shown(text: str) -> str:
    """What a reader sees of it, its spaces aside."""
    read = grammar.parts(text)
    words = text if read is None else grammar.words(json.loads(read))
    return re.sub(r"\s+", "", words)


@pytest.mark.parametrize(
    "text",
    [
        "Milk, please",
        "snake_case and 2 * 3 * 4",
        r"C:\_old\new",
        r"¯\_(ツ)_/¯",
        "- ",
        "see https://example.org/a_b_c and _d",
        "[1] and (2)",
    ],
)
def test_what_is_no_markdown_stays_untouched(text: str) -> None:
    assert literal(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("*Milk*", r"\*Milk\*"),
        ("_Milk_ and snake_case", r"\_Milk\_ and snake_case"),
        ("~~Milk~~", r"\~\~Milk\~\~"),
        ("`Milk`", r"\`Milk\`"),
        ("> Milk", r"\> Milk"),
        ("- Milk\n- Bread", "\\- Milk\n\\- Bread"),
        ("1. Milk\n2) Bread", "1\\. Milk\n2\\) Bread"),
        ("[Milk](https://example.org)", r"[Milk\](https://example.org)"),
        (r"*Milk* in C:\*", r"\*Milk\* in C:\\\*"),
        ("*Milk* at https://example.org/a_b_", r"\*Milk\* at https://example.org/a_b_"),
    ],
)
def test_what_would_be_markdown_is_escaped(text: str, escaped: str) -> None:
    assert literal(text) == escaped
    assert shown(escaped) == re.sub(r"\s+", "", text)
    read = grammar.parts(escaped)
    assert read is not None
    assert all(part[0] in ("p", "link") for part in json.loads(read))


@given(st.text(alphabet="ab *_~`\\[]()>-+1.:/\n@é👍", max_size=40))
def test_any_text_is_shown_as_it_stood(text: str) -> None:
    written = literal(text)
    # What can't be had by escaping (links that end in marks) is left as it was.
    assert written == text or shown(written) == re.sub(r"\s+", "", text)


@together(("pieces", "written"), [
        ([Piece("see "), Piece("this", ("strong",))], "see **this**"),
        ([Piece("a "), Piece(" this ", ("em",)), Piece("b")], "a  *this* b"),
        ([Piece("this", ("strong", "em"))], "***this***"),
        ([Piece("gone", ("s",)), Piece(".")], "~~gone~~."),
        ([Piece("a*b", ("code",))], "`a*b`"),
        ([Piece("a`b", ("code",))], "``a`b``"),
        ([Piece("x = 1\n", ("pre",), language="python")], "```python\nx = 1\n```"),
        ([Piece("Say:"), Piece("one\ntwo", ("quote",)), Piece("yes")], "Say:\n> one\n> two\n\nyes"),
        ([Piece("map", address="https://e.org/a(b)")], "[map](<https://e.org/a(b)>)"),
        ([Piece("https://e.org", address="https://e.org")], "https://e.org"),
        ([Piece("me", address="tg://user?id=1")], "me (tg://user?id=1)"),
        ([Piece("*a* "), Piece("b", ("strong",))], r"\*a\* **b**"),
        ([Piece("in"), Piece("word", ("strong",)), Piece("s")], "in**word**s"),
        ([Piece("two\nlines", ("strong",))], "**two**\n**lines**"),
        ([Piece("- "), Piece("b", ("strong",))], r"\- **b**"),
        # No marks of emphasis straight behind others: nobody could tell them apart.
        ([Piece("a", ("strong",)), Piece("b", ("em",))], "**a**b"),
        # Nor where Markdown wouldn't take them for marks.
        ([Piece("a"), Piece("(b)", ("strong",)), Piece("c"), Piece("d", ("code",))], "a(b)c`d`"),
        ([Piece(""), Piece("", ("strong",))], ""),
        ([Piece("https://e.org"), Piece("a", ("em",)), Piece(" "), Piece("b", ("em",))],
         "https://e.orga *b*"),
        ([Piece("https://e.org/a"), Piece("b", address="https://e.org")],
         "https://e.org/a [b](https://e.org)"),
        ([Piece("https://e.org/a", ("strong",)), Piece(".")], "**https://e.org/a**."),
    ])  # fmt: skip
def test_marks_become_markdown(pieces: list[Piece], written: str) -> None:
    assert joined(pieces) == written
    assert "**" not in shown(written)


def pieces_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Piece]]:
    marks = [(), (), ("strong",), ("em",), ("s",), ("code",), ("strong", "em")]
    return st.lists(st.builds(Piece, texts, st.sampled_from(marks)), max_size=6)


@given(pieces_of(st.text(alphabet="ab *_~`[]()-1.\né👍", max_size=8)))
def test_marks_are_marks_and_words_are_words(pieces: list[Piece]) -> None:
    plain = re.sub(r"\s+", "", "".join([piece.text for piece in pieces]))
    assert shown(joined(pieces)) == plain


@given(
    pieces_of(
        st.text(alphabet="ab *_~`\\[]()>-1.\né👍", max_size=8)
        | st.sampled_from(["https://e.org", "https://e.org/a_b_ "])
    )
)
def test_no_words_are_lost_between_marks(pieces: list[Piece]) -> None:
    """Backslashes of the text's own, and addresses with marks behind them, can't always be had."""
    marks = r"[\s*_~`\\>.)1-]+"
    plain = re.sub(marks, "", "".join([piece.text for piece in pieces]))
    assert re.sub(marks, "", shown(joined(pieces))) == plain


def test_too_many_marks_are_left_out() -> None:
    pieces = [piece for _ in range(200) for piece in (Piece("a", ("strong",)), Piece(" b "))]
    assert joined(pieces) == "a b " * 200


@pytest.mark.longer
def test_ten_million_letters_take_no_minute() -> None:
    """A fifth of them seconds."""
    length = times(2_000_000, full=10_000_000)
    text = "word *" * (length // 6)
    assert literal(text) == text
    assert escape("x" * length) == "x" * length
