"""The PROXY protocol, versions 1 and 2: a proxy that passes bytes on says first whose they are.

Source: HAProxy's `doc/proxy-protocol.txt`, revision of 2020/03/05, sections 2.1 and 2.2.
"""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

LINE_MAX_BYTES = 107
"""Of version 1, with its end (section 2.1)."""
BLOCK_MAX_BYTES = 2_048
"""Of version 2, behind its head: addresses and what else proxies say, such as a certificate's name.
The protocol itself allows 65,535."""

Peer = tuple[str, int]

_LINE_BEGINS, _BLOCK_BEGINS = b"PROXY ", b"\r\n\r\n\x00\r\nQUIT\n"
_HEAD_BYTES = 16
_PORT = rb"(?:0|[1-9]\d{0,4})"
_LINE = re.compile(
    rb"PROXY (?:(TCP4|TCP6) ([\d.A-Fa-f:]{2,39}) ([\d.A-Fa-f:]{2,39}) (%b) (%b)|UNKNOWN(?: .*)?)"
    % (_PORT, _PORT)
)
_LOCAL, _PROXY = 0x20, 0x21
"""Version 2, and the command."""
_UNSPECIFIED, _IPV4_STREAM, _IPV6_STREAM, _UNIX_STREAM = 0x00, 0x11, 0x21, 0x31
_ADDRESSES = {
    _UNSPECIFIED: struct.Struct("!"),
    _IPV4_STREAM: struct.Struct("!4s4sHH"),
    _IPV6_STREAM: struct.Struct("!16s16sHH"),
    _UNIX_STREAM: struct.Struct("!108s108s"),
}
"""How the addresses of a family stand there."""
_MORE = struct.Struct("!BH")
"""What more is said: its type and its length, before it."""


class Malformed(Exception):
    """What begins a connection is no such header."""


class Header(NamedTuple):
    """What a proxy said before it passed anything on."""

    peer: Peer | None
    """Who it speaks for: address and port. None where it speaks for itself, or does not say."""
    length: int
    """In bytes; what follows is its client's."""


def read(data: bytes) -> Header | None:
    """The header at the beginning of `data`; None while more of it must come.

    Raises `Malformed`, as soon as that is certain.
    """
    if _BLOCK_BEGINS.startswith(data[: len(_BLOCK_BEGINS)]):
        return _read_block(data) if len(data) >= _HEAD_BYTES else None
    if _LINE_BEGINS.startswith(data[: len(_LINE_BEGINS)]):
        return _read_line(data)
    raise Malformed


def _read_line(data: bytes) -> Header | None:
    end = data.find(b"\r\n", 0, LINE_MAX_BYTES)
    if end < 0:
        if len(data) >= LINE_MAX_BYTES or b"\n" in data:
            raise Malformed
        return None
    said = _LINE.fullmatch(data[:end])
    if said is None:
        raise Malformed
    family, source, destination, source_port, destination_port = said.groups()
    if family is None:
        return Header(None, end + 2)
    kind = IPv4Address if family == b"TCP4" else IPv6Address
    try:
        address, _ = kind(source.decode()), kind(destination.decode())
    except ValueError:
        raise Malformed from None
    if max(int(source_port), int(destination_port)) > 65_535:
        raise Malformed
    return Header((str(address), int(source_port)), end + 2)


def _read_block(data: bytes) -> Header | None:
    command, family, length = struct.unpack_from("!BBH", data, len(_BLOCK_BEGINS))
    if command not in (_LOCAL, _PROXY) or length > BLOCK_MAX_BYTES:
        raise Malformed
    end = _HEAD_BYTES + length
    if command == _PROXY and (family not in _ADDRESSES or length < _ADDRESSES[family].size):
        raise Malformed
    if len(data) < end:
        return None
    if command == _LOCAL:
        return Header(None, end)  # whatever stands in it is to be passed over
    addresses = _ADDRESSES[family]
    _require_whole(data[_HEAD_BYTES + addresses.size : end])
    if family not in (_IPV4_STREAM, _IPV6_STREAM):
        return Header(None, end)
    source, _, port, _ = addresses.unpack_from(data, _HEAD_BYTES)
    kind = IPv4Address if family == _IPV4_STREAM else IPv6Address
    return Header((str(kind(source)), port), end)


def _require_whole(more: bytes) -> None:
    """Raise `Malformed` where the lengths of what else is said do not add up."""
    while more:
        if len(more) < _MORE.size:
            raise Malformed
        _, length = _MORE.unpack_from(more)
        if len(more) < _MORE.size + length:
            raise Malformed
        more = more[_MORE.size + length :]
