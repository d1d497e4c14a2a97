"""Which messages hold which terms, for a stretch of a conversation: two strings of bytes.

The dictionary is all terms with a line feed around each, in no order: to look for a beginning, or
for what stands inside, is a search for bytes, which takes some microseconds for a thousand
messages. A term's number is how many line feeds stand before it. The postings have, by these
numbers, the messages in order. Both are written at once for hundreds of messages, which costs a
tenth of adding each to a tree; and what is to be forgotten is taken out for good.
"""

from __future__ import annotations

import contextlib
import sys
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import Enum

from msgspec import Struct

DOCS_MAX = 4096
"""Messages in one at most: their places stand in two bytes, and it is quickly written anew."""
_HEAD = 8
_GONE = 0xFFFF
"""In place of a message that is to be found no more."""
_ONE_BY_ONE_MAX = 16
"""For more messages all postings are looked through at once."""


class Where(Enum):
    """Where in a term something stands."""

    WHOLE = "whole"
    BEGINNING = "beginning"
    INSIDE = "inside"


class Segment(Struct, frozen=True):
    first: int
    last: int
    """All messages from the one seq to the other are in it that have anything to be found by."""
    dictionary: bytes
    postings: bytes


def build(docs: Sequence[tuple[int, Collection[str]]]) -> Segment:
    """Of messages by seq, rising, with their terms; at least one, at most `DOCS_MAX`."""
    found: dict[str, list[int]] = {}
    for at, (_, terms) in enumerate(docs):
        for term in terms:
            found.setdefault(term, []).append(at)
    return _written([seq for seq, _ in docs], found)


def merged(segments: Sequence[Segment]) -> Segment:
    """One instead of several, in the order of their seqs; at most `DOCS_MAX` messages in all."""
    seqs: list[int] = []
    found: dict[str, list[int]] = {}
    for segment in segments:
        postings = Postings(segment.first, segment.postings)
        before = len(seqs)
        seqs.extend(postings.seqs)
        for number, term in enumerate(_terms(segment.dictionary)):
            if term:
                docs = found.setdefault(term, [])
                docs.extend([before + at for at in postings.docs(number)])
    return _written(seqs, found)


def without(segment: Segment, gone: Collection[int]) -> Segment | None:
    """The same with nothing of these seqs, nor of terms that only they had; None where nothing is
    left. What stays keeps its place, so this is quick enough for whoever waits for it.
    """
    postings = Postings(segment.first, segment.postings)
    places = {at for at, seq in enumerate(postings.seqs) if seq in gone}
    if len(places) == len(postings.seqs):
        return None
    docs, starts = postings.every, postings.starts
    emptied = set()
    for at in _where(docs, places):
        docs[at] = _GONE
        number = bisect_right(starts, at) - 1
        if all(place == _GONE for place in docs[starts[number] : starts[number + 1]]):
            emptied.add(number)
    dictionary = segment.dictionary
    if emptied:
        words = dictionary.split(b"\n")
        for number in emptied:
            words[number + 1] = b""
        dictionary = b"\n".join(words)
    head = segment.postings[: len(segment.postings) - len(docs) * docs.itemsize]
    return Segment(segment.first, segment.last, dictionary, head + _bytes(docs))


def _where(docs: array[int], places: Collection[int]) -> Iterator[int]:
    """Where any of these places is named."""
    if len(places) > _ONE_BY_ONE_MAX:
        yield from [at for at, place in enumerate(docs) if place in places]
        return
    for place in places:
        at = -1
        with contextlib.suppress(ValueError):  # there is none after the last
            while True:
                at = docs.index(place, at + 1)
                yield at


def numbers(dictionary: bytes, needle: str, where: Where) -> list[int]:
    """Of the terms that are it, begin with it or hold it, rising."""
    wanted = needle.encode()
    if where is not Where.INSIDE:
        wanted = b"\n" + wanted
    if where is Where.WHOLE:
        wanted += b"\n"
    found: list[int] = []
    counted, number = 0, -1
    at = dictionary.find(wanted)
    while at >= 0:
        begin = at + 1 if where is not Where.INSIDE else at
        number += dictionary.count(b"\n", counted, begin)
        counted = begin
        found.append(number)
        # The same term may hold it twice.
        at = dictionary.find(wanted, dictionary.index(b"\n", begin))
    return found


def numbers_between(dictionary: bytes, low: str, high: str) -> list[int]:
    """Of the terms from the one to the other, both with it, that begin with the same sign."""
    wanted = b"\n" + low[0].encode()
    found: list[int] = []
    counted, number = 0, -1
    at = dictionary.find(wanted)
    while at >= 0:
        end = dictionary.index(b"\n", at + 1)
        number += dictionary.count(b"\n", counted, at + 1)
        counted = at + 1
        if low.encode() <= dictionary[at + 1 : end] <= high.encode():
            found.append(number)
        at = dictionary.find(wanted, end)
    return found


class Postings:
    """The messages of a segment, by the numbers of terms."""

    def __init__(self, first: int, written: bytes) -> None:
        view = memoryview(written)
        count, terms = _numbers("I", view[:_HEAD])
        seqs_end = _HEAD + 4 * count
        starts_end = seqs_end + 4 * (terms + 1)
        self.seqs: list[int] = [first + each for each in _numbers("I", view[_HEAD:seqs_end])]
        self.starts = _numbers("I", view[seqs_end:starts_end])
        self.every = _numbers("H", view[starts_end:])

    def docs(self, number: int) -> list[int]:
        """Places in `seqs`."""
        places = self.every[self.starts[number] : self.starts[number + 1]].tolist()
        return [at for at in places if at != _GONE] if _GONE in places else places

    def of(self, numbers: Iterable[int]) -> set[int]:
        """The seqs of all that hold any of these terms."""
        found: set[int] = set()
        for number in numbers:
            found.update(self.every[self.starts[number] : self.starts[number + 1]])
        found.discard(_GONE)
        return {self.seqs[at] for at in found}


def _terms(dictionary: bytes) -> list[str]:
    return dictionary.decode().split("\n")[1:-1]


def _written(seqs: Sequence[int], found: dict[str, list[int]]) -> Segment:
    starts = array("I", [0])
    docs = array("H")
    for places in found.values():
        docs.extend(places)
        starts.append(len(docs))
    first = seqs[0]
    head = array("I", [len(seqs), len(found)])
    relative = array("I", [seq - first for seq in seqs])
    written = b"".join(_bytes(each) for each in (head, relative, starts, docs))
    dictionary = "\n".join(["", *found, ""]).encode()
    return Segment(first, seqs[-1], dictionary, written)


def _bytes(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _numbers(typecode: str, written: memoryview) -> array[int]:
    numbers = array(typecode)
    numbers.frombytes(written)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
