"""WhatsApp's exports that lie, are cut off, or are somebody's trap."""

from __future__ import annotations

import random
import tempfile
import time
import tracemalloc
import zipfile
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.importing import lines, people, whatsapp
from parley.importing.archive import Archive
from parley.importing.chats import Entry, ImportRefused, Problem
from tests.effort import some, times
from tests.importing.opening import chat_in, read

HEAD = "31/01/2024 17:07 - "


def texts(path: Path) -> tuple[list[str], list[Problem]]:
    _, entries, problems = read(path, whatsapp.recognise)
    return [each.text for each in entries], problems


def test_dates_that_do_not_exist_are_told_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "31/01/2024 17:07 - Ana: one\n"
        "31/02/2024 17:07 - Ana: two\nmore of two\n"
        "01/02/2024 25:07 - Ana: three\n"
        "01/02/2024 17:61 - Ana: four\n"
        "01/02/2024 17:08 - Ana: five\n"
    )
    found, problems = texts(path)
    assert found == ["one", "five"]
    assert [each.place for each in problems] == ["line 2", "line 4", "line 5"]
    assert "31/02/2024 17:07" in problems[0].what


def test_a_file_that_is_cut_off_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"{HEAD}Ana: one\n{HEAD}Ana: zwölf Ö".encode()[:-1])
    found, problems = texts(path)
    assert found == ["one", "zwölf"]
    assert [each.place for each in problems] == ["line 2"]


@pytest.mark.parametrize("cut", range(1, 30, 3))
def test_a_file_may_be_cut_off_anywhere(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"{HEAD}Ana: one\n{HEAD}Ana: Öl\n".encode()[:-cut])
    assert texts(path)[0][0].startswith("one")


def test_a_file_that_begins_in_the_middle_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"rest of one\nand more\n{HEAD}Ana: two\n")
    found, problems = texts(path)
    assert found == ["two"]
    assert [each.place for each in problems] == ["line 1"]


def test_latin_1_is_told_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"{HEAD}Zoë: one\n{HEAD}Ana: Öl\n{HEAD}Ana: two\n".encode("latin-1"))
    found, problems = texts(path)
    assert found == ["one", "Öl", "two"]
    assert [each.place for each in problems] == ["line 1", "line 2"]


def test_nul_bytes_and_controls_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"{HEAD}A\0na: o\0n\x1b[1me\t!\n".encode())
    chat, [entry], _ = read(path, whatsapp.recognise)
    assert (entry.person, entry.text) == ("Ana", "on[1me\t!")
    assert list(chat.people) == ["Ana"]


def test_a_line_of_ten_megabytes_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{HEAD}Ana: one\n{HEAD}Ana: {'x' * 10_000_000}\n{HEAD}Ana: three\n")
    found, problems = texts(path)
    assert [len(each) for each in found] == [3, lines.LINE_MAX_CHARS - len(HEAD) - 5, 5]
    assert [each.place for each in problems] == ["line 2"]


@pytest.mark.long("a large file")
def test_a_message_without_an_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{HEAD}Ana: one\n" + "and more\n" * 200_000 + f"{HEAD}Ana: two\n")
    with chat_in(path, whatsapp.recognise) as chat:
        tracemalloc.start()
        try:
            entries = list(chat.entries())
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
    problems = [each for each in entries if isinstance(each, Problem)]
    assert [type(each) for each in entries] == [Entry, Problem, Entry]
    assert [each.place for each in problems] == ["line 1"]


def test_a_million_lines_without_a_header_are_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Milk: eggs\n" * 1_000_000)
    with Archive(path) as archive:
        tracemalloc.start()
        try:
            assert whatsapp.recognise(archive) is None
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.long("a large file")
def test_people_may_be_many(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("w") as file:
        file.writelines(f"{HEAD}Ana {number}: one\n" for number in range(100_000))
    chat, entries, _ = read(path, whatsapp.recognise)
    assert len(chat.people) == len(entries) == 100_000


def test_people_may_not_be_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_MAX", 3)
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{HEAD}Ana {number}: one\n" for number in range(4)))
    with chat_in(path, whatsapp.recognise) as chat:
        found = chat.entries()
        assert len(list(islice(found, 3))) == 3
        with pytest.raises(ImportRefused, match="More than 3 people"):
            next(found)


def test_hostile_names_are_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        f"{HEAD}\u202eanA\u2066 \x07 x: one\n{HEAD}\u200e\u2069: two\n"
        f"{HEAD}{'A' * 10_000}: three\n{HEAD}{'A' * 9_999}B: four\n"
    )
    chat, entries, _ = read(path, whatsapp.recognise)
    names = [each.person for each in entries]
    assert names[:2] == ["anA x", "Unknown"]
    assert all(name and len(name) <= people.NAME_MAX_CHARS for name in names)
    assert len(set(names)) == len(chat.people) == 4


def test_a_damaged_archive_is_told_where_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        said = (f"{HEAD}Ana: {random.Random(number).random()}\n" for number in range(20_000))
        file.writestr("_chat.txt", "".join(said))
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 4] = bytes(4)
    path.write_bytes(whole)
    with chat_in(path, whatsapp.recognise) as chat, pytest.raises(ImportRefused, match="damaged"):
        list(chat.entries())


@pytest.mark.parametrize(
    "text",
    [
        " <This message was edited>" * 4000,
        "*_~" * 40_000,
        "`" * 100_000,
        "\u200e<a: b.jpg>" * 8000,
        "POLL:\n" + "OPTION: a (1 vote)\n" * 200,
        "[](" * 40_000,
        "@\u2068" * 40_000,
        "[" + "](https://a" * 10_000,
        "[](" + " " * 100_000 + "x",
        "\u200e" * 100_000,
        "a" + " " * 100_000 + "b *c*",
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize(
    "head", some([HEAD, "[31/01/2024 17:07:09] "], every=2, why="one tells most")
)
def test_what_is_made_to_cost_much_does_not(text: str, head: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{head}Ana: one\n{head}Ana: {text}\n{head}Ana: three\n")
    began = time.process_time()
    found, _ = texts(path)
    assert (found[0], found[-1]) == ("one", "three")
    assert time.process_time() - began < 10


@pytest.mark.long("a large file")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("w") as file:
        file.writelines(f"{HEAD}Ana: message {number}\n" for number in range(50_000))
    with chat_in(path, whatsapp.recognise) as chat:
        tracemalloc.start()
        try:
            assert sum(1 for _ in chat.entries()) == 50_000
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.longer
@given(st.binary(max_size=300))
@settings(max_examples=times(80, full=200), deadline=None, derandomize=True)
def test_whatever_follows_a_header_is_read(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(f"{HEAD}Ana: one\n{HEAD}".encode() + content)
        _, entries, _ = read(path, whatsapp.recognise)
    assert entries[0].text.startswith("one")
    for each in entries:
        assert "\0" not in each.text
        each.text.encode()
