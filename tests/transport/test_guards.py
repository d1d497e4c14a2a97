"""Each fault of the libraries under us that is guarded: these fail when a guard stops working.

The numbers of `docs/architecture.md` are not repeated here; the order is the same.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from parley.config import Config
from parley.domain import messages
from tests import lasting
from tests.cases import together
from tests.eventually import until
from tests.people import PATIENCE_S, Person
from tests.raw import engine_socket, event, raw_polling, raw_socket
from tests.servers import Running, process, running

pytestmark = lasting.in_one_loop
config, person = lasting.config, lasting.person

People = Callable[..., Person]
MUST_STOP_WITHIN_S = 10.0
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["direct", "plain"])
async def started(request: pytest.FixtureRequest, config: Config) -> AsyncIterator[Running]:
    """What guards the lines of our own guards those of another ASGI server."""
    async with running(config, plain=request.param == "plain") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def server(started: Running) -> AsyncIterator[Running]:
    """With nobody there at first."""
    yield started
    realtime = started.app.realtime
    await realtime.server.close_all()
    await until(lambda: not (realtime.server.connection_count or realtime.audience.clients))


# --- reserved events ----------------------------------------------------------


@pytest.mark.parametrize("name", ["connect", "disconnect"])
async def test_a_forged_reserved_event_is_an_unknown_one(
    server: Running, person: People, name: str
) -> None:
    room_id = await person("Ada").starts()
    async with raw_socket(server.url) as mallory:
        assert (await mallory.ask("join_room", {"room_id": room_id}, id=1))["ok"]
        forged = await mallory.ask(name, {"token": "of nobody"}, "transport close", id=2)
        assert forged["code"] == "bad_request"
        # Still connected, and still who she was.
        assert (await mallory.ask("typing", {"room_id": room_id, "is_typing": True}, id=3))["ok"]
        assert server.app.realtime.server.connection_count == 1


# --- binary -------------------------------------------------------------------


async def test_announced_attachments_are_not_waited_for(server: Running) -> None:
    async with raw_socket(server.url) as mallory:
        await mallory.send('451-["send_message",{"_placeholder":true,"num":0}]')
        # A server that waits for the attachment takes this for it.
        assert (await mallory.ask("nothing of ours", id=1))["code"] == "bad_request"


async def test_the_first_binary_frame_ends_the_connection(server: Running) -> None:
    async with raw_socket(server.url) as mallory:
        await mallory.send('4599-["send_message",{"_placeholder":true,"num":0}]', b"x" * 50_000)
        await mallory.reads_to_the_end()


async def test_binary_over_polling_ends_the_connection(server: Running) -> None:
    async with raw_polling(server.url) as mallory:
        assert await mallory.post('4599-["x",{"_placeholder":true,"num":0}]\x1ebAAAA') == 400
        assert await mallory.poll() == 400


# --- stopping -----------------------------------------------------------------


@pytest.mark.long("one that never reads tells most")
async def test_an_open_websocket_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        async with raw_socket(server.url):
            stopped = await asyncio.to_thread(server.stop, signal.SIGTERM, MUST_STOP_WITHIN_S)
    assert stopped == (0, "")


async def test_a_client_that_never_reads_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with process(tmp_path / "data", "--port", "0", "--host", "127.0.0.1") as server:
        ada = Person("Ada", server.url)
        try:
            room_id = await ada.starts()
            await ada.join(room_id)
            with _deaf_reader(server.port, room_id):
                await ada.hears("user_joined")
                # More than what the system buffers for somebody who does not read.
                for _ in range(400):
                    await ada.tell("send_message", {"room_id": room_id, "message": "ä" * 8_000})
                assert (await ada.say(room_id, "enough"))["ok"]
                code, output = await asyncio.to_thread(
                    server.stop, signal.SIGTERM, MUST_STOP_WITHIN_S
                )
        finally:
            await ada.goes_home()
    assert code == 0
    assert "Traceback" not in output


def _deaf_reader(port: int, room_id: str) -> socket.socket:
    """Somebody in the room who reads the answer to the handshake, and then no more."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.settimeout(PATIENCE_S)
    deaf.connect(("127.0.0.1", port))
    headers = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
    start = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    deaf.sendall(f"{start}{headers}\r\n".encode())
    assert b" 101 " in deaf.recv(200)
    deaf.sendall(_frame("40") + _frame(event("join_room", {"room_id": room_id})))
    return deaf


def _frame(text: str) -> bytes:
    """A short text frame, masked with zeros (RFC 6455, section 5.2)."""
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()


# --- order --------------------------------------------------------------------


