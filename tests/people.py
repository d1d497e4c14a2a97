"""The people of the tests: Ada starts, Ben opens the link, Cleo reads along, Mallory lies.

Each is a client of their own: a Socket.IO connection and REST calls, with no
credential but what they were given. What reaches them is kept in order, and
waited for; nothing here sleeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import socketio

PATIENCE_S = 30.0
EVENTS = (
    "conversation_state",
    "new_message",
    "user_joined",
    "user_left",
    "user_typing",
    "conversation_ended",
    "message_changed",
    "conversation_changed",
    "link_replaced",
    "role_changed",
    "look_changed",
    "proven",
    "epoch_began",
    "messages_erased",
    "conversation_deleted",
    "removed",
    "knocked",
    "knock_answered",
    "claimed",
    "claim_answered",
    "read",
    "announced",
    "call_state",
    "call_signal",
    "call_told",
    "mine_changed",
    "invites_changed",
    "asked",
    "ask_answered",
    "ask_late",
    "error",
)
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found


class Person:
    """Somebody with a client. `transports` is what their Socket.IO connection may use."""

    def __init__(self, name: str, url: str, transports: tuple[str, ...] = ("websocket",)) -> None:
        self.name = name
        self.url = url
        self.token: str | None = None
        self.heard: list[tuple[str, Json]] = []
        self._transports = list(transports)
        self._news = asyncio.Condition()
        self._http: aiohttp.ClientSession | None = None
        self.socket = self._new_socket()

    # --- Socket.IO ---

    async def connect(self, **options: Any) -> Person:
        # One second, unless told otherwise: less than a busy machine needs.
        patient = {"wait_timeout": PATIENCE_S, **options}
        await self.socket.connect(self.url, transports=self._transports, **patient)
        return self

    async def disconnect(self) -> None:
        await self.socket.disconnect()

    async def reconnect(self, **options: Any) -> None:
        """A fresh connection, as after a lost one."""
        if self.socket.connected:
            await self.socket.disconnect()
        self.socket = self._new_socket()
        await self.connect(**options)

    async def ask(self, event: str, data: Any = None) -> Json:
        """Send an event and give its acknowledgement."""
        answer: Json = await self.socket.call(event, data, timeout=PATIENCE_S)
        return answer

    async def tell(self, event: str, data: Any = None) -> None:
        """Send an event, as clients do that ask for no acknowledgement."""
        await self.socket.emit(event, data)

    async def join(self, room_id: str, **more: Any) -> Json:
        """Join on the socket, connecting first where need be; the acknowledgement."""
        if not self.socket.connected:
            await self.connect()
        answer = await self.ask("join_room", {"room_id": room_id, "username": self.name, **more})
        assert answer["ok"], answer
        self.token = answer.get("token", self.token)
        return answer

    async def leave(self, room_id: str) -> Json:
        return await self.ask("leave_room", {"room_id": room_id})

    async def say(self, room_id: str, text: str, **more: Any) -> Json:
        return await self.ask("send_message", {"room_id": room_id, "message": text, **more})

    async def hears(self, event: str, which: Callable[[Json], bool] = lambda data: True) -> Json:
        """The first such event that reached them, waiting for it where it has not come yet."""

        def found() -> Json | None:
            return next((d for name, d in self.heard if name == event and which(d)), None)

        async with asyncio.timeout(PATIENCE_S), self._news:
            while (data := found()) is None:
                await self._news.wait()
            return data

    def all_heard(self, event: str) -> list[Json]:
        return [data for name, data in self.heard if name == event]

    # --- REST ---

    async def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Json]:
        """A REST call with their token, if they have one: status and reply."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        if self._http is None:
            self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        async with self._http.request(
            method, self.url + path, json=body, headers=headers, **options
        ) as response:
            if response.content_type == "text/event-stream":  # which has no end
                response.close()
                return response.status, {"success": True}
            return response.status, await response.json()

    async def send(
        self, method: str, path: str, data: Any = None, headers: Json | None = None
    ) -> Answer:
        """Any request with their token, if they have one, and a body as it is."""
        headers = {**(headers or {})}
        if isinstance(data, bytes):
            data = io.BytesIO(data)
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if self._http is None:
            self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        async with self._http.request(
            method, self.url + path, data=data, headers=headers
        ) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, await response.read())

    async def starts(self, title: str = "A talk", **more: Any) -> str:
        """Start a conversation over REST, keep the token, and give the room id."""
        status, reply = await self.call(
            "POST", "/api/conversations/create", {"title": title, **more}
        )
        assert status == 201, reply
        self.token = reply.get("token", self.token)
        room_id: str = reply["room_id"]
        return room_id

    async def joins_over_rest(self, room_id: str, **more: Any) -> Json:
        status, reply = await self.call(
            "POST", f"/api/conversations/{room_id}/join", {"username": self.name, **more}
        )
        assert status == 200, reply
        self.token = reply.get("token", self.token)
        return reply

    async def goes_home(self) -> None:
        if self.socket.connected:
            await self.socket.disconnect()
        left_open = self.socket.eio.http  # the client does not close it where it was refused
        if left_open is not None and not left_open.closed:
            await left_open.close()
        if self._http is not None:
            await self._http.close()
        if len(self._transports) > 1:
            # Python-engineio's client drops its last poll when it changes to a WebSocket. Found
            # while its loop runs, that is closed; found later, it fails some other test.
            gc.collect()

    def _new_socket(self) -> socketio.AsyncClient:
        socket = socketio.AsyncClient(reconnection=False, request_timeout=PATIENCE_S)
        for event in EVENTS:
            socket.on(event, self._listener(event))
        return socket

    def _listener(self, event: str) -> Callable[[Any], Any]:
        async def listen(data: Any) -> None:
            async with self._news:
                self.heard.append((event, data))
                self._news.notify_all()

        return listen


@contextlib.asynccontextmanager
async def arriving_at(url: str) -> AsyncIterator[Callable[..., Person]]:
    """Makes people for a server: `arrive("Ada")`, who are gone once the block ends."""
    people: list[Person] = []

    def arrive(name: str, transports: tuple[str, ...] = ("websocket",)) -> Person:
        people.append(Person(name, url, transports))
        return people[-1]

    yield arrive
    for each in people:
        await each.goes_home()
