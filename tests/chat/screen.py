"""What somebody sees of `parley chat`, and does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual import events
from textual.pilot import Pilot

from parley.chat.app import Chat
from tests.people import PATIENCE_S


class Screen:
    def __init__(self, chat: Chat, pilot: Pilot[Any]) -> None:
        self.chat = chat
        self._pilot = pilot

    @property
    def lines(self) -> list[str]:
        """As they stand on the screen, without spaces at their ends."""
        width, height = self.chat.size
        strips = self.chat.screen._compositor.render_strips()
        return [strip.text[:width].rstrip() for strip in strips][:height]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self._pilot.press(*("space" if letter == " " else letter for letter in text))

    async def paste(self, text: str) -> None:
        self.chat.post_message(events.Paste(text))
        await self._pilot.pause()

    async def shows(self, *wanted: str) -> None:
        await self.until(lambda: all(each in self.text for each in wanted), wanted)

    async def hides(self, unwanted: str) -> None:
        await self.until(lambda: unwanted not in self.text, unwanted)

    async def until(self, holds: Callable[[], bool], wanted: object = "") -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await self._pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"Not shown: {wanted!r}\n{self.text}") from None
