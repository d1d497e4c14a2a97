"""`parley say` and `parley upload`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from parley.client import Client, types
from parley.talking.joining import Who, joined, link_of
from parley.talking.telling import ascii_json

STANDARD_INPUT = "-"


async def say(link: str, who: Who, text: str, *, reply_to: str | None, as_json: bool) -> None:
    async with joined(link_of(link), who) as talk:
        sent = await talk.send(text, reply_to=reply_to)
    if as_json:
        print(ascii_json({"id": sent.id, "seq": sent.seq}))


async def upload(
    link: str,
    who: Who,
    names: Sequence[str],
    *,
    text: str,
    called: str | None,
    as_json: bool,
) -> None:
    """Opens all before it sends one."""
    opened = [_opened(name) for name in names]
    async with joined(link_of(link), who) as talk:
        files = [await _uploaded(talk, file, called) for file in opened]
        sent = await talk.send(text, files=files)
    if as_json:
        told = {"id": sent.id, "seq": sent.seq, "files": msgspec.to_builtins(files)}
        print(ascii_json(told))


async def _uploaded(talk: Client, file: Path | bytes, called: str | None) -> types.File:
    return await talk.upload(file, name=called or ("file" if isinstance(file, bytes) else None))


def _opened(name: str) -> Path | bytes:
    """Raises `OSError` for what can't be read."""
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    path = Path(name)
    opened: BinaryIO
    with path.open("rb") as opened:
        opened.read(1)
    return path
