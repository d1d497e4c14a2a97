"""HTML of other chats becomes Markdown, whatever it holds, and in no time."""

from __future__ import annotations

import html
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.grammar import markdown as grammar
from parley.importing import rich_text
from parley.importing.rich_text import markdown, words
from tests.cases import together
from tests.effort import some, times


@together(
    ("written", "text"),
    [
        ("<b>Hi</b> there", "**Hi** there"),
        ("<p>one</p>\n<p>two <em>x</em></p>", "one\n\ntwo *x*"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<h1>Title</h1>text", "**Title**\ntext"),
        ("<code>a_b</code> <del>no</del>", "`a_b` ~~no~~"),
        ('<pre><code class="language-py">x = 1\n  y</code></pre>z', "```py\nx = 1\n  y\n```\nz"),
        ("<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>\n<p>me</p>", "> a\n> \n> b\n\n\nme"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>\nend", "• a\n• b\nend"),
        ('<ol start="3"><li>a<li><b>b</b></ol>', "3\\. a\n4\\. **b**"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2 \n3"),
        ('<a href="https://e.org">see</a>', "[see](https://e.org)"),
        ('<a href="javascript:alert(1)">see</a>', "see (javascript:alert(1))"),
        ('<a href="https://matrix.to/#/@ana:e.org">Ana</a>: hi', "@Ana: hi"),
        ('<at id="8:bo">Bo</at> hi', "@Bo hi"),
        ('<img src="mxc://e" alt=":parrot:">', ":parrot:"),
        ("<mx-reply><blockquote>old <b>x</b></blockquote></mx-reply>new", "new"),
        ("<script>bad()</script><style>b{}</style>ok", "ok"),
        ("*as it is* &amp; &lt;b&gt; &#x41;", r"\*as it is\* & <b> A"),
        ("1 < 2 > 0 <!-- no --> <?x?>y", "1 < 2 > 0 y"),
        ("a\x00b\ud800c", "abc"),
        ("", ""),
    ],
)
def test_what_is_said_and_marked_is_kept(written: str, text: str) -> None:
    assert markdown(written) == text


def test_lines_may_break_as_in_the_file() -> None:
    assert markdown("a\nb  <i>c</i>\n", keeps_breaks=True) == "a\nb *c*"
    assert markdown("a\nb") == "a b"


def test_elements_can_be_left_out() -> None:
    assert markdown("<quote>old<b>er</b></quote>new", unsaid=("quote",)) == "new"


@pytest.mark.parametrize("limit", ["PARSED_MAX_CHARS", "PIECES_MAX"])
def test_of_what_is_too_much_the_words_are_taken(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rich_text, limit, 3)
    assert markdown("<b>a</b><i>b</i><b>c</b><br><i>&lt;d</i>") == "abc\n<d"


@pytest.mark.parametrize(
    "piece",
    some(
        [
            *(
                "<",
                "<a ",
                "<b>",
                "<!--",
                "<![CDATA[",
                "<a href='",
                "<a href='>",
                "</",
                "<?",
                "<p>x",
            ),
            *("<li>", "</p>", "&", "&#", "<script>", "<blockquote>x", "<b>x</b>", "<a b=c", "*_`["),
            *("<ol>", "<br>"),
        ],
        every=6,
        why="a few tell most",
    ),
)
def test_no_html_takes_long(piece: str) -> None:
    written = piece * (rich_text.PARSED_MAX_CHARS // len(piece))
    started = time.process_time()
    markdown(written)
    # It takes a second at most; in ways that look for an end again and again, minutes.
    assert time.process_time() - started < 10


def test_a_number_too_long_for_a_character_stays_as_it_is() -> None:
    endless = f"&#{'1' * 5000};"
    assert words(f"a{endless}") == f"a{endless}"
    assert markdown(f"a{endless}<b>c</b>") == f"a{endless}**c**"
    assert (
        markdown(f'<a href="https://e.org/{endless}">c</a>')
        == f"[c](https://e.org/&amp;{endless[1:]})"
    )


@pytest.mark.longer
def test_ten_million_letters_are_read() -> None:
    """Or a fifth of them."""
    count = times(180_000, full=900_000)
    assert len(markdown("<b>word</b> " * count)) == count * 5 - 1
    assert len(words("<" * (count * 11))) == count * 11


@settings(deadline=None)
@given(st.text(st.sampled_from("<>/=\"' abpreliuq-!&;#x\n*`"), max_size=200))
def test_any_html_is_read(written: str) -> None:
    markdown(written).encode()


def element(inner: str, tag: str) -> str:
    return f"<{tag}>{inner}</{tag}>"


TAGS = ("b", "i", "s", "u", "code", "p", "div", "blockquote", "h2", "span")
WORDS = st.text(st.sampled_from("ab *_`~>#1.-[]()!"), min_size=1, max_size=12)
ELEMENTS = st.recursive(
    WORDS.map(html.escape),
    lambda inner: (
        st.builds(element, inner, st.sampled_from(TAGS))
        | st.lists(inner, min_size=1, max_size=4).map("".join)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(ELEMENTS)
def test_every_word_is_shown(written: str) -> None:
    made = markdown(written)
    read = grammar.parts(made)
    shown = made if read is None else grammar.words(json.loads(read))
    assert "".join(shown.split()) == "".join(words(written).split())
