"""The search in the page of an encrypted conversation finds what the server's does elsewhere: the
browser's code is asked in Node.js, and the cases that both are held to are the server's own.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.domain.looking import can_be_inside
from parley.grammar import markdown
from parley.search import hits, words
from parley.search.queries import Query, parse
from tests.asking_node import Other, asking, needs_node
from tests.effort import times
from tests.search import cases

some = settings(
    max_examples=times(60, full=200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Of what later versions of Unicode have, this Python knows nothing yet.
SIGNS = st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\0")
WRITTEN = cases.known()
MEANT = st.sampled_from(
    [
        *sorted({sign for each in WRITTEN["said"] for sign in each["message"]}),
        *[f"{each['typed']} " for each in WRITTEN["asked"]],
        *(
            '"',
            "'",
            "-",
            "*",
            "_",
            " ",
            "\n",
            "\x1c",
            "\x85",
            "\ufeff",
            "\u017f",
            "\u200d",
            "\ufe0f",
        ),
        *("aa", "oe", "ue", "http://a.b/c ", "\u1112", "\uff9e", "\u0301", "\u094d"),
    ]
)
TEXTS = st.lists(st.one_of(SIGNS, MEANT, MEANT, MEANT), max_size=25).map("".join)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    """Asks the browser's code, in Node.js."""
    with asking(Path(__file__).parent / "other.mjs") as ask:
        yield ask


def test_the_cases_are_what_the_server_finds() -> None:
    assert json.loads(json.dumps(cases.written())) == WRITTEN


@pytest.mark.long("all of Unicode")
@needs_node
def test_every_sign_is_folded_alike(other: Other) -> None:
    signs = [chr(code) for code in range(1, 0x110000)]
    signs = [sign for sign in signs if unicodedata.category(sign) not in ("Cs", "Cn", "Co")]
    for begin in range(0, len(signs), 20_000):
        texts = [f"a{sign}b" for sign in signs[begin : begin + 20_000]]
        folded = [words.fold(text) for text in texts]
        expected = [[each, [list(piece) for piece in words.pieces(each)]] for each in folded]
        assert other("folds", texts=texts) == expected


@needs_node
def test_what_is_read_of_markdown_is_alike(other: Other) -> None:
    written = json.loads(
        (Path(cases.__file__).parents[1] / "markdown_cases.json").read_text("utf-8")
    )
    rich = [case["parts"] for case in written if case["parts"]]
    assert len(rich) > 10
    for parts in rich:
        assert other("plain", parts=parts) == markdown.plain(json.dumps(parts))


@needs_node
@some
@given(TEXTS)
def test_texts_are_folded_alike(other: Other, text: str) -> None:
    folded, origins = words.fold_with_origins(text)
    pieces = [list(piece) for piece in words.pieces(words.fold(text))]
    found = other("fold", text=text)
    assert found == {"folded": folded, "pieces": pieces, "origins": origins}


@needs_node
@some
@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
def test_what_is_typed_finds_and_shows_the_same(
    other: Other, typed: str, text: str, rng: random.Random
) -> None:
    if text and rng.random() < 0.7:  # or hardly anything would be found
        begin = rng.randrange(len(text))
        typed = rng.choice(['"{}"', "{}", "{}*", "-{}"]).format(text[begin : begin + 8])
    query, folded = parse(typed), words.fold(text)
    query.authors, query.has, query.times = [], [], []
    is_there, is_inside = found_in(query, folded)
    patterns = [part.inside if is_inside else part.pattern for part in query.wanted]
    shown = [list(each) for each in hits.snippet(text, hits.spans(text, patterns))]
    found = other("find", typed=typed, text=text)
    assert (found["is_there"], found["is_inside"], found["snippet"]) == (is_there, is_inside, shown)


def found_in(query: Query, folded: str) -> tuple[bool, bool]:
    if any(part.pattern.search(folded) for part in query.unwanted):
        return False, False
    is_there = all(part.pattern.search(folded) for part in query.wanted)
    is_inside = all(part.inside.search(folded) for part in query.wanted)
    return is_there, is_inside and not is_there and can_be_inside(query)


@needs_node
@some
@given(
    st.sampled_from(["on", "before", "after", "-on", "On", "from", "has"]),
    st.dates(min_value=datetime(1975, 1, 1).date(), max_value=datetime(2036, 12, 31).date()),
    st.sampled_from(["%Y-%m-%d", "%Y-%m", "%Y", "%Y-%m-32", "%Y-13", "%Y-0", "0000", "9999-12-31"]),
    st.sampled_from(
        [*cases.ZONES, "UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Beirut"]
    ),
)
def test_days_begin_at_the_same_moments(
    other: Other, operator: str, day: Any, shape: str, zone: str
) -> None:
    typed = f"{operator}:{day.strftime(shape)}"
    query = parse(typed, ZoneInfo(zone))
    assert other("parse", typed=typed, zone=zone) == {
        "size": query.size,
        "wanted": len(query.wanted),
        "unwanted": len(query.unwanted),
        "authors": [[each.user_id, each.name, each.is_not] for each in query.authors],
        "has": [list(each) for each in query.has],
        "times": [[since_epoch(each[0]), since_epoch(each[1]), each[2]] for each in query.times],
    }


def since_epoch(at: datetime) -> int:
    """In milliseconds."""
    return (at - EPOCH) // timedelta(milliseconds=1)
