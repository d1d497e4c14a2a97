"""What a client does where it is slow, told to wait, or far from where it thought."""

from __future__ import annotations

import asyncio
import functools
import io
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import trustme

from parley.client import Client, Over, Refused, Unreachable, feed, start, types
from parley.client.errors import BadLink
from parley.client.links import Link
from parley.config import Config
from parley.limits.rates import By, Rate
from parley.wire.certificate import Certificate
from tests.client.test_log import message as message_of
from tests.eventually import until
from tests.people import PATIENCE_S, Person
from tests.servers import Running, running

Arrive = Callable[..., Person]


async def test_whoever_looks_late_misses_nothing(
    server: Running, person: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT_MAX", 5)
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(f"{server.url}/conversation/{room}", name="Ben") as talk:
        heard: list[str] = []
        await ada.say(room, "0")
        async with asyncio.timeout(PATIENCE_S):
            async for message in talk:
                heard.append(message.message)
                if len(heard) in (1, 30):  # it is busy while all of these come
                    for number in range(len(heard), len(heard) + 29):
                        said = await ada.say(room, f"{number}")
                    await until(functools.partial(_is_at, talk, said["seq"]))
                if len(heard) == 59:
                    break
    assert heard == [f"{number}" for number in range(59)]


async def test_what_comes_while_it_reads_what_is_kept_comes_after_what_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "KEPT_MAX", 2)
    said = [message_of(seq) for seq in range(1, 6)]
    late, heard = feed.Feed(), list[int]()

    async def older(after: int) -> tuple[list[types.Message], int, bool]:
        return said[after:], len(said), False

    for message in said[:3]:
        late.take(feed.Happened("new_message", message, message.seq))
    async for message in feed.messages(late, older, 0, 0):
        heard.append(message.seq)
        if message.seq == 1:  # there is room again
            late.take(feed.Happened("new_message", said[3], 4))
        if message.seq == 4:
            late.end(Over("ended", ""))
    assert heard == [1, 2, 3, 4, 5]


async def test_a_loop_over_events_that_is_too_late_is_told_so(
    server: Running, person: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT_MAX", 2)
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(f"{server.url}/conversation/{room}", name="Ben") as talk:
        heard = list[str]()
        gone = asyncio.Event()

        async def listens() -> None:
            async for happened in talk.events("new_message"):
                heard.append(happened.data.message)
                await gone.wait()

        listening = asyncio.ensure_future(listens())
        await asyncio.sleep(0)  # it listens from here on
        for number in range(4):
            said = await ada.say(room, f"{number}")
            await until(functools.partial(_is_at, talk, said["seq"]))
        gone.set()
        with pytest.raises(Over) as over:
            await listening
    assert over.value.reason == "behind"
    assert heard == ["0", "1", "2"]


def _is_at(talk: Client, seq: int) -> bool:
    return talk.seq == seq


@pytest.fixture
async def strict(config: Config) -> AsyncIterator[Running]:
    rates = (Rate(4, 1, By.SESSION),)
    async with running(replace(config, limit_messages=rates)) as started:
        yield started


async def test_who_is_told_to_wait_waits_and_says_all_of_it(strict: Running) -> None:
    ada = Person("Ada", strict.url)
    room = await ada.starts()
    link = f"{strict.url}/conversation/{room}"
    async with Client(link, name="Ben") as talk, asyncio.timeout(PATIENCE_S):
        acks = await asyncio.gather(*(talk.send(f"{number}") for number in range(10)))
        assert len({ack.seq for ack in acks}) == 10
        said = [message.message for message in await talk.history()]
        assert sorted(said) == sorted(f"{number}" for number in range(10))
        assert not any(ack.duplicate for ack in acks)
    await ada.goes_home()


async def test_over_tls_it_trusts_whom_it_is_told_to(config: Config) -> None:
    authority, files = trustme.CA(), config.data.parent
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(files / "certificate.pem")
    issued.private_key_pem.write_to_path(files / "key.pem")
    loaded = Certificate(files / "certificate.pem", files / "key.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with running(config, certificate=loaded) as server:
        started = await start(server.url, title="Over TLS", context=trusting)
        async with Client(started.link, token=started.token, context=trusting) as talk:
            file = await talk.upload(b"Milk", name="list.txt")
            await talk.send(files=[file])
            into = io.BytesIO()
            assert await talk.download(file, into) == 4
        with pytest.raises(Unreachable):
            async with Client(started.link, name="Ben"):
                pass


def test_a_link_says_where_its_server_is() -> None:
    plain = Link.parse(" https://talk.example.org/conversation/abc_-1 ")
    assert (plain.server, plain.room_id) == ("https://talk.example.org", "abc_-1")
    assert plain.socket.startswith("wss://talk.example.org/socket.io/?")
    below = Link.parse("http://example.org:8081/talk/conversation/abc#k=x")
    assert (below.server, below.room_id, below.fragment) == (
        "http://example.org:8081/talk",
        "abc",
        "k=x",
    )
    role = Link.parse("https://talk.example.org/link/Xy")
    assert (role.code, role.room_id) == ("Xy", "")
    for wrong in ("", "abc", "ftp://x/conversation/a", "https://x/rooms/a", "http://[x/"):
        with pytest.raises(BadLink):
            Link.parse(wrong)


async def test_a_link_that_gives_a_role_gives_it(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    _, made = await ada.call("POST", f"/api/conversations/{room}/links", {"role": "owner"})
    async with Client(made["url"], name="Ben") as talk:
        assert talk.me.role == "owner"
        sent = await talk.send("I can pin")
        await talk.pin(sent)


async def test_a_passphrase_lets_it_in(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    path = f"/api/conversations/{room}"
    assert (await ada.call("PATCH", path, {"passphrase": "open sesame"}))[0] == 200
    link = f"{server.url}/conversation/{room}"
    with pytest.raises(Refused) as refused:
        async with Client(link, name="Ben"):
            pass
    assert refused.value.code == "passphrase_required"
    async with Client(link, name="Ben", passphrase="open sesame") as talk:
        assert (await talk.send("Hello")).seq == 1
