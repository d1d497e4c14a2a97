"""What a bot may, and what it may not, whatever it calls or sends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from parley import contract
from parley.config import Config
from tests import lasting
from tests.bots.talk import Talk
from tests.mail.postbox import with_mail
from tests.people import Json, Person
from tests.security.room import People, Place, done, place
from tests.security.test_rights import CALLS, EVENTS
from tests.servers import Running

pytestmark = lasting.in_one_loop
server, person = lasting.server, lasting.person

RIGHTS = get_args(contract.BotRightName)
OPEN = {"health", "ready"}
"""What answers without looking who asks."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    """With all the calls there are."""
    return with_mail(lasting.config_in(tmp_path_factory.mktemp("bots"), empty_database))


async def bot_of(here: Place, person: People, *may: str) -> Person:
    """A bot that may do this."""
    path = f"{here.ids['path']}/bots"
    made = await done(here.owner, "POST", path, {"name": f"Bo {'-'.join(may)}", "may": [*may]})
    program = person("Bo")
    program.token = made["token"]
    return program


async def code_of_call(who: Person, here: Place, name: str) -> str:
    path, body, _ = CALLS[name]
    _, reply = await who.call(contract.CALLS[name].method, path.format(**here.ids), body)
    return "ok" if reply.get("success", True) else str(reply["code"])


def test_the_tables_name_what_there_is() -> None:
    assert set(contract.BOTS_CALLS) <= set(contract.CALLS)
    assert set(contract.BOTS_EVENTS) <= set(contract.CLIENT_EVENTS)


async def test_a_bot_that_may_everything_calls_nothing_but_what_is_for_bots(
    person: People, subtests: pytest.Subtests
) -> None:
    here = await place(person)
    program = await bot_of(here, person, *RIGHTS)
    for name in sorted(set(CALLS) - set(contract.BOTS_CALLS) - OPEN):
        with subtests.test(name):
            assert await code_of_call(program, here, name) == "forbidden"


async def test_a_bot_without_the_right_for_a_call_is_refused(
    person: People, subtests: pytest.Subtests
) -> None:
    here = await place(person)
    lacking = {
        needs: await bot_of(here, person, *(set(RIGHTS) - set(needs)))
        for needs in sorted(set(contract.BOTS_CALLS.values()))
    }
    for name, needs in contract.BOTS_CALLS.items():
        with subtests.test(name):
            assert await code_of_call(lacking[needs], here, name) == "forbidden"


async def test_events_are_for_bots_as_calls_are(person: People, subtests: pytest.Subtests) -> None:
    here = await place(person)
    whole = await bot_of(here, person, *RIGHTS)
    await whole.connect(auth={"token": whole.token})
    for name, (fields, _) in sorted(EVENTS.items()):
        needs = contract.BOTS_EVENTS.get(name)
        who = whole
        if needs is not None and set(needs) == set(RIGHTS):
            continue
        if needs is not None:
            who = await bot_of(here, person, *(set(RIGHTS) - set(needs)))
            await who.connect(auth={"token": who.token})
        data = {
            key: value.format(**here.ids) if isinstance(value, str) else value
            for key, value in fields.items()
        }
        with subtests.test(name):
            answer = await who.ask(name, {"room_id": here.room_id, **data})
            assert answer["code"] == "forbidden"
        if needs is not None:
            path = f"{here.ids['path']}/bots"
            bots = (await done(here.owner, "GET", path))["bots"]
            await done(here.owner, "DELETE", f"{path}/{bots[-1]['user_id']}")


async def test_pages_are_not_for_bots(person: People) -> None:
    here = await place(person)
    program = await bot_of(here, person, *RIGHTS)
    for path in ("", "/manage", "/export", "/files"):
        answer = await program.send("GET", f"/conversation/{here.room_id}{path}")
        assert answer.status == 403, path


async def test_a_token_in_join_room_is_looked_at_too(person: People) -> None:
    here = await place(person)
    program = await bot_of(here, person, "write")
    await program.connect()
    answer = await program.ask("join_room", {"room_id": here.room_id, "token": program.token})
    assert answer["code"] == "forbidden"


async def test_a_moderator_deletes_pins_and_removes_but_owners_and_bots(person: People) -> None:
    here = await place(person)
    program = await bot_of(here, person, "moderate", "read")
    path, owner = here.ids["path"], here.owner
    said = await done(here.people["member"], "POST", f"{path}/messages", {"message": "Spam"})
    await done(program, "PUT", f"{path}/messages/{said['id']}/pin")
    await done(program, "DELETE", f"{path}/messages/{said['id']}/pin")
    await done(program, "DELETE", f"{path}/messages/{said['id']}")
    people = (await done(owner, "GET", f"{path}/participants"))["participants"]
    for each in people:
        if each["role"] in ("owner", "bot"):
            body = {"user_id": each["user_id"]}
            status, reply = await program.call("POST", f"{path}/remove", body)
            assert (status, reply["code"]) == (403, "forbidden"), each
    await done(program, "POST", f"{path}/remove", {"user_id": "member-1"})
    await done(program, "POST", f"{path}/let_back", {"user_id": "member-1"})
    acts = (await done(owner, "GET", f"{path}/acts"))["acts"]
    assert [(each["act"], each["who"]) for each in acts[:2]] == [
        ("let_back", "Bo moderate-read"),
        ("removed", "Bo moderate-read"),
    ]


async def test_one_that_may_not_moderate_deletes_its_own_alone(person: People) -> None:
    here = await place(person)
    program = await bot_of(here, person, "write")
    path = here.ids["path"]
    status, reply = await program.call("DELETE", f"{path}/messages/{here.ids['message_id']}")
    assert (status, reply["code"]) == (403, "forbidden")
    own = await done(program, "POST", f"{path}/messages", {"message": "Oops"})
    await done(program, "DELETE", f"{path}/messages/{own['id']}")


async def test_a_right_that_was_taken_is_gone_for_what_was_sent_meanwhile(
    server: Running,
) -> None:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id)
    talk = Talk(room_id, ada, ben, server.url, [])
    program, bot = await talk.bot_on_socket(may=["write"])
    body: Json = {"may": ["read"]}
    changed = talk.ada.call("PATCH", f"{talk.path}/bots/{bot['user_id']}", body)
    answers = await asyncio.gather(
        changed,
        *(program.call("POST", f"{talk.path}/messages", {"message": "Hi"}) for _ in range(20)),
    )
    late, _ = await program.call("POST", f"{talk.path}/messages", {"message": "Late"})
    assert late == 403
    stored = sum(status == 201 for status, _ in answers[1:])
    _, reply = await talk.ben.call("GET", f"{talk.path}/messages")
    assert len(reply["messages"]) == stored
    for each in (ada, ben, *talk.others):
        await each.goes_home()


async def test_its_token_is_in_no_log_and_no_answer_but_one(
    person: People, capsys: pytest.CaptureFixture[str]
) -> None:
    here = await place(person)
    program = await bot_of(here, person, *RIGHTS)
    await program.connect(auth={"token": program.token})
    joined = await program.ask("join_room", {"room_id": here.room_id})
    assert joined["ok"], joined
    told = [await done(here.owner, "GET", here.ids["path"] + path) for path in ("/bots", "/manage")]
    assert program.token
    assert program.token not in str(told)
    assert program.token not in "".join(capsys.readouterr())
