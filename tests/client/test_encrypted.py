"""A program takes part where the server can't read: with the link, and with nothing else."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from parley.client import BadLink, Client, Refused, start
from parley.client.encryption import Epoch, LinkKey, Person, Unreadable
from parley.client.encryption.octets import from_base64url, to_base64url
from tests import databases
from tests.people import PATIENCE_S
from tests.people import Person as Human
from tests.servers import Running


async def test_two_programs_understand_each_other_and_the_server_neither(
    server: Running, tmp_path: Path
) -> None:
    started = await start(server.url, encrypted=True)
    async with (
        Client(started.link, name="Ada", token=started.token) as ada,
        Client(started.link, name="Ben") as ben,
        asyncio.timeout(PATIENCE_S),
    ):
        heard = ben.messages()
        said = await ada.send("The cake is **mine**")
        first = await anext(heard)
        assert (first.message, first.type, first.username) == (
            "The cake is **mine**",
            "text",
            "Ada",
        )
        await ben.send("No, mine", reply_to=first)
        await ada.react(said, "🎂")
        changes = ben.events("message_changed")
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        await ada.edit(said, "The cake is ours")
        changed = (await waiting).data
        while changed.message != "The cake is ours":
            changed = (await anext(changes)).data
        answer = await anext(heard)
        assert answer.reply_to is not None
        assert answer.reply_to.id == said.id
        file = await ada.upload(b"recipe" * 300_000, name="recipe.txt")
        await ada.send("How to make it", files=[file])
        with_file = await anext(heard)
        [attached] = with_file.attachments or []
        assert (attached.name, attached.type, attached.size) == (
            "recipe.txt",
            "text/plain",
            1_800_000,
        )
        into = io.BytesIO()
        assert await ben.download(attached, into) == 1_800_000
        assert into.getvalue() == b"recipe" * 300_000
        found = [each.message.message async for each in ben.search("cake ours")]
        assert found == ["The cake is ours"]
        history = [message.message for message in await ben.history()]
        assert history == ["The cake is ours", "No, mine", "How to make it"]

    if databases.ON_POSTGRESQL:
        return
    stored = (tmp_path / "data" / "parley.db").read_bytes()
    stored += (tmp_path / "data" / "parley.db-wal").read_bytes()
    assert b"cake" not in stored
    assert b"recipe" not in stored


async def test_who_comes_back_with_their_keys_is_nobody_new(server: Running) -> None:
    started = await start(server.url, encrypted=True)
    async with Client(started.link, name="Ada", token=started.token) as ada:
        async with Client(started.link, name="Ben") as ben:
            token, keys = ben.token, ben.keys
            await ben.send("Hello")
        assert keys is not None
        kept = Person.from_octets(keys.octets)
        warned = ada.events("key_changed", "new_message")
        first = asyncio.ensure_future(anext(warned))
        await asyncio.sleep(0)
        async with Client(started.link, token=token, keys=kept) as ben, asyncio.timeout(PATIENCE_S):
            assert ben.me.username == "Ben"
            await ben.send("Me again")
            assert (await first).name == "new_message"
        second = asyncio.ensure_future(anext(warned))
        async with Client(started.link, token=token) as ben, asyncio.timeout(PATIENCE_S):
            await ben.send("With other keys")
            told = await second
            assert (told.name, told.data.user_id) == ("key_changed", ben.me.user_id)


async def test_a_changed_key_is_followed_and_what_was_sent_meanwhile_is_sealed_anew(
    server: Running,
) -> None:
    founder, key = Person.generate(), LinkKey.generate()
    key = LinkKey(key.key, owner=founder.public.id)
    ada = Human("Ada", server.url)
    proof = to_base64url(Epoch.derive(key.key).proof_hash)
    room = await ada.starts(title="", encrypted=True, read_proof_hash=proof)
    link = f"{server.url}/conversation/{room}#{key.fragment()}"
    async with (
        Client(link, name="Ada", token=ada.token, keys=founder) as host,
        Client(link, name="Ben") as ben,
        asyncio.timeout(PATIENCE_S),
    ):
        await host._introduce()
        heard = host.messages()
        await ben.send("Under the first")
        assert (await anext(heard)).message == "Under the first"
        assert host._sealed is not None
        assert ben._sealed is not None
        keyring = host._sealed.keys
        while len(keyring.people) < 2:
            await host.history()
        epoch, record = keyring.begin(list(keyring.people.values()))
        body = {
            "record": to_base64url(record),
            "read_proof_hash": to_base64url(epoch.proof_hash),
        }
        status, reply = await ada.call("POST", f"/api/conversations/{room}/epochs", body)
        assert status == 201, reply
        keyring.adopt(epoch)
        await ben.send("Under the second")
        assert (await anext(heard)).message == "Under the second"
        assert ben._sealed.keys.newest.number == 1
        newer = f"{server.url}/conversation/{room}#{keyring.link.fragment()}"
        async with Client(newer, name="Cleo") as cleo:
            said = [message.message for message in await cleo.history()]
            assert said == ["Under the first", "Under the second"]
        with pytest.raises(Refused):
            async with Client(link, name="Dan"):
                pass
    await ada.goes_home()


async def test_without_the_key_nothing_is_told(server: Running) -> None:
    started = await start(server.url, encrypted=True)
    bare, fragment = started.link.split("#")
    with pytest.raises(Refused) as refused:
        async with Client(bare, name="Ben"):
            pass
    assert refused.value.code == "read_proof_required"
    with pytest.raises(BadLink):
        async with Client(f"{bare}#k=short", name="Ben"):
            pass
    other = LinkKey.generate().fragment()
    with pytest.raises(Refused) as refused:
        async with Client(f"{bare}#{other}", name="Ben"):
            pass
    assert refused.value.code == "read_proof_wrong"
    with pytest.raises(Refused) as refused:
        async with Client(f"{bare}#{fragment}&p=600000", name="Ben"):
            pass
    assert refused.value.code == "passphrase_required"


async def test_what_was_changed_on_its_way_is_not_shown(server: Running) -> None:
    started = await start(server.url, encrypted=True)
    async with (
        Client(started.link, name="Ada", token=started.token) as ada,
        asyncio.timeout(PATIENCE_S),
    ):
        file = await ada.upload(b"a" * 5000, name="a.txt")
        await ada.send(files=[file])
        path = f"/api/conversations/{ada.link.room_id}/messages"
        human = Human("Mallory", server.url)
        human.token = ada.token
        _, reply = await human.call("GET", f"{path}?limit=1")
        envelope = from_base64url(reply["messages"][0]["message"])
        spoilt = envelope[:-1] + bytes([envelope[-1] ^ 1])
        body = {"message": to_base64url(spoilt), "type": "encrypted", "client_id": "spoilt"}
        status, answer = await human.call("POST", path, body)
        assert status == 201, answer
        shown = (await ada.history())[-1]
        assert (shown.type, shown.message) == ("unreadable", "")
        file.key = bytes(32)  # type: ignore[attr-defined]
        with pytest.raises(Unreadable):
            await ada.download(file, io.BytesIO())
        await human.goes_home()
        assert json.dumps(reply).count("aaaa") == 0
