"""Names that look alike have the same skeleton, and others have not."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest

from parley.domain.names import RULES, skeleton
from tests.cases import together

UNSEEN = (
    "\u00a0\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u200b\u200d\u2028\u2063\u2065\u2800\u3000"
    "\u3164\ue000\ufdd0\ufe0f\uffa0\ufff9\ufffc\uffff\U0001107f\U00013430\U00013440\U00013441"
    "\U00016fe4\U0001bc9d\U0001bca0\U0001d159\U0001d173\U0001fffe\U000e0020\U000e0080\U0010fffd"
)


@together(
    ("name", "other"),
    [
        ("Ada", "ADA"),
        ("Ada", "\u0410d\u0430"),  # Cyrillic
        ("Ben", "\u0412en"),
        ("Ada", "A\u200bda"),  # a space of no width
        ("Ada", "Ada\ufe0f"),
        ("Ada", "A da"),
        ("Ada", "\U0001d400da"),  # mathematical
        ("Ada", "\uff21da"),  # full width
        ("Bill", "BiII"),
        ("Bill", "B1ll"),
        ("modern", "modem"),
        ("Olga", "0lga"),
        ("paypal", "\u0440\u0430\u0443\u0440\u0430\u04cf"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("Will", "vvill"),
        ("Evvie", "Ewie"),
        ("vw", "vvv"),
        ("wv", "vw"),
        ("Maria", "rnaria"),
        ("Zo\u00eb", "Zo\u00eb\u0308"),  # a mark over the same mark
        ("Zo\u00eb", "Zoe\u034f\u0308"),
    ],
)
def test_these_look_alike(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Ada", "Adam"),
        ("Ada", "Ida"),
        ("Zo\u00eb", "Zoe"),
        ("Ben", "Benedict"),
        ("李明", "李朋"),
        ("Ada", "Ada\u0600"),
    ],
)
def test_these_do_not(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)


@together("unseen", UNSEEN)
def test_what_nobody_sees_tells_no_names_apart(unseen: str) -> None:
    assert skeleton(f"Al{unseen}ice{unseen}") == skeleton("Alice")
    assert skeleton(unseen) == ""


@pytest.mark.parametrize("name", ["", "👍🏽", "العربية", "\u200b", "x" * 64])
def test_every_name_has_one(name: str) -> None:
    assert skeleton(skeleton(name)) == skeleton(name)


@pytest.mark.long("every sign is looked at")
def test_other_skeletons_are_counted_as_other_rules() -> None:
    # What was in Unicode 3.2 every Python knows alike; what is written with one shape a character
    # is left out, for there is a lot of it.
    old = unicodedata.ucd_3_2_0
    letters = (chr(point) for point in (*range(0x3400), *range(0xD7A4, 0x110000)))
    known = (letter for letter in letters if old.category(letter) not in ("Cn", "Cs"))
    skeletons = " ".join(skeleton(f"a{letter}{letter}b") for letter in known)
    digest = hashlib.sha256(skeletons.encode()).hexdigest()[:16]
    assert (RULES, digest) == (2, "73da125a21494263"), (
        "Count RULES up, and note the new digest here."
    )
