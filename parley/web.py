"""What REST and pages share: who asks, what the app has at hand, how an answer is given."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType
from quart import Response, current_app, g, redirect, request
from werkzeug.sansio.response import Response as AnyResponse
from werkzeug.wrappers import Response as Redirection

from parley import contract, credentials
from parley.addresses import place_of
from parley.config import Config
from parley.credentials import Asking, Origins
from parley.domain import access, conversations, sessions
from parley.domain.context import Context
from parley.domain.importing.imports import Imports
from parley.domain.relays import Relays
from parley.errors import (
    BotRefused,
    Forbidden,
    OriginRefused,
    ParleyError,
    TokenRequired,
    Unavailable,
    WrongHost,
)
from parley.hosts import is_loopback
from parley.limits.limiter import SPOKEN, Kind, Limits, Outcome, Who
from parley.limits.windows import Key
from parley.records import ServerProcess, Session
from parley.secret import Secret

if TYPE_CHECKING:
    from parley.live.streaming import Streams

R = TypeVar("R", bound=AnyResponse)

EXTENSION = "parley"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
SEE_OTHER = 303
"""The browser is to ask for another page (RFC 9110, section 15.4.4)."""


async def _nothing(*_asked: Any) -> list[Any]:
    return []


@dataclass(slots=True)
class Site:
    """What the handlers of requests work with."""

    config: Config
    context: Context
    origins: Origins
    limits: Limits
    connection_count: Callable[[], int]
    secret: Secret | None = None
    """The server's own; None until the app has started."""
    push_key: str = ""
    """What browsers subscribe with to be notified; empty until the app has started."""
    processes: Callable[[], Awaitable[list[ServerProcess]]] = _nothing
    """How the processes of this machine are."""
    places_of: Callable[[int, str], Awaitable[list[str]]] = _nothing
    """From where somebody is connected now, by conversation and user_id, as addresses count."""
    imports: Imports | None = None
    streams: Streams | None = None
    """Of those who hear what happens by plain HTTP."""
    relays: Relays | None = None
    """By which calls find their way; None where there are no calls."""
    root: str = ""
    """The path of the public URL: empty, or as `/talk`."""
    is_ready: bool = False
    rendering: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a long page is made."""


def site() -> Site:
    found: Site = current_app.extensions[EXTENSION]
    return found


def imports() -> Imports:
    """Raises `Unavailable` before the app has started."""
    found = site().imports
    if found is None:
        raise Unavailable("The server is starting.", retry_after=1.0)
    return found


def streams() -> Streams:
    """Raises `Unavailable` before the app has started."""
    found = site().streams
    if found is None:
        raise Unavailable("The server is starting.", retry_after=1.0)
    return found


def asking() -> Asking:
    """Where the present request comes from."""
    return Asking(
        host=request.headers.get("Host", ""),
        origin=request.headers.get("Origin", ""),
        fetch_site=request.headers.get("Sec-Fetch-Site", ""),
        fetch_dest=request.headers.get("Sec-Fetch-Dest", ""),
        changes=request.method not in SAFE_METHODS,
        is_vouched=credentials.MARK in request.headers or bool(g.get("is_sealed")),
    )


def note_sealed(is_sealed: bool) -> None:
    """Remember that the form which is posted carries a seal of ours."""
    g.is_sealed = is_sealed


def secret() -> Secret:
    """The server's own secret. Raises `Unavailable` before the app has started."""
    found = site().secret
    if found is None:
        raise Unavailable("The server is starting.", retry_after=1.0)
    return found


def push_key() -> str:
    """What browsers subscribe with. Raises `Unavailable` before the app has started."""
    secret()
    return site().push_key


def refuse_other_hosts() -> None:
    """Raise `WrongHost` where a request asks for a server by another name."""
    if not site().origins.is_here(request.headers.get("Host", ""), request.path):
        raise WrongHost(wrong_host(site().config))


def wrong_host(config: Config) -> str:
    """What whoever asked by another name is told."""
    if not config.public_url:
        return (
            "This server does not know the host name in your address. "
            "If you run it, allow the name with --hosts."
        )
    return (
        "This server does not answer to this host name. "
        f"You can reach it at {config.public_url}. If you run it, have the proxy pass the Host "
        "header on as it came, or allow the name with --hosts."
    )


_FOR_READERS = frozenset(
    {
        *("rest.enter", "rest.use_link", "rest.leave", "rest.mark_read"),
        *("rest.unsubscribe", "rest.set_notifications", "rest.unset_mail"),
        *("door_pages.enter", "door_pages.use_link", "pages.leave"),
        *("mail_pages.take_back", "one_click.stop"),
    }
)
"""What those may do who are blocked from writing, by the names of their rules."""


def refuse_blocked() -> None:
    """Raise `Blocked` where somebody writes who may only read here. To come in where they may read,
    and to take back what is theirs, is no writing.
    """
    if request.method not in SAFE_METHODS and request.endpoint not in _FOR_READERS:
        site().context.host.require_writing(address())


