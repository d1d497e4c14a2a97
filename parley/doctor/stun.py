"""STUN and TURN as far as a look needs them: a binding, and an allocation that is given back.

By RFC 8489 (messages, integrity) and RFC 8656 (allocations). Plain sockets with deadlines: each
question is asked alone, in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec import Struct

COOKIE = 0x2112A442
HEADER_BYTES = 20
INTEGRITY_BYTES = 24
PORTS = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}
TRIES = 3
"""Of a question over UDP, which may be lost."""

BINDING, ALLOCATE, REFRESH, PERMIT = 0x0001, 0x0003, 0x0004, 0x0008
_SUCCESS, _ERROR = 0x0100, 0x0110
_USERNAME, _INTEGRITY, _ERROR_CODE, _LIFETIME = 0x0006, 0x0008, 0x0009, 0x000D
_PEER, _REALM, _NONCE, _RELAYED, _TRANSPORT, _MAPPED = (
    0x0012,
    0x0014,
    0x0015,
    0x0016,
    0x0019,
    0x0020,
)
_IPV4 = 1
_UDP = struct.pack("!I", 17 << 24)
_UNAUTHORIZED = 401

Attributes = Mapping[int, bytes]
Address = IPv4Address | IPv6Address


class Silent(Exception):
    """It doesn't answer, or not as such a server: why, in words."""


class Refused(Exception):
    """It answers that it won't: `code` says why, by its RFC."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


class Server(Struct, frozen=True):
    """One address, as a setting names it."""

    scheme: str
    host: str
    port: int
    transport: str
    """`udp`, `tcp` or `tls`."""

    @staticmethod
    def of(url: str) -> Server:
        """Of an address that the settings took."""
        scheme, _, rest = url.partition(":")
        place, _, query = rest.partition("?")
        host, separator, port = place.rpartition(":")
        if not separator or place.endswith("]"):
            host, port = place, ""
        scheme = scheme.lower()
        is_tcp = query.lower().endswith("tcp")
        transport = "tls" if scheme.endswith("s") else "tcp" if is_tcp else "udp"
        return Server(scheme, host.strip("[]"), int(port or PORTS[scheme]), transport)


def seen_as(server: Server, *, within_s: float) -> Address:
    """The address that this machine has, seen from there. Raises `Silent`, `Refused`."""
    with _line(server, within_s) as line:
        return _address(line.ask(BINDING, {}), _MAPPED, line.last_id)


def relayed_at(server: Server, username: str, credential: str, *, within_s: float) -> Address:
    """Where it relays for somebody with this credential; what it took for that is given back.
    Raises `Silent`, `Refused`.
    """
    with allocated(server, username, credential, within_s=within_s) as allocation:
        return allocation.at


@contextmanager
def allocated(
    server: Server, username: str, credential: str, *, within_s: float
) -> Iterator[Allocation]:
    """An address of the relay's, until the block ends. Raises `Silent`, `Refused`."""
    with _line(server, within_s) as line:
        wanted = {_TRANSPORT: _UDP}
        try:
            line.ask(ALLOCATE, wanted)
        except Unauthorized as asked:
            key = _Key(username, asked.realm, asked.nonce, credential)
        else:
            raise Silent("it relays for anyone, without a credential")
        at = _address(line.ask(ALLOCATE, wanted, key), _RELAYED, line.last_id)
        yield Allocation(line, key, at)
        line.ask(REFRESH, {_LIFETIME: struct.pack("!I", 0)}, key)


class Allocation:
    """`at` is where it relays."""

    def __init__(self, line: _Line, key: _Key, at: Address) -> None:
        self._line, self._key = line, key
        self.at = at

    def permit(self, peer: IPv4Address) -> None:
        """Have it relay to and from that address. Raises `Silent`, `Refused`."""
        mask = struct.pack("!I", COOKIE)
        masked = bytes(a ^ b for a, b in zip(peer.packed, mask, strict=True))
        address = struct.pack("!HH", _IPV4, COOKIE >> 16) + masked  # port 0
        self._line.ask(PERMIT, {_PEER: address}, self._key)


class Unauthorized(Refused):
    """It wants to know who asks, and says how to tell it."""

    def __init__(self, reason: str, realm: bytes, nonce: bytes) -> None:
        super().__init__(_UNAUTHORIZED, reason)
        self.realm, self.nonce = realm, nonce


