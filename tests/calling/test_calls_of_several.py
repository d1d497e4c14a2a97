"""A call whose people sit at different processes."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley.config import Config
from tests.calling.talk import call, names, sees
from tests.people import Person
from tests.servers import process, running


@dataclass
class Apart:
    """Ada and Ben are in one conversation, by two servers."""

    room_id: str
    ada: Person
    ben: Person


@pytest.fixture
async def apart(on_postgresql: Config) -> AsyncIterator[Apart]:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(running(on_postgresql)) for _ in range(2)]
        ada, ben = Person("Ada", first.url), Person("Ben", second.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await ben.join(room_id, user_id="ben-1")
        yield Apart(room_id, ada, ben)
        await ada.goes_home()
        await ben.goes_home()


async def test_they_are_in_one_call_and_tell_each_other_how_to_connect(apart: Apart) -> None:
    room_id = apart.room_id
    first, second = await asyncio.gather(call(apart.ada, room_id), call(apart.ben, room_id))
    assert first["call_id"] == second["call_id"]
    for person in (apart.ada, apart.ben):
        await person.hears("call_state", lambda state: {*names(state)} == {"Ada", "Ben"})
    # More than a NOTIFY takes, and nothing that could be made shorter.
    offer = {"description": {"sdp": secrets.token_hex(16_000)}}
    signal_of = {"room_id": room_id, "data": offer}
    there = await apart.ada.ask("call_signal", {**signal_of, "to": second["peer"]})
    back = await apart.ben.ask("call_signal", {**signal_of, "to": first["peer"]})
    assert (there, back) == ({"ok": True}, {"ok": True})
    assert (await apart.ben.hears("call_signal"))["data"] == offer
    assert (await apart.ada.hears("call_signal"))["from"] == second["peer"]
    for person in (apart.ada, apart.ben):
        await person.ask("call_leave", {"room_id": room_id})
    for person in (apart.ada, apart.ben):
        said = await person.hears("new_message", lambda message: message["type"] == "call")
        assert {each["username"] for each in said["call"]["people"]} == {"Ada", "Ben"}
        await person.hears("call_state", lambda state: state["call"] is None)


async def test_an_owner_elsewhere_puts_somebody_out(apart: Apart) -> None:
    await call(apart.ada, apart.room_id)
    ben = await call(apart.ben, apart.room_id)
    asked = {"room_id": apart.room_id, "act": "put_out", "peer": ben["peer"]}
    assert await apart.ada.ask("call_moderate", asked) == {"ok": True}
    assert (await apart.ben.hears("call_told"))["what"] == "put_out"
    await apart.ben.hears("call_state", lambda state: names(state) == ["Ada"])
    refused = await apart.ben.ask("call_leave", {"room_id": apart.room_id})
    assert refused["code"] == "not_in_call"


async def test_somebody_removed_elsewhere_is_out(apart: Apart) -> None:
    await call(apart.ada, apart.room_id)
    await call(apart.ben, apart.room_id)
    await sees(apart.ada, "Ada", "Ben")
    apart.ada.heard.clear()
    await apart.ada.ask("remove_participant", {"room_id": apart.room_id, "user_id": "ben-1"})
    await sees(apart.ada, "Ada")


@pytest.mark.long("several processes start, and one is found to be dead")
async def test_who_was_at_a_process_that_died_is_out_unless_they_come_back(
    on_postgresql: Config, tmp_path: Path
) -> None:
    data = tmp_path / "other"
    data.mkdir(mode=0o700)
    async with running(on_postgresql) as server:
        shutil.copy(on_postgresql.data / "parley.secret", data)
        flags = ("--port", "0", "--database-url", on_postgresql.database_url)
        with process(data, *flags) as other:
            ada = Person("Ada", server.url)
            ben, cleo = Person("Ben", other.url), Person("Cleo", other.url)
            room_id = await ada.starts()
            await ada.join(room_id, token=ada.token)
            for person in (ben, cleo):
                await person.join(room_id)
            for person in (ada, ben, cleo):
                was = await call(person, room_id)
            await sees(ada, "Ada", "Ben", "Cleo")
            await asyncio.to_thread(other.stop, signal.SIGKILL)
        cleo.url = server.url
        await cleo.reconnect(auth={"token": cleo.token})
        await cleo.join(room_id)
        assert (await call(cleo, room_id, peer=was["peer"]))["peer"] == was["peer"]
        await sees(ada, "Ada", "Cleo")
        for person in (ada, ben, cleo):
            await person.goes_home()
