"""The examples of docs/hooks.md run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from parley.hooks import signing
from tests import lasting
from tests.hooks import payloads
from tests.hooks.conftest import Talk
from tests.hooks.receiver import Receiver
from tests.people import Json, Person
from tests.servers import process

pytestmark = lasting.in_one_loop

PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
HOOK = "https://parley.example.org/hooks/6FdX…"
OF_HTTP = {"host", "accept", "accept-encoding", "connection", "content-length"}
PATIENCE_S = 60


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def example(language: str, which: str = "") -> str:
    """The one in that language that holds these words."""
    [found] = [each for each in examples(language) if which in each]
    return found


async def runs(script: str, folder: Path, hook: str) -> str:
    """What a shell prints, where the hook is this one."""
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euc", script.replace(HOOK, hook)],
        cwd=folder,
        env={**os.environ, "HOOK": hook},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def said(talk: Talk) -> list[str]:
    _, reply = await talk.ada.call("GET", f"{talk.path}/messages")
    return [each["message"] for each in reply["messages"]]


async def test_curl_posts_text_json_and_payloads(talk: Talk, tmp_path: Path) -> None:
    hook = talk.ada.url + await talk.hook()
    assert await runs(example("bash", f"'The backup is done' {HOOK}"), tmp_path, hook) == "ok\n"
    answer = json.loads(await runs(example("bash", "91 %"), tmp_path, hook))
    assert set(answer) == set(json.loads(example("json")))
    (tmp_path / "alert.json").write_text(json.dumps(payloads.ALERTMANAGER))
    assert await runs(example("bash", "alert.json"), tmp_path, hook) == "ok\n"
    for _ in range(2):
        await runs(example("bash", "Idempotency-Key"), tmp_path, hook)
    found = await said(talk)
    assert found[:2] == ["The backup is done", "**Disks:** The disk of **db1** is 91 % full."]
    assert "front is down" in found[2]
    assert found[3:] == ["The backup is done"]


async def test_what_alertmanager_is_told_to_post_is_posted(talk: Talk) -> None:
    hook = talk.ada.url + await talk.hook()
    [receiver] = yaml.safe_load(example("yaml").replace(HOOK, hook))["receivers"]
    [webhook] = receiver["webhook_configs"]
    body = json.dumps(payloads.ALERTMANAGER).encode()
    path = webhook["url"].removeprefix(talk.ada.url)
    answer = await talk.ben.send("POST", path, body, {"Content-Type": "application/json"})
    assert answer.status == 200
    assert len(await said(talk)) == 1


async def test_what_is_sent_has_the_headers_and_the_fields_that_are_shown(
    talk: Talk, receiver: Receiver
) -> None:
    await talk.webhook(receiver.url)
    await talk.ada.say(talk.room_id, "Hello")
    [got] = await receiver.gets(1)
    head, _, body = example("http").partition("\n\n")
    shown = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    assert {name.lower() for name in shown} == set(got.headers) - OF_HTTP
    fixed = {"Content-Type", "User-Agent", signing.MARK}
    assert {name: got.headers[name.lower()] for name in fixed} == {
        name: shown[name] for name in fixed
    }
    event: Json = json.loads(body)
    assert set(event) == set(got.said)
    assert set(event["data"]) - {"…"} <= set(got.said["data"])
    in_table = set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.M))
    assert set(shown) - {"Content-Type", "User-Agent"} <= in_table


async def test_the_receiver_in_python_takes_what_is_signed(
    talk: Talk, receiver: Receiver, tmp_path: Path
) -> None:
    made = await talk.webhook(receiver.url)
    await talk.ada.say(talk.room_id, "Hello")
    [got] = await receiver.gets(1)
    given = f"told({got.body!r}, {got.headers!r})\n"
    source = example("python").replace("whsec_…", made["secret"]) + given
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.stdout, done.stderr) == ("Ada Hello\n", "")


async def test_a_host_allows_networks_of_its_own(tmp_path: Path, receiver: Receiver) -> None:
    network = "10.0.7.0/24"
    program, command, *flags = shlex.split(example("bash", "parley serve"))
    assert ([program, command], network in flags) == (["parley", "serve"], True)
    here = ["127.0.0.0/8" if flag == network else flag for flag in flags]
    with process(tmp_path / "data", *here, "--port", "0") as server:
        ada = Person("Ada", server.url)
        try:
            talk = Talk(ada, ada, await ada.starts())
            await ada.join(talk.room_id, token=ada.token)
            await talk.webhook(receiver.url)
            await ada.say(talk.room_id, "Hello")
            [got] = await receiver.gets(1)
            assert got.said["data"]["message"] == "Hello"
        finally:
            await ada.goes_home()


async def test_every_call_of_the_table_works(talk: Talk, receiver: Receiver) -> None:
    table = PAGE.partition("| call | what it does |")[2]
    calls = re.findall(r"`([A-Z]+) (\S+?)`(?: `(\{.*?\})`)?", table)
    assert len(calls) == 9
    ids: Json = {"room_id": talk.room_id}
    whole: list[tuple[str, str, Json | None]] = []
    before = ""
    for method, path, body in calls:
        before = before if path == "…" else path.replace("…", "/api/conversations/{room_id}")
        given = json.loads(body.replace("https://…", receiver.url)) if body else None
        whole.append((method, before, given))
    # Removing comes last, or there would be nothing to list.
    for method, path, given in sorted(whole, key=lambda call: call[0] == "DELETE"):
        status, reply = await talk.ada.call(method, path.format(**ids), given)
        assert status in (200, 201), (method, path, reply)
        for name in ("hook", "webhook"):
            if status == 201 and name in reply:
                ids[f"{name}_id"] = reply[name]["id"]
        if given == {"paused": True}:
            await talk.ada.call(method, path.format(**ids), {"paused": False})
            await talk.ada.say(talk.room_id, "Hello")
            await receiver.gets(1)
        if path.endswith("/deliveries"):
            ids["delivery_id"] = (await talk.deliveries(ids["webhook_id"]))[0]["id"]


def test_nothing_shown_is_left_out() -> None:
    languages = re.findall(r"^```(\w+)$", PAGE, re.M)
    assert sorted(languages) == sorted(["bash"] * 5 + ["json", "yaml", "http", "python"])
