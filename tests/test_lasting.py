"""The tests of a file share a server where it says so, on the loop that they all run in."""

from __future__ import annotations

import asyncio

import pytest

from parley.app import Parley
from tests import lasting

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

seen: list[tuple[Parley, asyncio.AbstractEventLoop]] = []


@pytest.mark.parametrize("time", ["once", "again"])
async def test_it_is_the_same_for_each_test(app: Parley, time: str) -> None:
    seen.append((app, asyncio.get_running_loop()))
    assert seen == [seen[0]] * len(seen), time
