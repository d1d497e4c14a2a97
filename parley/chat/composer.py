"""Where a message is written."""

from __future__ import annotations

import time
from collections.abc import Callable
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
NEW_LINE = ("alt+enter", "shift+enter", "ctrl+j")
OF_THE_SCREEN = {
    "pageup": "page(-1)",
    "pagedown": "page(1)",
    "ctrl+end": "newest",
    "ctrl+c": "leave",
    "ctrl+q": "leave",
    "ctrl+f": "search",
    "ctrl+o": "send_file",
    "ctrl+r": "reply",
    "ctrl+t": "react",
}
"""Keys that mean something else to a text area, or nothing."""

# What most terminals send for Alt+Enter. Textual would take it for Enter, and send the message.
cast(dict[str, Any], ANSI_SEQUENCES_KEYS).update(
    {"\x1b\r": (Keys.ControlJ,), "\x1b\n": (Keys.ControlJ,)}
)


class Composer(TextArea):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "up", "Line above, or edit your last message", show=False),
    ]

    class Typing(Told):
        """A key was pressed, not long after the last time this was told."""

    class WantsLast(Told):
        """Up was pressed where nothing is written: the last message is to be edited."""

    def __init__(self, send: Callable[[str], None]) -> None:
        """`send` is called at once: a key that comes next may be the one to quit."""
        super().__init__(
            id="composer", compact=True, highlight_cursor_line=False, placeholder="Message"
        )
        self._send = send
        self._typed_at = 0.0

    def write(self, text: str) -> None:
        """Have this in it, with the cursor behind it."""
        self.load_text("\n".join(harmless.lines(text)))
        self.move_cursor(self.document.end)

    async def on_key(self, event: events.Key) -> None:
        """Before the text area's own. In the order of the keys: what bindings have priority for is
        done before letters that were typed earlier.
        """
        if event.key == "enter":
            self.action_submit()
        elif event.key in NEW_LINE:
            self.insert("\n")
        elif event.key in OF_THE_SCREEN:
            await self.run_action(f"app.{OF_THE_SCREEN[event.key]}")
        else:
            return
        event.stop()
        event.prevent_default()

    def action_submit(self) -> None:
        text = self.text.strip("\n")
        if text.strip():
            self.clear()
            self._send(text)

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
