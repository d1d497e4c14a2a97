"""What readers of exports find, told by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, Problem
from tests.importing.reading import EXPECTED, SAMPLES

__all__ = ["EXPECTED", "SAMPLES", "chat_in", "read", "said"]

AnyChat = TypeVar("AnyChat", bound=Chat)


@contextmanager
def chat_in(path: Path, recognise: Callable[[Archive], AnyChat | None]) -> Iterator[AnyChat]:
    with Archive(path) as archive:
        chat = recognise(archive)
        assert chat is not None
        yield chat


def read(
    path: Path, recognise: Callable[[Archive], AnyChat | None]
) -> tuple[AnyChat, list[Entry], list[Problem]]:
    """The chat, its entries and its problems."""
    with chat_in(path, recognise) as chat:
        found = list(chat.entries())
    entries = [each for each in found if isinstance(each, Entry)]
    return chat, entries, [each for each in found if isinstance(each, Problem)]


def said(entries: list[Entry]) -> list[Entry]:
    return [each for each in entries if not each.is_service]
