"""Counting in Redis: shared and lasting where it answers, and in nobody's way where it does not."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from parley.limits import shared_windows
from parley.limits.rates import By, Rate
from parley.limits.shared_windows import SharedWindows
from tests.people import PATIENCE_S
from tests.security.conftest import Open
from tests.servers import START_WITHIN_S, begin_folder, free_port
from tests.test_cli import assert_says_why, loaded_parley

NO_REDIS_PACKAGE = "import sys; sys.modules['redis'] = None; from parley.cli import main; main()"


# One program in several roles, told by the name it is called by.
PROGRAM = shutil.which("redis-server") or shutil.which("redis-check-rdb")


class Redis:
    """A redis-server of the test's own, which keeps nothing on disk."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._running = subprocess.Popen(
            command, executable=PROGRAM, stdout=subprocess.PIPE, text=True
        )
        assert self._running.stdout is not None
        while "eady to accept connections" not in (line := self._running.stdout.readline()):
            assert line, "it did not start"

    def ends(self) -> None:
        self._running.kill()
        self._running.communicate(timeout=START_WITHIN_S)


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """One that is waited for, however busy the machine is."""
    monkeypatch.setattr(shared_windows, "ANSWER_WITHIN_S", PATIENCE_S)
    if PROGRAM is None:
        pytest.skip("redis-server was not found")
    started = Redis()
    yield started
    started.ends()


# --- what keeps it from starting ----------------------------------------------


@pytest.mark.long("each extra says it in the same way")
def test_without_the_extra_it_is_one_sentence(tmp_path: Path) -> None:
    flags = ["serve", "--data", str(tmp_path / "data"), "--rate-limit-storage", "redis://localhost"]
    ended = subprocess.run(
        [sys.executable, "-c", NO_REDIS_PACKAGE, *flags],
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
        check=False,
    )
    assert_says_why(ended, "extra redis", "pip install '.[redis]'")


def test_a_redis_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://:hunter2@127.0.0.1:{port}"
    ended = loaded_parley("serve", "--data", str(tmp_path), "--rate-limit-storage", url)
    assert_says_why(ended, f"127.0.0.1:{port}", "--rate-limit-storage")
    assert "hunter2" not in ended.stderr


def test_an_address_that_redis_cannot_use_is_one_sentence(tmp_path: Path) -> None:
    url = "redis://127.0.0.1:6379/?db=nonsense"
    assert_says_why(
        loaded_parley("serve", "--data", str(tmp_path), "--rate-limit-storage", url),
        "127.0.0.1:6379",
    )


async def test_while_limits_are_off_no_redis_is_needed(opened: Open) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    async with opened(rate_limits="off", rate_limit_storage=nowhere) as house:
        ada = house.guest("Ada")
        assert (await ada.say(await ada.sits_down(), "Hello"))["ok"]


# --- counting -----------------------------------------------------------------


async def test_a_count_in_redis_outlives_the_server(opened: Open, redis: Redis) -> None:
    limits = {"rate_limit_storage": redis.url, "limit_messages": "2/1h session, 9/1h room"}
    async with opened(**limits) as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        assert (await ada.say(room_id, "one"))["ok"]
        token = ada.token
    async with opened(**limits) as house:
        ada = house.guest("Ada")
        ada.token = token
        await ada.sits_down(room_id)
        path = f"/api/conversations/{room_id}/messages"
        assert (await ada.call("POST", path, {"message": "two"}))[0] == 201
        refused = await ada.say(room_id, "three")
        assert refused["code"] == "rate_limited"
        assert 3_500 < refused["retry_after"] <= 3_600
        status, reply = await ada.call("POST", path, {"message": "three"})
        assert (status, reply["code"]) == (429, "rate_limited")


async def test_strangers_and_guesses_count_in_redis_too(opened: Open, redis: Redis) -> None:
    async with opened(
        rate_limit_storage=redis.url, limit_unknown_rooms="2/1h address", limit_joins="3/1h room"
    ) as house:
        ada, cleo = house.guest("Ada"), house.guest("Cleo")
        room_id = await ada.sits_down()
        await cleo.connect()
        for room, code in ((room_id, None), (room_id, None), (room_id, "rate_limited")):
            assert (await cleo.ask("join_room", {"room_id": room})).get("code") == code
        for _ in range(2):
            status, _ = await cleo.call("GET", "/api/conversations/guess001")
            assert status == 404
        assert (await cleo.call("GET", f"/api/conversations/{room_id}"))[0] == 429
        assert (await ada.say(room_id, "Still here"))["ok"]