async def admit() -> None:
    """Before every request: raise why it may not even ask.

    `OriginRefused` where a page that may not use this server wants a change, or tries links;
    `RateLimited` where too much is read, or links are being guessed.
    """
    if asking().changes and not site().origins.may_act(asking()):
        raise OriginRefused
    places = request.view_args or {}
    is_linked = bool({"room_id", "code"} & set(places))
    if is_linked and not site().origins.may_look(asking()):
        raise OriginRefused
    if _reads():
        await count_read()
    if not is_linked:
        return

    async def is_known() -> bool:
        session = await session_if_known()
        return await conversations.is_inside(site().context, places.get("room_id", ""), session)

    await site().limits.require_no_guesses(_stranger(), is_known)


async def admit_by_code() -> None:
    """The same for what a code in the path allows by itself, whoever sends it from wherever.

    Raises `RateLimited` where too much is asked, or codes are being guessed.
    """
    await count_read()

    async def is_known() -> bool:
        return False

    await site().limits.require_no_guesses(_stranger(), is_known)


def _reads() -> bool:
    """Whether the answer is worth counting: a page, whatever a form did, or what REST is asked for.

    Not what probes ask for: it costs no more than a refusal would.
    """
    if request.method == "OPTIONS" or request.path in credentials.PROBES:
        return False
    return request.method in SAFE_METHODS or not is_for_program()


async def count_read() -> None:
    """Raises `RateLimited` where whoever asks reads too much."""
    session = await session_if_known()
    who = Who("" if session is None else session.id, _stranger().address)
    await site().limits.spend(Kind.READS, who)


async def count_guess() -> None:
    """The request named a conversation that is not there."""
    await site().limits.charge(Kind.UNKNOWN_ROOMS, _stranger())


@contextlib.asynccontextmanager
async def limited(kind: Kind | None, room_id: str = "") -> AsyncIterator[Outcome]:
    """Around what is limited, where it is; raises `RateLimited` instead of doing too much."""
    if kind is None:
        yield Outcome()
        return
    session = await current_session()
    who = Who("" if session is None else session.id, address())

    async def inside() -> Key:
        asks, speaks = await current_session(), kind in SPOKEN  # who may have come in meanwhile
        return room_id and await conversations.shares_limits(
            site().context, room_id, asks, speaks=speaks
        )

    async with site().limits.using(kind, who, inside) as outcome:
        yield outcome


@contextlib.asynccontextmanager
async def guessing(room_id: str) -> AsyncIterator[None]:
    """Around a try at a passphrase; raises `RateLimited` where too many were wrong."""
    session = await current_session()
    who = Who("" if session is None else session.id, address())
    room = await conversations.id_at(site().context, room_id, session)
    async with site().limits.guessing(who, room):
        yield


def address() -> str:
    """Where the request comes from, as it counts; empty where the server tells none."""
    client = request.scope.get("client")
    return place_of(client[0]) if client else ""


def _stranger() -> Who:
    """The address that asks, whoever it is."""
    return Who("", address())


async def current_session() -> Session | None:
    """Whom the request speaks for: by bearer token, or by cookie from a page of our own.

    Raises `Forbidden` for a token we do not know, rather than make a stranger of its holder.
    """
    if "session" not in g:
        g.session = await _session()
    session: Session | None = g.session
    return session


async def _session() -> Session | None:
    token, about = presented_token(), (request.view_args or {}).get("room_id", "")
    if token is not None:
        session = await sessions.resolve(site().context, token, about)
        if session is None:
            raise Forbidden("Unknown token. Try again without it.")
        access.require_allowed(session, bots_need())
        return session
    if not site().origins.is_own(asking()):
        return None
    cookie = credentials.session_cookie(cookies(), is_secure=is_https(), root=root())
    if cookie is None and is_https() and site().origins.is_in_frame(asking()):
        cookie = credentials.frame_cookie(cookies(), root=root())
    session = await sessions.resolve(site().context, cookie, about)
    access.require_allowed(session, bots_need())
    return session


def bots_need() -> Sequence[contract.BotRightName] | None:
    """The rights of which a bot needs one for what is asked; None where it is not for bots."""
    endpoint = request.endpoint or ""
    if endpoint == "rest.description":
        return contract.BOTS_RIGHTS
    if endpoint == "kept_files.file":
        return contract.BOTS_FILES
    if endpoint.startswith("rest.upload_"):
        return contract.BOTS_UPLOADS
    blueprint, _, name = endpoint.rpartition(".")
    return contract.BOTS_CALLS.get(name) if blueprint == "rest" else None


def cookies() -> str:
    """What the browser holds, also where it comes in several lines."""
    return "; ".join(request.headers.getlist("Cookie"))


def speak_for(session: Session | None) -> None:
    """The request came in as somebody."""
    g.session = session


async def session_if_known() -> Session | None:
    """The same for what strangers may ask too: a token we do not know makes one of its holder."""
    try:
        return await current_session()
    except BotRefused:
        raise
    except Forbidden:
        return None


