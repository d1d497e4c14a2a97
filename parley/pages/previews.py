"""What other apps show of a link that was sent in them: Open Graph (ogp.me), which all read.

Whoever sends a link shows it to that app's makers too. So the card of an unlisted conversation
says where it is and nothing of what it is about, unless an owner says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from quart import request

from parley import web
from parley.pages import titles
from parley.records import Conversation, Visibility

PICTURE_SIZE = (1200, 630)
PICTURE_SHOWS = "parley: talk by link."
INVITATION = "Open the link to read it and join in."
OUR_OWN = "Start a conversation, share its link and chat."
_LINKED = ("/conversation/", "/link/")


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    description: str
    picture_url: str
    """The whole address: programs resolve none."""
    picture_size: tuple[int, int] = PICTURE_SIZE
    picture_shows: str = PICTURE_SHOWS


def card(picture: str, conversation: Conversation | None) -> Card:
    """For the page that is asked for, of a conversation that whoever asks may read, or of none.

    `picture` is the path to it.
    """
    public_url = urlsplit(web.public_url())
    picture_url, where = f"{public_url.scheme}://{public_url.netloc}{picture}", public_url.netloc
    if conversation is not None and _is_told(conversation):
        title = titles.given(conversation) or f"A conversation on {where}"
        return Card(title, conversation.description or INVITATION, picture_url)
    if request.path.startswith(_LINKED):
        return Card(f"A conversation on {where}", INVITATION, picture_url)
    return Card("parley: talk by link", OUR_OWN, picture_url)


def title(conversation: Conversation | None) -> str:
    """The same of a conversation that a stranger with its link may read; of another, None."""
    where = urlsplit(web.public_url()).netloc
    told = conversation is not None and _is_told(conversation) and titles.given(conversation)
    return told or f"A conversation on {where}"


def _is_told(conversation: Conversation) -> bool:
    return conversation.visibility is Visibility.LISTED or conversation.shows_title
