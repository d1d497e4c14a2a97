"""The page that says what went wrong: in words for people, with ways on."""

from __future__ import annotations

from dataclasses import dataclass, field

from quart import request

from parley import web
from parley.errors import (
    BadRequest,
    Encrypted,
    Forbidden,
    FormTooOld,
    NotFound,
    ParleyError,
    RateLimited,
    Unavailable,
    WrongHost,
)

TITLES = {
    "not_found": "Nothing here",
    "method_not_allowed": "Nothing here",
    "conversation_not_found": "No conversation here",
    "conversation_ended": "This conversation has ended",
    "forbidden": "Not allowed",
    "origin_refused": "Request blocked",
    "link_replaced": "This link was replaced",
    "locked": "This conversation is locked",
    "passphrase_required": "This conversation has a passphrase",
    "knock_required": "Knock first",
    "read_proof_required": "This conversation is encrypted",
    "encrypted": "This conversation is encrypted",
    "too_large": "Too large",
    "rate_limited": "Slow down",
    "unavailable": "Temporarily unavailable",
    "internal": "Something went wrong",
}
_OTHERWISE = "That didn't work"
# The heading has said the rest already.
_AFTER_TITLES = {
    "conversation_not_found": "Check that the link is complete. The conversation may also have "
    "been deleted.",
    "link_replaced": "Ask the person who sent it for the new one.",
    "locked": "New people can't join right now. Ask the owner for a link that lets you in.",
    "passphrase_required": "The person who sent you the link can tell you.",
    "read_proof_required": "Its key stands at the end of the link, after the #.",
    "conversation_ended": "You can still read it.",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A link to go on by."""

    url: str
    label: str

    @classmethod
    def to(cls, path: str, label: str) -> Way:
        """To a page of ours."""
        return cls(web.root() + path, label)


@dataclass(frozen=True, slots=True)
class Problem:
    title: str
    text: str
    ways: list[Way] = field(default_factory=list)
    """The likeliest first."""


def start() -> Way:
    return Way.to("/", "Start a conversation")


def listed() -> Way:
    return Way.to("/conversations", "Conversations")


def of(error: ParleyError) -> Problem:
    """What the page of the present request says of an error that answers it."""
    title = TITLES.get(error.code, _OTHERWISE)
    if isinstance(error, WrongHost):
        url = web.site().config.public_url
        return Problem(_OTHERWISE, error.text, [Way(url, "Go to the right address")] if url else [])
    if isinstance(error, FormTooOld):
        return Problem("This page is out of date", error.text, _back() or [start()])
    if isinstance(error, NotFound) and "code" in (request.view_args or {}):
        if request.path.startswith("/mail/"):
            return Problem(
                "This link doesn't work any more",
                error.text,
                [Way.to("/mail", "E-mail settings"), start()],
            )
        return Problem(
            "This link doesn't work any more",
            "It may have been used, revoked or expired. Ask the person who sent it for a new one.",
            [start(), listed()],
        )
    if type(error) is BadRequest and _is_query_wrong():
        return Problem(
            "This address isn't quite right",
            "Its end can't be read. It may have been changed or cut off on the way.",
            [Way.to(request.path, "Open the page"), start()],
        )
    return Problem(title, after_title(error), _ways(error))


def after_title(error: ParleyError) -> str:
    """What is said under the heading, which it does not repeat."""
    return _AFTER_TITLES.get(error.code, error.text)


def _ways(error: ParleyError) -> list[Way]:
    if isinstance(error, RateLimited | Unavailable) or error.code == ParleyError.code:
        again = _again()
        return [again] if again else _back() or [start()]
    if isinstance(error, Forbidden | Encrypted):
        return _back() or [start()]
    return [*_back(), start()] if request.method not in web.SAFE_METHODS else [start(), listed()]


def _again() -> Way | None:
    """The same page once more, where asking for it changes nothing."""
    if request.method in web.SAFE_METHODS and request.url_rule:
        return Way.to(request.full_path.removesuffix("?"), "Try again")
    return None


def _back() -> list[Way]:
    """To the conversation whose page the present one lies under, if it does."""
    parts = request.path.split("/")
    if parts[1:2] == ["conversation"] and len(parts) > 3:
        return [Way.to("/".join(parts[:3]), "Back to the conversation")]
    return []


def _is_query_wrong() -> bool:
    return request.method in web.SAFE_METHODS and bool(request.query_string and request.url_rule)
