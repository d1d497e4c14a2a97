"""The way in: what goes to Socket.IO, what to the app, and what to nobody."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import parse_qs, quote

from msgspec.structs import replace

from parley import causes
from parley.addresses import Proxies, canonical, place_of
from parley.wire import answers, heads
from parley.wire.answering import Arriving, Counted, refuse
from parley.wire.body import HungUp, read_whole
from parley.wire.connection import connection_of
from parley.wire.direct import DirectClient
from parley.wire.handshake import (
    REQUEST_ID,
    CrossOriginRule,
    Handshake,
    HostRule,
    OriginRule,
)
from parley.wire.line import Line
from parley.wire.pace import Pace
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.server import Server
from parley.wire.stream import LINE, handing_over
from parley.wire.unread import Backlog

MeantRule = Callable[[str], str | None]
"""Where a path leads that is not asked for as it was meant; None for any other."""
StreamRule = Callable[[dict[str, Any]], bool]
"""Whether the app takes the body of a request piece by piece, each done with before the next."""
PassOn = Callable[[Any, Any, Any], Awaitable[bool]]
"""Has what an ASGI app was asked answered by another process; whether one knew the client."""

PATH = "/socket.io/"
_TRANSPORTS = ("polling", "websocket")
STREAMS = "/events"
"""How the paths of streams end."""
OWN_LINES = "parley.lines"
"""In the state of an ASGI server that opens WebSockets without asking its app: one that comes this
way all the same is odd, and nobody is to choose how they are served."""
ADMITTED_MAX = 256
"""So many heads of requests are remembered."""
_METHODS = ("GET", "POST", "OPTIONS")
# A name of labels (RFC 1123, section 2.1; the underscore is met in container networks) or
# an IPv6 address in brackets, with a port. HTTP/1.0 may leave it out.
_HOST = re.compile(
    r"(?:(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[(?P<ipv6>[0-9a-f:.]+)\])?(?::\d{1,5})?",
    re.ASCII | re.IGNORECASE,
)
_HOST_MAX_CHARS = 261
"""A name of 255 characters and its port."""
_ABSOLUTE = re.compile(
    r"(?:http|ws)s?://(?P<host>[^/?#]+)(?P<path>/.*)?", re.ASCII | re.IGNORECASE | re.DOTALL
)


class Gate:
    """An ASGI app: Socket.IO under `/socket.io/`, the rest to `app`.

    Whatever is behind it sees a request as its client sent it to the first of our
    `proxies`, and by the paths that the app knows: without `root`, which the addresses of this
    server begin with where a proxy leaves it there. `places` are those of connections, where it is
    asked about connections.
    """

    def __init__(
        self,
        server: Server,
        app: Any,
        *,
        root: str,
        proxies: Proxies,
        places: Places,
        is_here: HostRule,
        may_connect: OriginRule,
        readable_by: CrossOriginRule,
        is_streamed: StreamRule,
        meant: MeantRule,
        kept: frozenset[str],
        elsewhere: bytes,
        refusal: bytes,
        not_allowed: bytes,
        nowhere: bytes,
        crowded: bytes,
    ) -> None:
        self._server = server
        self._app = app
        self.root = root
        self._proxies = proxies
        self._places = places
        self._crowded = crowded
        self.crowded = answers.written_out(429, crowded, retry_after_s=RETRY_AFTER_S)
        """What somebody is told for whom there is no place, as it goes out."""
        self._is_here = is_here
        self._may_connect = may_connect
        self._readable_by = readable_by
        self._is_streamed = is_streamed
        self._meant = meant
        self._kept = kept
        self._admitted: dict[tuple[str, str, heads.Known], dict[str, str]] = {}
        self._elsewhere = elsewhere
        self._refusal = refusal
        self._not_allowed = not_allowed
        self._nowhere = nowhere
        self.pass_on: PassOn | None = None
        """Where there are other processes that whoever polls may be known to."""

    @property
    def backlog(self) -> Backlog:
        """What the clients have not read."""
        return self._server.eio.backlog

    @property
    def pace(self) -> Pace:
        """Whose turn it is."""
        return self._server.eio.pace

    @property
    def line_count(self) -> int:
        """WebSockets of its own that are open."""
        return self._server.line_count

    def make_room(self) -> None:
        """Places are scarce: an idle connection goes."""
        self._server.make_room()

    def is_announcing(self, peer: Any) -> bool:
        """Whether a connection from that peer must begin with the PROXY protocol."""
        address = canonical(peer[0]) if isinstance(peer, tuple) else ""
        return self._proxies.announce and self._proxies.trusts(address)

    @property
    def has_announced(self) -> bool:
        """Whether any connection must."""
        return self._proxies.announce

    def take_place(self, peer: Any) -> Callable[[], object] | None:
        """Count a connection from that peer, in the form of a socket's address.

        Gives what is to be called at its end, or None where its address has too many.
        A proxy's connections are not counted: they are those of many.
        """
        place = self.place_of_peer(peer)
        if not self._places.take(place):
            self._server.make_room(place)  # for who tries again
            return None
        return functools.partial(self._places.give_back, place)

    def place_of_peer(self, peer: Any) -> str:
        """What a connection counts for; empty for a proxy's, which are many people's."""
        address = canonical(peer[0]) if isinstance(peer, tuple) else ""
        return "" if self._proxies.trusts(address) else place_of(address)

    def place_of(self, scope: dict[str, Any]) -> str:
        """What a request counts for, through proxies too."""
        return place_of(Handshake.from_scope(self._as_asked(scope)).address)

    def admit(self, scope: dict[str, Any]) -> DirectClient | bytes | None:
        """A client for a handshake that needs none of what an ASGI server does.

        Or the answer where its address has too many clients. None for whatever else
        is not to be admitted: asked again as an ASGI app, the gate tells why.
        """
        scope = self._as_asked(scope)
        if not (_is_ours(scope["path"]) and _is_ascii(scope) and _is_plain(scope)):
            return None
        handshake = Handshake.from_scope(scope)
        kept = self._admitted_headers(scope, handshake)
        if kept is None:
            return None
        session = heads.session_asked_for(scope["query_string"])
        handshake = replace(handshake, headers=kept)
        if session is None:
            return self._server.direct(handshake) or self.crowded
        return self._server.upgrading(session, handshake, self.crowded)

    def _admitted_headers(
        self, scope: dict[str, Any], handshake: Handshake
    ) -> dict[str, str] | None:
        """What is kept of the headers of who may come in; None for others.

        Those who come with the same headers are admitted alike, and decided about once.
        """
        headers = scope["headers"]
        asked = (scope["path"], handshake.scheme, headers)
        is_known = isinstance(headers, tuple)
        kept = self._admitted.get(asked) if is_known else None
        if kept is not None:
            return kept
        if not _is_host(handshake.headers.get("host", "")):
            return None
        if not (self._knows(scope, handshake) and self._may_connect(handshake)):
            return None
        kept = handshake.with_only(self._kept).headers
        if is_known:
            if len(self._admitted) >= ADMITTED_MAX:
                self._admitted.clear()
            self._admitted[asked] = kept
        return kept

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        had_its_turn = OWN_LINES in scope.get("state", ()) and self.place_of_peer(
            scope.get("client")
        )
        scope = self._as_asked(scope)
        handshake = Handshake.from_scope(scope)
        place = place_of(handshake.address)
        name = handshake.request_id or causes.new_id()
        causes.current.set(name)
        if not had_its_turn:
            await self.pace.turn_of_request(place)
        if scope["type"] == "websocket":
            await self._pass(scope, handshake, receive, send)
            return
        is_stream = scope["path"].endswith(STREAMS)
        if is_stream:
            send = handing_over(send, scope, _hand_over)
        send = _named(send, name)
        if self.backlog.is_full(place) and not _is_ours(scope["path"]):
            # What is asked for would be put together in vain.
            self.pace.spend_on_refusal(place)
            await refuse(send, self._crowded)
            return
        arriving = Arriving(receive, self.backlog, place, is_streamed=self._is_streamed(scope))
        try:
            answer = Counted(send, self.backlog, self.pace, place, self._crowded)
            await self._pass(scope, handshake, arriving, answer)
        finally:
            arriving.let_go()
            if is_stream and (stream := scope.pop(LINE, None)) is not None:
                stream.give_up()  # unless it goes on by itself

    def _as_asked(self, scope: dict[str, Any]) -> dict[str, Any]:
        """A request as its client sent it to the first proxy, by the path it asks for."""
        scope = _in_origin_form(scope)
        if self.root:
            scope = _below(self.root, scope)
        seen = self._proxies.see_through(scope)
        if name := self._proxies.request_id(scope):
            seen = {**seen, REQUEST_ID: name}
        return seen

    async def _pass(self, scope: Any, handshake: Handshake, receive: Any, send: Any) -> None:
        if not (_is_host(handshake.headers.get("host", "")) and _is_ascii(scope)):
            # Quart raises at it before its error handlers are there, which ends as an empty 500.
            await _answer(scope, receive, send, 400, self._not_allowed)
        elif scope["type"] == "http" and not _is_ours(scope["path"]):
            there = self._meant(scope["path"])
            if there is None:
                await self._app(scope, receive, send)
            else:
                await _send_there(send, self.root + there)
        elif not self._knows(scope, handshake):
            await _answer(scope, receive, send, 400, self._elsewhere)
        elif not _is_ours(scope["path"]):  # a WebSocket, and the app has none
            await _answer(scope, receive, send, 404, self._nowhere)
        elif not self._may_connect(handshake):
            await _answer(scope, receive, send, 403, self._refusal)
        elif _has_unknown_transport(scope):
            body = answers.engine_error(answers.UNKNOWN_TRANSPORT)
            await _answer(scope, receive, send, 400, body)
        elif not _is_plain(scope):
            await _answer(scope, receive, send, 400, self._not_allowed)
        else:
            send = _guarded(send, self._readable_by(handshake))
            await self._to_socket_io(scope, receive, send)

    async def _to_socket_io(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                receive = await read_whole(receive, self._server.eio.max_http_buffer_size)
            except HungUp:
                return
            except TimeoutError:
                await _answer(scope, receive, send, 408, self._not_allowed)
                return
        refusal = self._told_by_engine(scope)
        if (
            refusal == answers.UNKNOWN_SESSION
            and scope["type"] == "http"
            and self.pass_on is not None
            and await self.pass_on(scope, receive, send)
        ):
            return
        if refusal is not None:
            await _answer(scope, receive, send, 400, answers.engine_error(refusal))
        elif _is_odd(scope):
            await _answer(scope, receive, send, 400, self._not_allowed)
        else:
            await self._server.handle_request(scope, receive, send)

    async def answer_passed_on(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request that another process passed on, and has looked at."""
        refusal = self._told_by_engine(scope)
        if refusal is not None:
            await _answer(scope, receive, send, 400, answers.engine_error(refusal))
        else:
            await self._server.handle_request(scope, receive, send)

    def _told_by_engine(self, scope: Any) -> int | None:
        """Engine.IO's code for a session that there never was, or is no more, and for a client that
        speaks another version. Its library raises at a session that ended, repeats the id of one it
        does not know, and tells whoever opens a WebSocket nothing at all.
        """
        if scope.get("method") == "OPTIONS":
            return None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if "sid" not in query:
            return None if query.get("EIO") == ["4"] else answers.OLD_PROTOCOL
        socket = self._server.eio.sockets.get(query["sid"][0])
        return answers.UNKNOWN_SESSION if socket is None or socket.closed else None

    def _knows(self, scope: dict[str, Any], handshake: Handshake) -> bool:
        return self._is_here(handshake.headers.get("host", ""), scope["path"])


