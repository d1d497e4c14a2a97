"""JSON Lines and JSON: the same entries, each on a line of its own, with their proof."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import closing

from parley import present
from parley.exports.taking import Taking
from parley.proofs.sealing import Sealer


async def json_lines(taking: Taking, members: Iterable[bytes] = ()) -> AsyncGenerator[bytes, None]:
    """The head, a line a message, and the proof; before that `members`, entries of what else
    stands beside it in an archive.
    """
    with closing(Sealer()) as sealer:
        [head] = sealer.sealed([present.encoded(taking.head)])
        yield head + b"\n"
        async for page in taking.pages():
            yield b"\n".join([*sealer.sealed([present.encoded(each) for each in page]), b""])
        for entry in members:
            yield sealer.sealed([entry])[0] + b"\n"
        for piece in sealer.proof(taking.signer, taking.origin):
            yield piece
        yield b"\n"


async def json(taking: Taking) -> AsyncGenerator[bytes, None]:
    """The same lines in one object."""
    with closing(Sealer()) as sealer:
        [head] = sealer.sealed([present.encoded(taking.head)])
        yield b'{"success":true,"export":\n' + head + b'\n,"messages":[\n'
        before = b""
        async for page in taking.pages():
            entries = sealer.sealed([present.encoded(each) for each in page])
            yield before + b"\n,".join(entries) + b"\n"
            before = b","
        yield b'],"proof":\n'
        for piece in sealer.proof(taking.signer, taking.origin):
            yield piece
        yield b"\n}\n"
