"""What is found by what: in every script, and as people type it."""

from __future__ import annotations

import re
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley.search import hits, indexed, words
from parley.search.queries import Part, parse
from parley.search.segments import Where
from tests.cases import together

# What is typed, a text, and whether the text is found by it.
CASES = [
    ("cafe", "Café", True),
    ("CAFÉ", "cafe\u0301", True),
    ("müller", "Mueller", True),
    ("mueller", "Müller", True),
    ("Muller", "Müller", True),
    ("strasse", "Straße", True),
    ("istanbul", "İSTANBUL", True),
    ("ISTANBUL", "ıstanbul", True),  # noqa: RUF001  # meant
    ("lodz", "Łódź", True),
    ("smorrebrod", "Smørrebrød", True),
    ("oengstroem", "Öngström", True),
    ("ΣΊΣΥΦΟΣ", "σίσυφος", True),  # meant
    ("елка", "ёлка", True),  # meant
    ("мой", "мои", False),  # meant
    ("שלום", "שָׁלוֹם עולם", True),  # meant
    ("محمد", "مُحَمَّد", True),
    ("احمد", "أحمد", True),
    ("हिन्दी", "यह हिन्दी है", True),
    ("हिन्द", "यह हिन्दी है", True),
    ("权利", "人人的权利", True),
    ("利", "人人的权利", True),
    ("人权", "人人的权利", False),
    ("人人的权", "人人的权利", True),
    ("権利を", "すべて人は権利を有する", True),
    ("カ", "ガ", False),
    ("ｶﾞ", "ガ", True),
    ("한국", "한국어는", True),
    ("국어", "한국어는", True),
    ("สิทธิ", "มีสิทธิใน", True),
    ("หนึ่ง", "คนหนึ่งคน", True),
    ("ကို", "လူတိုင်းကို", True),
    ("a", "a b", True),
    ("go", "Go!", True),
    ("go", "good", False),
    ("go*", "good", True),
    ("goo", "good", True),
    ("ood", "good", False),
    ("foo_bar-42", "see foo_bar-42.", True),
    ("bar-42", "see foo_bar-42.", True),
    ("42", "foo_bar-42", True),
    ("example.org/a?b=1", "https://example.org/a?b=1", True),
    ("c++", "I like C++ more", True),
    ("c++", "I like C more", False),
    ("#42", "see #42", True),
    ("#42", "see 42", False),
    ("->", "a -> b", True),
    ("!=", "a != b", True),
    ("don't", "I don\u2019t know", True),
    ("hello,", "hello world", True),
    ('"hello world"', "Hello, world", True),
    ('"hello wor"', "hello world", False),
    ('"world hello"', "hello world", False),
    ("world hello", "hello world", True),
    ("“hello world”", "hello world", True),
    ('"hello wor', "hello wor ld", True),
    ("hello -world", "hello world", False),
    ("hello -world", "hello there", True),
    ('hello -"my world"', "hello my world", False),
    ("👍", "ok 👍🏽", True),
    ("👩‍💻", "by 👩‍💻", True),
    ("①", "1", True),
    ("from", "from here", True),
    ("from:", "from: here", True),
    ("has:nothing", "has:nothing at all", True),
    ("before:2026-02-31", "before:2026-02-31", True),
    ("AND OR NOT NEAR", "and or not near", True),
    ("a* NEAR/2 (b) ^c {d}:e", "a b near 2 c d e", True),
]


def is_found(typed: str, text: str) -> bool:
    query = parse(typed)
    folded = words.fold(text)
    return all(part.pattern.search(folded) for part in query.wanted) and not any(
        part.pattern.search(folded) for part in query.unwanted
    )


def documented() -> list[tuple[str, str, bool]]:
    """What the table in docs/searching.md says."""
    page = (Path(__file__).parents[2] / "docs" / "searching.md").read_text("utf-8")
    table = page.partition("| typed | found | not found |")[2].partition("\n\n")[0]
    found = []
    for row in table.splitlines()[2:]:
        _, typed, finds, misses, _ = (each.strip() for each in row.split("|"))
        for each in re.findall("`([^`]+)`", typed):
            found.append((each, finds, True))
            if misses:
                found.append((each, misses, False))
    return found


def is_looked_at(part: Part, text: str) -> bool:
    """Whether the index would lead to it."""
    terms = words.terms(text)
    fits = {
        Where.WHOLE: lambda needle: needle in terms,
        Where.BEGINNING: lambda needle: any(term.startswith(needle) for term in terms),
        Where.INSIDE: lambda needle: any(needle in term for term in terms),
    }
    either = part.needles(inside=False)
    return not all(either) or any(
        all(fits[where](needle) for needle, where in needles) for needles in either
    )


