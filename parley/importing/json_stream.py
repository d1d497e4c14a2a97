"""JSON of any length, read piece by piece: what is asked for, and no more of it in memory.

Python's own decoder reads each piece; where one ends is found by reading it. A reader says what it
expects, one step at a time: the members of an object, the elements of a list, a whole value.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError
from typing import IO, Any

from parley.importing.chats import ImportRefused

PIECE_BYTES = 256 * 1024
VALUE_MAX = 16 * 1024 * 1024
"""Characters of one message with all that belongs to it: they are held in memory, and at most
as many again. The longest texts of chats have thousands."""
SKIPPED_WHOLE = 1024 * 1024
"""Characters from which a list or object that nobody asked for is skipped piece by piece."""
DEPTH_MAX = 100
"""Of long lists and objects in each other. Python's decoder gives up at a thousand."""

_SPACE = re.compile(r"[ \t\r\n]*")
_ENDED = re.compile(r'[}\]"]|.[\s,\]}]')
_NEAR_END = 16
"""A mistake so near to the end of what was read may be a word or an escape that was cut off."""
_ESCAPES = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(x[0-9A-Fa-f]?\Z)|(.))", re.DOTALL)
_KNOWN_ESCAPES = frozenset('"\\/bfnrtu')
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda name: None)


