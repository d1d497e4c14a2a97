"""What people write, made fit to keep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parley.domain import text
from parley.errors import BadRequest, TooLarge
from tests.cases import together

BIDI = "\u202e\u202d\u2066\u2069\u200e\u200f\u061c"


@together(
    ("given", "kept"),
    [
        ("Ada", "Ada"),
        ("  Ada \n", "Ada"),
        ("Ada\tvon\n Stein", "Ada von Stein"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u212b", "\u00c5"),
        ("a\u202eb", "a b"),
        (f"{BIDI}Ada{BIDI}", "Ada"),
        ("a\x07b\x1bc\x7fd\x85e", "a b c d e"),
        ("a\u2028b\u2029c", "a b c"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("نور", "نور"),
        ("क्‍ष", "क्‍ष"),
    ],
)
def test_a_name_is_one_clean_line(given: str, kept: str) -> None:
    assert text.username(given, user_id="abc") == kept
    assert text.title(given, room_id="abc") == kept


@pytest.mark.parametrize("empty", [None, "", "  ", "\n\t", BIDI, "\x01"])
def test_a_name_of_nothing_is_made(empty: str | None) -> None:
    assert text.username(empty, user_id="abcdefghij") == "User_abcdef"
    assert text.title(empty, room_id="abc12345") == "Conversation abc12345"
    assert text.claimed_name(empty) == ""


@pytest.mark.parametrize("bad", ["\0", "\ud800", "a\udfffb"])
@pytest.mark.parametrize(
    "clean",
    [text.message, text.description, text.user_id, text.client_id, text.claimed_name],
    ids=lambda function: function.__name__,
)
def test_nul_and_lone_surrogates_are_refused(clean: Callable[[str], object], bad: str) -> None:
    with pytest.raises(BadRequest):
        clean(bad + "x")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, ""),
        ("  At four \n", "At four"),
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("tab\there", "tab\there"),
        ("Cafe\u0301", "Caf\u00e9"),
        (f"a{BIDI}b", "ab"),
        ("a\x07b\x1b", "ab"),
    ],
)
def test_a_description_keeps_its_lines(given: str | None, kept: str) -> None:
    assert text.description(given) == kept


@pytest.mark.parametrize(
    "said", ["Hello", "  padded  ", "\u202eleft", "Cafe\u0301", "\x07", "\ufeff."]
)
def test_a_message_is_kept_to_the_letter(said: str) -> None:
    assert text.message(said) == said


@pytest.mark.parametrize("said", ["", " ", "\n\t\r", "\u3000\u00a0"])
def test_a_message_of_nothing_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        text.message(said)


def test_a_text_that_grows_when_made_normal_is_measured_again() -> None:
    grows = "\U0001d15e"  # one character that is two in its normal form
    assert text.title(grows * 100, room_id="x")
    with pytest.raises(TooLarge):
        text.title(grows * 101, room_id="x")
    with pytest.raises(TooLarge):
        text.username(grows * 33, user_id="x")
    with pytest.raises(TooLarge):
        text.description(grows * 1_001)


@pytest.mark.parametrize("given", ["u", " u ", "ü\u0308", "👩‍👧", "x" * 64])
def test_a_user_id_is_kept_to_the_letter(given: str) -> None:
    assert text.user_id(given) == given


@pytest.mark.parametrize("given", [None, "", "  "])
def test_a_user_id_of_nothing_is_none(given: str | None) -> None:
    assert text.user_id(given) is None


@pytest.mark.parametrize("given", ["a\nb", "a\u202eb", "\x07", "a\u2028"])
def test_a_user_id_that_deceives_is_refused(given: str) -> None:
    with pytest.raises(BadRequest):
        text.user_id(given)


@pytest.mark.parametrize("given", ["text", "note", "system", "SYSTEM", "a.b/c:d-e_f", "T1"])
def test_a_type_is_a_short_word(given: str) -> None:
    assert text.message_type(given) == given


@pytest.mark.parametrize("given", ["", " ", "two words", "é", "-x", "<b>"])
def test_another_type_is_refused(given: str) -> None:
    with pytest.raises(BadRequest):
        text.message_type(given)
