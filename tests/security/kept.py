"""Servers that last for a file, one for each choice of settings: as `lasting`, where tests differ
in what they set.

A file says `servers, opened = kept.servers, kept.opened`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from parley.config import SETTINGS, Config
from parley.limits.limiter import Limits
from tests import lasting
from tests.generous import generous
from tests.security.conftest import House, Open, with_settings
from tests.servers import Running, running

Starts = Callable[..., Awaitable[Running]]
"""The server with these settings, whatever folder they name; with `plain` as `running` has it."""
USUAL = generous(Config(leave_grace_s=lasting.GRACE_S))
"""What nobody is kept waiting by, and no limit is met in."""
LIMITS = {setting.name for setting in SETTINGS if setting.name.startswith("limit_")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path
) -> AsyncIterator[Starts]:
    found: list[tuple[Config, bool, Running]] = []
    async with contextlib.AsyncExitStack() as stack:

        async def starts(config: Config, *, plain: bool = False) -> Running:
            config = replace(config, data=Path())
            for its, is_plain, server in found:
                if (its, is_plain) == (config, plain):
                    return server
            # On SQLite whatever the run uses: no test of these asks a database anything of its own.
            folder = lasting.config_in(tmp_path_factory.mktemp("kept"), empty_database).data
            server = await stack.enter_async_context(
                running(replace(config, data=folder), plain=plain)
            )
            found.append((config, plain, server))
            return server

        yield starts


@pytest.fixture
def opened(servers: Starts) -> Open:
    """As the fixture of all these tests, for houses that have been lived in: what was counted
    is forgotten, and who was there has gone.
    """

    @contextlib.asynccontextmanager
    async def opened(*, plain: bool = False, **settings: str) -> AsyncIterator[House]:
        usual = Config(leave_grace_s=lasting.GRACE_S)
        others = {name: text for name, text in settings.items() if name not in LIMITS}
        house = House(await servers(with_settings(usual, **others), plain=plain))
        limits = house.server.app.limits
        # They are looked up in it each time: it is as one that starts with these settings.
        vars(limits).update(vars(Limits(with_settings(usual, **settings))))
        limits.clock = house.clock
        try:
            yield house
        finally:
            for guest in house.guests:
                await guest.goes_home()

    return opened
