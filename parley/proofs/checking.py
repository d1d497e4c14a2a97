"""Whether a file is as it was when it was signed, and if not, where it isn't."""

from __future__ import annotations

import base64
import bisect
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from parley.proofs.notes import BadNote, Checkpoint, Key, bytes_of
from parley.proofs.reading import (
    MEMBER,
    OF_DAMAGE,
    Broken,
    Damaged,
    Export,
    Line,
    NoProof,
    is_damage,
    lines,
)
from parley.proofs.sealing import (
    BadLine,
    Proof,
    commitment_of,
    is_redacted,
    parted,
    redacted,
    signed,
)
from parley.proofs.tree import HASH_BYTES, inclusion, leaf_hash, root_by

TOLD_MAX = 20
"""So many differences are told; how many more there are is told too."""
_UNREADABLE = bytes(HASH_BYTES)
_PIECE_BYTES = 1024 * 1024


class Verdict(NamedTuple):
    """What was found. Nothing was changed where there are no `problems`."""

    problems: tuple[str, ...]
    checkpoint: Checkpoint | None = None
    """What was signed; None where that isn't known."""
    key: Key | None = None
    redacted: int = 0
    """How many entries were taken out, leaving what proves the others."""
    files: int = 0
    """How many files of an archive were compared."""


class _Read(NamedTuple):
    hashes: bytearray
    """Of each entry in the file, as it is."""
    numbers: list[int]
    """Their lines."""
    last: Line | None
    redacted: int
    broken: Broken | None


def check(path: Path, pinned: Key | None = None) -> Verdict:
    """Of an export, or of a proof that `prove` wrote. Raises `NoProof`, `OSError`."""
    if is_inclusion(path):
        return check_inclusion(path, pinned)
    export = Export(path)
    try:
        return _check(export, pinned)
    except Damaged as error:
        return Verdict((str(error),))
    finally:
        export.close()


def _check(export: Export, pinned: Key | None) -> Verdict:
    read = _read(export)
    if read.broken is not None:
        return Verdict((f"Line {read.broken.number}: {read.broken}",))
    assert read.last is not None  # noqa: S101  # else it would be broken
    try:
        proof = Proof.read(read.last.text, pinned)
    except BadLine as error:
        if _is_entry(read.last.text):
            return Verdict(
                (f"Line {read.last.number}: The proof after it is missing. The end was cut off.",)
            )
        return Verdict((f"Line {read.last.number}: {error}",))
    problems: list[str] = []
    if read.hashes != proof.leaves:
        problems += _told(_differences(read.hashes, proof.leaves, read.numbers), export)
    files = 0
    if export.archive is not None:
        found, files = _check_members(export)
        problems += found
    return Verdict(tuple(problems), proof.checkpoint, proof.key, read.redacted, files)


def _read(export: Export) -> _Read:
    hashes, last, count = bytearray(), None, 0
    numbers: list[int] = []
    most = export.entries_max
    try:
        with export.opened() as file:
            for line in lines(file):
                if line.is_proof:
                    last = line
                    continue
                if most is not None and len(numbers) >= most:
                    raise Broken(line.number, "There are more lines than an export can have.")
                numbers.append(line.number)
                hashes += _hash_of(line.text)
                count += is_redacted(line.text)
    except Broken as broken:
        return _Read(hashes, numbers, last, count, broken)
    return _Read(hashes, numbers, last, count, None)


def _hash_of(line: bytes) -> bytes:
    try:
        return leaf_hash(commitment_of(line))
    except BadLine:
        return _UNREADABLE


def _is_entry(line: bytes) -> bool:
    return _hash_of(line) != _UNREADABLE


# --- where they differ ---


class _Difference(NamedTuple):
    number: int
    """The line that it is told of; of what is missing, the one before it."""
    what: str


