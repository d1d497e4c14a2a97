"""Lines of exports: in every encoding, cut off, endless."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from typing import IO

import pytest

from parley.importing import lines
from parley.importing.chats import Problem


def read(content: bytes) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    return list(lines.read(io.BufferedReader(io.BytesIO(content)), problems)), problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_are_told_by_their_mark(encoding: str) -> None:
    assert read("Zoë\r\n\n水曜日\u2028x\x0b".encode(encoding)) == (
        ["Zoë\r", "", "水曜日\u2028x\x0b"],
        [],
    )


def test_utf_16_of_either_order_is_read() -> None:
    assert read(b"\xfe\xff" + "Zoë\n".encode("utf-16-be")) == (["Zoë"], [])


def test_latin_1_is_read_and_told_with_its_line() -> None:
    text, problems = read("Milk\nSeñora Müller\nZoë\n".encode("latin-1"))
    assert text == ["Milk", "Señora Müller", "Zoë"]
    assert [each.place for each in problems] == ["line 2", "line 3"]
    assert "isn't UTF-8" in problems[0].what


def test_bytes_among_utf_8_are_marked() -> None:
    text, problems = read("Zoë and \x00".encode() + b"\xff there\n")
    assert text == ["Zoë and \x00\ufffd there"]
    assert [each.place for each in problems] == ["line 1"]


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_character_that_is_cut_off_is_told(missing: int) -> None:
    text, problems = read("Milk\nü and 👋".encode()[:-missing])
    assert text == ["Milk", "ü and "]
    assert problems == [Problem("line 2", "This line is cut off in the middle of a character.")]


@pytest.mark.parametrize("end", ["", "\r"])
def test_a_line_that_is_too_long_is_cut(end: str) -> None:
    text, problems = read(f"a\n{'b' * 10_000_000}{end}\nc".encode())
    assert text == ["a", "b" * lines.LINE_MAX_CHARS + end, "c"]
    assert problems == [Problem("line 2", "This line is too long, and was cut.")]


class Endless(io.RawIOBase):
    """So many bytes without a line feed."""

    def __init__(self, left: int) -> None:
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = min(len(view), self._left)
        view[:size] = b"a" * size
        self._left -= size
        return size


def test_a_line_without_an_end_takes_no_memory() -> None:
    stream: IO[bytes] = io.BufferedReader(Endless(100_000_000))
    found: Iterator[str] = lines.read(stream, [])
    tracemalloc.start()
    try:
        assert [len(each) for each in found] == [lines.LINE_MAX_CHARS]
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_the_beginning_has_whole_lines_only() -> None:
    content = ("é" * 99 + "\n").encode() * 1000
    found = lines.beginning(io.BytesIO(content))
    assert set(found) == {"é" * 99}
    assert len(found) == lines.BEGINNING_BYTES // 199


def test_an_empty_file_has_no_lines() -> None:
    assert read(b"") == ([], [])
    assert lines.beginning(io.BytesIO()) == []
