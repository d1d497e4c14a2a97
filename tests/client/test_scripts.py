"""`parley say`, `tail` and `upload`, as scripts use them."""

from __future__ import annotations

import contextlib
import json
import signal
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.client.commands import Going, Home
from tests.people import Person
from tests.servers import Running, free_port

Arrive = Callable[..., Person]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


async def a_room(ada: Person) -> tuple[str, str]:
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    return room, f"{ada.url}/conversation/{room}"


@contextlib.asynccontextmanager
async def going(home: Home, *arguments: str) -> AsyncIterator[Going]:
    started = await home.start(*arguments)
    try:
        yield started
    finally:
        await started.stop()


async def test_what_is_said_arrives_and_the_next_time_it_is_the_same_person(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    assert (await home.run("say", link, "Backup done", "--name", "Cron")).code == 0
    first = await ada.hears("new_message")
    said = await home.run("say", link, "--json", given="Two\nlines\n")
    second = await ada.hears("new_message", lambda data: data["message"] == "Two\nlines")
    assert json.loads(said.said) == {"id": second["id"], "seq": second["seq"]}
    assert (first["username"], second["user_id"]) == ("Cron", first["user_id"])
    assert "unproven" not in second
    [kept] = home.state.glob("parley/people.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


async def test_two_at_the_same_time_are_one_person(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    both = [await home.start("say", link, f"Part {n}", "--name", "Cron") for n in range(2)]
    assert [await each.end() for each in both] == [0, 0]
    await ada.hears("new_message", lambda data: data["message"] == "Part 0")
    await ada.hears("new_message", lambda data: data["message"] == "Part 1")
    assert len({each["user_id"] for each in ada.all_heard("new_message")}) == 1


async def test_exit_codes_say_what_went_wrong(
    server: Running, person: Arrive, home: Home, tmp_path: Path
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    nobody = await home.run("say", link, "Hello")
    assert (nobody.code, nobody.complained) == (
        2,
        "parley: Say who you are with --name, the first time.\n",
    )
    assert (await home.run("say", "talk.example.org", "Hello", "--name", "Cron")).code == 2
    assert (await home.run("say", link, "", "--name", "Cron")).code == 2
    assert (await home.run("upload", link, str(tmp_path / "none"), "--name", "Cron")).code == 2
    at = f"127.0.0.1:{free_port()}"
    gone = await home.run("say", f"http://{at}/conversation/x", "Hello", "--name", "Cron")
    assert gone.code == 3
    [sentence] = gone.complained.splitlines()
    assert sentence == f"parley: Nothing answers at {at}. Is the server running?"
    wrong = await home.run("say", f"{server.url}/conversation/none", "Hello", "--name", "Cron")
    assert wrong.code == 1
    await ada.ask("end_conversation", {"room_id": room})
    over = await home.run("say", link, "Hello", "--name", "Cron")
    assert over.code == 1
    [sentence] = over.complained.splitlines()
    assert "ended" in sentence


async def test_who_was_removed_is_told_how_to_come_back(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await home.run("say", link, "Hello", "--name", "Cron")
    said = await ada.hears("new_message")
    await ada.ask("remove_participant", {"room_id": room, "user_id": said["user_id"]})
    refused = await home.run("say", link, "Hello again")
    assert refused.code == 1, refused
    assert (await home.run("say", link, "Hello", "--name", "Cron 2", "--new")).code == 0


async def test_a_link_can_stand_in_a_file(
    server: Running, person: Arrive, home: Home, tmp_path: Path
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    (tmp_path / "link").write_text(link + "\n")
    where = f"@{tmp_path / 'link'}"
    assert (await home.run("say", where, "Hello", "--name", "Cron")).code == 0
    await ada.hears("new_message")
    assert (await home.run("say", f"@{tmp_path / 'none'}", "Hello")).code == 2


async def test_a_passphrase_can_stand_in_a_file(
    server: Running, person: Arrive, home: Home, tmp_path: Path
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    door = {"passphrase": "correct horse"}
    status, reply = await ada.call("PATCH", f"/api/conversations/{room}", door)
    assert status == 200, reply
    refused = await home.run("say", link, "Hello", "--name", "Cron")
    assert refused.code == 1
    assert "--passphrase-file" in refused.complained
    (tmp_path / "passphrase").write_text("correct horse\n")
    given = ("--passphrase-file", str(tmp_path / "passphrase"))
    assert (await home.run("say", link, "Hello", "--name", "Cron", *given)).code == 0


async def test_what_is_said_is_printed_as_it_is_said_until_the_end(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    for number in range(12):
        await ada.say(room, f"Before {number}")
    async with going(home, "tail", link, "--name", "Log", "--last", "3") as tail:
        early = await tail.lines(3)
        assert [each.rpartition("Ada: ")[2] for each in early] == [
            f"Before {number}" for number in (9, 10, 11)
        ]
        await ada.say(room, "First\nSecond\n2026-01-01 00:00 Ben: I never said this")
        lines = await tail.lines(3)
        assert lines[0].endswith(" Ada: First")
        assert lines[1:] == ["  Second", "  2026-01-01 00:00 Ben: I never said this"]
        await ada.ask("end_conversation", {"room_id": room})
        assert await tail.line() == "The conversation has ended."
        assert await tail.end() == 0
    assert ada.all_heard("user_joined")[-1]["username"] == "Log"


async def test_nobody_sees_who_reads_without_a_name(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Before")
    async with going(home, "tail", link) as tail:
        assert (await tail.line()).endswith("Ada: Before")
        await ada.say(room, "Now")
        assert (await tail.line()).endswith("Ada: Now")
        await ada.ask("end_conversation", {"room_id": room})
        assert await tail.line() == "The conversation has ended."
        assert await tail.end() == 0
    assert not ada.all_heard("user_joined")
    assert not home.state.exists()
    again = await home.run("tail", link, "--jsonl", "--since", "0")
    told = [json.loads(each) for each in again.said.splitlines()]
    assert (again.code, [each["event"] for each in told]) == (
        0,
        ["new_message", "new_message", "conversation_ended"],
    )


async def test_a_link_that_works_once_lets_whoever_read_by_it_talk_later(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, _ = await a_room(ada)
    path = f"/api/conversations/{room}"
    status, _ = await ada.call("PATCH", path, {"locked": True})
    assert status == 200
    status, made = await ada.call("POST", f"{path}/links", {"role": "member", "uses_max": 1})
    assert status == 201, made
    link = made["url"]
    for _ in range(2):
        async with going(home, "tail", link) as tail:
            said = await ada.say(room, "Hello")
            assert (await tail.line()).endswith("Ada: Hello")
    nobody = await home.run("say", link, "Hello")
    assert (nobody.code, "--name" in nobody.complained) == (2, True)
    for number in range(2):
        done = await home.run("say", link, f"Hi {number}", "--name", "Cron")
        assert done.code == 0, done
    heard = [each for each in ada.all_heard("new_message") if each["seq"] > said["seq"]]
    assert {each["username"] for each in heard} == {"Cron"}
    assert len({each["user_id"] for each in heard}) == 1


async def test_what_is_closed_to_readers_is_said_with_what_helps(
    server: Running, person: Arrive, home: Home, tmp_path: Path
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    path = f"/api/conversations/{room}"
    await ada.call("PATCH", path, {"passphrase": "correct horse"})
    refused = await home.run("tail", link)
    assert refused.code == 1
    assert "--passphrase-file" in refused.complained
    (tmp_path / "passphrase").write_text("correct horse\n")
    await ada.say(room, "Hello")
    for given in (("--passphrase-file", str(tmp_path / "passphrase")), ()):
        async with going(home, "tail", link, *given) as tail:
            assert (await tail.line()).endswith("Ada: Hello")


async def test_programs_get_an_object_a_line_and_all_after_a_seq(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    first = await ada.say(room, "One")
    for number in range(250):
        await ada.say(room, f"Since {number}")
    async with going(
        home, "tail", link, "--name", "Log", "--jsonl", "--since", str(first["seq"])
    ) as tail:
        since = [json.loads(each) for each in await tail.lines(250)]
        assert [each["message"] for each in since] == [f"Since {n}" for n in range(250)]
        last = await ada.say(room, "\x1b[31mred\x7f ü")
        line = await tail.line()
        assert line.isascii()
        assert line.isprintable()
        told = json.loads(line)
        assert (told["event"], told["message"]) == ("new_message", "\x1b[31mred\x7f ü")
        await ada.ask("edit_message", {"room_id": room, "id": last["id"], "message": "plain"})
        told = json.loads(await tail.line())
        assert (told["event"], told["message"]) == ("message_changed", "plain")
        tail.process.send_signal(signal.SIGINT)
        assert await tail.end() == 130


async def test_nothing_in_a_message_reaches_the_terminal(
    server: Running, person: Arrive, home: Home
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    mallory = person("\u202eyrollaM")
    await mallory.join(room)
    async with going(home, "tail", link, "--name", "Log") as tail:
        await mallory.say(room, "\x1b]0;owned\x07\x1b[2J\x9bm \u202eevil\u2028line")
        lines = await tail.lines(2)
        assert lines[0].endswith(": ␛]0;owned␇␛[2J\ufffdm \ufffdevil")
        assert lines[1] == "  line"


async def test_files_are_sent_as_one_message(
    server: Running, person: Arrive, home: Home, tmp_path: Path
) -> None:
    ada = person("Ada")
    _, link = await a_room(ada)
    (tmp_path / "a.txt").write_text("Milk")
    (tmp_path / "b.txt").write_text("Bread")
    files = (str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))
    sent = await home.run("upload", link, *files, "--text", "Both", "--name", "Cron", "--json")
    assert sent.code == 0, sent
    heard = await ada.hears("new_message")
    assert heard["message"] == "Both"
    assert [each["name"] for each in heard["attachments"]] == ["a.txt", "b.txt"]
    assert json.loads(sent.said)["id"] == heard["id"]
    piped = await home.run("upload", link, "-", "--as", "log.txt", given=b"x" * 100_000)
    assert piped.code == 0, piped
    log = await ada.hears("new_message", lambda data: data["message"] == "log.txt")
    assert log["attachments"][0]["size"] == 100_000
