"""What was said, drawn line by line: only what is seen is drawn, and only some is loaded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message as Told
from textual.scroll_view import ScrollView
from textual.strip import Strip

from parley.chat import drawing
from parley.chat.drawing import MARKER, NO_MARKER, Line, Reader, Waiting
from parley.chat.window import Window
from parley.client.types import Message

GUTTER = 1
NEAR_LINES = 40
"""From an end of what is loaded where more is asked for."""


class Transcript(ScrollView, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", "Message above"),
        Binding("down,j", "choose(1)", "Message below"),
        Binding("pageup", "page(-1)", "Page up"),
        Binding("pagedown,space", "page(1)", "Page down"),
        Binding("home", "oldest", "Top of what is loaded"),
        Binding("end", "newest", "Newest"),
    ]

    class WantsOlder(Told):
        """What is loaded begins near."""

    class WantsNewer(Told):
        """What is loaded ends near."""

    class WantsNewest(Told):
        """Whatever lies between."""

    class AtEnd(Told):
        """Everything there is was seen."""

    def __init__(self, user_id: str) -> None:
        super().__init__(id="transcript")
        self.window = Window()
        self.user_id = user_id
        self.waiting: list[Waiting] = []
        self.unread_from: int | None = None
        """The seq of the first message that was not read before."""
        self.chosen: int | None = None
        """The seq of the message that the keys are about."""
        self._lines: list[tuple[int | None, Line]] = []
        """Each with the seq of its message."""
        self._begins: list[int] = []
        """The line where each message begins."""
        self._is_redrawing = False
        """Whether what moves is what is shown, and not who reads."""
        self._drawn: dict[tuple[int, int, int, bool], list[Line]] = {}
        self.show_horizontal_scrollbar = False

    # --- what it shows ---

    def redraw(self, *, keep: int | None = None) -> None:
        """After the messages changed. What is read stays where it is: at the end, or the message
        `keep`, or that at the top.
        """
        was_at_end = self.is_at_end
        top = self._top() if keep is None else (keep, 0)
        self._layout()
        height = len(self._lines)
        self._is_redrawing = True
        self.virtual_size = Size(self.size.width, height)
        if was_at_end and keep is None and not self.window.has_newer:
            self.scroll_to(y=max(height - self.size.height, 0), animate=False)
        elif top is not None:
            self._put_at_top(*top)
        self._is_redrawing = False
        self.refresh()
        self._tell_end()

    def _tell_end(self) -> None:
        if self.size.height and self.is_at_end and not self.window.has_newer:
            self.post_message(self.AtEnd())

    @property
    def is_at_end(self) -> bool:
        """Whether the newest line is seen."""
        return self.scroll_offset.y + self.size.height >= self.virtual_size.height

    @property
    def chosen_message(self) -> Message | None:
        if self.chosen is None:
            return None
        at = self.window.index_of(self.chosen)
        return None if at is None else self.window.messages[at]

    def show(self, seq: int) -> None:
        """Choose a message, with some of what was said before it above."""
        self.chosen = seq
        if (at := self.window.index_of(seq)) is not None:
            self.scroll_to(y=max(self._begins[at] - self.size.height // 3, 0), animate=False)
        self._show_chosen()
        self.refresh()

    def choose(self, seq: int | None) -> None:
        self.chosen = seq
        if seq is not None:
            self._show_chosen()
        self.refresh()

    def to_end(self) -> None:
        self.scroll_to(y=max(len(self._lines) - self.size.height, 0), animate=False)

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        width = self.size.width
        if not 0 <= at < len(self._lines):
            return Strip.blank(width)
        seq, line = self._lines[at]
        is_marked = seq is not None and seq == self.chosen and self.has_focus
        strip = Strip([MARKER if is_marked else NO_MARKER, *line])
        return strip.adjust_cell_length(width, self.rich_style)

    def _layout(self) -> None:
        width = max(self.size.width - GUTTER - 1, 10)
        reader = Reader(self.user_id, width)
        self._lines, self._begins = [], []
        drawn: dict[tuple[int, int, int, bool], list[Line]] = {}
        before: Message | None = None
        day: date | None = None
        if not self.window.has_older:
            self._lines.append((None, [Segment("This is where it begins.", drawing.FAINT)]))
        for message in self.window.messages:
            if (today := drawing.day_of(message)) != day:
                self._lines.append((None, drawing.day_line(today, width)))
                day, before = today, None
            if message.seq == self.unread_from:
                self._lines.append((None, drawing.rule("New", width, drawing.UNREAD)))
                before = None
            self._begins.append(len(self._lines))
            key = _key(message, before, width)
            lines = self._drawn.get(key)
            drawn[key] = lines or drawing.message_lines(message, before, reader)
            self._lines += [(message.seq, line) for line in drawn[key]]
            before = message
        self._drawn = drawn
        if not self.window.has_newer:
            for each in self.waiting:
                lines = drawing.waiting_lines(each, width)
                self._lines += [(None, line) for line in lines]

    def on_resize(self, event: events.Resize) -> None:
        self.redraw()

    # --- moving ---

    def _top(self) -> tuple[int, int] | None:
        """The message at the top, and how many lines of it are above."""
        at = bisect_right(self._begins, self.scroll_offset.y) - 1
        if not 0 <= at < len(self._begins):
            at = 0
        seq = self._lines[self._begins[at]][0] if self._begins else None
        return None if seq is None else (seq, self.scroll_offset.y - self._begins[at])

    def _put_at_top(self, seq: int, lines_above: int) -> None:
        at = self.window.index_of(seq)
        if at is not None:
            self.scroll_to(y=max(self._begins[at] + lines_above, 0), animate=False)

    def _show_chosen(self) -> None:
        at = self.window.index_of(self.chosen or 0)
        if at is None or not self.size.height:
            return
        begin = self._begins[at]
        end = self._begins[at + 1] if at + 1 < len(self._begins) else len(self._lines)
        top = self.scroll_offset.y
        if at == 0 and end <= self.size.height:
            top = 0
        if end > top + self.size.height:
            top = min(begin, end - self.size.height)
        if begin < top:
            top = begin
        self.scroll_to(y=top, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self.is_mounted or self._is_redrawing:
            return
        if self.window.has_older and new_value < NEAR_LINES and new_value < old_value:
            self.post_message(self.WantsOlder())
        left = self.virtual_size.height - self.size.height - new_value
        if self.window.has_newer and left < NEAR_LINES and new_value > old_value:
            self.post_message(self.WantsNewer())
        self._tell_end()

    def action_page(self, way: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + way * max(self.size.height - 2, 1), animate=False)
        if way < 0 and self.scroll_offset.y == 0 and self.window.has_older:
            self.post_message(self.WantsOlder())

    def action_oldest(self) -> None:
        self.scroll_to(y=0, animate=False)
        if self.window.has_older:
            self.post_message(self.WantsOlder())

    def action_newest(self) -> None:
        self.chosen = self.window.messages[-1].seq if self.window.messages else None
        if self.window.has_newer:
            self.post_message(self.WantsNewest())
        else:
            self.to_end()
        self.refresh()

    def action_choose(self, way: int) -> None:
        messages = self.window.messages
        if not messages:
            return
        at = None if self.chosen is None else self.window.index_of(self.chosen)
        if at is None:
            at = self._last_seen() - way
        at += way
        if at < 0:
            self.action_oldest()
        self.choose(messages[min(max(at, 0), len(messages) - 1)].seq)

    def _last_seen(self) -> int:
        bottom = self.scroll_offset.y + self.size.height - 1
        return min(max(bisect_right(self._begins, bottom) - 1, 0), len(self.window) - 1)

    def on_focus(self) -> None:
        if self.window.messages and (
            self.chosen is None or self.window.index_of(self.chosen) is None
        ):
            self.chosen = self.window.messages[self._last_seen()].seq
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if 0 <= at < len(self._lines) and (seq := self._lines[at][0]) is not None:
            self.choose(seq)


def _key(message: Message, before: Message | None, width: int) -> tuple[int, int, int, bool]:
    """The same as long as it looks the same."""
    answered = message.reply_to
    looks = hash((answered.excerpt, answered.deleted)) if answered is not None else 0
    is_continued = drawing.is_continued(message, before)
    return message.seq, hash((message.changed_seq, looks)), width, is_continued


def newest_seq(messages: Sequence[Message]) -> int:
    return messages[-1].seq if messages else 0