@functools.lru_cache(maxsize=256)  # people come to a server by few names
def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text) if len(text) <= _HOST_MAX_CHARS else None
    if match is None:
        return False
    try:
        return match["ipv6"] is None or bool(IPv6Address(match["ipv6"]))
    except ValueError:
        return False


def _in_origin_form(scope: dict[str, Any]) -> dict[str, Any]:
    """A request whose line names all of its address, by its path.

    The host that stands there goes before that of the header (RFC 9112, section 3.2.2).
    """
    if scope["path"].startswith("/"):
        return scope
    named = _ABSOLUTE.fullmatch(scope["path"])
    if named is None:
        return scope
    path, host = named["path"] or "/", named["host"].encode()
    others = [(name, value) for name, value in scope["headers"] if name.lower() != b"host"]
    raw_path = quote(path).encode("ascii")
    return {**scope, "path": path, "raw_path": raw_path, "headers": [(b"host", host), *others]}


def _below(root: str, scope: dict[str, Any]) -> dict[str, Any]:
    """A request under the path `root`, by what comes after it.

    ASGI's `root_path` is part of the path for some servers and not for others: what it says is not
    needed.
    """
    path, raw_path = scope["path"], scope.get("raw_path")
    if not path.startswith(f"{root}/"):
        return {**scope, "root_path": ""}
    path = path[len(root) :]
    if raw_path is not None:
        start = root.encode("ascii")
        raw_path = (
            raw_path.removeprefix(start) if raw_path.startswith(start) else quote(path).encode()
        )
    return {**scope, "root_path": "", "path": path, "raw_path": raw_path}


