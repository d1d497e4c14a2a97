"""Nothing that people wrote can do more to a terminal than be read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench import corpus
from parley import harmless
from tests import effort

CONTROLS = "".join(chr(number) for number in (*range(32), *range(0x7F, 0xA0)))
TRICKS = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c\u200d"
)
MORE = (
    "\ufeff\u2060\u00ad\u180e\u3164\ufe0f\U000e0041\U000e007f\u2028\u2029\u0301\U0001f3fd👩💻🏴क्षی "
)
HOSTILE = st.text(st.one_of(st.sampled_from(CONTROLS + TRICKS + MORE), st.characters()))
JOINING = "\u200c\u200d"
EMOJI = (
    *("👨‍👩‍👧", "🏳️‍🌈", "❤️‍🔥", "🧑🏽‍💻", "👁️‍🗨️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    *("1️⃣", "🇩🇪", "🤷🏽‍♀️", "☎︎", "⛹🏽‍♂️", "\U0001fae8"),
)


@given(HOSTILE)
@example("\x1b]0;owned\x07\x1b[2J\x9b31m")
@example("photo\u202egpj.exe")
@example("\U0001f3f4\U000e0041")
def test_nothing_is_left_that_a_terminal_obeys_or_a_reader_misses(text: str) -> None:
    for shown in (harmless.line(text), *harmless.lines(text)):
        for letter in shown:
            category = unicodedata.category(letter)
            assert category not in ("Cc", "Cs", "Co", "Zl", "Zp"), (text, shown)
            is_flag = 0xE0020 <= ord(letter) <= 0xE007F and "\U0001f3f4" in shown
            assert category != "Cf" or letter in JOINING or is_flag, (text, shown)


@given(HOSTILE)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    shown = harmless.line(text)
    assert harmless.line(shown) == shown
    for each in harmless.lines(text):
        assert harmless.lines(each) == [each]


@given(st.text(st.characters(categories=("Lu", "Ll", "Nd", "Po"), max_codepoint=0x33F)))
def test_plain_words_are_shown_as_they_are(text: str) -> None:
    assert harmless.line(text) == text


@pytest.mark.parametrize("emoji", EMOJI)
def test_emoji_stay_whole(emoji: str) -> None:
    assert harmless.line(emoji) == emoji


@pytest.mark.skipif(not corpus.is_there(), reason="What is said in many languages is not here")
@pytest.mark.longer
def test_languages_stay_whole() -> None:
    gone = "\u200e\u200f\xad\u200b\ufeff\u2060\u180e\x92"
    for language, paragraphs in corpus.paragraphs().items():
        for text in paragraphs[:: effort.times(5, full=1)]:
            meant = "".join(" " if letter.isspace() else letter for letter in text)
            shown = harmless.line(text)
            if not any(letter in text for letter in gone):
                assert shown.replace("\u3000", " ").replace(" ◌", " ") == meant, language


def test_a_name_says_where_something_was_hidden() -> None:
    assert harmless.line("ad\u200bmin") == "ad\N{REPLACEMENT CHARACTER}min"
    assert harmless.line("\x1b[1mAda") == "␛[1mAda"
    assert harmless.line("Ada\nBen") == "Ada Ben"
    assert harmless.line("\u0301") == "◌\u0301"


def test_marks_do_not_pile_up() -> None:
    assert len(harmless.line("Z" + "\u0301" * 500)) == 1 + harmless.MARKS_MAX


def test_lines_end_where_any_terminal_would_end_them() -> None:
    assert harmless.lines("a\r\nb\u2028c\x0bd\x85e\tf") == ["a", "b", "c", "d", "e    f"]