async def test_what_one_client_sends_is_done_in_that_order(server: Running, person: People) -> None:
    room_id = await person("Ada").starts()
    said = [{"room_id": room_id, "message": f"{number}"} for number in range(20)]
    async with raw_socket(server.url) as ben:
        await ben.send(
            event("join_room", {"room_id": room_id}, id=0),
            *(event("send_message", message, id=id) for id, message in enumerate(said, 1)),
            event("leave_room", {"room_id": room_id}, id=21),
        )
        assert await ben.reads_ack(21)
        assert [id for id, _ in ben.acks()] == list(range(22))
        assert all(ack["ok"] for _, ack in ben.acks())
        assert [ack["seq"] for id, ack in ben.acks() if 0 < id < 21] == list(range(1, 21))


async def test_requests_of_one_polling_client_at_once_are_taken_in_turn(
    server: Running, person: People
) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    join = event("join_room", {"room_id": room_id}, id=1)
    async with raw_polling(server.url) as mallory:
        await asyncio.gather(*(mallory.send(join.replace("421", f"42{id}")) for id in range(1, 9)))
        await mallory.polls_acks(range(1, 9))
        assert len({ack["user_id"] for _, ack in mallory.acks()}) == 1
        await mallory.send("1")
    left = await ada.hears("user_left")
    assert left["participant_count"] == 1
    assert len(ada.all_heard("user_joined")) == 1


# --- answers ------------------------------------------------------------------


async def _fails(*_: Any, **__: Any) -> None:
    raise TypeError("the innermost secret")


@pytest.mark.parametrize("wants_ack", [True, False], ids=["ack", "no ack"])
async def test_a_fault_of_ours_is_answered_and_tells_no_internals(
    server: Running, person: People, monkeypatch: pytest.MonkeyPatch, wants_ack: bool
) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    monkeypatch.setattr(messages, "send", _fails)
    with capture_logs() as log:
        if wants_ack:
            answer = await ada.say(room_id, "Hello")
            assert (answer["ok"], answer["code"]) == (False, "internal")
        else:
            await ada.tell("send_message", {"room_id": room_id, "message": "Hello"})
            answer = await ada.hears("error")
            assert answer["code"] == "internal"
    assert "secret" not in json.dumps(answer)
    assert [entry["event"] for entry in log] == ["event_failed"]


async def test_an_unknown_event_is_answered(person: People) -> None:
    ada = await person("Ada").connect()
    assert (await ada.ask("dance"))["code"] == "bad_request"
    await ada.tell("dance", {"how": "slowly"})
    assert (await ada.hears("error"))["code"] == "bad_request"


@together(
    "data",
    ['["typing",{"room_id":"\\ud83d"}]', '["typing",', "[[[[[[[[[]]]]]]]]]", "[]", "{}", "[1]", ""],
)
async def test_an_event_that_cannot_be_read_is_answered(server: Running, data: str) -> None:
    async with raw_socket(server.url) as ada:
        await ada.send(f"421{data}", f"42{data}")
        await ada.ask("nothing of ours", id=2)
        assert ada.ack(1)["code"] == "bad_request"
        assert [error["code"] for error in ada.events("error")] == ["bad_request"]


# --- the end of a connection --------------------------------------------------


@pytest.mark.long("it waits for who does not hang up")
async def test_disconnecting_a_client_ends_its_transport(server: Running) -> None:
    async with raw_socket(server.url) as ada:
        await server.app.realtime.server.close_all()
        await ada.reads_to_the_end()


