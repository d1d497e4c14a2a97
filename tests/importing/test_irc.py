"""Logs of IRC: the samples, and how each client writes."""

from __future__ import annotations

import tempfile
import time
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.importing import irc, lines, people, whatsapp
from parley.importing.archive import Archive
from parley.importing.chats import Entry, ImportRefused, Problem
from tests.effort import times
from tests.importing.opening import EXPECTED, SAMPLES, chat_in, read, said

NAMES = sorted(name for name in EXPECTED if name.startswith("irc-"))
ZNC = (
    "[17:07:09] *** Joins: bo (~bo@host.example)\n"
    "[17:07:40] <@ana> Hello all\n"
    "[17:08:30] * ana waves\n"
    "[17:08:40] -ana-b- look here\n"
    "[17:09:00] *** bo is now known as bo_ek\n"
    "[17:09:10] <bo_ek> hi <there>\n"
)
IRSSI = "--- Log opened Wed Jan 31 17:07:09 2024\n"


def log(path: Path, text: str) -> tuple[list[Entry], list[Problem]]:
    path.write_text(text, newline="")
    _, entries, problems = read(path, irc.recognise)
    return entries, problems


@pytest.mark.parametrize("name", NAMES)
def test_samples_hold_what_was_written_down(name: str) -> None:
    expected = EXPECTED[name]
    chat, entries, problems = read(SAMPLES / name, irc.recognise)
    spoken = said(entries)
    assert not problems
    assert chat.title == "#harbour"
    assert chat.needs_zone
    assert len(spoken) == expected["people"]
    assert len(entries) - len(spoken) == expected["system"]
    assert sorted({each.person for each in spoken if each.person}) == expected["senders"]
    assert sorted(chat.people) == expected["senders"]
    assert spoken[0].sent_at == datetime.fromisoformat(expected["first_person_message"])


def test_weechats_columns_end_with_the_second_tab() -> None:
    _, entries, _ = read(SAMPLES / "irc-weechat.weechatlog", irc.recognise)
    assert [(each.person, each.text) for each in entries] == [
        (None, "bo (~bo@host.example) has joined #harbour"),
        ("ana", "Hello all"),
        ("bo", "--> see below"),
        ("ana", "*waves*"),
        (None, "bo is now known as bo_ek"),
        (None, "bo_ek (~bo@host.example) has quit (Quit: bye\tnow)"),
    ]


def test_irssis_days_are_in_lines_of_their_own() -> None:
    _, entries, _ = read(SAMPLES / "irc-irssi.log", irc.recognise)
    assert [each.sent_at.isoformat(" ", "minutes") for each in entries] == [
        "2024-01-31 17:07",
        "2024-01-31 17:07",
        "2024-01-31 17:08",
        "2024-01-31 17:08",
        "2024-01-31 17:09",
        "2024-01-31 23:59",
        "2024-02-01 00:01",
        "2024-02-03 09:00",
    ]
    assert [each.text for each in entries][2:4] == ["hi <there>", "*waves*"]


