"""What a disk may hold after a power cut: what was synced, and any part of the rest.

Of each file everything up to its last sync is there. Of what was written or
truncated since, every piece may be there or not, by itself, in any order: a
piece is a whole write, or what a write puts into one block or sector. A piece
that was under way may be noise. The same goes for names in the folder.

One thing is taken for granted, as SQLite does by default: a power cut in the
middle of a write harms nothing outside what is being written ("powersafe
overwrite").
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.powercut.recording import Event, FolderSynced, Named, Synced, Truncated, Wrote

SECTOR_BYTES = 512
BLOCK_BYTES = 4096
WHOLE = 1 << 40
UNITS = (SECTOR_BYTES, BLOCK_BYTES, WHOLE)

Change = Wrote | Truncated
Fate = Callable[[list[Change], random.Random], list[Change]]
"""Which of the changes since the last sync reached the disk, and in which order."""


def nothing_more(_changes: list[Change], _chance: random.Random) -> list[Change]:
    return []


def everything(changes: list[Change], _chance: random.Random) -> list[Change]:
    return changes


def torn(changes: list[Change], chance: random.Random) -> list[Change]:
    """All but the end of the last write, from a sector on."""
    pieces = list(_pieces(changes[-1:], SECTOR_BYTES))
    return [*changes[:-1], *pieces[: chance.randrange(len(pieces) + 1)]]


def torn_between_blocks(changes: list[Change], chance: random.Random) -> list[Change]:
    pieces = list(_pieces(changes[-1:], BLOCK_BYTES))
    return [*changes[:-1], *pieces[: chance.randrange(len(pieces) + 1)]]


def some(changes: list[Change], chance: random.Random) -> list[Change]:
    pieces = list(_pieces(changes, chance.choice(UNITS)))
    likely = chance.choice((0.1, 0.5, 0.9))
    return [piece for piece in pieces if chance.random() < likely]


def some_in_any_order(changes: list[Change], chance: random.Random) -> list[Change]:
    kept = some(changes, chance)
    chance.shuffle(kept)
    return kept


def some_as_noise(changes: list[Change], chance: random.Random) -> list[Change]:
    return [
        Wrote(piece.file, piece.offset, chance.randbytes(len(piece.content)))
        if isinstance(piece, Wrote) and chance.random() < 0.2
        else piece
        for piece in some(changes, chance)
    ]


FATES: tuple[Fate, ...] = (
    nothing_more,
    everything,
    torn,
    torn_between_blocks,
    some,
    some_in_any_order,
    some_as_noise,
)


def _pieces(changes: list[Change], unit: int) -> Iterator[Change]:
    for change in changes:
        if isinstance(change, Truncated):
            yield change
            continue
        start, end = change.offset, change.offset + len(change.content)
        while start < end:
            stop = min(end, (start // unit + 1) * unit)
            part = change.content[start - change.offset : stop - change.offset]
            yield Wrote(change.file, start, part)
            start = stop


@dataclass
class _File:
    synced: bytes = b""
    since: list[Change] = field(default_factory=list)

    def after(self, changes: list[Change]) -> bytes:
        content = bytearray(self.synced)
        for change in changes:
            size = change.size if isinstance(change, Truncated) else change.offset
            if isinstance(change, Truncated):
                del content[size:]
            content.extend(bytes(max(0, size - len(content))))
            if isinstance(change, Wrote):
                content[size : size + len(change.content)] = change.content
        return bytes(content)


class Disk:
    """The disk while the events of a recording happen, one after the other."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        # What each name meant at the last sync of the folder, and since.
        self._names: dict[str, list[int | None]] = {}

    def happens(self, event: Event) -> None:
        if isinstance(event, Named):
            self._names.setdefault(event.name, [None]).append(event.file)
            if event.file is not None:
                self._files[event.file] = _File()
        elif isinstance(event, FolderSynced):
            self._names = {name: meant[-1:] for name, meant in self._names.items()}
        elif isinstance(event, Synced):
            file = self._files[event.file]
            self._files[event.file] = _File(file.after(file.since))
        elif isinstance(event, Wrote | Truncated):
            self._files[event.file].since.append(event)

    def after_a_cut(self, fate: Fate, chance: random.Random) -> dict[str, bytes]:
        """The files by name, as they may be found."""
        found = {}
        for name, meant in self._names.items():
            file = self._meant(meant, fate, chance)
            if file is not None:
                found[name] = file.after(fate(file.since, chance))
        return found

    def _meant(self, meant: list[int | None], fate: Fate, chance: random.Random) -> _File | None:
        if fate is nothing_more:
            number = meant[0]
        elif fate is everything:
            number = meant[-1]
        else:
            number = chance.choice(meant)
        return None if number is None else self._files[number]
