"""What Google Chat's messages say, as Parley's Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from parley.importing import fields
from parley.importing.fields import mapping, mappings, text
from parley.importing.markdown import Piece, joined, literal
from parley.importing.rich_text import parted

ANNOTATIONS_MAX = 500
MARKED_MAX_CHARS = 64 * 1024
QUOTED_MAX_CHARS = 2000
_MARKS = {
    "BOLD": "strong",
    "ITALIC": "em",
    "STRIKE": "s",
    "STRIKETHROUGH": "s",
    "MONOSPACE": "code",
    "MONOSPACE_BLOCK": "pre",
    "HIDDEN": "hidden",
}
_ADDRESS = "private_do_not_access_or_else_safe_url_wrapped_value"


def said(message: dict[str, Any], quoted: dict[str, Any]) -> str:
    """All that a message says, files aside; first what it quotes, where it doesn't say from
    where."""
    words = text(message.get("text"))
    pieces = list(_quoted(quoted)) if quoted and not fields.key(quoted.get("message_id")) else []
    marks = list(_marked(message, words))
    if marks:
        pieces += _pieces(words, marks)
    elif pieces:
        pieces.append(Piece(words))
    else:
        pieces = []
    extra = "\n".join(_extra(message, words))
    if not pieces:
        return literal("\n".join(filter(None, (words, extra))))
    if extra:
        pieces.append(Piece(f"\n{extra}"))
    return joined(parted(pieces)).strip("\n")


def _quoted(quoted: dict[str, Any]) -> Iterator[Piece]:
    author = fields.name(mapping(quoted.get("creator")).get("name"))
    words = text(quoted.get("text"))[:QUOTED_MAX_CHARS]
    if author or words:
        yield Piece(": ".join(filter(None, (author, words))), ("quote",))
        yield Piece("\n")


def _marked(message: dict[str, Any], words: str) -> Iterator[tuple[int, int, str, str]]:
    """Where something in the text is marked, from and until where, how, and where it leads."""
    annotations = mappings(message.get("annotations"))[:ANNOTATIONS_MAX]
    places = _places(words) if annotations and len(words) <= MARKED_MAX_CHARS else [0]
    for each in annotations:
        first, length = fields.whole(each.get("start_index")), fields.whole(each.get("length"))
        if first is None or length is None or first < 0 or length <= 0 or first >= len(places):
            continue
        start, end = places[first], places[min(first + length, len(places) - 1)]
        kind = fields.name(mapping(each.get("format_metadata")).get("format_type"))
        if kind in _MARKS:
            yield start, end, _MARKS[kind], ""
        address = _address(each)
        if address and words[start:end] != address:
            yield start, end, "", address


def _places(words: str) -> list[int]:
    """Where each of the units of UTF-16 stands, by which browsers count, and the end."""
    if words.isascii():
        return list(range(len(words) + 1))
    places = [at for at, sign in enumerate(words) for _ in range(2 if sign > "\uffff" else 1)]
    return [*places, len(words)]


def _address(annotation: dict[str, Any]) -> str:
    return text(mapping(mapping(annotation.get("url_metadata")).get("url")).get(_ADDRESS))


def _pieces(words: str, marks: list[tuple[int, int, str, str]]) -> Iterator[Piece]:
    """The text from one mark's edge to the next."""
    edges = sorted({0, len(words), *(at for mark in marks for at in mark[:2])})
    for start, end in pairwise(edges):
        over = [mark for mark in marks if mark[0] <= start and end <= mark[1]]
        kinds = tuple(dict.fromkeys(mark[2] for mark in over if mark[2]))
        if "hidden" in kinds:
            continue
        address = next((mark[3] for mark in over if mark[3]), "")
        yield Piece(words[start:end], ("pre",) if "pre" in kinds else kinds, address)


def _extra(message: dict[str, Any], words: str) -> Iterator[str]:
    """What hangs on a message without standing in its text."""
    for each in mappings(message.get("annotations"))[:ANNOTATIONS_MAX]:
        meeting = mapping(mapping(each.get("video_call_metadata")).get("meeting_space"))
        address = text(meeting.get("meeting_url"))
        if address and address not in words:
            yield f"Call: {address}"
        event = mapping(
            mapping(
                mapping(each.get("gsuite_integration_metadata")).get("calendar_event_data")
            ).get("calendar_event")
        )
        if title := fields.name(event.get("title")):
            yield f"Event: {title}"
    for each in mappings(message.get("attached_gifs"))[:ANNOTATIONS_MAX]:
        if (address := text(each.get("url"))) and address not in words:
            yield address
