"""Names that look alike have the same skeleton, and others have not."""

from __future__ import annotations

import pytest

from parley.domain.names import skeleton

UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u180b\u180e\u200b\u200d\u2065\u2800\u3164\ufe0f\uffa0\U000e0080"
)


@pytest.mark.parametrize(
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
    ],
)
def test_these_look_alike(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [("Ada", "Adam"), ("Ada", "Ida"), ("Zo\u00eb", "Zoe"), ("Ben", "Benedict"), ("李明", "李朋")],
)
def test_these_do_not(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_nobody_sees_tells_no_names_apart(unseen: str) -> None:
    assert skeleton(f"Al{unseen}ice{unseen}") == skeleton("Alice")
    assert skeleton(unseen) == ""


@pytest.mark.parametrize("name", ["", "👍🏽", "العربية", "\u200b", "x" * 64])
def test_every_name_has_one(name: str) -> None:
    assert skeleton(skeleton(name)) == skeleton(name)