def test_zncs_days_are_in_the_names_of_files(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("net/#harbour/2024-02-01.log", "[00:01:00] <ana> second\n")
        file.writestr("net/#harbour/2024-01-31.log", ZNC)
        file.writestr("net/#harbour/notes.txt", "Milk")
    chat, entries, problems = read(path, irc.recognise)
    assert not problems
    assert chat.title == "#harbour"
    assert [(each.person, each.text) for each in entries] == [
        (None, "Joins: bo (~bo@host.example)"),
        ("ana", "Hello all"),
        ("ana", "*waves*"),
        ("ana-b", "look here"),
        (None, "bo is now known as bo_ek"),
        ("bo_ek", "hi <there>"),
        ("ana", "second"),
    ]
    assert entries[-1].sent_at == datetime(2024, 2, 1, 0, 1)
    assert entries[-1].place == "net/#harbour/2024-02-01.log, line 1"
    assert len({each.key for each in entries}) == len(entries)


@pytest.mark.parametrize("name", ["#harbour_20240131.log", "me_net_#harbour_2024-01-31.log"])
def test_zncs_older_names_are_known(name: str, tmp_path: Path) -> None:
    entries, problems = log(tmp_path / name, ZNC)
    assert not problems
    assert entries[0].sent_at == datetime(2024, 1, 31, 17, 7, 9)


def test_several_channels_are_imported_one_by_one(tmp_path: Path) -> None:
    for channel in ("#a", "#b"):
        (tmp_path / channel).mkdir()
        (tmp_path / channel / "2024-01-31.log").write_text(ZNC)
    with chat_in(tmp_path, irc.recognise) as chat, pytest.raises(ImportRefused, match="several"):
        next(chat.entries())


def test_hexchats_year_is_in_its_headings(tmp_path: Path) -> None:
    entries, problems = log(
        tmp_path / "a.log",
        "**** BEGIN LOGGING AT Sun Dec 31 17:07:09 2023\n\n"
        "Dec 31 17:07:09 *\tNow talking on #harbour\n"
        "Dec 31 17:07:10 *\tbo (~bo@host.example) has joined\n"
        "Dec 31 17:07:40 <ana>\tHello all\n"
        "Dec 31 17:08:30 *\tana waves\n"
        "Jan 01 00:01:00 <@bo>\thi\n"
        "**** ENDING LOGGING AT Mon Jan  1 00:02:00 2024\n",
    )
    assert not problems
    assert [(each.person, each.text) for each in entries] == [
        (None, "Now talking on #harbour"),
        (None, "bo (~bo@host.example) has joined"),
        ("ana", "Hello all"),
        ("ana", "*waves*"),
        ("bo", "hi"),
    ]
    assert entries[-1].sent_at == datetime(2024, 1, 1, 0, 1)


def test_mircs_sessions_tell_day_and_channel(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    entries, problems = log(
        path,
        "\r\nSession Start: Wed Jan 31 17:07:09 2024\r\nSession Ident: #harbour\r\n"
        "03[17:07] * Now talking in #harbour\r\n"
        "[17:07] <@ana> Hello all\r\n"
        "06[17:08] * ana waves\r\n"
        "[17:08] * bo sets mode: +o ana\r\n"
        "[23:59] <bo> late\r\n"
        "Session Time: Thu Feb 01 00:00:00 2024\r\n"
        "[00:01] <bo> after midnight\r\n"
        "Session Close: Thu Feb 01 00:02:00 2024\r\n",
    )
    assert not problems
    assert [(each.person, each.text) for each in entries] == [
        (None, "Now talking in #harbour"),
        ("ana", "Hello all"),
        ("ana", "*waves*"),
        (None, "bo sets mode: +o ana"),
        ("bo", "late"),
        ("bo", "after midnight"),
    ]
    assert entries[-1].sent_at == datetime(2024, 2, 1, 0, 1)
    with chat_in(path, irc.recognise) as chat:
        assert chat.title == "#harbour"


def test_midnight_passes_without_a_heading(tmp_path: Path) -> None:
    entries, _ = log(tmp_path / "2024-01-31.log", "[23:59] <a> b\n[00:01] <a> b\n[00:00] <a> b\n")
    assert [each.sent_at.day for each in entries] == [31, 1, 1]


@pytest.mark.parametrize(
    "written",
    ["Mi 31. Jan 17:07:09 2024", "mer. 31 janv. 2024", "Ср янв 31 2024", "2024-01-31 17:07:09"],  # noqa: RUF001
)
def test_days_are_read_in_other_languages(written: str, tmp_path: Path) -> None:
    entries, problems = log(tmp_path / "a.log", f"--- Log opened {written}\n17:07 <a> b\n")
    assert not problems
    assert entries[0].sent_at == datetime(2024, 1, 31, 17, 7)


def test_times_may_be_whole_ones(tmp_path: Path) -> None:
    for stamp in ("2024-01-31T17:07:40+0100 ", "2024-01-31 17:07:40 ", "[2024-01-31 17:07:40] "):
        entries, _ = log(tmp_path / "a.log", f"{stamp}<ana> hi\n{stamp}* ana waves\n")
        assert [each.sent_at for each in entries] == [datetime(2024, 1, 31, 17, 7, 40)] * 2


def test_clocks_may_have_twelve_hours(tmp_path: Path) -> None:
    entries, _ = log(
        tmp_path / "2024-01-31.log",
        "[12:05am] <a> b\n[5:07 PM] <a> b\n[12:30 p.m.] <a> b\n(11:59:01pm) <a> b\n",
    )
    assert [each.sent_at.strftime("%H:%M") for each in entries] == [
        "00:05",
        "17:07",
        "12:30",
        "23:59",
    ]


def test_controls_become_markdown_or_go(tmp_path: Path) -> None:
    entries, _ = log(
        tmp_path / "2024-01-31.log",
        "[17:07] <\x0304ana\x03> \x02bold \x1dboth\x02\x1d, \x0304,12red\x03, \x1funder\x0f "
        "\x1egone\x1e \x11code\x11\x07\n",
    )
    assert entries[0].person == "ana"
    assert entries[0].text == "**bold** ***both***, red, under ~~gone~~ `code`"


def test_lies_are_told_and_left_out(tmp_path: Path) -> None:
    entries, problems = log(
        tmp_path / "a.log",
        "17:06 <a> before\n17:06 <a> any day\n"
        f"{IRSSI}17:07 <a> one\n25:07 <a> two\n17:61 <a> three\n"
        "--- Day changed Fri Feb 31 2024\n17:08 <a> four\n"
        "--- Day changed Fri Mar 01 2024\nno time\n\n17:09 <a> five\n",
    )
    assert [each.text for each in entries] == ["one", "five"]
    assert [each.place for each in problems] == [
        "line 1",
        "line 5",
        "line 6",
        "line 7",
        "line 8",
        "line 10",
    ]
    assert "Fri Feb 31 2024" in problems[3].what
    assert entries[-1].sent_at == datetime(2024, 3, 1, 17, 9)


def test_iso_dates_that_do_not_exist_are_told(tmp_path: Path) -> None:
    entries, problems = log(
        tmp_path / "a.log", "2024-02-31 17:07:40\tana\thi\n2024-02-01 17:07:40\tana\thi\n"
    )
    assert len(entries) == 1
    assert [each.place for each in problems] == ["line 1"]


def test_a_log_without_any_day_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("17:07 <a> one\n" * 3)
    with chat_in(tmp_path / "a.log", irc.recognise) as chat:
        found = chat.entries()
        assert isinstance(next(found), Problem)
        with pytest.raises(ImportRefused, match="which day"):
            next(found)


def test_other_texts_are_no_logs(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    others = ["", "Milk\n", "\0" * 100, "a: b\n" * 9, "<a>b</a>\n" * 9, IRSSI]
    others += [each.read_bytes().decode() for each in SAMPLES.glob("whatsapp-*")]
    for other in others:
        path.write_text(other, newline="")
        with Archive(path) as archive:
            assert irc.recognise(archive) is None
    for name in NAMES:
        with Archive(SAMPLES / name) as archive:
            assert whatsapp.recognise(archive) is None


def test_a_million_other_lines_are_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("Milk: eggs\n" * 1_000_000)
    with Archive(path) as archive:
        tracemalloc.start()
        try:
            assert irc.recognise(archive) is None
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()


def test_bad_bytes_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-31.log"
    path.write_bytes("[17:07] <a> one\n[17:07] <é> Öl\n[17:07] <a> t\0wo ü".encode("latin-1"))
    _, entries, problems = read(path, irc.recognise)
    assert [(each.person, each.text) for each in entries] == [
        ("a", "one"),
        ("é", "Öl"),
        ("a", "two ü"),
    ]
    assert [each.place for each in problems] == ["line 2", "line 3"]


def test_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-31.log"
    path.write_bytes("[17:07] <é> Öl\r\n".encode("utf-16"))
    _, [entry], problems = read(path, irc.recognise)
    assert not problems
    assert (entry.person, entry.text) == ("é", "Öl")


def test_a_line_of_ten_megabytes_is_cut(tmp_path: Path) -> None:
    entries, problems = log(
        tmp_path / "2024-01-31.log",
        f"[17:07] <a> b\n[17:07] <a> {'x' * 10_000_000}\n[17:07] <a> c\n",
    )
    assert [len(each.text) for each in entries] == [1, lines.LINE_MAX_CHARS - 12, 1]
    assert [each.place for each in problems] == ["line 2"]


@pytest.mark.parametrize(
    "body",
    [
        "<a> " + "\x02 \x1d" * 40_000,
        "<a> \x02a" + " " * 100_000 + "b",
        "-" + "a:" * 60_000,
        "-" + "a(-" * 40_000,
        "* x (" + "@" * 120_000,
        "* " + "x" * 120_000,
        "<" + "~" * 120_000,
    ],
    ids=lambda body: body[:9],
)
def test_what_is_made_to_cost_much_does_not(body: str, tmp_path: Path) -> None:
    began = time.process_time()
    entries, _ = log(tmp_path / "2024-01-31.log", f"[17:07] <a> b\n[17:07] {body}\n[17:07] <a> c\n")
    assert [each.text for each in entries][::2] == ["b", "c"]
    assert time.process_time() - began < 10


def test_hostile_nicks_are_made_harmless(tmp_path: Path) -> None:
    entries, _ = log(
        tmp_path / "2024-01-31.log",
        f"[17:07] <\u202eana> one\n[17:07] <{'A' * 10_000}> two\n[17:07] <\u200e> three\n",
    )
    assert entries[0].person == "ana"
    assert len(entries[1].person or "") == people.NAME_MAX_CHARS
    assert entries[2].person == "Unknown"


@pytest.mark.long("a large file")
def test_people_may_be_many(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-31.log"
    with path.open("w") as file:
        file.writelines(f"[17:07] <a{number}> one\n" for number in range(100_000))
    chat, entries, _ = read(path, irc.recognise)
    assert len(chat.people) == len(entries) == 100_000


@pytest.mark.long("a large file")
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-31.log"
    with path.open("w") as file:
        file.writelines(f"[17:07] <a> {number}\n" for number in range(50_000))
    with chat_in(path, irc.recognise) as chat:
        tracemalloc.start()
        try:
            assert sum(1 for _ in chat.entries()) == 50_000
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


spoken = st.lists(
    st.tuples(
        st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)),
        st.from_regex(r"[A-Za-z\[\]`^{|}][A-Za-z0-9\[\]`^{|}-]{0,15}", fullmatch=True),
        st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1).map(str.strip),
    ),
    min_size=1,
    max_size=20,
)
FORMATS = ["{:%Y-%m-%d %H:%M:%S}\t@{}\t{}\n", "[{:%Y-%m-%d %H:%M:%S}] <+{}> {}\n"]


@pytest.mark.longer
@given(spoken, st.sampled_from(FORMATS))
@settings(max_examples=times(25, full=200), deadline=None, derandomize=True)
def test_what_was_said_is_what_is_read(spoken: list[tuple[datetime, str, str]], form: str) -> None:
    spoken = [(at.replace(microsecond=0), nick, text) for at, nick, text in spoken]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        path.write_text("".join(form.format(*each) for each in spoken), newline="")
        _, entries, problems = read(path, irc.recognise)
    assert not problems
    assert [(each.sent_at, each.person, each.text) for each in entries] == spoken
