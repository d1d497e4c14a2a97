"""The conversations that a visitor's browser takes part in, as the first pages list them."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import Struct

from parley import contract, present, web
from parley.domain import participation


class OwnPage(Struct, frozen=True):
    """Some of them, and the links to the others."""

    rows: list[contract.OwnConversation]
    older_url: str | None = None
    newest_url: str | None = None
    """From a page that is not the first."""
    cursor: str | None = None
    """Where `older_url` goes on, for scripts."""
    is_everywhere: bool = False
    """Whether they are theirs on all the devices of an account."""

    def __bool__(self) -> bool:
        # With an account there may be something on another device, at any moment.
        return bool(self.rows or self.newest_url or self.is_everywhere)


NONE = OwnPage([])


def few(count: int) -> str:
    """How many are unread, in the words of `static/js/own/row.js`: of many only that they are."""
    return str(count) if count < contract.UNREAD_MAX else f"{contract.UNREAD_MAX - 1}+"


async def own_conversations(cursor: str | None = None) -> OwnPage:
    """Of whoever asks, by their cookie; none for a stranger. Raises `BadRequest` for no cursor."""
    session = await web.session_if_known()
    own, following = await participation.page(
        web.site().context,
        session,
        limit=participation.SHOWN_MAX,
        cursor=cursor,
    )
    return OwnPage(
        [present.own(each) for each in own],
        older_url=_url(own=following) if following else None,
        newest_url=_url() if cursor else None,
        cursor=following,
        is_everywhere=session is not None and session.is_of_account,
    )


def _url(**query: str) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    return f"{web.root()}/conversations{asked}#own"
