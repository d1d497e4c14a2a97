"""What comes over the conversation for a moment: a question, a list to choose from, the help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from parley.chat.composer import Field
from parley.chat.rows import Rows

KEYS = """\
Writing
  Enter          send
  Alt+Enter      new line (Ctrl+J everywhere; Shift+Enter in some terminals)
  Up             in an empty line: edit your last message
  Ctrl+O         send a file
  Esc            not reply or edit after all

Reading
  PgUp, PgDn     a page back, forward
  Ctrl+End       the newest
  Tab            from writing to messages to people and back
  Up, Down       among the messages: choose one

The message you chose, or else the newest
  Ctrl+R         reply                among the messages also  r
  Ctrl+T         react                                         +
  e              edit your own
  d, Del         delete
  s              save its files
  p              pin or unpin, as an owner

Finding
  Ctrl+F, F3     search
  F2             people
  F4             files

  F1             these keys
  Ctrl+Q, Ctrl+C quit
"""


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter", "dismiss", "Close"),
        Binding("up", "scroll(-1)", "Up", priority=True),
        Binding("down", "scroll(1)", "Down", priority=True),
        Binding("pageup", "scroll(-10)", "Page up", priority=True),
        Binding("pagedown,space", "scroll(10)", "Page down", priority=True),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield Static("Keys (Esc closes)", classes="title", markup=False)
            with VerticalScroll(id="keys"):
                yield Static(KEYS, markup=False)

    def action_scroll(self, lines: int) -> None:
        self.query_one("#keys").scroll_relative(y=lines, animate=False)


class Ask(ModalScreen[str | None]):
    """A line of text; None where there is none after all."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "none", "Cancel")]

    def __init__(self, question: str, answer: str = "") -> None:
        super().__init__()
        self._question = question
        self._answer = answer

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="title", markup=False)
            yield Field(self._answer, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    def action_none(self) -> None:
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Static("y yes   n no", classes="title", markup=False)

    def action_answer(self, is_meant: bool) -> None:
        self.dismiss(is_meant)


class Choose(ModalScreen[int | None]):
    """One of some rows, by its number; None for none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "none", "Cancel")]

    def __init__(self, title: str, rows: Sequence[Text]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield Static(self._title, classes="title", markup=False)
            yield Rows(*(Option(row) for row in self._rows), compact=True, markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_none(self) -> None:
        self.dismiss(None)
