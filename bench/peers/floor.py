"""The floor: how cheap a Python server could be that does nothing but pass messages on.

It shakes hands, makes one frame of each message, and writes it to every socket
of the room. Nothing is checked, kept, compressed or timed out. What a real
server costs above this is its own doing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any, cast

import uvloop

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
OPEN = (
    b'0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
)
BACKLOG = 4_096


class Room:
    def __init__(self) -> None:
        self.transports: list[asyncio.Transport] = []
        self.participants: list[str] = []


rooms: dict[str, Room] = {}


def frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def packed(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def unmasked(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Person(asyncio.Protocol):
    def __init__(self) -> None:
        self._rest = b""
        self._is_open = False
        self._who: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        for room in rooms.values():
            if self._transport in room.transports:
                room.transports.remove(self._transport)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if not self._is_open:
            head, blank, data = data.partition(b"\r\n\r\n")
            if not blank:
                self._rest = head
                return
            self._shake_hands(head)
        while len(data) >= 6:
            size, start = data[1] & 0x7F, 2
            if size == 126:
                size, start = int.from_bytes(data[2:4], "big"), 4
            stop = start + 4 + size
            if len(data) < stop:
                break
            self._receive(unmasked(data[start : start + 4], data[start + 4 : stop]))
            data = data[stop:]
        self._rest = data

    def _shake_hands(self, head: bytes) -> None:
        key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # RFC 6455
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame(OPEN)
        )
        self._is_open = True

    def _receive(self, payload: bytes) -> None:
        if payload == b"40":
            self._transport.write(frame(b'40{"sid":"floor"}'))
        elif payload.startswith(b"42"):
            begins = payload.index(b"[")
            name, body = json.loads(payload[begins:])
            ack = b"43" + payload[2:begins] + b'[{"ok":true}]'
            if name == "join_room":
                self._join(body["room_id"], body["username"])
            elif name == "send_message":
                self._say(body["room_id"], body["message"])
            self._transport.write(frame(ack))

    def _join(self, room_id: str, username: str) -> None:
        room = rooms.setdefault(room_id, Room())
        self._who = {"user_id": str(uuid.uuid4()), "username": username}
        room.participants.append(packed({**self._who, "joined_at": _now()}))
        state = f'"participants":[{",".join(room.participants)}],"messages":[]'
        state = f'42["conversation_state",{{"conversation":{{{state}}}}}]'
        self._transport.write(frame(state.encode()))
        count = len(room.participants)
        told = frame(
            f"42{packed(['user_joined', {**self._who, 'participant_count': count}])}".encode()
        )
        for transport in room.transports:
            transport.write(told)
        room.transports.append(self._transport)

    def _say(self, room_id: str, message: str) -> None:
        said = {
            "id": str(uuid.uuid4()),
            **self._who,
            "message": message,
            "type": "text",
            "timestamp": _now(),
        }
        told = frame(f"42{packed(['new_message', said])}".encode())
        for transport in rooms[room_id].transports:
            transport.write(told)


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Person, "127.0.0.1", 0, backlog=BACKLOG)
    port = server.sockets[0].getsockname()[1]
    print(f"The floor is at http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
