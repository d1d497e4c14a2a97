"""Why a server can't be reached is said to people, alike by WebSocket and by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import pytest
import trustme

from parley.client import BadLink, Client, Unreachable, line, rest, start
from parley.config import Config
from parley.wire.certificate import Certificate
from tests.servers import Running, free_port, running


async def said_of(server: str) -> str:
    """What is said both of joining and of a call."""
    with pytest.raises(Unreachable) as joining:
        async with Client(f"{server}/conversation/x", name="Ben"):
            pass
    with pytest.raises(Unreachable) as calling:
        await start(server)
    assert str(joining.value) == str(calling.value)
    return str(joining.value)


@contextlib.asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[str]:
    """A server of something else: what it says to whoever asks, or None to say nothing."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await reader.read()  # until the other end goes
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_where_nothing_listens_it_asks_whether_the_server_runs(host: str) -> None:
    if host == "[::1]" and not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    port = free_port()
    said = await said_of(f"http://{host}:{port}")
    assert said == f"Nothing answers at {host}:{port}. Is the server running?"


async def test_of_a_name_that_isnt_known_it_asks_for_the_spelling() -> None:
    said = await said_of("https://talk.invalid")
    assert re.fullmatch(r"talk\.invalid .*is the name spelled right\?", said)
    impossible = await said_of("http://a..b")
    assert impossible == "a..b isn't known: is the name spelled right?"


async def test_a_server_that_says_nothing_did_not_answer_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "OPEN_WITHIN_S", 0.3)
    monkeypatch.setattr(rest, "WITHIN_S", 0.3)
    async with answering(None) as server:
        at = server.removeprefix("http://")
        assert await said_of(server) == f"{at} didn't answer in time."


async def test_a_certificate_that_isnt_trusted_is_said_with_what_helps(config: Config) -> None:
    files = config.data.parent
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(files / "certificate.pem")
    issued.private_key_pem.write_to_path(files / "key.pem")
    loaded = Certificate(files / "certificate.pem", files / "key.pem")
    async with running(config, certificate=loaded) as server:
        at = server.url.removeprefix("https://")
        said = await said_of(server.url)
    assert said.startswith(f"The certificate of {at} isn't trusted here (")
    assert said.endswith("name its file in SSL_CERT_FILE.")


async def test_another_server_is_no_parley_server() -> None:
    async with answering(b"SSH-2.0-OpenSSH_9.9\r\n\r\n") as server:
        at = server.removeprefix("http://")
        assert await said_of(server) == f"What answers at {at} is no Parley server."
    async with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as server:
        at = server.removeprefix("http://")
        with pytest.raises(Unreachable, match=f"{at} is no Parley server"):
            await Client(f"{server}/conversation/x", name="Ben").__aenter__()


async def test_a_proxy_with_no_server_behind_it_is_told_from_it() -> None:
    async with answering(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as server:
        with pytest.raises(Unreachable, match=r"status 502\. Is the server behind it running\?"):
            await Client(f"{server}/conversation/x", name="Ben").__aenter__()


async def test_where_tls_is_asked_of_a_server_without_it_the_link_is_doubted(
    server: Running,
) -> None:
    said = await said_of(server.url.replace("http:", "https:"))
    assert said.endswith("doesn't answer in TLS. Does the link begin with http://, not https://?")


@pytest.mark.parametrize("link", ["http://x:99999/conversation/a", "http://:80/conversation/a"])
def test_an_address_that_cant_be_is_no_link(link: str) -> None:
    with pytest.raises(BadLink):
        Client(link, name="Ben")
