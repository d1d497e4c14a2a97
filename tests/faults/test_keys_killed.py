"""A server that is killed while a key is changed and somebody removed has done both, or neither."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest

from parley.client.encryption.octets import to_base64url
from tests.effort import times
from tests.encryption.members import Member, new_key, records_after
from tests.faults.server import Server
from tests.people import Person
from tests.security.room import done

KILLS = times(4, full=20)
SEED = 28


@pytest.mark.long("other kills tell most of it")
async def test_what_a_kill_leaves_is_whole(tmp_path: Path) -> None:
    server, chance = Server(tmp_path / "data"), random.Random(SEED)
    await server.start()
    ada, people = Person("Ada", server.url), list[Person]()
    try:
        founder = await Member.founds(ada)
        members = []
        for number in range(KILLS):
            people.append(Person(f"Ben {number}", server.url))
            members.append(await Member.comes(people[-1], founder.keyring.link, founder.room_id))
        for gone in members:
            await founder.learns()
            epoch, record = founder.keyring.begin(founder.others(gone))
            body = new_key(epoch, record, remove=gone.user_id)
            asked = asyncio.create_task(ada.call("POST", f"{founder.path}/epochs", body))
            await asyncio.sleep(chance.uniform(0, 0.02))  # whenever in it
            server.kill()
            [answer] = await asyncio.gather(asked, return_exceptions=True)
            if isinstance(answer, BaseException):
                assert isinstance(answer, aiohttp.ClientError | OSError), answer
            await server.ends()
            await server.start()
            is_told = not isinstance(answer, BaseException) and answer[0] == 201
            await is_whole(founder, gone, epoch.number, is_told=is_told)
            # And asking again brings it to its end.
            reply = await done(ada, "POST", f"{founder.path}/epochs", body)
            assert reply["number"] == epoch.number
            founder.keyring.adopt(epoch)
            await is_whole(founder, gone, epoch.number, is_told=True)
            proof = {"read_proof": to_base64url(epoch.proof)}
            zoe = Person("Zoe", server.url)
            people.append(zoe)
            await done(zoe, "POST", f"{founder.path}/enter", proof)
            await ada.reconnect(auth={"token": ada.token})
            await ada.join(founder.room_id)
    finally:
        for person in (ada, *people):
            await person.goes_home()
        await server.cleaned_up()


async def is_whole(founder: Member, gone: Member, number: int, *, is_told: bool) -> None:
    ada = founder.who
    epoch = (await done(ada, "GET", founder.path))["conversation"]["epoch"]
    assert epoch in (number - 1, number)
    assert len(await records_after(ada, founder.path, 0)) == epoch
    manage = await done(ada, "GET", f"{founder.path}/manage")
    removed = {each["user_id"] for each in manage["removed"]}
    assert (gone.user_id in removed) == (epoch == number)
    assert epoch == number or not is_told
