"""Which of several conversations is meant."""

from __future__ import annotations

import pytest

from parley.importing.chats import ImportRefused
from parley.importing.choosing import position


@pytest.mark.parametrize(
    ("name", "at"), [("General", 0), ("general", 0), ("Tea", 1), ("tea", 2), ("straße", 3)]
)
def test_capitals_matter_only_where_two_would_be_meant(name: str, at: int) -> None:
    assert position(name, ("General", "Tea", "tea", "STRASSE")) == at


@pytest.mark.parametrize("name", ["TEA", "gene", ""])
def test_a_name_that_could_be_two_or_none_is_refused(name: str) -> None:
    with pytest.raises(ImportRefused, match="It has General, Tea, tea"):
        position(name, ("General", "Tea", "tea"))


def test_a_single_conversation_may_be_named_but_no_other() -> None:
    assert position("tea", ("Tea",)) == 0
    with pytest.raises(ImportRefused, match="nothing to choose from"):
        position("work", ("Tea",))