class _Key(Struct, frozen=True):
    username: str
    realm: bytes
    nonce: bytes
    credential: str

    @property
    def attributes(self) -> dict[int, bytes]:
        return {_USERNAME: self.username.encode(), _REALM: self.realm, _NONCE: self.nonce}

    def sign(self, message: bytes) -> bytes:
        together = b":".join((self.username.encode(), self.realm, self.credential.encode()))
        key = hashlib.md5(together, usedforsecurity=False).digest()  # as the RFC has it
        return hmac.digest(key, message, "sha1")


class _Line:
    """A way to the server, on which one question is asked after the other."""

    def __init__(self, line: socket.socket, *, is_udp: bool) -> None:
        self._line = line
        self._is_udp = is_udp
        self.last_id = b""

    def ask(self, method: int, attributes: Attributes, key: _Key | None = None) -> Attributes:
        self.last_id = secrets.token_bytes(12)
        message = _message(method, self.last_id, attributes, key)
        for _ in range(TRIES if self._is_udp else 1):
            self._line.sendall(message)
            try:
                return self._answer(method)
            except TimeoutError:
                continue
        raise Silent("no answer")

    def _answer(self, method: int) -> Attributes:
        while True:
            kind, id, found = self._receive()
            if id != self.last_id:
                continue  # to what was asked twice
            if kind == method | _SUCCESS:
                return found
            if kind == method | _ERROR:
                raise _refusal(found)
            raise Silent("it answers something else")

    def _receive(self) -> tuple[int, bytes, dict[int, bytes]]:
        header = self._line.recv(65_535) if self._is_udp else self._exactly(HEADER_BYTES)
        try:
            kind, length, cookie = struct.unpack_from("!HHI", header)
        except struct.error:
            raise Silent("it answers something else") from None
        if cookie != COOKIE:
            raise Silent("it answers something else")
        body = header[HEADER_BYTES:] if self._is_udp else self._exactly(length)
        return kind, header[8:HEADER_BYTES], dict(_attributes(body[:length]))

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            some = self._line.recv(count - len(found))
            if not some:
                raise Silent("it hung up")
            found += some
        return found


@contextmanager
def _line(server: Server, within_s: float) -> Iterator[_Line]:
    is_udp = server.transport == "udp"
    each_s = within_s / TRIES if is_udp else within_s
    try:
        with _connected(server, each_s) as line:
            yield _Line(line, is_udp=is_udp)
    except TimeoutError:
        raise Silent("no answer") from None
    except OSError as error:
        raise Silent(error.strerror or str(error) or type(error).__name__) from error


@contextmanager
def _connected(server: Server, within_s: float) -> Iterator[socket.socket]:
    address = (server.host, server.port)
    if server.transport != "udp":
        with socket.create_connection(address, within_s) as line:
            if server.transport == "tcp":
                yield line
                return
            context = ssl.create_default_context()
            with context.wrap_socket(line, server_hostname=server.host) as safe:
                yield safe
        return
    family, kind, number, _, place = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, number) as line:
        line.settimeout(within_s)
        line.connect(place)
        yield line


def _message(method: int, id: bytes, attributes: Attributes, key: _Key | None) -> bytes:
    known = {**attributes, **({} if key is None else key.attributes)}
    body = b"".join(_attribute(number, value) for number, value in known.items())
    length = len(body) + (0 if key is None else INTEGRITY_BYTES)
    head = struct.pack("!HHI", method, length, COOKIE) + id
    return head + body + (b"" if key is None else _attribute(_INTEGRITY, key.sign(head + body)))


def _attribute(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        number, length = struct.unpack_from("!HH", body, at)
        yield number, body[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def _refusal(found: Attributes) -> Refused:
    said = found.get(_ERROR_CODE, b"").ljust(4, b"\0")
    code, reason = said[2] % 8 * 100 + said[3], said[4:].decode("utf-8", "replace").strip("\0 ")
    if code == _UNAUTHORIZED and found.get(_NONCE) and found.get(_REALM):
        return Unauthorized(reason, found[_REALM], found[_NONCE])
    return Refused(code, reason)


def _address(found: Attributes, number: int, id: bytes) -> Address:
    """Of an attribute that is XORed, so that no router on the way rewrites it."""
    value, mask = found.get(number, b""), struct.pack("!I", COOKIE) + id
    if len(value) not in (8, 20):
        raise Silent("it doesn't say an address")
    return ip_address(bytes(a ^ b for a, b in zip(value[4:], mask, strict=False)))
