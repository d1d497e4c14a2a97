"""A proxy that passes bytes on says whose they are, and nobody else can."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from parley.addresses import parse_networks
from parley.config import Config
from parley.limits.rates import By, Rate
from parley.wire import announced, proxy_protocol
from parley.wire.proxy_protocol import Header, Malformed, read
from tests.cases import together
from tests.countdowns import time_is_up
from tests.eventually import until
from tests.servers import Running, running
from tests.test_cli import assert_says_why, loaded_parley
from tests.wire.test_line import UPGRADE, Wire, wire

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
CREATE = (
    b"POST /api/conversations/create HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
IPV4 = bytes((203, 0, 113, 7, 10, 0, 0, 1)) + struct.pack("!HH", 51_234, 443)
IPV6 = bytes.fromhex("20010db8" + "0" * 23 + "7" + "20010db8" + "0" * 23 + "1") + IPV4[8:]


def block(command: int, family: int, rest: bytes, length: int | None = None) -> bytes:
    """A header of version 2."""
    said = len(rest) if length is None else length
    return SIGNATURE + struct.pack("!BBH", command, family, said) + rest


def line(address: str, port: int = 51_234) -> bytes:
    kind, own = ("TCP6", "2001:db8::1") if ":" in address else ("TCP4", "10.0.0.1")
    return f"PROXY {kind} {address} {own} {port} 443\r\n".encode()


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


# --- how it is read ---

WHOLE = {
    line("203.0.113.7"): ("203.0.113.7", 51_234),
    line("2001:db8::7", 0): ("2001:db8::7", 0),
    b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n": ("255.255.255.255", 65_535),
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN " + b"f" * 80 + b" 65535\r\n": None,
    block(0x21, 0x11, IPV4): ("203.0.113.7", 51_234),
    block(0x21, 0x21, IPV6): ("2001:db8::7", 51_234),
    block(0x21, 0x11, IPV4 + tlv(0x02, b"talk.example") + tlv(0x04, b"")): ("203.0.113.7", 51_234),
    block(0x21, 0x00, b""): None,
    block(0x21, 0x31, b"/" * 216): None,
    block(0x20, 0x00, b""): None,
    block(0x20, 0x11, IPV4): None,
}


@pytest.mark.parametrize("said", WHOLE)
def test_what_a_proxy_says_is_read_however_it_comes(said: bytes) -> None:
    for at in range(len(said)):
        assert read(said[:at]) is None, at
    for rest in (b"", b"GET / HTTP/1.1\r\n", said, b"\x00" * 70_000):
        assert read(said + rest) == Header(WHOLE[said], len(said))


@together(
    "said",
    [
        b"GET / HTTP/1.1\r\n",
        b"proxy TCP4 203.0.113.7 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 1\r\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3\r\n",
        b"PROXY TCP4  203.0.113.7 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 203.0.113.007 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 203.0.113.256 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 65536 2\r\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n",
        b"PROXY TCP4 203.0.113.7 10.0.0.1 -1 2\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        b"PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n",
        b"PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"PROXY \r\n",
        b"PROXY UNKNOWN " + b"f" * 200,
        SIGNATURE[:-1] + b"X",
        block(0x11, 0x11, IPV4),
        block(0x22, 0x11, IPV4),
        block(0x21, 0x12, IPV4),
        block(0x21, 0x41, IPV4),
        block(0x21, 0x11, IPV4[:-1]),
        block(0x21, 0x21, IPV4),
        block(0x21, 0x31, b"/" * 215),
        block(0x21, 0x11, b"", length=65_535),
        block(0x21, 0x11, IPV4 + b"\x02"),
        block(0x21, 0x11, IPV4 + tlv(0x02, b"talk")[:-1]),
    ],
)
def test_what_is_not_quite_so_is_refused(said: bytes) -> None:
    with pytest.raises(Malformed):
        read(said)


@given(st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"]))
def test_no_more_is_waited_for_than_a_header_may_have(begins: bytes) -> None:
    endless = begins + b"1" * (proxy_protocol.BLOCK_MAX_BYTES + 16)
    with contextlib.suppress(Malformed):
        assert read(endless) is not None


@given(
    st.sampled_from([*WHOLE, b"PROXY ", SIGNATURE]), st.binary(max_size=300), st.integers(0, 300)
)
def test_no_bytes_are_read_but_as_a_header_or_refused(begins: bytes, more: bytes, cut: int) -> None:
    data = begins[:cut] + more
    try:
        header = read(data)
    except Malformed:
        return
    if header is not None:
        assert 0 < header.length <= len(data)
        assert read(data[: header.length]) == header


# --- at the door ---


@pytest.fixture
def settings(config: Config) -> Config:
    return replace(
        config,
        proxy_protocol=True,
        trusted_proxies=parse_networks("127.0.0.1"),
        limit_creations=(Rate(2, 60, By.ADDRESS),),
    )


@pytest.fixture
async def server(settings: Config) -> AsyncIterator[Running]:
    async with running(settings) as started:
        yield started


async def asks(server: Running, *parts: bytes) -> bytes:
    """All that is answered to what comes in these parts."""
    async with wire(server) as asking:
        with contextlib.suppress(ConnectionError):
            await asking.says(*parts)
            return await asking.reads_to_the_end()
    return b""


async def test_a_request_counts_for_whom_the_proxy_names(server: Running) -> None:
    ben, ada = line("203.0.113.7"), block(0x21, 0x21, IPV6)
    assert [(await asks(server, ben + CREATE))[9:12] for _ in range(3)] == [b"201", b"201", b"429"]
    assert (await asks(server, ada, CREATE))[9:12] == b"201"
    # Byte by byte, as networks may bring it.
    assert (await asks(server, *(bytes([each]) for each in ada + CREATE)))[9:12] == b"201"
    assert (await asks(server, ada + CREATE))[9:12] == b"429"


async def test_what_the_client_says_of_its_address_counts_for_nothing(server: Running) -> None:
    forged = CREATE.replace(b"Host", b"X-Forwarded-For: 198.51.100.1\r\nHost", 1)
    said = [await asks(server, line("203.0.113.7") + line("198.51.100.2") + CREATE)]
    assert said[0].startswith(b"HTTP/1.1 400 ")
    said = [await asks(server, line("203.0.113.7") + forged) for _ in range(3)]
    assert [each[9:12] for each in said] == [b"201", b"201", b"429"]


async def test_a_websocket_counts_for_whom_the_proxy_names(settings: Config) -> None:
    few = replace(settings, max_connections_per_address=2)
    async with running(few) as server, contextlib.AsyncExitStack() as open_lines:
        for address, is_let_in in (
            ("203.0.113.7", True),
            ("203.0.113.7", True),
            ("203.0.113.7", False),
            ("203.0.113.8", True),
        ):
            line_ = await open_lines.enter_async_context(wire(server))
            await line_.says(line(address) + UPGRADE.encode() + b"\r\n")
            status = b" 101 " if is_let_in else b" 429 "
            assert status in await line_.reads_head(), address
            if is_let_in:
                assert json.loads((await line_.reads())[1][1:])["sid"]


async def test_of_itself_the_proxy_may_ask_without_a_name(server: Running) -> None:
    health = b"GET /api/ready HTTP/1.0\r\n\r\n"
    for header in (b"PROXY UNKNOWN\r\n", block(0x20, 0x00, b""), block(0x21, 0x00, b"")):
        assert (await asks(server, header + health)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "said", [CREATE, UPGRADE.encode() + b"\r\n", b"PROXY TCP4 x\r\n" + CREATE, b"\x16\x03\x01" * 99]
)
async def test_a_proxy_that_says_nothing_is_hung_up_on_and_told_of_once(
    server: Running, said: bytes
) -> None:
    with capture_logs() as entries:
        for _ in range(2):
            assert await asks(server, said) == b""
    told = [entry for entry in entries if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in told] == ["proxy_protocol_missing"]
    assert "--proxy-protocol" in told[0]["advice"]


async def test_a_proxy_that_stops_midway_is_hung_up_on(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    porches: list[announced.Porch] = []
    begin = announced.Announced.connection_made

    def noted(self: announced.Announced, transport: asyncio.BaseTransport) -> None:
        begin(self, transport)
        porches.append(self._porch)

    monkeypatch.setattr(announced.Announced, "connection_made", noted)
    async with wire(server) as asking:
        await asking.says(b"PROXY TCP4 203.0.")
        await until(lambda: bool(porches))
        assert len(porches[0].waiting) == 1
        time_is_up(porches[0].waiting)
        assert await hung_up(asking)
        assert len(porches[0].waiting) == 0


async def hung_up(asking: Wire) -> bool:
    try:
        return await asking.reads_to_the_end() == b""
    except ConnectionError:
        return True


async def test_from_nobodys_proxy_it_is_no_http(settings: Config) -> None:
    elsewhere = replace(settings, trusted_proxies=parse_networks("192.0.2.1"))
    async with running(elsewhere) as server:
        for header in (line("203.0.113.7"), block(0x21, 0x11, IPV4)):
            assert (await asks(server, header + CREATE)).startswith(b"HTTP/1.1 400 ")
        assert (await asks(server, CREATE)).startswith(b"HTTP/1.1 201 ")
        async with wire(server) as opened:
            assert b" 101 " in await opened.opens()


async def test_without_the_setting_it_is_no_http_either(settings: Config) -> None:
    async with running(replace(settings, proxy_protocol=False)) as server:
        assert (await asks(server, line("203.0.113.7") + CREATE)).startswith(b"HTTP/1.1 400 ")


def test_the_setting_needs_a_proxy_that_is_trusted() -> None:
    assert_says_why(loaded_parley("serve", "--proxy-protocol", "on"), "--trusted-proxies")


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", block(0x20, 0x00, b"")])
async def test_whoever_is_not_named_has_no_address_that_they_say_themselves(
    server: Running, header: bytes
) -> None:
    created = await asks(
        server,
        line("203.0.113.7"),
        CREATE.replace(b"Length: 0", b"Length: 17"),
        b'{"user_id":"own"}',
    )
    room_id = json.loads(created.partition(b"\r\n\r\n")[2])["room_id"].encode()
    end = (
        b"POST /api/conversations/%b/end HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Content-Length: 17\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n" % room_id
    )
    claims = await asks(server, header + end, b'{"user_id":"own"}')
    assert claims.startswith(b"HTTP/1.1 401 ")
    is_so = await asks(server, line("203.0.113.7"), end, b'{"user_id":"own"}')
    assert is_so.startswith(b"HTTP/1.1 200 ")
