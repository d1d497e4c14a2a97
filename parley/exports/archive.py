"""A ZIP file: the page, the JSON Lines, and the files, one behind the other as they are read."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import IO, NamedTuple, cast

from parley import present
from parley.domain import exporting, files
from parley.errors import NotFound
from parley.exports.lines import json_lines
from parley.exports.page import page
from parley.exports.taking import Taking
from parley.files.threads import in_thread, to_its_end
from parley.proofs.reading import MEMBER

PAGE = "conversation.html"
MISSING = "missing.txt"
ABOUT = "account.json"
LEFT_OUT = "left-out.txt"
_PACKED = frozenset({"text", "image/svg+xml", "application/json", "application/xml"})
"""Types that shrink; pictures, sound and film are packed already."""
_SMALL_BYTES = 64 * 1024
_IN_MEMORY_BYTES = 1024 * 1024
_LEVEL = 1
"""Text shrinks to a quarter by it, at a third of the usual cost."""


class _Sink:
    """What is written and not sent yet; it can't be wound back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken


class _Member(NamedTuple):
    name: str
    type: str
    pieces: AsyncIterator[bytes]
    is_noted: bool = True
    """Whether an entry says what it was."""


class _Packing:
    """A member that is being written. To shrink and to hash it takes half as long as to make it,
    and no Python: so one piece is packed in a thread while the next is made.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash, self._size = hashlib.sha256(), 0

    @property
    def noted(self) -> dict[str, object]:
        return {"size": self._size, "sha256": self._hash.hexdigest()}

    async def packed(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[None]:
        """Whenever nothing is being written: what is there may be taken."""
        piece = await anext(pieces, None)
        while piece is not None:
            writing = asyncio.ensure_future(in_thread(self._add, piece))
            try:
                piece = await anext(pieces, None)
            finally:
                await to_its_end(writing)
            yield

    def _add(self, piece: bytes) -> None:
        self._file.write(piece)
        self._hash.update(piece)
        self._size += len(piece)


async def archive(taking: Taking) -> AsyncGenerator[bytes, None]:
    """The page and the files come first, so that the entries can say what they were."""
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w") as zipped:
        async with aclosing(_added(taking, zipped, sink)) as pieces:
            async for piece in pieces:
                yield piece
    yield sink.take()


async def archive_of_all(
    about: bytes, all_of_them: AsyncIterator[tuple[str, Taking]], left_out: list[str]
) -> AsyncGenerator[bytes, None]:
    """Several conversations, each in a folder of its own as its archive would hold it; `about`
    whose they are, in JSON. What is named in `left_out` by the end is told in a file.
    """
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w") as zipped:
        zipped.writestr(ABOUT, about)
        yield sink.take()
        async for folder, taking in all_of_them:
            async with aclosing(_added(taking, zipped, sink, f"{folder}/")) as pieces:
                async for piece in pieces:
                    yield piece
        if left_out:
            zipped.writestr(LEFT_OUT, "".join(f"{each}\n" for each in left_out))
    yield sink.take()


async def _added(
    taking: Taking, zipped: zipfile.ZipFile, sink: _Sink, folder: str = ""
) -> AsyncGenerator[bytes, None]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as notes:
        async for each in _members(taking, notes):
            info = _info(each, taking)
            info.filename = folder + info.filename
            with zipped.open(info, "w", force_zip64=True) as file:
                packing = _Packing(file)
                async for _ in packing.packed(each.pieces):
                    if sink.size >= _SMALL_BYTES:
                        yield sink.take()
            if each.is_noted:
                note = {"member": {"path": each.name, **packing.noted}}
                notes.write(json.dumps(note, ensure_ascii=False, separators=(",", ":")).encode())
                notes.write(b"\n")


async def _members(taking: Taking, notes: IO[bytes]) -> AsyncIterator[_Member]:
    """`notes` are read at the end, when all others are noted in it."""
    yield _Member(PAGE, "text/html", page(taking, with_files=True))
    missing: list[str] = []
    async for file in exporting.files(taking.context, taking.begun):
        path = present.export_path(file)
        bytes_of = files.read(taking.context, file.id, file.id, 0, file.size)
        try:
            first = await anext(bytes_of, b"")
        except NotFound:
            missing.append(path)
        else:
            yield _Member(path, file.type, _begun(first, bytes_of))
    if missing:
        told = "".join(f"{path}\n" for path in missing)
        yield _Member(MISSING, "text/plain", _begun(told.encode()))
    notes.seek(0)
    entries = (line.rstrip(b"\n") for line in notes)
    yield _Member(MEMBER, "text/plain", json_lines(taking, entries), is_noted=False)


async def _begun(first: bytes, rest: AsyncIterator[bytes] | None = None) -> AsyncIterator[bytes]:
    yield first
    if rest is not None:
        async for piece in rest:
            yield piece


def _info(member: _Member, taking: Taking) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(member.name, taking.begun.at.timetuple()[:6])
    is_text = member.type in _PACKED or member.type.partition("/")[0] in _PACKED
    info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
    info.external_attr = 0o644 << 16
    return info
