"""Rows to choose one of, which shows without colours too."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip
from textual.widgets import OptionList

REVERSE = Style(reverse=True)


class Rows(OptionList):
    def render_line(self, y: int) -> Strip:
        """With the chosen row reversed, which Textual's own styles of rows can't be."""
        strip = super().render_line(y)
        if self.highlighted is None or not self.has_focus:
            return strip
        is_chosen = any(
            piece.style is not None and piece.style.meta.get("option") == self.highlighted
            for piece in strip
        )
        return strip.apply_style(REVERSE) if is_chosen else strip
