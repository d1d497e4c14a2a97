"""`parley chat` as people start it, in a terminal."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.terminal import Terminal
from tests.chat.test_talking import Arrive, a_room
from tests.client.commands import Home

COLOURS = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
WITHOUT_EXTRA = "import sys; sys.modules['textual'] = None; from parley.cli import main; main()"


@contextlib.contextmanager
def terminal(
    home: Path, *arguments: str, size: tuple[int, int] = (80, 24), **environ: str
) -> Iterator[Terminal]:
    told = {"XDG_STATE_HOME": str(home / "state"), **environ}
    started = Terminal(*arguments, environ=told, size=size)
    try:
        yield started
    finally:
        started.close()


async def test_what_is_typed_in_a_terminal_arrives_and_it_is_left_as_it_was(
    person: Arrive, tmp_path: Path
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    with terminal(tmp_path, "chat", link) as ben:
        await ben.shows("Your name")
        ben.type("Ben\r")
        await ben.shows("Message as Ben", "● Ada (owner)", "F1 help")
        ben.type("Milk")
        ben.type("\x1b\r")  # Alt+Enter
        ben.type("Bread\r")
        await ben.shows("Ben (you)")
        heard = await ada.hears("new_message")
        assert heard["message"] == "Milk\nBread"
        await ada.say(room, "\x1b]0;owned\x07\x1b[2J\x1b[?1049l\x9b31m\u202eHi [red]Ben[/red]")
        await ben.shows("Hi [red]Ben[/red]")
        assert b"\x1b]0;owned" not in ben.written
        assert b"\x9b31m" not in ben.written.replace(b"\xc2\x9b", b"\x9b")
        assert "\u202e".encode() not in ben.written
        assert b"\x1b[?1049l" not in ben.written
        ben.type("Bye\r\x11")  # Ctrl+Q
        assert await ben.end() == 0
        await ada.hears("new_message", lambda data: data["message"] == "Bye")
        await ben.until(lambda: b"\x1b[?1049l" in ben.written)
        assert b"\x1b[?25h" in ben.written.rpartition(b"\x1b[?1049l")[2] + ben.written
    with terminal(tmp_path, "chat", link) as ben:
        await ben.shows("Message as Ben", "Ben (you)", "Bread")
        ben.type("\x03")  # Ctrl+C
        assert await ben.end() == 0


def has_reversed(shown: Terminal, text: str) -> bool:
    """Whether that stands on the screen with its colours the other way round."""
    cells = [cell for line in shown.screen.buffer.values() for cell in line.values()]
    return any(cell.reverse and cell.data == text for cell in cells)


@pytest.mark.long("what is drawn is drawn in the same way")
async def test_without_colours_there_are_none(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Grey")
    with terminal(tmp_path, "chat", link, "--name", "Ben", NO_COLOR="1") as ben:
        await ben.shows("Message as Ben", "Grey")
        ben.type("\t")
        await ben.shows("▌  Grey")
        ben.type("+")
        await ben.shows("React")
        await ben.until(lambda: has_reversed(ben, "👍"))
        assert not COLOURS.search(ben.written), COLOURS.search(ben.written)


@pytest.mark.long("tests/chat/test_reading.py draws at every width")
async def test_forty_columns_will_do(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "A sentence that is longer than\nthis screen is wide 私が持って行きます")
    with terminal(tmp_path, "chat", link, "--name", "Ben", size=(40, 12)) as ben:
        await ben.shows("Message as Ben", "this screen is wide")
        ben.type("\x1bOQ")  # F2
        await ben.shows("● Ada (owner)")


async def test_where_there_can_be_no_screen_it_says_why(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    with terminal(tmp_path, "chat", link, "--name", "Ben", TERM="dumb") as ben:
        assert await ben.end() == 2
        await ben.until(lambda: b"can't move its cursor (TERM is dumb)" in ben.written)
    piped = await Home(tmp_path).run("chat", link, "--name", "Ben")
    assert piped.code == 2
    assert piped.complained.startswith("parley: parley chat needs a terminal.")
    told = {"XDG_STATE_HOME": str(tmp_path)}
    missing = (sys.executable, "-c", WITHOUT_EXTRA)
    without = Terminal("chat", link, "--name", "Ben", environ=told, command=missing)
    try:
        assert await without.end() == 2
        await without.until(lambda: b"pip install '.[chat]'" in without.written)
    finally:
        without.close()


async def test_whoever_is_refused_is_told_so_in_a_sentence(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    await a_room(ada)
    with terminal(tmp_path, "chat", f"{ada.url}/conversation/none", "--name", "Ben") as ben:
        assert await ben.end() == 1
        await ben.until(lambda: b"parley: " in ben.written and b".\r\n" in ben.written)
        assert b"Traceback" not in ben.written


async def test_a_passphrase_is_asked_for(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    door = {"passphrase": "correct horse"}
    await ada.call("PATCH", f"/api/conversations/{room}", door)
    with terminal(tmp_path, "chat", link, "--name", "Ben") as ben:
        await ben.shows("Passphrase")
        ben.type("wrong\r")
        await ben.until(lambda: ben.text.count("Passphrase:") == 2)
        ben.type("correct horse\r")
        await ben.shows("Message as Ben")
        assert b"horse" not in ben.written


async def test_whoever_has_to_knock_can_do_so_and_is_let_in(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.call("PATCH", f"/api/conversations/{room}", {"knock": True})
    with terminal(tmp_path, "chat", link) as ben:
        await ben.shows("Your name")
        ben.type("Ben\r")
        await ben.shows("Ask to be let in?")
        ben.type("\r")
        await ben.shows("Waiting for an owner")
        assert "None of them is there" not in ben.text
        first = await ada.hears("knocked")
        ben.process.send_signal(signal.SIGINT)
        assert await ben.end() == 130
    with terminal(tmp_path, "chat", link, "--name", "Ben") as ben:
        await ben.shows("Ask to be let in?")
        ben.type("y\r")
        await ben.shows("Waiting for an owner")
        await ada.ask("answer_knock", {"room_id": room, "id": first["id"], "admit": True})
        await ben.shows("Message as Ben")
        ben.type("Hello\r")
        assert (await ada.hears("new_message"))["username"] == "Ben"
    with terminal(tmp_path, "chat", link) as ben:
        await ben.shows("Message as Ben")


@pytest.mark.long("whoever is let in tells most of it")
async def test_whoever_is_declined_is_told_so(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.call("PATCH", f"/api/conversations/{room}", {"knock": True})
    with terminal(tmp_path, "chat", link, "--name", "Ben") as ben:
        await ben.shows("Ask to be let in?")
        ben.type("n\r")
        await ben.shows("parley: You didn't ask to be let in.")
        assert await ben.end() == 1
    with terminal(tmp_path, "chat", link, "--name", "Ben") as ben:
        await ben.shows("Ask to be let in?")
        ben.type("y\r")
        knocked = await ada.hears("knocked")
        await ada.ask("answer_knock", {"room_id": room, "id": knocked["id"], "admit": False})
        await ben.shows("parley: An owner declined to let you in.")
        assert await ben.end() == 1


@pytest.mark.long("it takes seconds to notice")
async def test_it_ends_with_its_terminal(person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    with terminal(tmp_path, "chat", link, "--name", "Ben") as ben:
        await ben.shows("Message as Ben")
        ben.goes_away()
        assert await ben.end() == -signal.SIGHUP
