"""How a message looks: lines of pieces, each harmless, none wider than there is room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rich.segment import Segment
from rich.style import Style

from parley import harmless
from parley.chat import cells
from parley.client.types import Answered, Message, PastCall
from parley.talking.telling import moment, size_in_words, text_of

TOGETHER_S = 300
"""What one person says within that stands under their name once."""
INDENT = "  "
PLAIN = Style()
NAME, OWN_NAME = Style(bold=True), Style(bold=True, color="cyan")
FAINT = Style(dim=True)
OF_OWNER = Style(color="yellow")
UNREAD = Style(bold=True, color="red")
MARKER, NO_MARKER = Segment("▌", Style(bold=True, color="blue")), Segment(" ", PLAIN)

Line = list[Segment]


@dataclass(frozen=True)
class Reader:
    """Who looks, and how much room there is."""

    user_id: str
    width: int


@dataclass(frozen=True)
class Waiting:
    """What is on its way out."""

    client_id: str
    text: str


def day_of(message: Message) -> date:
    return moment(message.timestamp).date()


def is_continued(message: Message, before: Message | None) -> bool:
    """Whether the name above stands for this one too."""
    if before is None or before.user_id != message.user_id or message.reply_to is not None:
        return False
    if before.username != message.username or day_of(before) != day_of(message):
        return False
    apart = moment(message.timestamp) - moment(before.timestamp)
    return abs(apart.total_seconds()) < TOGETHER_S


def message_lines(message: Message, before: Message | None, reader: Reader) -> list[Line]:
    if is_continued(message, before):
        return list(_body(message, reader))
    return [_head(message, reader), *_body(message, reader)]


def rule(text: str, width: int, style: Style = FAINT) -> Line:
    """A line across, with a word in it."""
    shown = f"── {cells.fitted(text, max(width - 6, 0))} "
    return [Segment(shown + "─" * max(width - cells.width(shown), 0), style)]


def day_line(day: date, width: int) -> Line:
    return rule(f"{day:%A}, {day.day} {day:%B %Y}", width)


def waiting_lines(waiting: Waiting, width: int) -> list[Line]:
    told = [Segment(f"{INDENT}Sending…", FAINT)]
    return [told, *_text(waiting.text, width, FAINT)]


def _head(message: Message, reader: Reader) -> Line:
    at = f"{moment(message.timestamp):%H:%M}"
    is_own = message.user_id == reader.user_id
    notes = []
    if is_own:
        notes.append("you")
    if message.role == "owner":
        notes.append("owner")
    if message.role == "bot":
        notes.append("bot")
    if message.alike:
        notes.append("same name as someone else")
    note = f" ({', '.join(notes)})" if notes else ""
    room = reader.width - len(at) - 2 - len(note)
    if room < 8:  # the name matters more
        note, room = "", reader.width - len(at) - 2
    name = cells.fitted(harmless.line(message.username), room)
    return [
        Segment(name, OWN_NAME if is_own else NAME),
        Segment(note, OF_OWNER if message.role == "owner" else FAINT),
        Segment(f"  {at}", FAINT),
    ]


def _body(message: Message, reader: Reader) -> Iterator[Line]:
    if message.reply_to is not None:
        yield _answered(message.reply_to, reader.width)
    if message.deleted:
        yield [Segment(f"{INDENT}Deleted", FAINT)]
        return
    if message.call is not None:
        yield [Segment(INDENT + cells.fitted(_call(message.call), reader.width - 2), FAINT)]
        return
    text = text_of(message)
    lines = _text(text, reader.width) if text or not message.attachments else []
    yield from _noted(lines, message, reader.width)
    for file in message.attachments or ():
        size = f" ({size_in_words(file.size)})"
        room = reader.width - len(INDENT) - len("[file] ") - len(size)
        name = cells.fitted(harmless.line(file.name), room)
        yield [Segment(f"{INDENT}[file] {name}", Style(underline=True)), Segment(size, FAINT)]
    if message.reactions:
        yield from _reactions(message, reader)


def _noted(lines: list[Line], message: Message, width: int) -> list[Line]:
    """With what there is to say of the message behind its last line, or below."""
    notes = [
        *(["edited"] if message.edited_at else []),
        *(["pinned"] if message.pinned else []),
    ]
    if not notes:
        return lines
    note = Segment(f" ({', '.join(notes)})", FAINT)
    used = sum(cells.width(each.text) for each in lines[-1]) if lines else width
    if used + len(note.text) <= width:
        return [*lines[:-1], [*lines[-1], note]]
    return [*lines, [Segment(f"{INDENT[1:]}{note.text}", FAINT)]]


def _text(text: str, width: int, style: Style = PLAIN) -> list[Line]:
    return [
        [Segment(INDENT + line, style)]
        for each in harmless.lines(text)
        for line in cells.wrapped(each, width - len(INDENT))
    ]


def _answered(answered: Answered, width: int) -> Line:
    said = "deleted" if answered.deleted else harmless.line(answered.excerpt)
    told = f"{INDENT}↳ {harmless.line(answered.username)}: {said}"
    return [Segment(cells.fitted(told, width), FAINT)]


def _reactions(message: Message, reader: Reader) -> Iterator[Line]:
    told = []
    for each in message.reactions or ():
        is_own = each.own or reader.user_id in each.user_ids
        told.append(f"{harmless.line(each.emoji)} {each.count}{' (you)' if is_own else ''}")
    for line in cells.wrapped("   ".join(told), reader.width - len(INDENT)):
        yield [Segment(INDENT + line, FAINT)]


def _call(call: PastCall) -> str:
    who = ", ".join(harmless.line(each.username) for each in call.people)
    minutes, seconds = divmod(call.seconds, 60)
    return f"Call, {minutes}:{seconds:02}: {who}"
