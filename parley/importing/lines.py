"""Exports that are lines of text: of any length, in the encodings they come in.

Lines are read one by one and bounded, so a file of gigabytes costs no more than a small one.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Generator
from functools import partial
from typing import IO

from parley.importing.chats import Problem

BEGINNING_BYTES = 64 * 1024
"""By which a format is recognised."""
LINE_MAX_CHARS = 128 * 1024
"""No message of any chat is as long: WhatsApp's have 65,536, IRC's 510."""
_MARKS_OF_ORDER = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CUT_OFF = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")


def read(stream: IO[bytes], problems: list[Problem]) -> Generator[str, None, None]:
    """The lines, without the line feed that ends each; a carriage return before it stays.

    UTF-8, or what a byte order mark says. What couldn't be read of a line as it is given out is
    put into `problems`, with its number from 1.
    """
    encoding = _encoding(stream)
    text = io.TextIOWrapper(
        stream,
        encoding,
        errors="surrogateescape" if encoding.startswith("utf-8") else "replace",
        newline="\n",
    )
    try:
        more = partial(text.readline, LINE_MAX_CHARS)
        for number, line in enumerate(iter(more, ""), 1):
            is_whole = line[-1] == "\n"
            if is_whole:
                line = line[:-1]
            elif len(line) == LINE_MAX_CHARS:
                line += _skip_to_end(more)
                problems.append(Problem(f"line {number}", "This line is too long, and was cut."))
            if not line.isprintable() and _BAD_BYTE.search(line):
                line, what = _mended(line, is_whole)
                problems.append(Problem(f"line {number}", what))
            yield line
    finally:
        text.detach()


def beginning(stream: IO[bytes]) -> list[str]:
    """Its first whole lines. What is wrong with them is told by `read`."""
    first = stream.read(BEGINNING_BYTES)
    is_whole = len(first) < BEGINNING_BYTES
    lines = list(read(io.BytesIO(first), []))
    return lines if is_whole else lines[:-1]


def without_controls(text: str) -> str:
    """Nobody could see them, and some do harm. Tabs and line feeds stay."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def _encoding(stream: IO[bytes]) -> str:
    first = stream.peek(4)[:4] if isinstance(stream, io.BufferedReader) else b""
    if isinstance(stream, io.BytesIO):
        first = stream.getvalue()[:4]
    for mark, encoding in _MARKS_OF_ORDER.items():
        if first.startswith(mark):
            return encoding
    return "utf-8"


def _skip_to_end(more: partial[str]) -> str:
    """To the end of a line that is too long. What is to be put in its place: a carriage return,
    where it ended with one."""
    last = ""
    while piece := more():
        is_end = piece[-1] == "\n"
        if is_end:
            return "\r" if (last + piece).endswith("\r\n") else ""
        last = piece[-1]
    return ""


def _mended(line: str, is_whole: bool) -> tuple[str, str]:
    """A line with bytes that aren't UTF-8, as it was probably meant; and what was done."""
    raw = line.encode("utf-8", "surrogateescape")
    if not is_whole:
        try:
            return (
                _CUT_OFF.sub(b"", raw).decode(),
                "This line is cut off in the middle of a character.",
            )
        except UnicodeDecodeError:
            pass
    if _BAD_BYTE.sub("", line).isascii():
        return (
            raw.decode("cp1252", "replace"),
            "This line isn't UTF-8. It was read as Western European (Windows-1252).",
        )
    return _BAD_BYTE.sub("\ufffd", line), "Some characters of this line aren't UTF-8."
