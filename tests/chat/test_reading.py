"""Somebody reads on a terminal: long conversations, narrow screens, letters of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from wcwidth import wcswidth

from parley.chat import cells, drawing, hearing
from parley.chat.acting import safe_name
from parley.chat.drawing import Reader
from parley.chat.window import LOADED_MAX, Window
from parley.client import types
from parley.talking.paging import Page
from tests.chat.conftest import Open
from tests.chat.test_talking import Arrive, a_room
from tests.test_harmless import HOSTILE

HERE = Path(__file__).parent


async def test_it_scrolls_back_page_by_page_and_forth_again(
    person: Arrive, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PAGE", 20)
    monkeypatch.setattr("parley.chat.window.LOADED_MAX", 60)
    ada = person("Ada")
    room, link = await a_room(ada)
    for number in range(200):
        await ada.say(room, f"Number {number}.")
    async with opened(link) as screen:
        window = screen.chat.transcript.window
        await screen.shows("Number 199.")
        at_first = len(window)
        assert at_first < 199
        while window.has_older:
            await screen.press("pageup")
        await screen.until(lambda: window.messages[0].message == "Number 0.")
        await screen.press(*["pageup"] * 3)
        await screen.shows("This is where it begins.", "Number 0.", "You are reading older")
        assert len(window) == 60
        await ada.say(room, "Just now")
        while len(window) and window.has_newer:
            await screen.press("pagedown")
        await screen.press("ctrl+end")
        await screen.shows("Just now", "Number 199.")
        numbers = [int(each.message[7:-1]) for each in window.messages[:-1]]
        assert numbers == list(range(numbers[0], 200))


async def test_what_is_read_stays_where_it_is_when_others_talk(
    person: Arrive, opened: Open
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    for number in range(60):
        await ada.say(room, f"Number {number}.")
    async with opened(link) as screen:
        await screen.shows("Number 59.")
        await screen.press("pageup")
        await screen.shows("You are reading older messages")
        before = [line[:50] for line in screen.lines[1:20]]
        await ada.say(room, "News")
        await screen.until(lambda: screen.chat.transcript.window.messages[-1].message == "News")
        assert [line[:50] for line in screen.lines[1:20]] == before
        await screen.press("ctrl+end")
        await screen.shows("News", "── New ──")


async def test_a_message_is_found_and_shown_among_others(person: Arrive, opened: Open) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "The oldest kestrel [bold]of all[/bold]")
    for number in range(120):
        await ada.say(room, f"Number {number}.")
    async with opened(link) as screen:
        await screen.press("ctrl+f")
        await screen.shows("Search for")
        await screen.type("kestrel")
        await screen.press("enter")
        await screen.shows("1 found", "The oldest kestrel [bold]of all[/bold]")
        await screen.press("enter")
        await screen.shows("This is where it begins.", "▌  The oldest kestrel", "Number 0.")
        await screen.press("f3")
        await screen.type("nothing")
        await screen.press("enter")
        await screen.shows("Nothing was found for nothing.")


async def test_files_are_sent_listed_and_saved(
    person: Arrive, opened: Open, tmp_path: Path
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    page = tmp_path / "list.txt"
    page.write_text("Milk")
    async with opened(link) as screen:
        await screen.press("ctrl+o")
        await screen.shows("Send which file?")
        await screen.paste(f" {page}\n")
        await screen.press("enter")
        heard = await ada.hears("new_message")
        assert heard["attachments"][0]["name"] == "list.txt"
        await screen.shows("[file] list.txt (4 B)")
        await screen.press("f4")
        await screen.shows("Files: Enter saves one", "list.txt  4 B, Ben")
        await screen.press("enter")
        await screen.shows("Save list.txt as")
        await screen.press("ctrl+u")
        await screen.paste(f" {page}\n")
        await screen.press("enter")
        await screen.until(lambda: (tmp_path / "list (1).txt").exists())
        await screen.shows("Saved")
        assert (tmp_path / "list (1).txt").read_text() == "Milk"
        await screen.press("ctrl+o")
        await screen.paste(str(tmp_path / "none"))
        await screen.press("enter")
        await screen.shows("Can't read none: No such file")


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
async def test_the_screen_looks_as_it_did(
    person: Arrive, opened: Open, size: tuple[int, int]
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    cleo = person("クレオ")
    await cleo.join(room)
    said = await ada.say(room, "See you at four? And who brings the cake, the plates and the cups?")
    await cleo.say(room, "私が持って行きます 🎂👨‍👩‍👧", reply_to=said["id"])
    await ada.ask("react", {"room_id": room, "id": said["id"], "emoji": "👍", "on": True})
    await ada.say(room, "\x1b[31mRed?\u202e\n[bold]No[/bold]")
    async with opened(link, size=size) as screen:
        await screen.shows("[bold]No[/bold]", "Message as Ben")
        shown = _without_times(screen.lines)
    kept = HERE / "screens" / f"{size[0]}x{size[1]}.txt"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(shown)
    assert shown == kept.read_text()


def _without_times(lines: list[str]) -> str:
    import re

    text = "\n".join(lines)
    text = re.sub(r"\b\d\d:\d\d\b", "hh:mm", text)
    return re.sub(r"── \w+day, \d+ \w+ \d{4} ─+", "── day ──", text) + "\n"


@given(st.one_of(HOSTILE, st.text()), st.integers(2, 90))
@example("🇩🏽\u200d👩", 5)
def test_no_line_is_wider_than_there_is_room(text: str, room: int) -> None:
    from parley import harmless

    for each in harmless.lines(text):
        for line in cells.wrapped(each, room):
            assert cell_len(line) == wcswidth(line) == cells.width(line) <= room


@given(st.text(), st.integers(1, 40))
def test_what_is_fitted_is_as_wide(text: str, room: int) -> None:
    from parley import harmless

    assert cell_len(cells.filled(harmless.line(text), room)) == room


def test_words_are_broken_between() -> None:
    assert cells.wrapped("See you at four", 8) == ["See you", "at four"]
    assert cells.wrapped("https://example.org/a", 8) == ["https://", "example.", "org/a"]
    assert cells.wrapped("私が持って行きます", 6) == ["私が持", "って行", "きます"]
    assert cells.wrapped("", 8) == [""]


@given(HOSTILE, HOSTILE, st.integers(24, 80))
def test_a_message_is_drawn_harmless_whatever_is_in_it(name: str, text: str, width: int) -> None:
    file = types.File(id="f", name=text, type="x", size=1, url="/")
    answered = types.Answered(id="a", seq=1, user_id="u", username=name, excerpt=text)
    message = said(2, text, username=name, reply_to=answered, attachments=[file])
    for line in drawing.message_lines(message, None, Reader("me", width)):
        assert all(isinstance(piece, Segment) for piece in line)
        shown = "".join(piece.text for piece in line)
        assert shown.isprintable() or not set(shown) & set("\x1b\x9b\r\n\u202e\u2028")
        assert cell_len(shown) <= width


def test_a_file_is_saved_by_a_name_that_is_no_path() -> None:
    assert safe_name("../../.bashrc") == "_.._.bashrc"
    assert safe_name("photo\u202egpj.exe") == "photo_gpj.exe"
    assert safe_name("\x1b[2J") == "␛[2J"
    assert safe_name("...") == "file"


def test_a_window_has_no_holes_and_does_not_grow() -> None:
    window = Window()
    window.begin(paged(5001, 5101))
    for first in range(4901, 4000, -100):
        window.add_older(paged(first, first + 100))
    assert len(window) == LOADED_MAX
    assert window.has_newer
    assert not window.take(said(5101))
    seqs = [each.seq for each in window.messages]
    assert seqs == list(range(seqs[0], seqs[0] + LOADED_MAX))
    last = seqs[-1]
    window.add_newer(paged(last + 1, last + 2, has_more=False))
    assert window.take(said(last + 2))
    assert not window.take(said(last + 2))
    assert len(window) == LOADED_MAX
    assert window.erase_through(last)
    assert [each.seq for each in window.messages] == [last + 1, last + 2]


def test_a_page_that_shows_nothing_is_passed_all_the_same() -> None:
    window = Window()
    window.begin(paged(500, 510))
    window.add_older(Page([], has_more=True, first=400, last=499))
    assert (window.first, window.has_older) == (400, True)
    window.add_older(paged(390, 400))
    assert [each.seq for each in window.messages[:11]] == [*range(390, 400), 500]


def paged(first: int, end: int, *, has_more: bool = True) -> Page:
    return Page([said(seq) for seq in range(first, end)], has_more, first, end - 1)


def said(seq: int, text: str = "Hello", *, username: str = "Ada", **more: object) -> types.Message:
    return types.Message(
        id=f"m-{seq}",
        seq=seq,
        changed_seq=seq,
        user_id="ada",
        username=username,
        message=text,
        type="text",
        timestamp="2026-11-30T12:00:00.000Z",
        **more,  # type: ignore[arg-type]
    )