def _differences(
    hashes: bytes | bytearray, signed: bytes, numbers: Sequence[int]
) -> Iterator[_Difference]:
    """Between what is there and what was signed, in the order of the file."""
    where = {signed[at : at + HASH_BYTES]: at // HASH_BYTES for at in range(0, len(signed), 32)}
    places = [
        where.get(bytes(hashes[at : at + HASH_BYTES])) for at in range(0, len(hashes), HASH_BYTES)
    ]
    kept = _in_order(places)
    there = {place for place in places if place is not None}
    seen = {places[one] for one in kept}
    before = 0  # of what was signed, how much has been accounted for
    at = 0
    while at <= len(places):
        end = at
        while end < len(places) and end not in kept:
            end += 1
        upto = places[end] if end < len(places) else len(signed) // HASH_BYTES
        assert upto is not None  # noqa: S101  # what is kept has a place
        missing = sum(place not in there for place in range(before, upto))
        for one in range(at, end):
            if (place := places[one]) is not None:
                moved = f"This entry was moved. It was number {place + 1:,} of all."
                again = "This entry stands here a second time."
                yield _Difference(numbers[one], again if place in seen else moved)
                seen.add(place)
            elif missing:
                missing -= 1
                yield _Difference(numbers[one], "This entry was changed.")
            else:
                yield _Difference(numbers[one], "This entry was added.")
        if missing:
            entries = "1 entry was" if missing == 1 else f"{missing:,} entries were"
            yield _Difference(numbers[end - 1] if end else 0, f"After this line {entries} removed.")
        before, at = upto + 1, end + 1


def _in_order(places: Sequence[int | None]) -> set[int]:
    """The most entries that still stand in the order that was signed: the longest rising row."""
    ends: list[int] = []
    at_end: list[int] = []
    previous: dict[int, int] = {}
    for at, place in enumerate(places):
        if place is None:
            continue
        length = bisect.bisect_left(ends, place)
        if length:
            previous[at] = at_end[length - 1]
        if length == len(ends):
            ends.append(place)
            at_end.append(at)
        else:
            ends[length], at_end[length] = place, at
    kept = set()
    at_last = at_end[-1] if at_end else None
    while at_last is not None:
        kept.add(at_last)
        at_last = previous.get(at_last)
    return kept


def _told(found: Iterable[_Difference], export: Export) -> Iterator[str]:
    told: list[_Difference] = []
    more = 0
    for difference in found:
        if len(told) < TOLD_MAX:
            told.append(difference)
        else:
            more += 1
    wanted = {difference.number for difference in told}
    about: dict[int, str] = {}
    with export.opened() as file:
        for line in lines(file):
            if line.number in wanted:
                about[line.number] = _about(line.text)
            if line.number >= max(wanted, default=0):
                break
    for number, what in told:
        where = f"Line {number}{about.get(number, '')}" if number else "At the beginning"
        yield f"{where}: {what}"
    if more:
        yield f"And {more:,} more."


def _about(line: bytes) -> str:
    """What an entry says of itself, for people."""
    try:
        entry = json.loads(line)
        id, name, at = (_plain(str(entry[each])[:100]) for each in ("id", "username", "timestamp"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f" (message {id} by {name or 'the service'}, {at})"


def _plain(text: str) -> str:
    """For a terminal: without what would steer it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


# --- what else is in an archive ---


def _check_members(export: Export) -> tuple[list[str], int]:
    archive = export.archive
    assert archive is not None  # noqa: S101
    names = archive.namelist()
    problems = [
        f"{_plain(name)} is in it twice." for name in sorted(set(names)) if names.count(name) > 1
    ]
    told, count = {MEMBER}, 0
    with export.opened() as file:
        for line in lines(file):
            if not line.text.startswith(b'{"member":'):
                continue
            found = _member(line.text)
            if found is None:
                continue
            path, size, sha256 = found
            told.add(path)
            if path not in names:
                problems.append(f"{_plain(path)} is missing.")
                continue
            count += 1
            if not _is_as(archive, path, size, sha256):
                problems.append(f"{_plain(path)} was changed.")
    problems += [f"{_plain(name)} was added." for name in sorted(set(names) - told)]
    return problems, count


def _member(line: bytes) -> tuple[str, int, str] | None:
    try:
        member = json.loads(line)["member"]
        return str(member["path"]), int(member["size"]), str(member["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_as(archive: zipfile.ZipFile, path: str, size: int, sha256: str) -> bool:
    found, left = hashlib.sha256(), size
    try:
        with archive.open(path) as file:
            while piece := file.read(_PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    return False
                found.update(piece)
    except OF_DAMAGE as error:
        if not is_damage(error):
            raise
        return False
    return left == 0 and found.hexdigest() == sha256


# --- one entry alone ---


def prove(path: Path, id: str, pinned: Key | None = None) -> bytes:
    """A small JSON file that shows a message to be in the export. `id` is its id or its seq.

    Raises `NoProof`, also where the export was changed or there is no such message.
    """
    export = Export(path)
    try:
        read, at, line = _found(export, id)
        assert read.last is not None  # noqa: S101
        proof = Proof.read(read.last.text, pinned)
        if read.hashes != proof.leaves:
            raise NoProof("This export was changed. Check it without --prove to see where.")
        made = {
            "parley_proof": 1,
            "entry": line.decode(),
            "index": at,
            "path": [base64.b64encode(each).decode() for each in inclusion(proof.leaves, at)],
            "key": str(proof.key),
            "head": proof.note,
        }
        return json.dumps(made, ensure_ascii=False, indent=1).encode() + b"\n"
    except BadLine as error:
        raise NoProof(f"This export was changed: {error}") from error
    finally:
        export.close()


def redact(path: Path, id: str) -> Iterator[bytes]:
    """The same export without one message: what proves the others stays in its place.

    Raises `NoProof`, also where there is no such message, before the first piece.
    """
    export = Export(path)
    try:
        if export.archive is not None:
            raise NoProof(f"Unpack the ZIP file, and take the message out of {MEMBER}.")
        _, _, line = _found(export, id)
        other = redacted(line)
        with export.opened() as file:
            for text in file:
                body = text.lstrip(b",").rstrip(b"\n")
                yield text.replace(line, other) if body == line else text
    finally:
        export.close()


def _found(export: Export, id: str) -> tuple[_Read, int, bytes]:
    read = _read(export)
    if read.broken is not None or read.last is None:
        raise NoProof("This export was changed. Check it alone to see where.")
    with export.opened() as file:
        for at, line in enumerate(lines(file)):
            if not line.is_proof and id in _names(line.text):
                return read, at, line.text
    raise NoProof(f"There is no message {_plain(id)} in this export.")


def _names(line: bytes) -> tuple[str, ...]:
    try:
        entry = json.loads(line)
        return str(entry["id"]), str(entry["seq"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def is_inclusion(path: Path) -> bool:
    with path.open("rb") as file:
        return b'"parley_proof"' in file.read(64)


def check_inclusion(path: Path, pinned: Key | None = None) -> Verdict:
    """Of what `prove` wrote. Raises `NoProof`, `OSError`."""
    try:
        found: Any = json.loads(path.read_bytes())
        line, index = found["entry"].encode(), found["index"]
        key = Key.read(found["key"])
        path_up = [bytes_of(each) for each in found["path"]]
        commitment = commitment_of(line)
        parted(line)  # one that was taken out shows nothing
        checkpoint = signed(found["head"], key, pinned)
        if type(index) is not int or any(len(each) != HASH_BYTES for each in path_up):
            raise ValueError
    except (BadLine, BadNote) as error:
        return Verdict((f"This proof was changed: {error}",))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Verdict(("This proof is damaged.",))
    if root_by(leaf_hash(commitment), index, checkpoint.size, path_up) != checkpoint.root:
        return Verdict(("The message in this proof was changed, or it is not in that export.",))
    return Verdict((), checkpoint, key)


def message_of(path: Path) -> dict[str, Any]:
    """The message in a proof that `prove` wrote and `check` found in order."""
    content, _ = parted(json.loads(path.read_bytes())["entry"].encode())
    message: dict[str, Any] = json.loads(content)
    return message
