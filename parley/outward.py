"""Asking other machines at addresses that somebody gave us: only public ones, and not for long.

Whoever names the address may want us to reach what only this machine can: its own services, the
network it stands in, the cloud's metadata. A name can also lead elsewhere between a check and its
use. So the check is made where a connection is opened, on the very address that it goes to.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    import aiohttp

    from parley.addresses import Network

URL_MAX_CHARS = 2_048
PORT = 443
"""Elsewhere than in `networks` no other is asked: nobody is to look for open ports through us."""
ANSWER_MAX_BYTES = 4_096
"""Of an answer no more is read."""
HEADER_MAX_CHARS = 100
LOOKUPS = 16
"""Names that one `Outward` looks up at once: some never come to an end."""
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 behind a NAT64 (RFC 6052)."""


class NotAllowed(OSError):
    """The address is none that may be asked."""


class TooMuch(OSError):
    """An answer is longer than it may be."""


class Answer(Struct, frozen=True):
    status: int
    retry_after: str | None
    text: str
    """The beginning of it, for the log."""


class Whole(Struct, frozen=True):
    """An answer that is read to its end."""

    status: int
    body: bytes


def is_public(host: str) -> bool:
    """Whether an IP address is one of the internet, and of nothing nearer.

    What stands for another address (IPv4 in IPv6: mapped, translated, 6to4, Teredo) is as public
    as that is.
    """
    address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        # What stood for IPv4 or for one site once, and is not routed.
        if int(address) >> 32 == 0 or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def require_askable(
    url: str,
    networks: Sequence[Network] = (),
    *,
    here_in_the_clear: bool = False,
    near_in_the_clear: bool = False,
) -> str:
    """The address as it is asked. Raises `NotAllowed`, with words for whoever gave it, for what
    can be told before anybody looks its name up. `here_in_the_clear`: http:// is fine, too, where
    it leads to this very machine; `near_in_the_clear`: and where it leads into `networks`, which
    is checked once it is known where it leads.
    """
    if len(url) > URL_MAX_CHARS or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise NotAllowed(f"must be a URL of at most {URL_MAX_CHARS} ASCII characters")
    try:
        parts = urlsplit(url)
        port = _port_of(parts)
    except ValueError:
        raise NotAllowed("must be a URL") from None
    is_clear = here_in_the_clear and parts.scheme == "http" and _is_here(parts.hostname or "")
    if near_in_the_clear and networks and parts.scheme == "http":
        # Nothing public is asked at another port than that of https.
        is_clear = port != PORT
    if not (parts.scheme == "https" or is_clear) or not parts.hostname:
        raise NotAllowed("must begin with https:// and a host name")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("must have no user, password or fragment")
    if "\\" in url or "%" in parts.netloc:
        raise NotAllowed("must be a URL")
    literal = _literal(parts.hostname)
    if literal is not None:
        if not _is_allowed(literal, port, networks):
            raise NotAllowed("must lead to a public address")
    elif port != PORT and not networks:
        raise NotAllowed(f"must use port {PORT}")
    return url


def _port_of(parts: SplitResult) -> int:
    """Raises `ValueError`."""
    if parts.port is not None:
        return parts.port
    return 80 if parts.scheme == "http" else PORT


def _is_here(host: str) -> bool:
    literal = _literal(host)
    if literal is None:
        return host.removesuffix(".") == "localhost"
    return ip_address(literal).is_loopback


def _literal(host: str) -> str | None:
    """The address that a host name is, in whatever spelling the system would take for one."""
    host = host.removesuffix(".")
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        # 127.1, 0x7f000001 and 017700000001 are one address to most systems.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _is_allowed(address: str, port: int, networks: Sequence[Network]) -> bool:
    if any(ip_address(address.partition("%")[0]) in network for network in networks):
        return True
    return port == PORT and is_public(address)


