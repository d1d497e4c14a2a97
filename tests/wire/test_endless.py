"""What a client never ends keeps no memory: measured beside no other server."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest

from parley.config import Config
from tests.servers import running
from tests.wire.test_frames import masked
from tests.wire.test_line import wire

PARTS = 40_000_000 // 60_000


@pytest.mark.parametrize(
    ("is_plain", "most"),
    [
        pytest.param(False, 10_000_000, id="direct"),
        # Hypercorn has buffers of its own.
        pytest.param(
            True, 20_000_000, id="plain", marks=pytest.mark.long("a line of ours tells most")
        ),
    ],
)
async def test_endless_fragments_keep_no_memory(config: Config, is_plain: bool, most: int) -> None:
    part = masked(0x00, b"x" * 60_000)
    async with running(config, plain=is_plain) as server:
        tracemalloc.start()
        try:
            async with wire(server) as mallory:
                await mallory.opens()
                with contextlib.suppress(ConnectionError):
                    await mallory.says(masked(0x01, b"4"), *[part] * PARTS)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < most
