"""What every format begins with: a conversation that somebody takes along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import urlsplit

from jinja2 import Environment

from parley import contract, present
from parley.domain import exporting
from parley.domain.context import Context
from parley.domain.exporting import Begun
from parley.domain.giving_way import GivingWay
from parley.proofs.notes import SEED_BYTES, Signer
from parley.secret import Secret

PURPOSE = "export"


@dataclass(frozen=True, slots=True)
class Taking:
    """An export that has begun."""

    context: Context
    begun: Begun
    server: str
    """The public address of this server."""
    signer: Signer
    templates: Environment
    """Of the pages."""

    @property
    def head(self) -> contract.ExportHead:
        return present.export_head(
            self.begun.conversation,
            self.begun.people,
            exported_at=present.timestamp(self.begun.at),
            server=self.server,
        )

    @property
    def origin(self) -> str:
        """What the signed head is of."""
        return f"{self.signer.key.name}/conversation/{self.begun.conversation.room_id}"

    async def pages(self) -> AsyncIterator[list[contract.Message]]:
        """The messages, oldest first, some at once. Others who talk come first."""
        giving_way = GivingWay(self.context.database)
        async for page in exporting.pages(self.context, self.begun):
            for at in range(0, len(page.messages), SLICE_MESSAGES):
                some = page.messages[at : at + SLICE_MESSAGES]
                yield [
                    present.exported(each, page.files, page.reactions.get(each.seq))
                    for each in some
                ]
                await giving_way.wait_for(sum(len(each.text) + _BESIDE_BYTES for each in some))
                await asyncio.sleep(0)


PIECE_BYTES = 128 * 1024
"""Sent at once, in two turns of the event loop."""
SLICE_MESSAGES = 250
"""Encoded and hashed at once, in one to two milliseconds: then others have their turn."""
_BESIDE_BYTES = 350
"""About what a message is beside its text."""


async def in_pieces(written: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same, some of it together: to send each costs as much as to write it. The beginning goes
    out at once, so that whoever waits sees that it has begun.
    """
    waiting: list[bytes] = []
    size, enough = 0, 0
    async with aclosing(written):
        async for some in written:
            waiting.append(some)
            size += len(some)
            if size > enough:
                yield b"".join(waiting)
                waiting, size, enough = [], 0, PIECE_BYTES
    yield b"".join(waiting)


def signer_of(secret: Secret, server: str) -> Signer:
    """By which a server's exports are signed: as long as it keeps its secret, the same key."""
    parts = urlsplit(server)
    return Signer(parts.netloc + parts.path or "parley", secret.derive(PURPOSE, SEED_BYTES))