class JsonStream:
    """A stream of bytes as JSON.

    `repair` mends what some program writes instead of JSON: it is given the text from the start of
    the value that can't be read, may be given text again that it has mended, and may see it cut
    off anywhere. `is_cut` is for the beginning of a file, which may end in the middle of a letter.

    Whatever is asked for raises `ImportRefused`, with the line, for what isn't JSON or is cut off.
    """

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        repair: Callable[[str], str] | None = None,
        *,
        is_cut: bool = False,
    ) -> None:
        self._file = file
        self._name = name
        self._repair = repair
        self._is_cut = is_cut
        self._decode: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._at = 0
        self._lines_before = 0
        self._is_read = False
        self._steps = 0
        """How many values were begun, by which it is known whether one was passed over."""

    def kind(self) -> str:
        """What comes: `{`, `[`, another first character of a value; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def members(self) -> Iterator[str]:
        """The keys of an object. The value of each may be read before the next is asked for."""
        self._open("{")
        while self.kind() != "}":
            if self.kind() != '"':
                raise self._broken()
            key = self.value()
            if self.kind() != ":":
                raise self._broken()
            self._at += 1
            steps = self._steps
            yield str(key)
            if self._steps == steps:
                self.skip()
            self._separated("}")
        self._at += 1

    def elements(self) -> Iterator[int]:
        """The numbers of a list's elements, from one. Each may be read before the next."""
        self._open("[")
        number = 0
        while self.kind() != "]":
            number += 1
            steps = self._steps
            yield number
            if self._steps == steps:
                self.skip()
            self._separated("]")
        self._at += 1

    def values(self) -> Iterator[Any]:
        """The elements of a list, each as a whole."""
        return (self.value() for _ in self.elements())

    def value(self) -> Any:
        """What comes, as a whole."""
        while (found := self._whole()) is None:
            if not self._more():
                raise self._cut_off()
        return found[0]

    def skip(self, depth: int = 0) -> None:
        """Past what comes, however long it is."""
        while self._whole() is None:
            kind = self.kind()
            if kind in ("{", "[") and len(self._text) - self._at > SKIPPED_WHOLE:
                if depth > DEPTH_MAX:
                    raise self._refusal("lists within lists too deep to read")
                for _ in self.members() if kind == "{" else self.elements():
                    self.skip(depth + 1)
                return
            if not self._more():
                raise self._cut_off()

    def _whole(self) -> tuple[Any] | None:
        """What comes, and past it; None where its end was not read yet."""
        if not self.kind():
            raise self._cut_off()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if self._mends(error):
                    continue
                if self._may_be_cut(error):
                    return None
                raise self._broken(error) from error
            except RecursionError as error:
                raise self._refusal("lists within lists too deep to read") from error
            except ValueError as error:  # a number of thousands of digits
                raise self._refusal("a number too long to read") from error
            break
        if not self._is_read and not _ENDED.match(self._text, end - 1):
            return None  # a number may go on
        self._at = end
        self._steps += 1
        return (value,)

    def line(self) -> int:
        """Where it has come to."""
        return 1 + self._lines_before + self._text.count("\n", 0, self._at)

    def _open(self, bracket: str) -> None:
        if self.kind() != bracket:
            raise self._broken()
        self._steps += 1
        self._at += 1

    def _separated(self, closing: str) -> None:
        """Past a comma; one before the end does no harm."""
        match self.kind():
            case ",":
                self._at += 1
            case kind if kind != closing:
                raise self._broken()

    def _mends(self, error: JSONDecodeError) -> bool:
        rest = self._text[self._at :]
        mended = rest
        if error.msg.startswith("Invalid \\escape"):
            mended = _ESCAPES.sub(_escaped, rest)
        elif self._repair is not None:
            mended = self._repair(rest)
        if mended == rest:
            return False
        self._drop_read()
        self._text = mended
        return True

    def _may_be_cut(self, error: JSONDecodeError) -> bool:
        is_near = _is_open(error) or error.pos > len(self._text) - _NEAR_END
        return is_near and not self._is_read

    def _more(self) -> bool:
        """Read on: as much again as is held, so that long values aren't read over and over."""
        if self._is_read:
            return False
        self._drop_read()
        if len(self._text) > VALUE_MAX:
            raise self._refusal("more in one piece than a message would be")
        wanted = max(PIECE_BYTES, len(self._text))
        pieces = [self._text]
        while wanted > 0 and (piece := self._file.read(min(wanted, PIECE_BYTES))):
            pieces.append(self._decoded(piece))
            wanted -= len(piece)
        if wanted > 0:
            self._is_read = True
            pieces.append(self._decoded(b""))
        self._text = "".join(pieces)
        return True

    def _decoded(self, piece: bytes) -> str:
        if self._decode is None:
            is_wide = piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._decode = codecs.getincrementaldecoder("utf-16" if is_wide else "utf-8-sig")()
        try:
            return self._decode.decode(piece, final=self._is_read and not self._is_cut)
        except UnicodeDecodeError as error:
            raise ImportRefused(
                f"{self._name} isn't text in UTF-8 as an export would be "
                f"(near line {self.line() + self._text.count(chr(10), self._at)})."
            ) from error

    def _drop_read(self) -> None:
        self._lines_before += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :]
        self._at = 0

    def _broken(self, error: JSONDecodeError | None = None) -> ImportRefused:
        at = self._at if error is None else error.pos
        if self._is_read and (at >= len(self._text.rstrip()) or _is_open(error)):
            return self._cut_off()
        line = 1 + self._lines_before + self._text.count("\n", 0, at)
        column = at - self._text.rfind("\n", 0, at)
        where = f"line {line}" if line > 1 else f"line 1, character {column}"
        return ImportRefused(f"{self._name} isn't JSON from {where} on.")

    def _cut_off(self) -> ImportRefused:
        line = 1 + self._lines_before + self._text.count("\n")
        return ImportRefused(f"{self._name} is cut off: it ends in line {line}, in the middle.")

    def _refusal(self, what: str) -> ImportRefused:
        return ImportRefused(f"{self._name} holds {what}, in line {self.line()}.")


def _is_open(error: JSONDecodeError | None) -> bool:
    return error is not None and error.msg.startswith("Unterminated")


def _escaped(match: re.Match[str]) -> str:
    r"""`\x0C`, as Telegram writes it, and any other letter that JSON has no escape for."""
    if match[1]:
        return f"\\u00{match[1]}"
    if match[2]:
        return match[0]  # cut off
    return match[0] if match[3] in _KNOWN_ESCAPES else f"\\\\{match[3]}"
