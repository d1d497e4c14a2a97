"""One person: Engine.IO 4 and Socket.IO 5 over a WebSocket, joining, saying, counting."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

from bench.tally import Tally, clock, text_of
from bench.websocket import Refused, WebSocket

PATH = "/socket.io/?EIO=4&transport=websocket"
JOIN_ID = 99_999_999
"""The ack id of joining and leaving; messages use their stamps, which are smaller."""
NEW_MESSAGE = b'42["new_message"'
MESSAGE_CHANGED = b'42["message_changed"'
STATE = b'42["conversation_state"'
OK = b'"ok":true'
_TOKEN = re.compile(rb'"token":"([^"]+)"')


class Client(WebSocket):
    """A person in one room at most."""

    def __init__(self, tally: Tally, username: str) -> None:
        super().__init__()
        self.tally = tally
        self.username = username
        self.room_id = ""
        self.token = ""
        """To come back with, as who they were; none for somebody new."""
        self.given = ""
        """The token that the first join gave."""
        self.state_at = 0.0
        """When the conversation_state came; 0.0 while it has not."""
        self._waiting: asyncio.Future[None] | None = None

    async def connect(self, port: int) -> None:
        """Up to being connected to the namespace. Raises `Refused` or `OSError`."""
        self._waiting = connected = asyncio.get_running_loop().create_future()
        await self.open(port, PATH)
        await connected

    async def join(self, room_id: str, since: int | None = None) -> None:
        """Until the join is acknowledged. `since`: what they know already. Raises `Refused`."""
        self.room_id = room_id
        self.state_at = 0.0
        joining: dict[str, str | int] = {"room_id": room_id, "username": self.username}
        if since is not None:
            joining["since"] = since
        if self.token:
            joining["token"] = self.token
        self._waiting = joined = asyncio.get_running_loop().create_future()
        self._emit(JOIN_ID, "join_room", joining)
        await joined
        if not self.state_at:
            raise Refused("There was no conversation_state before the acknowledgement.")

    async def leave(self) -> None:
        """Until that is acknowledged. Raises `Refused`."""
        self._waiting = left = asyncio.get_running_loop().create_future()
        self._emit(JOIN_ID, "leave_room", {"room_id": self.room_id})
        await left

    def say(self, due: float | None = None, noise_characters: int = 0) -> None:
        """Send a message that was due then, or is now."""
        stamp = self.tally.stamp(clock() if due is None else due)
        said = {"room_id": self.room_id, "message": text_of(stamp, noise_characters)}
        self._emit(stamp, "send_message", said)

    def react(self, message_id: str, emoji: str, *, on: bool) -> None:
        stamp = self.tally.stamp(clock())
        reaction = {"room_id": self.room_id, "id": message_id, "emoji": emoji, "on": on}
        self._emit(stamp, "react", reaction)

    def _emit(self, ack_id: int, name: str, body: Mapping[str, object]) -> None:
        self.send(f"42{ack_id}{json.dumps([name, body], separators=(',', ':'))}".encode())

    def receive(self, payload: bytes, now: float) -> None:
        self.tally.frames += 1
        if payload.startswith(NEW_MESSAGE):
            self.tally.deliver(payload, now)
        elif payload.startswith(MESSAGE_CHANGED):
            self.tally.changed += 1
        elif payload.startswith(b"43"):
            self._receive_ack(payload, now)
        elif payload == b"2":
            self.send(b"3")
        elif payload.startswith(STATE):
            self.state_at = now
        elif payload.startswith(b"0"):
            self.send(b"40")
        elif payload.startswith(b"40"):
            self._go_on(None)
        elif payload.startswith(b"44"):
            self._go_on(Refused(payload.decode()))

    def _receive_ack(self, payload: bytes, now: float) -> None:
        ack_id = int(payload[2 : payload.index(b"[")])
        ok = OK in payload
        if ack_id == JOIN_ID:
            self._go_on(None if ok else Refused(payload.decode()))
            if (token := _TOKEN.search(payload)) is not None:
                self.given = token[1].decode()
        else:
            self.tally.acknowledge(ack_id, ok, now)

    def _go_on(self, error: Exception | None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._go_on(Refused("The server hung up."))
