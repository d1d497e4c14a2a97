"""Malformed packets by the million cost their sender's time, and no line in the log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.effort import times
from tests.raw import event
from tests.servers import process
from tests.transport.test_guards import MALFORMED
from tests.wire.test_frames import masked
from tests.wire.test_line import Wire

AT_ONCE = 10_000


@pytest.mark.long("tests/fuzz tells most of it")
async def test_malformed_packets_by_the_million(tmp_path: Path) -> None:
    rounds = times(10, full=100)
    frames = [masked(0x81, packet.encode()) for packet in MALFORMED]
    flood = b"".join(frames * (AT_ONCE // len(frames) + 1))
    # Else it would be cut off after some thousands.
    with process(tmp_path / "data", "--port", "0", "--rate-limits", "off") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        mallory = Wire(reader, writer)
        await mallory.opens()
        await mallory.says(masked(0x81, b"40"))

        async with asyncio.timeout(5 * rounds):
            for number in range(rounds):
                await mallory.says(flood + masked(0x81, event("none of ours", id=number).encode()))
                # Some are answered: who does not read would be cut off for that.
                answer = b"43%d[" % number
                while not (await mallory.reads())[1].startswith(answer):
                    pass
        writer.transport.abort()
        code, said = server.stop()
        assert code == 0
        assert said.splitlines() == [said]  # that there are no limits