def _is_ascii(scope: Any) -> bool:
    query: bytes = scope.get("query_string", b"")
    return query.isascii()


def _is_ours(path: str) -> bool:
    return path == PATH[:-1] or path.startswith(PATH)


def _is_plain(scope: Any) -> bool:
    """No JSONP, no odd methods: nothing that Engine.IO answers and no client of ours sends."""
    return scope.get("method", "GET") in _METHODS and _is_plain_query(
        scope.get("query_string", b""), scope["type"] == "websocket"
    )


def _has_unknown_transport(scope: Any) -> bool:
    return scope.get("method") != "OPTIONS" and _is_unknown(scope.get("query_string", b""))


@functools.lru_cache(maxsize=256)
def _is_unknown(query: bytes) -> bool:
    transport = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("transport", [])
    return any(each not in _TRANSPORTS for each in transport)


def _is_odd(scope: Any) -> bool:
    return scope["type"] == "websocket" and OWN_LINES in scope.get("state", {})


@functools.lru_cache(maxsize=256)
def _is_plain_query(text: bytes, is_websocket: bool) -> bool:
    query = parse_qs(text.decode("latin-1"), keep_blank_values=True)
    # Engine.IO believes the query and the headers: named otherwise than it came, a
    # connection gets no answer at all and is kept until its heartbeat fails.
    transport = query.get("transport", ["polling"])
    is_named = (transport == ["websocket"]) if is_websocket else ("websocket" not in transport)
    return is_named and "j" not in query