async def test_closing_the_connection_ends_the_transport(server: Running) -> None:
    async with raw_socket(server.url) as mallory:
        await mallory.send("1")
        await mallory.reads_to_the_end()
        assert server.app.realtime.server.connection_count == 0


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_a_disconnect_handler_that_raises_runs_once(
    own_config: Config, monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    gone: list[str] = []

    def fails(sid: str) -> None:
        gone.append(sid)
        raise TypeError

    async with running(own_config, plain=plain) as server:
        monkeypatch.setattr(server.app.realtime.server, "_on_disconnect", fails)
        with capture_logs() as log:
            async with raw_socket(server.url) as ada:
                await ada.send("1")
                await ada.reads_to_the_end()
            async with raw_socket(server.url) as ben:
                await ben.send("41")
                await ben.send("40")
                assert await ben._reads_until("40")
        assert len(gone) == len(set(gone)) >= 2
        said = [entry["event"] for entry in log if entry["log_level"] != "debug"]
        assert said == ["disconnect_failed"] * len(gone)


async def test_a_client_that_goes_while_it_connects_leaves_nothing_behind(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    realtime = server.app.realtime
    reached, go_on = asyncio.Event(), asyncio.Event()
    connect = realtime.server._on_connect

    async def slow(sid: str, handshake: Any) -> None:
        reached.set()
        await go_on.wait()
        if (connecting := connect(sid, handshake)) is not None:
            await connecting

    monkeypatch.setattr(realtime.server, "_on_connect", slow)
    async with raw_polling(server.url, connected=False) as ada:
        connecting = asyncio.create_task(ada.send("40"))
        await reached.wait()
        await realtime.server.close_all()
        go_on.set()
        assert await connecting == 200
    assert realtime.audience.clients == {}


# --- origins ------------------------------------------------------------------

OWN, ALLOWED, FOREIGN = "own", "http://localhost:3000", "https://mallory.example"


ORIGINS = {OWN: True, ALLOWED: True, FOREIGN: False, "null": False, "http://[": False}
"""And whether they are welcome."""


@together(
    ("origin", "welcome", "transport"),
    [(*each, transport) for each in ORIGINS.items() for transport in ("websocket", "polling")],
)
async def test_only_our_own_and_allowed_origins_connect(
    server: Running, origin: str, welcome: bool, transport: str
) -> None:
    named = server.url if origin == OWN else origin
    # What a proxy would say is not believed: there is none.
    forged = {"X-Forwarded-Host": "mallory.example", "X-Forwarded-Proto": "https"}
    headers = {"Origin": named, **forged, **(UPGRADE if transport == "websocket" else {})}
    url = f"{server.url}/socket.io/?EIO=4&transport={transport}"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        expected = 101 if transport == "websocket" else 200
        assert response.status == (expected if welcome else 403)
        if transport == "polling":
            readable_by = response.headers.get("Access-Control-Allow-Origin")
            assert readable_by == (ALLOWED if origin == ALLOWED else None)
            assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("index", ["0", "", "x"])
async def test_jsonp_is_refused(server: Running, index: str) -> None:
    async with raw_polling(server.url) as mallory:
        await mallory.send(event("nothing of ours", id=1))
        plain = mallory.url
        mallory.url = f"{plain}&j={index}"
        assert await mallory.poll() == 400
        assert await mallory.post(event("nothing of ours", id=2)) == 400
        mallory.url = plain
        await mallory.polls_acks([1])
        assert await mallory.post(f"d={event('nothing of ours', id=3)}") == 400


async def test_forwarded_headers_do_not_name_the_server(server: Running, person: People) -> None:
    ada = person("Ada")
    await ada.starts()
    forged = {"X-Forwarded-Host": "mallory.example", "Forwarded": "host=mallory.example"}
    _, reply = await ada.call("GET", "/api/conversations", headers=forged)
    assert reply["conversations"][0]["join_link"].startswith(server.url + "/")


@together(
    ("host", "path"),
    itertools.product(
        ["[", "a" * 300, "mallory.example/x", "a..b", "[:::]"],
        ["/", "/api/health", "/socket.io/?EIO=4&transport=polling"],
    ),
)
async def test_a_host_that_is_none_is_a_bad_request(server: Running, host: str, path: str) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(server.url + path, headers={"Host": host}) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == "bad_request"


@pytest.mark.parametrize(
    ("transport", "headers"), [("websocket", {"Upgrade": "websocket"}), ("polling", UPGRADE)]
)
async def test_a_transport_named_otherwise_than_it_came_is_refused(
    server: Running, transport: str, headers: dict[str, str]
) -> None:
    url = f"{server.url}/socket.io/?EIO=4&transport={transport}"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert response.status in (400, 403)
    assert server.app.realtime.server.connection_count == 0


# --- malformed packets --------------------------------------------------------

NO_PACKETS = ["", "x", "7", "9{", "4", "4²", "44{}", "48", "0{}"]
NO_EVENTS = ["42[", '42{"a"', '451-["x"]', "430[]", f"42{'9' * 101}[]", "421" + "2" * 20 + "-[]"]
MALFORMED = [*NO_PACKETS, *NO_EVENTS]


async def test_malformed_packets_leave_no_line_in_the_log(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        async with engine_socket(server.url) as early, raw_socket(server.url) as mallory:
            await early.send(*MALFORMED, b"\0")
            await early.reads_to_the_end()
            await mallory.send(*MALFORMED)
            assert (await mallory.ask("nothing of ours", id=1))["code"] == "bad_request"
        for packet in MALFORMED:
            async with raw_polling(server.url) as polling:
                await polling.send(packet)
        assert server.stop() == (0, "")
