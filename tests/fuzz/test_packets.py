"""Any packet whatever, over WebSocket and polling: counted, dropped, and nobody else harmed."""

from __future__ import annotations

import json
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.effort import examples
from tests.fuzz.values import JSON, TEXT, deep
from tests.fuzz.world import Pair, what_is_stored
from tests.raw import engine_socket, event, raw_polling, raw_socket
from tests.servers import Running

ENDED_BY_THE_SERVER = 400
NAMESPACES = st.sampled_from(["", "/,", "/admin,", "/?a=b,", "/a", "/,/,", "//,", "/" + "x" * 500])
IDS = st.one_of(
    st.just(""),
    st.integers(0, 10**12).map(str),
    st.sampled_from(["9" * 100, "9" * 101, "9" * 5_000, "٣", "²", "-1", "0", "00"]),
)
ATTACHMENTS = st.sampled_from(["", "", "", "1-", "0-", "99999999999-", "5-5-", "٣-"])
DATA = st.one_of(
    st.just(""),
    JSON.map(json.dumps),
    TEXT.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.sampled_from(
        [
            '["join_room",{"_placeholder":true,"num":0}]',
            '["connect",{}]',
            '["disconnect"]',
            '{"token":"x"}',
            '{"token":{}}',
            '{"token":null}',
            deep(50).decode(),
            "[" * 20_000,
            "[]" * 20 + '"' + '\\"' * 20_000,
            "x" * 70_000,
        ]
    ),
)
MESSAGES = st.builds(
    lambda type, attachments, namespace, id, data: f"4{type}{attachments}{namespace}{id}{data}",
    st.sampled_from("0012223345678٣²x"),
    ATTACHMENTS,
    NAMESPACES,
    IDS,
    DATA,
)
TEXT_PACKETS = st.one_of(
    MESSAGES,
    MESSAGES,
    st.sampled_from(
        [
            "0",
            "1",
            "2",
            "2x",
            "2probe",
            "3",
            "3x",
            "3probe",
            "4",
            "4{}",
            "40",
            "41",
            "5",
            "5x",
            "6",
            "6x",
            "7",
            "9",
            "b",
            "b!",
            "bAAAA",
            "0{}",
            "1x",
        ]
    ),
    st.sampled_from(["", '4"2[]"', '4"42[]"', "4[]", "4null", "4\x1e4"]),
    st.text(max_size=20),
)
FRAMES = st.one_of(TEXT_PACKETS, TEXT_PACKETS, TEXT_PACKETS, st.binary(max_size=40))


@pytest.mark.usefixtures("log")
@examples(60)
@given(frames=st.lists(FRAMES, max_size=8), connects=st.booleans())
@example(frames=["7", "8", "9"], connects=True)
@example(frames=['451-["join_room",{"_placeholder":true,"num":0}]', b"x" * 100], connects=True)
@example(frames=["40", "40", "41", "40", "41", "41", "1", "40"], connects=False)
async def test_any_frames_harm_nobody(
    server: Running, pair: Pair, frames: list[str | bytes], connects: bool
) -> None:
    before = await what_is_stored(server.app)
    opened = raw_socket if connects else engine_socket
    async with opened(server.url) as mallory:
        await mallory.send(*frames)
        # Hung up on or not: what was sent has been dealt with once this is over.
        await mallory.send("1")
        await mallory.reads_to_the_end()
    assert await what_is_stored(server.app) == before
    await pair.still_talk()


@pytest.mark.usefixtures("log")
@examples(40)
@given(
    payload=st.one_of(
        st.lists(TEXT_PACKETS, max_size=6).map(lambda packets: "\x1e".join(packets).encode()),
        st.lists(TEXT_PACKETS, max_size=3).map(lambda ps: b"d=" + quote("\x1e".join(ps)).encode()),
        st.binary(max_size=80),
    ),
    connects=st.booleans(),
)
async def test_any_payload_harms_nobody(
    server: Running, pair: Pair, payload: bytes, connects: bool
) -> None:
    before = await what_is_stored(server.app)
    async with raw_polling(server.url, connected=connects) as mallory:
        assert await mallory.post(payload) in (200, ENDED_BY_THE_SERVER)
        await mallory.post("1")
    assert await what_is_stored(server.app) == before
    await pair.still_talk()


@pytest.mark.usefixtures("log")
@examples(30)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE"]),
    query=st.dictionaries(
        st.sampled_from(["EIO", "transport", "j", "sid", "t", "b64", "x"]),
        st.one_of(
            st.sampled_from(["4", "3", "", "polling", "websocket", "webtransport", "0", "SID"]),
            st.binary(max_size=20).map(quote),
        ),
        max_size=4,
    ),
)
@example(method="GET", query={"EIO": "4", "transport": "polling", "j": "0"})
@example(method="GET", query={"EIO": "4", "transport": "websocket"})
async def test_any_handshake_is_answered(
    server: Running, pair: Pair, method: str, query: dict[str, str]
) -> None:
    async with (
        raw_polling(server.url) as mallory,
        aiohttp.ClientSession() as http,
    ):
        sid = mallory.url.rsplit("=", 1)[1]
        # Something to answer with, should it be a poll of the right connection.
        await mallory.send(event("nothing of ours", id=1))
        parts = "&".join(f"{name}={value.replace('SID', sid)}" for name, value in query.items())
        url = f"{server.url}/socket.io/?{parts}"
        async with http.request(method, url, headers={"Upgrade": "websocket"}) as response:
            assert response.status in (200, 400), await response.text()
    await pair.still_talk()


@pytest.mark.parametrize("count", [17, 300])
async def test_every_packet_of_a_long_payload_is_taken(server: Running, count: int) -> None:
    async with raw_polling(server.url) as ada:
        assert await ada.send(*(event("nothing of ours", id=id) for id in range(count))) == 200
        await ada.polls_acks(range(count))
        assert [id for id, _ in ada.acks()] == list(range(count))


async def test_an_acknowledgement_that_nobody_asked_for_is_dropped(server: Running) -> None:
    async with raw_socket(server.url) as mallory:
        await mallory.send("431[]", "43[]", "43" + "9" * 90 + '["x"]', "431", '461-[{"num":0}]')
        assert (await mallory.ask("nothing of ours", id=7))["code"] == "bad_request"
