"""Nothing is learned by guessing, and nobody is made of a token that somebody chose."""

from __future__ import annotations

import random
import statistics
import string
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from parley.credentials import COOKIE
from tests import effort, lasting
from tests.people import Person
from tests.raw import raw_socket
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]
GUESSES = effort.times(120, full=1_000)
ALIKE = 1.5
"""How far the middle times of two kinds may lie apart, on a machine that does other things too."""
NOISE_S = 0.001


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: Running) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url, cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield http


# --- the ids of conversations ---


def near(room_id: str, chance: random.Random) -> str:
    """The id with one character changed."""
    at = chance.randrange(len(room_id))
    others = [letter for letter in string.ascii_lowercase if letter != room_id[at]]
    return room_id[:at] + chance.choice(others) + room_id[at + 1 :]


def far(room_id: str, chance: random.Random) -> str:
    """Any id of its form."""
    return "".join(chance.choices(string.ascii_letters + string.digits, k=len(room_id)))


@pytest.mark.longer
@pytest.mark.parametrize("address", ["/api/conversations/{}", "/conversation/{}"])
async def test_guesses_are_answered_alike(
    http: aiohttp.ClientSession, person: People, address: str
) -> None:
    chance = random.Random(1)  # the same guesses each time
    ada = person("Ada")
    unlisted = await ada.starts(visibility="unlisted")
    ended = await ada.starts(visibility="unlisted")
    await ada.call("POST", f"/api/conversations/{ended}/end")
    answers: set[tuple[int, bytes]] = set()
    took: dict[str, list[float]] = {"near": [], "near an ended one": [], "far": []}
    for _ in range(GUESSES // 3 + 1):
        for kind, guess in (
            ("near", near(unlisted, chance)),
            ("near an ended one", near(ended, chance)),
            ("far", far(unlisted, chance)),
        ):
            began = time.perf_counter()
            async with http.get(address.format(guess)) as reply:
                answers.add((reply.status, await reply.read()))
            took[kind].append(time.perf_counter() - began)
    ((status, _),) = answers
    assert status == 404
    middle = {kind: statistics.median(times) for kind, times in took.items()}
    assert max(middle.values()) <= min(middle.values()) * ALIKE + NOISE_S, middle


async def test_every_way_to_a_conversation_that_is_not_there_says_the_same(
    http: aiohttp.ClientSession, server: Running
) -> None:
    chance = random.Random(2)
    said: set[Any] = set()
    async with raw_socket(server.url) as socket:
        for number in range(0, 60, 3):
            guess = far("x" * 22, chance)
            for method, path in (
                ("GET", ""),
                ("GET", "/messages"),
                ("POST", "/join"),
            ):
                async with http.request(method, f"/api/conversations/{guess}{path}") as reply:
                    answer = await reply.json()
                    said.add((reply.status, answer["code"], answer["error"]))
            for at, event in enumerate(("join_room", "watch_room", "leave_room")):
                ack = await socket.ask(event, {"room_id": guess}, id=number + at)
                said.add((404, ack["code"], ack["error"]))
    assert len(said) == 1


# --- tokens ---


@pytest.mark.longer
async def test_guessed_tokens_are_answered_alike(http: aiohttp.ClientSession) -> None:
    chance = random.Random(3)
    async with http.post("/api/conversations/create") as reply:
        token = (await reply.json())["token"]
    answers: set[tuple[int, bytes]] = set()
    took: dict[str, list[float]] = {"near": [], "far": []}
    for _ in range(GUESSES // 2):
        for kind, guess in (("near", near(token, chance)), ("far", far(token, chance))):
            began = time.perf_counter()
            async with http.post(
                "/api/conversations/create", headers={"Authorization": f"Bearer {guess}"}
            ) as reply:
                answers.add((reply.status, await reply.read()))
            took[kind].append(time.perf_counter() - began)
    ((status, _),) = answers
    assert status == 403
    middle = {kind: statistics.median(times) for kind, times in took.items()}
    assert max(middle.values()) <= min(middle.values()) * ALIKE + NOISE_S, middle


# --- what an attacker chose ---

CHOSEN = "chosen-by-mallory-chosen-by-mallory-chosen0"


async def test_a_cookie_that_somebody_chose_becomes_no_session(
    http: aiohttp.ClientSession, server: Running
) -> None:
    headers = {"Origin": server.url, "Cookie": f"{COOKIE}={CHOSEN}"}
    async with http.post("/api/conversations/create", headers=headers) as reply:
        assert reply.status == 201
        room_id = (await reply.json())["room_id"]
        assert reply.cookies[COOKIE].value != CHOSEN
        own = reply.cookies[COOKIE].value
    for token, status in ((CHOSEN, 403), (own, 200)):
        page = {"Origin": server.url, "Cookie": f"{COOKIE}={token}"}
        async with http.post(f"/api/conversations/{room_id}/end", headers=page) as reply:
            assert reply.status == status


async def test_a_token_that_somebody_chose_becomes_no_session(
    server: Running, person: People, http: aiohttp.ClientSession
) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    for path in ("create", f"{room_id}/join", f"{room_id}/messages", f"{room_id}/end"):
        async with http.post(
            f"/api/conversations/{path}",
            json={"message": "x"},
            headers={"Authorization": f"Bearer {CHOSEN}"},
        ) as reply:
            assert (reply.status, (await reply.json())["code"]) == (403, "forbidden")
    async with raw_socket(server.url) as socket:
        ack = await socket.ask("join_room", {"room_id": room_id, "token": CHOSEN}, id=1)
        assert ack["code"] == "forbidden"
        ack = await socket.ask("join_room", {"room_id": room_id}, id=2)
        assert ack["token"] != CHOSEN


async def test_the_ids_that_somebody_chose_are_no_credential(person: People) -> None:
    ada, mallory = person("Ada"), await person("Mallory").connect()
    room_id = await ada.starts(user_id=CHOSEN)
    await ada.join(room_id, token=ada.token)
    for name in ("user_id", "token", "client_id"):
        ack = await mallory.ask("join_room", {"room_id": room_id, name: CHOSEN})
        assert ack.get("role") != "owner"
    status, reply = await mallory.call("POST", f"/api/conversations/{room_id}/end")
    assert (status, reply["code"]) == (401, "token_required")


# --- what was somebody's once ---


async def test_a_token_that_was_won_back_from_is_nobody_any_more(person: People) -> None:
    ada, ben, taker = person("Ada"), person("Ben"), person("Ben on a socket")
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id, user_id="ben-1")
    await taker.join(room_id, user_id="ben-1")
    await ben.call("GET", f"/api/conversations/{room_id}")  # with the first token
    replaying = person("Mallory")
    replaying.token = taker.token
    for _ in range(2):
        status, reply = await replaying.call(
            "POST", f"/api/conversations/{room_id}/messages", {"message": "Once more"}
        )
        assert (status, reply["code"]) == (403, "not_joined")
    await replaying.connect(auth={"token": taker.token})
    ack = await replaying.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert ack["code"] == "identity_taken"


async def test_a_token_of_one_conversation_is_nothing_in_another(person: People) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    hers = await ada.starts()
    await mallory.starts()
    for path in (f"{hers}/end", f"{hers}/messages"):
        status, _ = await mallory.call("POST", f"/api/conversations/{path}", {"message": "x"})
        assert status == 403


async def test_the_parts_of_a_socket_are_no_token(server: Running, person: People) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    room_id = await ada.starts()
    ack = await ada.join(room_id, token=ada.token)
    for known in (ada.socket.sid, ada.socket.get_sid(), ack["user_id"], room_id):
        mallory.token = known
        status, reply = await mallory.call("POST", f"/api/conversations/{room_id}/end")
        assert (status, reply["code"]) == (403, "forbidden")


async def test_an_id_of_a_connection_that_is_not_there_is_nothing(
    http: aiohttp.ClientSession,
) -> None:
    address = "/socket.io/?EIO=4&transport={}&sid={}"
    for sid in (CHOSEN, "../x", "0"):
        async with http.get(address.format("polling", sid)) as reply:
            assert reply.status == 400
        async with http.post(address.format("polling", sid), data="40") as reply:
            assert reply.status == 400
