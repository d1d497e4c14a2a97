"""The examples of docs/bots.md run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests import lasting
from tests.bots.talk import Talk
from tests.people import Json

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server

PAGE = (Path(__file__).parents[2] / "docs" / "bots.md").read_text(encoding="utf-8")
PATIENCE_S = 30


def block(language: str, which: str) -> str:
    """The example in that language that holds these words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [each for each in blocks if which in each]
    return str(found)


async def runs(talk: Talk, script: str, **given: str | None) -> Json:
    """What a shell's curl is answered."""
    given = {"ROOM": talk.room_id, **given}
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script.replace("http://localhost:8081", talk.url)],
        env={**os.environ, **{name: value or "" for name, value in given.items()}},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    answer: Json = json.loads(done.stdout)
    return answer


async def is_online(talk: Talk) -> bool:
    _, reply = await talk.ben.call("GET", f"{talk.path}/participants")
    return any(each["online"] for each in reply["participants"] if each["role"] == "bot")


async def test_a_bot_is_made_and_speaks_by_curl(talk: Talk) -> None:
    made = await runs(talk, block("bash", "/bots"), TOKEN=talk.ada.token)
    assert made["bot"]["may"] == ["read", "write", "react"]
    said = await runs(talk, block("bash", "2.4"), BOT=made["token"])
    assert said["success"]
    heard = await talk.ben.hears("new_message")
    assert (heard["message"], heard["role"]) == ("**2.4** is built.", "bot")


async def test_the_bot_in_python_answers_is_asked_and_asks(talk: Talk, tmp_path: Path) -> None:
    program, bot = await talk.bot("Deploy")
    script = tmp_path / "deploy.py"
    source = block("python", "asked").replace("http://localhost:8081", talk.url)
    script.write_text(source, encoding="utf-8")
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        talk.room_id,
        env={**os.environ, "BOT": program.token or ""},
    )
    try:
        while not await is_online(talk):
            assert running.returncode is None
        _, offered = await talk.ben.call("GET", f"{talk.path}/commands")
        assert [each["name"] for each in offered["commands"]] == ["deploy"]
        command = {"room_id": talk.room_id, "bot": bot["user_id"], "name": "deploy", "text": "next"}
        asked = await talk.ben.ask("use_command", command)
        assert asked["ok"], asked
        question = await talk.ben.hears("new_message", lambda data: "buttons" in data)
        assert question["message"] == "Deploy `next`, Ben?"
        press = {"room_id": talk.room_id, "id": question["id"], "button": "next"}
        assert (await talk.ben.ask("press_button", press))["ok"]
        await talk.ben.hears("ask_answered", lambda data: data.get("text") == "On its way.")
        changed = await talk.ben.hears("message_changed")
        assert changed["message"] == "`next` was deployed for Ben."
        assert "buttons" not in changed
        await talk.ben.say(talk.room_id, "ping")
        await talk.ben.hears("new_message", lambda data: data["message"] == "pong")
    finally:
        running.terminate()
        await running.wait()
