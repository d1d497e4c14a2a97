"""What REST and pages share: who asks, what the app has at hand, how an answer is given."""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from quart import Response, current_app, g, request
from werkzeug.sansio.response import Response as AnyResponse

from parley import credentials
from parley.addresses import place_of
from parley.assets import Assets
from parley.config import Config
from parley.credentials import Asking, Origins
from parley.domain import sessions
from parley.domain.context import Context
from parley.errors import Forbidden, OriginRefused, ParleyError
from parley.limits import Kind, Limits, Who
from parley.records import Session

R = TypeVar("R", bound=AnyResponse)

EXTENSION = "parley"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class Site:
    """What the handlers of requests work with."""

    config: Config
    context: Context
    assets: Assets
    origins: Origins
    limits: Limits
    connection_count: Callable[[], int]
    is_ready: bool = False


def site() -> Site:
    found: Site = current_app.extensions[EXTENSION]
    return found


def asking() -> Asking:
    """Where the present request comes from."""
    return Asking(
        host=request.headers.get("Host", ""),
        origin=request.headers.get("Origin", ""),
        fetch_site=request.headers.get("Sec-Fetch-Site", ""),
        changes=request.method not in SAFE_METHODS,
    )


async def admit() -> None:
    """Before every request: raise why it may not even ask.

    `OriginRefused` where a page that may not use this server wants a change;
    `RateLimited` where links are being guessed.
    """
    if asking().changes and not site().origins.may_act(asking()):
        raise OriginRefused
    if {"room_id", "code"} & set(request.view_args or {}):
        await site().limits.require(Kind.UNKNOWN_ROOMS, _stranger())


async def count_guess() -> None:
    """The request named a conversation that is not there."""
    await site().limits.charge(Kind.UNKNOWN_ROOMS, _stranger())


@contextlib.asynccontextmanager
async def limited(kind: Kind | None, room_id: str = "") -> AsyncIterator[None]:
    """Around what is limited, where it is; raises `RateLimited` instead of doing too much."""
    if kind is None:
        yield
        return
    session = await current_session()
    who = Who("" if session is None else session.id, _stranger().address)
    async with site().limits.using(kind, who, room_id):
        yield


@contextlib.asynccontextmanager
async def guessing(room_id: str) -> AsyncIterator[None]:
    """Around a try at a passphrase; raises `RateLimited` where too many were wrong."""
    session = await current_session()
    who = Who("" if session is None else session.id, _stranger().address)
    async with site().limits.guessing(who, room_id):
        yield


def _stranger() -> Who:
    """The address that asks, whoever it is."""
    client = request.scope.get("client")
    return Who("", place_of(client[0]) if client else "")


async def current_session() -> Session | None:
    """Whom the request speaks for: by bearer token, or by cookie from a page of our own.

    Raises `Forbidden` for a token we do not know, rather than make a stranger of its holder.
    """
    if "session" not in g:
        g.session = await _session()
    session: Session | None = g.session
    return session


async def _session() -> Session | None:
    token = presented_token()
    if token is not None:
        session = await sessions.resolve(site().context, token)
        if session is None:
            raise Forbidden("This token is not known here. Ask again without it.")
        return session
    if not site().origins.is_own(asking()):
        return None
    return await sessions.resolve(site().context, request.cookies.get(credentials.COOKIE))


async def session_if_known() -> Session | None:
    """The same for what strangers may ask too: a token we do not know makes one of its holder."""
    try:
        return await current_session()
    except Forbidden:
        return None


def presented_token() -> str | None:
    """The bearer token the request carries, if any."""
    return credentials.bearer(request.headers.get("Authorization", ""))


def is_own_page() -> bool:
    """Whether a script or form of our own asks, which needs no token but the cookie."""
    return asking().changes and site().origins.is_own(asking())


def public_url() -> str:
    """Where people reach this server, without a slash at the end."""
    return site().config.public_url or f"{request.scheme}://{request.host}"


def remember(response: R, token: str | None) -> R:
    """Let the browser hold a new session's secret, where a page of our own asked."""
    if token is not None and is_own_page():
        response.set_cookie(
            credentials.COOKIE,
            token,
            max_age=credentials.COOKIE_MAX_AGE_S,
            httponly=True,
            samesite="Lax",
            secure=public_url().startswith("https:"),
        )
    return response


def retry_headers(error: ParleyError) -> dict[str, str]:
    """Tells programs that know no code of ours when to ask again."""
    if error.retry_after is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}


def json(reply: Any, status: int = 200) -> Response:
    response = Response(
        msgspec.json.encode(reply), status=status, content_type="application/json; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
