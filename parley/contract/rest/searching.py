"""Finding messages."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import Message

SEARCH_MAX_CHARS = 500
SEARCH_PAGE_DEFAULT = 20
SEARCH_PAGE_MAX = 50
SearchPage = Annotated[int, Meta(ge=1, le=SEARCH_PAGE_MAX)]
SearchOrder = Literal["time", "relevance"]
TimeZoneName = Annotated[str, Meta(min_length=1, max_length=64)]


class SnippetPart(Struct, kw_only=True):
    """A piece of a message's text; `hit` where it is what was looked for."""

    text: str
    hit: bool


class SearchResult(Struct, kw_only=True):
    """A message that was found, and the words around. Over all your conversations, `room_id` and
    `title` say which it is in."""

    message: Message
    snippet: list[SnippetPart]
    room_id: str | UnsetType = UNSET
    title: str | UnsetType = UNSET


class SearchReply(Struct, kw_only=True):
    """What was found. Words find what begins with them, then words they stand inside; words of one
    or two letters, and `"phrases"`, are found whole. Case, accents and widths don't matter.
    `-not` leaves out, `from:` is a name or `user_id`, `has:` is `file`, `image`, `link` or
    `reaction`, and `before:`, `after:` and `on:` take a day, month or year such as `2026-11-29`,
    `2026-11` or `2026`, as they are in `zone`. Nothing is a wrong query: what looks like an
    operator and isn't is looked for as it stands.

    With `next_cursor` there may be more, even where a page is short or empty: a long search
    answers in pieces.
    """

    success: Literal[True] = True
    results: list[SearchResult]
    next_cursor: str | UnsetType = UNSET
