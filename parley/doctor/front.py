"""The public URL, asked as people do: whether everything gets through the proxy as it should."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from parley.config import in_words
from parley.control.arrivals import HEADER, PATH, PAUSE_S, Arrival, Taken, token_of
from parley.doctor.clock import compare
from parley.doctor.data import secret_of
from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look

CHECK = "public url"
PROXY = "proxy"
ANSWERS_WITHIN_S = 8.0
FORGED = "203.0.113.77"
"""An address that nobody has (RFC 5737): where it is believed, anybody can choose theirs."""
REFUSED_WITHIN_S = 3.0
BEGUN_BYTES = 40_000
"""Of a large body, before anything is waited for: Apache passes nothing on before 16 KB."""
_FAILS = (aiohttp.ClientError, OSError, TimeoutError)
_AWAY = (502, 503, 504)
_DOCS = "docs/proxies.md and deploy/ have configurations that work."


async def look(look: Look) -> AsyncIterator[Finding]:
    if not look.url:
        yield skip(CHECK, "Nobody said where people reach the server: give --public-url or --url.")
        return
    async with _session(look.url) as http:
        front = _Front(look, http)
        async for each in front.look():
            yield each


def _session(url: str) -> aiohttp.ClientSession:
    # Whose certificate it is, is a check of its own; what is asked here is no secret.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    secured: Any = trusting if url.startswith("https:") else False
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=secured, force_close=True),
        timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class _Front:
    def __init__(self, look: Look, http: aiohttp.ClientSession) -> None:
        self._config = look.config
        self._url = look.url
        self._http = http
        secret = secret_of(look.config)
        self._token = "" if secret is None else token_of(secret, time.time())

    async def look(self) -> AsyncIterator[Finding]:
        is_there = True
        async for each in self._answers():
            is_there = is_there and each.state in ("ok", "warn")
            yield each
        if not is_there:
            return
        for part in (self._errors, self._arrives, self._bodies, self._sockets):
            async for each in part():
                yield each

    async def _answers(self) -> AsyncIterator[Finding]:
        """Whether Parley is there at all."""
        began = time.monotonic()
        try:
            async with self._http.get(f"{self._url}/api/health", allow_redirects=False) as reply:
                took_s = time.monotonic() - began
                body = await reply.read()
        except _FAILS as error:
            yield fail(
                CHECK,
                f"{self._url} can't be reached from here: {_reason(error)}.",
                "See whether the proxy runs and the name leads to it. Some networks let no "
                "machine reach itself by its public address; then run this elsewhere with --url.",
            )
            return
        if reply.status in _AWAY:
            yield fail(
                CHECK,
                f"{self._url} answers {reply.status}: the proxy runs, but doesn't reach Parley.",
                "Start the server, and see whether the proxy's upstream is its address and port.",
            )
        elif 300 <= reply.status < 400:
            yield fail(
                CHECK,
                f"{self._url} sends people on to {reply.headers.get('Location', 'elsewhere')}.",
                "Give the address that it leads to as --public-url.",
            )
        elif reply.status != 200 or "active_connections" not in _json(body):
            yield fail(
                CHECK,
                f"Something else than Parley answers at {self._url} (status {reply.status}).",
                "See whether the proxy passes all paths on"
                + (" and --public-url has the right one." if urlsplit(self._url).path else "."),
            )
        else:
            yield ok(CHECK, f"Parley answers at {self._url}.")
            moment = (
                email.utils.parsedate_to_datetime(reply.headers["Date"])
                if ("Date" in reply.headers)
                else None
            )
            if moment is not None:
                for each in compare(self._url, moment.timestamp(), took_s, exact_to_s=1.0):
                    yield each

    async def _errors(self) -> AsyncIterator[Finding]:
        """Whether the server's own refusals arrive, and whether it is asked by its name."""
        async with self._http.get(f"{self._url}/api/none") as reply:
            body = await reply.read()
        told = _json(body)
        if "host name" in str(told):
            yield fail(
                PROXY,
                "The proxy asks Parley by another host name than people ask it by.",
                f"Have it pass the Host header on as it came (nginx: $http_host). {_DOCS}",
            )
        elif reply.status == 404 and told:
            yield ok(PROXY, "Parley's own error messages arrive.")
        else:
            yield warn(
                PROXY,
                f"The proxy puts a page of its own in place of Parley's errors (a 404 came as "
                f"{reply.status}): people and programs can't see what is wrong.",
                "Turn that off (nginx: proxy_intercept_errors off).",
            )

    async def _arrives(self) -> AsyncIterator[Finding]:
        """What the server sees of a request, and whether answers come as they are written."""
        if not self._token:
            yield skip(
                PROXY,
                "What arrives at the server was not asked: its secret can't be read here.",
            )
            return
        headers = {HEADER: self._token, "X-Forwarded-For": FORGED}
        try:
            async with self._http.get(self._url + PATH, headers=headers) as reply:
                if reply.status != 200:
                    yield _another(reply.status)
                    return
                first = await reply.content.readline()
                then = time.monotonic()
                await reply.content.read()
                gap_s = time.monotonic() - then
            arrival = msgspec.json.decode(first, type=Arrival)
        except (*_FAILS, msgspec.MsgspecError) as error:
            yield fail(PROXY, f"An answer didn't come whole: {_reason(error)}.", _DOCS)
            return
        yield self._host(arrival)
        yield self._address(arrival)
        is_lost = self._url.startswith("https:") and arrival.scheme != "https"
        if is_lost and not self._config.public_url:
            yield warn(
                PROXY,
                "Parley isn't told that people come by HTTPS: links and cookies are for HTTP.",
                "Give --public-url, or have the proxy set X-Forwarded-Proto.",
            )
        if gap_s < PAUSE_S / 2:
            yield warn(
                PROXY,
                "The proxy keeps answers back until they are complete, so large files and exports "
                "begin late and fill its disk.",
                f"Turn that off (nginx: proxy_buffering off). {_DOCS}",
            )
        else:
            yield ok(PROXY, "Answers come as they are written.")

    def _host(self, arrival: Arrival) -> Finding:
        asked = urlsplit(self._url).netloc
        if arrival.host == asked:
            return ok(PROXY, "The Host header arrives as it was sent.")
        return warn(
            PROXY,
            f"The proxy asks by the host {arrival.host}, not {asked}.",
            f"Have it pass the Host header on as it came (nginx: $http_host). {_DOCS}",
        )

    def _address(self, arrival: Arrival) -> Finding:
        said = [part.strip() for line in arrival.forwarded_for for part in line.split(",")]
        if said == [FORGED]:
            if not arrival.is_trusted:
                return ok(PROXY, "There is no proxy in between, or it tells of no addresses.")
            return fail(
                PROXY,
                "The proxy passes X-Forwarded-For on as it came, so anyone can choose their "
                "address and escape limits.",
                "Have it add its client's address at the end, or set the header (nginx: "
                f"$proxy_add_x_forwarded_for). {_DOCS}",
            )
        if not said:
            return fail(
                PROXY,
                "The proxy sets no X-Forwarded-For, so all people share one limit.",
                f"Have it set that header to its client's address. {_DOCS}",
            )
        if not arrival.is_trusted:
            return fail(
                PROXY,
                f"The proxy at {arrival.client} isn't trusted, so its word on addresses doesn't "
                "count and all people share one limit.",
                f"Start the server with --trusted-proxies {arrival.client}.",
            )
        return ok(PROXY, "The proxy's word on addresses counts, and nobody else's.")

    async def _bodies(self) -> AsyncIterator[Finding]:
        """Whether a file as large as may be is let through, and as it comes."""
        if not self._token or self._config.max_file == 0:
            return
        try:
            is_refused = await self._is_refused(self._config.max_file)
            taken = await self._sends_slowly()
        except _FAILS as error:
            yield warn(PROXY, f"An upload is broken off: {_reason(error)}.", _DOCS)
            return
        if is_refused:
            size = self._config.max_file
            yield fail(
                PROXY,
                f"The proxy refuses files that Parley allows (--max-file, {in_words(size)}).",
                f"Raise its limit (nginx: client_max_body_size {-(-size // 2**20)}m, or 0 for "
                "Parley's own alone).",
            )
        else:
            yield ok(PROXY, "The largest files that Parley allows are let through.")
        if taken is None:
            return
        if taken.took_s < PAUSE_S / 2:
            yield warn(
                PROXY,
                "The proxy keeps uploads back until they are complete, so large files take up its "
                "disk, and one that breaks off has to begin again.",
                f"Turn that off (nginx: proxy_request_buffering off). {_DOCS}",
            )
        else:
            yield ok(PROXY, "Uploads reach Parley as they come.")

    async def _is_refused(self, size: int) -> bool:
        """Announce so much, send a little, and see whether that is too much for the proxy."""
        is_enough = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"?" * min(BEGUN_BYTES, size)
            await is_enough.wait()

        headers = {HEADER: self._token, "Content-Length": str(size)}
        try:
            async with (
                asyncio.timeout(REFUSED_WITHIN_S),
                self._http.post(self._url + PATH, headers=headers, data=body()) as reply,
            ):
                return reply.status == 413
        except TimeoutError:
            return False
        finally:
            is_enough.set()

    async def _sends_slowly(self) -> Taken | None:
        """What the server saw of something that came in two halves; None where it isn't ours."""

        async def body() -> AsyncIterator[bytes]:
            yield b"?" * BEGUN_BYTES
            await asyncio.sleep(PAUSE_S)
            yield b"?"

        headers = {HEADER: self._token, "Content-Length": str(BEGUN_BYTES + 1)}
        async with self._http.post(self._url + PATH, headers=headers, data=body()) as reply:
            try:
                return msgspec.json.decode(await reply.read(), type=Taken)
            except msgspec.MsgspecError:
                return None

    async def _sockets(self) -> AsyncIterator[Finding]:
        """Whether a WebSocket opens, and begins to speak."""
        url = f"{self._url}/socket.io/?EIO=4&transport=websocket"
        try:
            async with (
                asyncio.timeout(ANSWERS_WITHIN_S),
                self._http.ws_connect(url) as line,
            ):
                first = await line.receive()
        except _FAILS as error:
            yield fail(
                PROXY,
                f"WebSockets don't get through ({_reason(error)}): people fall back to polling, "
                "which is slower and costs more.",
                f"Have the proxy pass Upgrade and Connection on, over HTTP/1.1. {_DOCS}",
            )
            return
        if first.type is aiohttp.WSMsgType.TEXT and str(first.data).startswith("0{"):
            yield ok(PROXY, "WebSockets get through.")
        else:
            yield fail(
                PROXY,
                "A WebSocket opens, but Parley doesn't answer on it.",
                f"See what else answers at {urlsplit(self._url).path}/socket.io/. {_DOCS}",
            )


def _another(status: int) -> Finding:
    return warn(
        PROXY,
        f"The server that answers there doesn't know us (status {status}): it has another secret, "
        "or is of another version.",
        "Run this with its settings: --data, and --secret-file if it has one.",
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"status {error.status}"
    return str(error) or type(error).__name__
