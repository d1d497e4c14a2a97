"""Files give way to those who talk.

On a small machine whoever sends a large file takes the core and the disk from the others: their
messages would wait two to three times as long (`beside-files` in `bench/`). So while messages come,
each 256 kB of a file wait a moment, and for what is being stored. That is some 60 MB a second at
most; where nobody talks, a file comes and goes as fast as it can.
"""

from __future__ import annotations

import asyncio

from parley.storage.database import Database

TALKS_S = 0.25
"""Who has talked within this time may be about to do so again."""
PAUSE_S = 0.004
PAUSE_EVERY_BYTES = 256 * 1024
WAITS_MAX_S = 0.01
"""Where somebody always writes, a file still goes on: some 18 MB a second."""


class GivingWay:
    """Of one file that comes or goes: ask before each piece of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bytes = 0

    async def wait(self, piece: bytes) -> None:
        """Return once this piece may go on."""
        await self.wait_for(len(piece))

    async def wait_for(self, size: int) -> None:
        """The same for a piece of so many bytes."""
        self._bytes += size
        if self._bytes < PAUSE_EVERY_BYTES:
            return
        self._bytes = 0
        if asyncio.get_running_loop().time() - self._database.talked_s < TALKS_S:
            await asyncio.sleep(PAUSE_S)
            await self._database.quiet(WAITS_MAX_S)
