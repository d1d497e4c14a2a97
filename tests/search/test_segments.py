"""Segments tell what a list of messages with their terms would tell."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from parley.search import segments
from parley.search.segments import Postings, Segment, Where

TERMS = st.sets(st.text("abcé权", min_size=1, max_size=4), max_size=6)
DOCS = st.lists(TERMS, min_size=1, max_size=40).map(
    lambda found: [(10 + 3 * at, terms) for at, terms in enumerate(found)]
)


def having(segment: Segment | None, needle: str, where: Where) -> set[int]:
    if segment is None:
        return set()
    numbers = segments.numbers(segment.dictionary, needle, where)
    assert numbers == sorted(set(numbers))
    return Postings(segment.first, segment.postings).of(numbers)


def expected(docs: list[tuple[int, set[str]]], needle: str, where: Where) -> set[int]:
    fits: dict[Where, Callable[[str], bool]] = {
        Where.WHOLE: lambda term: term == needle,
        Where.BEGINNING: lambda term: term.startswith(needle),
        Where.INSIDE: lambda term: needle in term,
    }
    return {seq for seq, terms in docs if any(fits[where](term) for term in terms)}


NEEDLES = st.text("abcé权", min_size=1, max_size=3)
WHERE = st.sampled_from(Where)


@given(DOCS, NEEDLES, WHERE)
def test_it_tells_who_has_a_term(
    docs: list[tuple[int, set[str]]], needle: str, where: Where
) -> None:
    assert having(segments.build(docs), needle, where) == expected(docs, needle, where)


@given(DOCS, st.integers(1, 5), NEEDLES, WHERE)
def test_several_become_one(
    docs: list[tuple[int, set[str]]], size: int, needle: str, where: Where
) -> None:
    parts = [segments.build(docs[at : at + size]) for at in range(0, len(docs), size)]
    one = segments.merged(parts)
    assert (one.first, one.last) == (docs[0][0], docs[-1][0])
    assert having(one, needle, where) == expected(docs, needle, where)


@given(DOCS, st.data(), NEEDLES, WHERE)
def test_what_is_taken_out_leaves_nothing(
    docs: list[tuple[int, set[str]]], data: st.DataObject, needle: str, where: Where
) -> None:
    gone = data.draw(st.sets(st.sampled_from([seq for seq, _ in docs])))
    left = [(seq, terms) for seq, terms in docs if seq not in gone]
    segment = segments.without(segments.build(docs), gone)
    assert (segment is None) == (not left)
    assert having(segment, needle, where) == expected(left, needle, where)
    if segment is not None:
        kept = {term for _, terms in left for term in terms}
        assert set(segment.dictionary.decode().split("\n")) <= kept | {""}
        again = segments.merged([segment])
        assert having(again, needle, where) == expected(left, needle, where)


@given(DOCS, st.sampled_from("abcé"), st.sampled_from("abcé"))
def test_terms_between_two_are_found(docs: list[tuple[int, set[str]]], low: str, high: str) -> None:
    marked = [(seq, {"\x04" + term for term in terms} | terms) for seq, terms in docs]
    segment = segments.build(marked)
    numbers = segments.numbers_between(segment.dictionary, "\x04" + low, "\x04" + high)
    found = Postings(segment.first, segment.postings).of(numbers)
    assert found == {
        seq
        for seq, terms in docs
        if any(low.encode() <= term.encode() <= high.encode() for term in terms)
    }


def test_many_messages_are_taken_out_at_once() -> None:
    docs = [(seq, {f"w{seq}", "all"}) for seq in range(100)]
    segment = segments.without(segments.build(docs), range(60))
    assert segment is not None
    assert having(segment, "all", Where.WHOLE) == set(range(60, 100))
    assert b"w59" not in segment.dictionary
    assert b"w60" in segment.dictionary