async def test_when_redis_goes_away_people_talk_on(opened: Open, redis: Redis) -> None:
    with capture_logs() as entries:
        async with opened(
            rate_limit_storage=redis.url, limit_messages="5/1h session", limit_typing=""
        ) as house:
            ada = house.guest("Ada")
            room_id = await ada.sits_down()
            for text in ("one", "two"):
                assert (await ada.say(room_id, text))["ok"]
            await asyncio.to_thread(redis.ends)
            async with asyncio.timeout(PATIENCE_S):
                answers = [await ada.say(room_id, str(number)) for number in range(6)]
            # What was counted in Redis is unknown now; from here on it is counted in memory.
            assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
            assert answers[-1]["code"] == "rate_limited"
    said = [entry["event"] for entry in entries if entry["log_level"] == "warning"]
    assert said == ["rate_limits_counted_in_memory"]


async def test_a_redis_that_hangs_holds_up_nobody_for_long(opened: Open) -> None:
    asked = asyncio.Event()

    replies = {b"PING": b"+PONG\r\n", b"CLIENT": b"+OK\r\n"}

    async def greets_and_then_hangs(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(replies.get(line.strip(), b""))
                if line.strip() == b"EVALSHA":
                    asked.set()
        writer.close()

    hanging = await asyncio.start_server(greets_and_then_hangs, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    async with opened(rate_limit_storage=f"redis://127.0.0.1:{port}") as house:
        ada = house.guest("Ada")
        async with asyncio.timeout(PATIENCE_S):
            room_id = await ada.sits_down()
            answers = await asyncio.gather(*(ada.say(room_id, str(n)) for n in range(20)))
        assert all(answer["ok"] for answer in answers)
        assert asked.is_set()
    hanging.close()


async def test_what_came_to_nothing_is_given_back_in_redis_too(opened: Open, redis: Redis) -> None:
    async with opened(
        rate_limit_storage=redis.url, limit_messages="9/1h session, 3/1h room"
    ) as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        path = f"/api/conversations/{room_id}"
        await ada.call("PATCH", path, {"read_only": True})
        for _ in range(4):
            assert (await ben.say(room_id, "Buy!"))["code"] == "read_only"
            status, _ = await ben.call("POST", f"{path}/messages", {"message": "Buy!"})
            assert status == 403
            assert (await ada.say(room_id, "Once", client_id="c-1"))["ok"]
        assert (await ben.say(room_id, "Buy!"))["code"] == "read_only"
        assert (await ben.say(room_id, "Buy!"))["code"] == "rate_limited"  # as a person
        posts = [ada.call("POST", f"{path}/messages", {"message": "Hi"}) for _ in range(6)]
        statuses = [status for status, _ in await asyncio.gather(*posts)]
        assert sorted(statuses) == [201] * 2 + [429] * 4


async def test_installations_that_share_a_redis_count_apart(
    opened: Open, redis: Redis, tmp_path: Path
) -> None:
    async def says(data: Path, count: int) -> list[bool]:
        async with opened(
            data=data, rate_limit_storage=redis.url, limit_messages="2/1h address"
        ) as house:
            guest = house.guest("Ada")
            room_id = await guest.sits_down()
            return [(await guest.say(room_id, "Hello"))["ok"] for _ in range(count)]

    for name in ("one", "two"):
        begin_folder(tmp_path / name)
    assert await says(tmp_path / "one", 3) == [True, True, False]
    assert await says(tmp_path / "two", 3) == [True, True, False]
    assert await says(tmp_path / "one", 1) == [False]


# --- one question a use -------------------------------------------------------

WHO = (7, "192.0.2.1", 3)


def windows(url: str, *rates: Rate) -> SharedWindows:
    return SharedWindows(url, {"messages": rates})


@pytest.fixture
async def here(redis: Redis) -> AsyncIterator[SharedWindows]:
    """Three uses a session, and four a room."""
    made = windows(redis.url, Rate(3, 3_600, By.SESSION), Rate(4, 3_600, By.ROOM))
    yield made
    await made.close()


async def test_all_windows_are_one_question(here: SharedWindows) -> None:
    await here.spend("messages", WHO, here.use())
    for _ in range(5):
        await here.spend("messages", WHO, here.use())
    asked = await here._redis.info("commandstats")
    assert asked["cmdstat_eval"]["calls"] == 1
    assert asked["cmdstat_evalsha"]["calls"] == 6


async def test_what_is_refused_by_one_window_is_counted_in_none(here: SharedWindows) -> None:
    async def spent(session: int) -> bool:
        return await here.spend("messages", (session, "", 3), here.use()) == 0

    assert [await spent(7) for _ in range(5)] == [True] * 3 + [False] * 2
    assert [await spent(8) for _ in range(3)] == [True, False, False]
    wait_s = await here.wait_s("messages", (8, "", 3))
    assert wait_s is not None
    assert 3_500 < wait_s <= 3_600
    assert await here.wait_s("messages", (8, "", 0)) == 0


async def test_many_at_once_get_exactly_what_there_is(redis: Redis) -> None:
    both = [windows(redis.url, Rate(100, 3_600, By.ADDRESS)) for _ in range(2)]
    asked = [each.spend("messages", WHO, each.use()) for each in both for _ in range(150)]
    found = await asyncio.gather(*asked)
    assert len([wait_s for wait_s in found if wait_s == 0]) == 100
    assert None not in found
    for each in both:
        await each.close()


async def test_a_use_that_is_asked_about_again_counts_once(here: SharedWindows) -> None:
    use = here.use()
    assert [await here.spend("messages", WHO, use) for _ in range(9)] == [0] * 9
    assert [await here.spend("messages", WHO, here.use()) == 0 for _ in range(3)] == [
        *(True, True),
        False,
    ]
    await here.give_back("messages", WHO, use)
    assert await here.spend("messages", WHO, here.use()) == 0


async def test_what_has_happened_counts_beyond_what_there_is(here: SharedWindows) -> None:
    for _ in range(9):
        assert await here.charge("messages", WHO) == 0
    assert await here.spend("messages", (8, "", 3), here.use()) != 0
    assert await here._redis.zcard("parley:messages:4/3600:room:3") == 4


@pytest.mark.long("it waits until they are")
async def test_uses_are_over_when_their_time_is(redis: Redis) -> None:
    here = windows(redis.url, Rate(1, 1, By.SESSION))
    assert await here.spend("messages", WHO, here.use()) == 0
    wait_s = await here.spend("messages", WHO, here.use())
    assert wait_s is not None
    assert 0 < wait_s <= 1
    async with asyncio.timeout(PATIENCE_S):
        while await here.spend("messages", WHO, here.use()):
            pass
        while await here._redis.keys("parley:*"):
            pass  # nothing of it stays
    await here.close()


async def test_a_redis_that_dropped_its_scripts_or_restarted_counts_on(redis: Redis) -> None:
    here = windows(redis.url, Rate(2, 3_600, By.SESSION))
    assert await here.spend("messages", WHO, here.use()) == 0
    await here._redis.script_flush()
    assert await here.spend("messages", WHO, here.use()) == 0
    assert await here.spend("messages", WHO, here.use()) != 0
    redis.ends()
    again = Redis(redis.port)
    try:
        # It keeps nothing; what matters is that the connections of before stop nobody.
        assert await here.spend("messages", WHO, here.use()) == 0
    finally:
        again.ends()
        await here.close()


async def test_a_use_whose_answer_was_lost_counts_once(redis: Redis) -> None:
    lost = 0

    async def loses_first_answers(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal lost
        back, there = await asyncio.open_connection("127.0.0.1", redis.port)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                there.write(data)
                answer = await back.read(65_536)
                if b"EVALSHA" in data and b"NOSCRIPT" not in answer and lost < 1:
                    lost += 1
                    break
                writer.write(answer)
        there.close()
        writer.close()

    own = windows(redis.url, Rate(9, 3_600, By.SESSION))
    await own.spend("messages", (1, "", 0), own.use())  # so that the script is there
    between = await asyncio.start_server(loses_first_answers, "127.0.0.1", 0)
    port = between.sockets[0].getsockname()[1]
    here = windows(f"redis://127.0.0.1:{port}", Rate(9, 3_600, By.SESSION))
    assert await here.spend("messages", WHO, here.use()) == 0
    assert lost == 1
    assert await own._redis.zcard("parley:messages:9/3600:session:7") == 1
    await here.close()
    await own.close()
    between.close()