async def lacks_token() -> bool:
    """Whether a program asks that sent no token. For a page of our own there is none to send."""
    if presented_token() is not None or is_own_page():
        return False
    return await current_session() is None


def presented_token() -> str | None:
    """The bearer token the request carries, if any."""
    return credentials.bearer(request.headers.get("Authorization", ""))


def is_for_program() -> bool:
    """Whether the answer is JSON rather than a page."""
    return request.path.startswith("/api/") or request.path in (
        "/api",
        "/openapi.json",
        "/asyncapi.json",
    )


def is_for_hook() -> bool:
    """Whether a program asks that may be no more than `curl`."""
    return request.path.startswith("/hooks/")


def wants_json() -> bool:
    return "application/json" in request.headers.get("Accept", "")


def is_own_page() -> bool:
    """Whether a script or form of our own asks, which needs no token but the cookie."""
    return asking().changes and site().origins.is_own(asking())


def public_url() -> str:
    """Where people reach this server, without a slash at the end."""
    return site().config.public_url or f"{request.scheme}://{request.host}"


def root() -> str:
    """The path that this server's own begin with for everyone else: empty, or as `/talk`."""
    return site().root


def go_on(path: str) -> Redirection:
    """Answer a form that did what it asked: the browser goes to a page of ours."""
    return redirect(root() + path, SEE_OTHER)


def is_https() -> bool:
    """Whether people reach this server over HTTPS."""
    return public_url().startswith("https:")


def is_trustworthy() -> bool:
    """Whether browsers take the connection for a secure one: HTTPS, or this very machine."""
    return is_https() or is_loopback(request.host)


def remember(response: R, token: str | None) -> R:
    """Let the browser hold a new session's secret, where a page of our own asked."""
    if token is not None and is_own_page():
        set_cookie(response, credentials.COOKIE, token, max_age_s=credentials.COOKIE_MAX_AGE_S)
        _set_frame_cookie(response, token, max_age_s=credentials.COOKIE_MAX_AGE_S)
    return response


def told(token: str | None) -> str | UnsetType:
    """A session's secret as a reply tells it. A page of our own has the cookie, which scripts can't
    read: better than a token they can. In a frame its browser may keep none.
    """
    mark = request.headers.get(credentials.MARK)
    needs_it = is_framed() and mark == credentials.IN_FRAME_WITHOUT_COOKIES
    if is_own_page() and not needs_it:
        return UNSET
    return token or UNSET


def forget(response: R) -> R:
    """The browser holds no session any more."""
    if is_own_page():
        set_cookie(response, credentials.COOKIE, "", max_age_s=0)
        _set_frame_cookie(response, "", max_age_s=0)
    return response


def is_framed() -> bool:
    """Whether a page is asked for, or a script asks, in a frame on some other page."""
    in_frames = (credentials.IN_FRAME, credentials.IN_FRAME_WITHOUT_COOKIES)
    is_frame = asking().is_for_frame or request.headers.get(credentials.MARK) in in_frames
    return is_frame and site().origins.is_framed


def _set_frame_cookie(response: AnyResponse, value: str, *, max_age_s: int) -> None:
    """The other is refused by browsers where the page around it is another site's, and this one is
    kept for that site alone.
    """
    if not is_framed() or not is_https():
        return
    response.set_cookie(
        credentials.named(credentials.FRAME_COOKIE, is_secure=True, root=root()),
        value,
        max_age=max_age_s,
        path=root() or "/",
        httponly=True,
        samesite="None",
        secure=True,
        partitioned=True,
    )


def number(text: str) -> int:
    """An id in a path; 0, which nothing has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def set_cookie(
    response: AnyResponse, name: str, value: str, *, max_age_s: int | None = None
) -> None:
    """Give the browser a cookie that no script and no other site's request gets."""
    response.set_cookie(
        credentials.named(name, is_secure=is_https(), root=root()),
        value,
        max_age=max_age_s,
        path=root() or "/",
        httponly=True,
        samesite="Lax",
        secure=is_https(),
    )


def error_headers(error: ParleyError) -> dict[str, str]:
    """Tells programs that know no code of ours what to do: to send a token, or to wait."""
    if isinstance(error, TokenRequired):
        return {"WWW-Authenticate": 'Bearer realm="parley"'}  # RFC 6750, section 3
    return retry_headers(error)


def retry_headers(error: ParleyError) -> dict[str, str]:
    """Tells programs that know no code of ours when to ask again."""
    if error.retry_after is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}


def disposition(kind: str, name: str) -> str:
    """Shown (`inline`) or saved (`attachment`), under a name in any script (RFC 6266, RFC 8187)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    plain = "".join("_" if each in '"\\%;' else each for each in plain)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def plain(words: str, status: int) -> Response:
    """A line for whoever has nothing but a terminal."""
    response = Response(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def json(reply: Any, status: int = 200) -> Response:
    response = Response(
        msgspec.json.encode(reply), status=status, content_type="application/json; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
