"""What an export begins with, by which its format is known."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

from parley.importing.archive import Archive
from parley.importing.chats import ImportRefused
from parley.importing.json_stream import JsonStream

HEAD_BYTES = 64 * 1024
LOOKED_AT_MAX = 200
"""Members of an archive whose beginnings are looked at, in search of a first."""


def members(archive: Archive, ending: str) -> Iterator[str]:
    """The names that end so, those with the fewest folders before them first; the name of a file
    alone, however it ends: it may have come without one."""
    every = list(archive.names())
    names = [name for name in every if name.casefold().endswith(ending)]
    names.sort(key=lambda name: (name.count("/"), name))
    return iter(names if len(every) > 1 else every)


def head(archive: Archive, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(HEAD_BYTES)


def first_members(
    archive: Archive, name: str, until: Collection[str]
) -> tuple[dict[str, Any], bytes]:
    """Of an object in JSON, the members before the end of the head, up to those named, whose value
    isn't read; and the head. Empty for what is no such object."""
    begun = head(archive, name)
    found: dict[str, Any] = {}
    source = JsonStream(io.BytesIO(begun), name, is_cut=True)
    with suppress(ImportRefused):
        if source.kind() != "{":
            return {}, begun
        for key in source.members():
            if key in until:
                found[key] = None
                break
            found[key] = source.value()
    return found, begun


def folder(name: str) -> str:
    """What stands before the names of an export's files, of which this is one."""
    return name[: name.rfind("/") + 1]