async def _answer(scope: Any, receive: Any, send: Any, status: int, body: bytes) -> None:
    start = "http.response"
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        start = "websocket.http.response"
    headers = answers.headers_for(body)
    await send({"type": f"{start}.start", "status": status, "headers": headers})
    await send({"type": f"{start}.body", "body": body})


async def _send_there(send: Any, where: str) -> None:
    headers = [
        (b"location", where.encode("ascii")),
        (b"content-length", b"0"),
        *answers.GUARDING,
    ]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _hand_over(send: Any, line: Line, head: bytes) -> bool:
    connection = connection_of(send)
    return connection is not None and connection.hand_over(line, head)


def _named(send: Any, name: str) -> Any:
    """Have the answer say what its request is called in the log."""
    header = (b"x-request-id", name.encode("ascii"))

    async def named(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], header]
        await send(message)

    return named


def _guarded(send: Any, origin: str | None) -> Any:
    """Have polling answers read by nobody else: but for that origin's scripts, if there is one.

    And its errors say more than the library's, which are texts that repeat what was sent.
    """
    more = list(answers.GUARDING)
    if origin is not None:
        more += [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]

    refusal: list[bytes] = []

    async def guarded(message: Any) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == HTTPStatus.BAD_REQUEST and not _is_json(message["headers"]):
                refusal.append(answers.engine_error(answers.BAD_ENGINE_REQUEST))
                message["headers"] = answers.headers_for(refusal[0])
            named = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name, value) for name, value in more if name not in named),
            ]
        elif refusal:
            message = {**message, "body": refusal[0]}
        await send(message)

    return guarded


def _is_json(headers: Any) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"application/json")
        for name, value in headers
    )