def service_of(url: str) -> str:
    """Host and port, the same however they are spelled."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removesuffix('.')}:{_port_of(parts)}"


def _plain(header: str | None) -> str | None:
    """A header's text. aiohttp gives bytes that are no UTF-8 as halves of characters, which nothing
    can be made of again.
    """
    return None if header is None else header[:HEADER_MAX_CHARS].encode("ascii", "replace").decode()


class Outward:
    """Connections to addresses that somebody gave us. Belongs to one event loop."""

    def __init__(
        self,
        *,
        networks: Sequence[str] = (),
        at_once: int = 64,
        at_once_each: int = 16,
        within_s: float = 10.0,
        here_in_the_clear: bool = False,
        near_in_the_clear: bool = False,
    ) -> None:
        """`networks`: those that may be asked, too, though they are not public; on any port.
        `at_once` requests go on at most, `at_once_each` of them to one host and port, each for
        `within_s` from when its turn has come. `here_in_the_clear`: by http:// too, on this very
        machine alone, where `networks` have it. `near_in_the_clear`: in all of them.
        """
        self._networks = tuple(ip_network(each) for each in networks)
        self._places = asyncio.Semaphore(at_once)
        self._at_once_each = at_once_each
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}
        """By host and port, its places, and how many hold or wait for one."""
        self._within_s = within_s
        self._here_in_the_clear = here_in_the_clear
        self._near_in_the_clear = near_in_the_clear
        self._lookups = _Lookups()
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What is answered. Redirects are answers like others; of the body, little is read.

        Raises `NotAllowed`, and `OSError` or `TimeoutError` where nothing was answered.
        """
        async with self._asked("POST", url, headers, body) as response:
            text = await response.content.read(ANSWER_MAX_BYTES)
            return Answer(
                response.status,
                _plain(response.headers.get("Retry-After")),
                text.decode("utf-8", "replace")[:200],
            )

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        most_bytes: int,
    ) -> Whole:
        """The whole answer. Raises as `post` does, and `TooMuch`."""
        async with self._asked(method, url, headers, body) as response:
            found = bytearray()
            async for piece in response.content.iter_any():
                found += piece
                if len(found) > most_bytes:
                    raise TooMuch(f"answers with more than {most_bytes} bytes")
            return Whole(response.status, bytes(found))

    @contextlib.asynccontextmanager
    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        import aiohttp

        require_askable(
            url,
            self._networks,
            here_in_the_clear=self._here_in_the_clear,
            near_in_the_clear=self._near_in_the_clear,
        )
        session = self._opened()
        try:
            async with (
                self._place(service_of(url)),
                asyncio.timeout(self._within_s),
                session.request(
                    method, url, headers=headers, data=body, allow_redirects=False
                ) as response,
            ):
                yield response
        except aiohttp.InvalidURL as error:
            # It would be none at any other time, either.
            raise NotAllowed("must be a URL") from error
        except aiohttp.ClientConnectorError as error:
            raise error.os_error from error
        except (aiohttp.ClientError, ValueError) as error:
            raise ConnectionError(type(error).__name__) from error

    async def close(self) -> None:
        self._lookups.close()
        if self._session is not None:
            await self._session.close()

    @contextlib.asynccontextmanager
    async def _place(self, host: str) -> AsyncIterator[None]:
        places, count = self._hosts.get(host, (asyncio.Semaphore(self._at_once_each), 0))
        self._hosts[host] = places, count + 1
        try:
            async with places, self._places:
                yield
        finally:
            count = self._hosts[host][1] - 1
            self._hosts[host] = places, count
            if not count:
                del self._hosts[host]

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0,
                ssl=ssl.create_default_context(),
                use_dns_cache=False,
                resolver=aiohttp.ThreadedResolver(cast("Any", self._lookups)),
                # The last moment at which it can be told where it goes.
                socket_factory=self._socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _socket(self, found: Any) -> socket.socket:
        family, kind, protocol, _, address = found
        if not _is_allowed(address[0], address[1], self._networks):
            raise NotAllowed("not a public address")
        return socket.socket(family, kind, protocol)


class _Lookups:
    """What aiohttp's resolver needs of an event loop, in threads of its own: a loop has few, and
    names that are never found would keep all others waiting.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, "lookup")

    async def getaddrinfo(self, *args: Any, **more: Any) -> Any:
        return await self._run(partial(socket.getaddrinfo, *args, **more))

    async def getnameinfo(self, *args: Any) -> Any:
        return await self._run(partial(socket.getnameinfo, *args))

    async def _run(self, look_up: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, look_up)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