@together(("typed", "text", "is_there"), documented())
def test_the_documentation_says_what_is_found(typed: str, text: str, is_there: bool) -> None:
    query, folded = parse(typed), words.fold(text)
    is_inside = all(part.inside.search(folded) for part in query.wanted if part.can_be_inside)
    can_be = any(part.can_be_inside for part in query.wanted)
    assert (is_found(typed, text) or (can_be and is_inside)) == is_there


@together(("typed", "text", "is_there"), CASES)
def test_what_is_typed_finds_what_is_meant(typed: str, text: str, is_there: bool) -> None:
    assert is_found(typed, text) == is_there


@together(("typed", "text"), [case[:2] for case in CASES if case[2]])
def test_the_index_leads_to_what_is_found(typed: str, text: str) -> None:
    assert all(is_looked_at(part, text) for part in parse(typed).wanted)


TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0"),
        st.sampled_from("aäöüeßİıſ權利ガカﾞ한ᄒ\u0301\u0e34\u094d\u200dé-_+#*\"'"),  # noqa: RUF001
    ),
    max_size=30,
)


@given(TEXTS, TEXTS)
@example("", "ab")
@example('"', "x")
@example("-", "x")
@example("x\u0300\u0300", "x")
@example("\u200d", "x")
@example("*", "x")
def test_the_index_leads_to_whatever_is_found(typed: str, text: str) -> None:
    # Whatever is typed is understood, and what the text has is never missed by the index.
    query = parse(typed)
    folded = words.fold(text)
    for part in query.wanted:
        if part.pattern.search(folded):
            assert is_looked_at(part, text), (typed, text)
        part.inside.search(folded)


@given(TEXTS)
@example("ﷺ \uff76\uff9e \u1112\u1161\u11ab")
def test_what_is_found_is_marked_in_the_text_itself(text: str) -> None:
    folded, origins = words.fold_with_origins(text)
    assert folded == words.fold(text)
    assert len(origins) == len(folded) + 1
    assert origins == sorted(origins)
    spans = hits.spans(text, [part.pattern for part in parse(text).wanted])
    assert all(0 <= begin < end <= len(text) for begin, end in spans)
    shown = "".join(piece for piece, _ in hits.snippet(text, spans)).strip("…")
    assert len(shown) <= 2 * hits.SNIPPET_CHARS


def test_words_around_a_hit_are_shown() -> None:
    text = "All human beings are born free. " * 20 + "Milk and\nhoney. " + "And so on. " * 30
    shown = hits.snippet(text, hits.spans(text, [parse("honey").wanted[0].pattern]))
    assert [piece for piece, is_hit in shown if is_hit] == ["honey"]
    whole = "".join(piece for piece, _ in shown)
    assert whole.startswith("…")
    assert "Milk and honey" in whole
    assert len(whole) < hits.SNIPPET_CHARS + 45


def test_parts_of_one_sign_are_marked_as_that_sign() -> None:
    assert hits.spans("eﬃcient", [parse("effi").wanted[0].pattern]) == [(0, 2)]
    shown = hits.snippet("ﷺ", hits.spans("ﷺ", [parse("صلى").wanted[0].pattern]))
    assert shown == [("ﷺ", True)]


def test_every_letter_of_the_first_plane_is_folded_to_something_that_stays() -> None:
    for code in range(0x10000):
        sign = chr(code)
        if unicodedata.category(sign) not in ("Cs", "Cn", "Co"):
            once = words.fold(sign)
            assert words.fold(once) == once, hex(code)


HURRIED_S = 2.0
"""Of computing; each of these takes a thousandth of it, and took ten times as much."""


@pytest.mark.parametrize("sign", ["👍", "\u0e34", "©"])
def test_a_phrase_of_pictures_is_not_tried_in_every_way(sign: str) -> None:
    [part] = parse('"' + f"{sign} " * 5 + 'x"').wanted
    began = time.thread_time()
    assert not part.pattern.search(words.fold(sign * 200))
    assert time.thread_time() - began < HURRIED_S
    assert part.pattern.search(words.fold(f"{sign}, {sign}" * 3 + "x"))


@pytest.mark.parametrize("marks", ["\u0315\u0316", "\uff9e\u0315"])
def test_a_long_row_of_marks_is_folded_in_time(marks: str) -> None:
    text = "e" + marks * 50_000
    began = time.thread_time()
    folded = words.fold(text)
    assert time.thread_time() - began < HURRIED_S
    assert folded == words.fold_with_origins(text)[0]


def test_days_of_any_year_are_in_order() -> None:
    days = [datetime(year, 1, 2, tzinfo=UTC) for year in (1, 987, 1970, 9999)]
    terms = [indexed.of_day(day) for day in days]
    assert terms == sorted(terms)
