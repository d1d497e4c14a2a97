"""Hooks in: other programs speak in a conversation, by a code alone."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.config import Config
from parley.limits.rates import By, Rate
from tests import lasting
from tests.cases import together
from tests.hooks import payloads
from tests.hooks.conftest import Talk
from tests.people import Person
from tests.servers import Running, running

pytestmark = lasting.in_one_loop

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def in_json(payload: object) -> bytes:
    return json.dumps(payload).encode()


async def test_a_program_speaks_and_says_that_it_is_one(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook, program = await talk.hook(), person("Cron")
    answer = await program.send("POST", hook, in_json({"text": "The shop is down"}), JSON)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert answer.headers["content-type"].startswith("text/plain")
    heard = await talk.ben.hears("new_message")
    assert (heard["message"], heard["username"], heard["type"]) == (
        "The shop is down",
        "Alerts",
        "text",
    )
    assert heard["role"] == "bot"


async def test_a_hook_is_in_no_list_of_people(talk: Talk, person: Callable[..., Person]) -> None:
    await person("Cron").send("POST", await talk.hook(), b"hello")
    _, reply = await talk.ada.call("GET", talk.path)
    assert [each["username"] for each in reply["conversation"]["participants"]] == ["Ada", "Ben"]
    assert reply["conversation"]["participant_count"] == 2
    _, decided = await talk.ada.call("GET", f"{talk.path}/manage")
    assert decided["left"] == []


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (FORM, b"by curl -d", "by curl -d"),
        ({"Content-Type": "text/plain"}, "grün".encode(), "grün"),
        (JSON, in_json(payloads.KUMA_TEST), "Parley Testing"),
        (
            {**JSON, "X-GitHub-Event": "ping"},
            in_json(payloads.PING),
            "[ada-l/teapot](https://github.com/ada-l/teapot): ada-l connected this conversation. "
            "“Encourage flow.”",
        ),
    ],
)
async def test_what_is_posted_is_said(
    talk: Talk, person: Callable[..., Person], headers: dict[str, str], body: bytes, text: str
) -> None:
    answer = await person("Cron").send("POST", await talk.hook(), body, headers)
    assert answer.status == 200, answer.body
    assert (await talk.ben.hears("new_message"))["message"] == text


async def test_a_form_with_parts_is_read(talk: Talk, person: Callable[..., Person]) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nby curl -F\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await person("Cron").send("POST", await talk.hook(), body, headers)
    assert answer.status == 200, answer.body
    assert (await talk.ben.hears("new_message"))["message"] == "by curl -F"


async def test_a_form_with_parts_may_be_as_large_as_any_other(
    talk: Talk, person: Callable[..., Person]
) -> None:
    head = '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    body = f"{head}{'x' * 900_000}\r\n--b--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await person("Cron").send("POST", await talk.hook(), body, headers)
    assert answer.status == 200, answer.body
    assert "the rest is left out" in (await talk.ben.hears("new_message"))["message"]


async def test_whom_a_program_says_it_is_stands_in_the_text(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook, program = await talk.hook(), person("Cron")
    await program.send("POST", hook, in_json({"text": "hi", "username": "Ada"}), JSON)
    await program.send("POST", hook, in_json({"text": "ho", "username": "alerts"}), JSON)
    await talk.ben.hears("new_message", lambda said: said["message"] == "ho")
    first = talk.ben.all_heard("new_message")[0]
    assert (first["username"], first["message"]) == ("Alerts", "**Ada:** hi")


async def test_the_same_key_says_it_once(talk: Talk, person: Callable[..., Person]) -> None:
    hook, program = await talk.hook(), person("Cron")
    headers = {**JSON, "Idempotency-Key": "night-1", "Accept": "application/json"}
    answers = [
        (await program.send("POST", hook, in_json({"text": text}), headers)).json
        for text in ("once", "twice")
    ]
    assert [answer["duplicate"] for answer in answers] == [False, True]
    assert answers[0]["id"] == answers[1]["id"]
    _, reply = await talk.ada.call("GET", f"{talk.path}/messages")
    assert [each["message"] for each in reply["messages"]] == ["once"]


async def test_what_github_delivers_again_is_said_once(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook, program = await talk.hook(), person("GitHub")
    headers = {**JSON, "X-GitHub-Event": "push", "X-GitHub-Delivery": "72d3162e"}
    for _ in range(2):
        assert (await program.send("POST", hook, in_json(payloads.PUSH), headers)).status == 200
    _, reply = await talk.ada.call("GET", f"{talk.path}/messages")
    assert len(reply["messages"]) == 1


async def test_a_removed_hook_and_one_that_never_was_answer_alike(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook, program = await talk.hook(), person("Cron")
    _, reply = await talk.ada.call("GET", f"{talk.path}/hooks")
    number = reply["hooks"][0]["id"]
    assert (await talk.ada.call("DELETE", f"{talk.path}/hooks/{number}"))[0] == 200
    gone = await program.send("POST", hook, b"hello")
    never = await program.send("POST", "/hooks/" + "x" * 32, b"hello")
    assert (gone.status, gone.body) == (never.status, never.body)
    assert gone.status == 404
    assert gone.body.decode().startswith("There is no hook at this address.")
    assert (await talk.ada.call("DELETE", f"{talk.path}/hooks/{number}"))[0] == 404


async def test_a_hook_can_be_made_again_under_its_name(talk: Talk) -> None:
    await talk.hook()
    _, reply = await talk.ada.call("GET", f"{talk.path}/hooks")
    await talk.ada.call("DELETE", f"{talk.path}/hooks/{reply['hooks'][0]['id']}")
    assert await talk.hook()


async def test_a_hook_is_not_called_as_somebody_here_is(talk: Talk) -> None:
    status, reply = await talk.ada.call("POST", f"{talk.path}/hooks", {"name": "bEn"})
    assert (status, reply["code"]) == (403, "forbidden")


async def test_how_often_it_was_used_is_told(talk: Talk, person: Callable[..., Person]) -> None:
    hook, program = await talk.hook(), person("Cron")
    for text in (b"one", b"two"):
        await program.send("POST", hook, text)
    _, reply = await talk.ada.call("GET", f"{talk.path}/hooks")
    [told] = reply["hooks"]
    assert told["uses"] == 2
    assert "last_used_at" in told
    assert "code" not in json.dumps(reply)


async def test_nobody_but_owners_makes_hooks(talk: Talk) -> None:
    status, reply = await talk.ben.call("POST", f"{talk.path}/hooks", {"name": "Mine"})
    assert (status, reply["code"]) == (403, "forbidden")


async def test_where_owners_alone_speak_their_hooks_do(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook = await talk.hook()
    await talk.ada.call("PATCH", talk.path, {"read_only": True})
    assert (await person("Cron").send("POST", hook, b"still here")).status == 200


async def test_after_the_end_nothing_is_said(talk: Talk, person: Callable[..., Person]) -> None:
    hook = await talk.hook()
    await talk.ada.call("POST", f"{talk.path}/end")
    answer = await person("Cron").send("POST", hook, b"too late")
    assert answer.status == 410
    assert b"ended" in answer.body


async def test_a_deleted_conversation_has_no_hooks(
    talk: Talk, person: Callable[..., Person]
) -> None:
    hook = await talk.hook()
    await talk.ada.call("DELETE", talk.path)
    assert (await person("Cron").send("POST", hook, b"too late")).status == 404


async def test_an_encrypted_conversation_has_none(person: Callable[..., Person]) -> None:
    ada = person("Ada")
    room_id = await ada.starts("", encrypted=True, read_proof_hash="A" * 43)
    status, reply = await ada.call(
        "POST", f"/api/conversations/{room_id}/hooks", {"name": "Alerts"}
    )
    assert (status, reply["code"]) == (409, "encrypted")
    assert "Hooks can't post here" in reply["error"]


@together(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{}", JSON, 400),
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"text": "\\u0000"}', JSON, 400),
        (b"x" * (1024 * 1024 + 1), {}, 413),
    ],
)
async def test_what_cannot_be_said_is_refused_in_plain_words(
    talk: Talk,
    person: Callable[..., Person],
    body: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    answer = await person("Cron").send("POST", await talk.hook(), body, headers)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"<" not in answer.body


async def test_megabytes_are_refused_before_they_come(talk: Talk, server: Running) -> None:
    hook, address = await talk.hook(), server.url.removeprefix("http://")
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {hook} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 500000000\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()


async def test_large_payloads_of_github_are_read(talk: Talk, person: Callable[..., Person]) -> None:
    commits = payloads.PUSH["commits"] * 400
    body = in_json({**payloads.PUSH, "commits": commits})
    assert len(body) > 300_000
    headers = {**JSON, "X-GitHub-Event": "push"}
    assert (await person("GitHub").send("POST", await talk.hook(), body, headers)).status == 200
    assert "790 more" in (await talk.ben.hears("new_message"))["message"]


async def test_errors_are_json_for_who_asks_for_json(
    talk: Talk, person: Callable[..., Person]
) -> None:
    answer = await person("Cron").send(
        "POST", "/hooks/nothing", b"x", {"Accept": "application/json"}
    )
    assert answer.json["code"] == "not_found"


async def test_guessing_codes_is_bounded_and_keeps_no_hook_from_speaking(
    own_config: Config,
) -> None:
    rates = (Rate(3, 60, By.ADDRESS),)
    guarded = dataclasses.replace(own_config, rate_limits=True, limit_unknown_rooms=rates)
    async with running(guarded) as server:
        ada, mallory = Person("Ada", server.url), Person("Mallory", server.url)
        try:
            room_id = await ada.starts()
            talk = Talk(ada, mallory, room_id)
            hook = await talk.hook()
            statuses = [
                (await mallory.send("POST", f"/hooks/guess{number}", b"x")).status
                for number in range(5)
            ]
            assert statuses == [404, 404, 404, 429, 429]
            assert (await mallory.send("POST", hook, b"known")).status == 200
        finally:
            await ada.goes_home()
            await mallory.goes_home()


async def test_a_hook_that_posts_too_much_is_told_when_to_go_on(own_config: Config) -> None:
    limited = dataclasses.replace(
        own_config, rate_limits=True, limit_hooks=(Rate(2, 60, By.SESSION),)
    )
    async with running(limited) as server:
        ada = Person("Ada", server.url)
        try:
            talk = Talk(ada, ada, await ada.starts())
            hook, other = await talk.hook(), await talk.hook("Other")
            answers = [await ada.send("POST", hook, b"x") for _ in range(3)]
            assert [answer.status for answer in answers] == [200, 200, 429]
            assert int(answers[2].headers["retry-after"]) > 0
            assert (await ada.send("POST", other, b"x")).status == 200
        finally:
            await ada.goes_home()


async def test_a_code_is_in_no_log_and_not_in_the_database(
    own_config: Config, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(dataclasses.replace(own_config, log_level="debug")) as server:
        ada = Person("Ada", server.url)
        try:
            talk = Talk(ada, ada, await ada.starts())
            hook = await talk.hook()
            assert (await ada.send("POST", hook, b"said")).status == 200
            assert (await ada.send("POST", hook, b"")).status == 400
        finally:
            await ada.goes_home()
    code = hook.rpartition("/")[2]
    told = capfd.readouterr()
    assert code not in told.out + told.err
    assert code.encode() not in await asyncio.to_thread(all_of, own_config.data)


def all_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
