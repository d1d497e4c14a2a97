"""Encrypted conversations on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from parley.client import Client, start
from tests.chat.conftest import Open
from tests.client.commands import Home
from tests.people import PATIENCE_S
from tests.servers import Running


async def test_it_is_read_and_written_in_the_clear_by_those_with_the_link(
    server: Running, opened: Open, tmp_path: Path
) -> None:
    import asyncio

    made = await start(server.url, encrypted=True)
    (tmp_path / "cake.txt").write_text("Flour")
    async with Client(made.link, name="Ada") as ada:
        await ada.send("Only for us")
        file = await ada.upload(tmp_path / "cake.txt")
        await ada.send("The cake", files=[file])
        async with opened(made.link) as screen:
            await screen.shows("Only for us", "[file] cake.txt (5 B)")
            await screen.press("ctrl+r")
            await screen.type("Thanks")
            await screen.press("enter")
            async with asyncio.timeout(PATIENCE_S):
                async for message in ada:
                    if message.message == "Thanks":
                        break
            assert message.reply_to is not None
            await screen.press("ctrl+f")
            await screen.type("only")
            await screen.press("enter")
            await screen.shows("1 found", "Only for us")
            await screen.press("escape", "f4")
            await screen.shows("cake.txt  5 B, Ada")
            await screen.press("enter", "ctrl+u")
            await screen.paste(str(tmp_path / "saved.txt"))
            await screen.press("enter")
            await screen.shows("Saved saved.txt")
        assert (tmp_path / "saved.txt").read_text() == "Flour"


async def test_scripts_seal_what_they_say_and_keep_their_keys(
    server: Running, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    made = await start(server.url, encrypted=True)
    assert (await home.run("say", made.link, "First", "--name", "Cron")).code == 0
    kept = (home.state / "parley" / "people.json").read_text()
    assert made.link.partition("#")[2] not in kept
    assert (await home.run("say", made.link, "Second")).code == 0
    assert (home.state / "parley" / "people.json").read_text() == kept
    tail = await home.start("tail", made.link, "--jsonl")
    said = [json.loads(each)["message"] for each in await tail.lines(2)]
    assert said == ["First", "Second"]
    await tail.stop()
    without = await home.run("say", made.link.partition("#")[0], "Third")
    assert without.code == 1
