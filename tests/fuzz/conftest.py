"""A server that is being attacked, two people who want to talk on it, and its log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.fuzz.world import Pair
from tests.people import Person

ONCE = {"forwarded_headers_ignored", "page_refused"}
"""Each said once, whoever sends the first of these headers: it is for whoever set up a proxy."""


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """What the server logged; nothing that a stranger sends may fill it."""
    with capture_logs() as entries:
        yield entries
    said = [entry["event"] for entry in entries if entry["log_level"] != "debug"]
    assert set(said) <= ONCE
    assert len(said) == len(set(said))


@pytest.fixture
async def pair(person: Callable[..., Person]) -> Pair:
    pair = Pair(person("Ada"), person("Ben"))
    await pair.sit_down()
    return pair
