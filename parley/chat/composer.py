"""Where a message is written."""

from __future__ import annotations

import time
from typing import Any, ClassVar, cast

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding, BindingType
from textual.keys import Keys
from textual.message import Message as Told
from textual.widgets import Input, TextArea

from parley import harmless

LINES_MAX = 6
TYPING_EVERY_S = 3.0

# What most terminals send for Alt+Enter. Textual would take it for Enter, and send the message.
cast(dict[str, Any], ANSI_SEQUENCES_KEYS).update(
    {"\x1b\r": (Keys.ControlJ,), "\x1b\n": (Keys.ControlJ,)}
)


class Composer(TextArea):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Send", priority=True),
        Binding("alt+enter,shift+enter,ctrl+j", "newline", "New line", priority=True),
        Binding("up", "up", "Line above, or edit your last message", show=False),
        Binding("pageup", "app.page(-1)", "Page up", priority=True),
        Binding("pagedown", "app.page(1)", "Page down", priority=True),
    ]

    class Sent(Told):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Typing(Told):
        """A key was pressed, not long after the last time this was told."""

    class WantsLast(Told):
        """Up was pressed where nothing is written: the last message is to be edited."""

    def __init__(self) -> None:
        super().__init__(
            id="composer", compact=True, highlight_cursor_line=False, placeholder="Message"
        )
        self._typed_at = 0.0

    def write(self, text: str) -> None:
        """Have this in it, with the cursor behind it."""
        self.load_text("\n".join(harmless.lines(text)))
        self.move_cursor(self.document.end)

    def action_submit(self) -> None:
        if self.text.strip():
            self.post_message(self.Sent(self.text.strip("\n")))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_up(self) -> None:
        if self.text:
            self.action_cursor_up()
        else:
            self.post_message(self.WantsLast())

    def on_paste(self, event: events.Paste) -> None:
        # Textual's own comes after it.
        event.text = "\n".join(harmless.lines(event.text))

    def on_text_area_changed(self) -> None:
        now = time.monotonic()
        if self.text and now - self._typed_at > TYPING_EVERY_S:
            self._typed_at = now
            self.post_message(self.Typing())


class Field(Input):
    """One line."""

    def on_paste(self, event: events.Paste) -> None:
        event.text = harmless.line(event.text.strip())
