"""Files on their way: up, down, and how long it takes. Blocking: for threads and for processes."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

PIECE_BYTES = 1024 * 1024
WITHIN_S = 120.0
"""How long a server may keep still."""
_BOUNDARY = "between-the-parts"
_FORM_HEAD = (
    f"--{_BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="file"; filename="noise.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
_FORM_END = f"\r\n--{_BOUNDARY}--\r\n".encode()


class Failed(Exception):
    """The server answered something else than that it is done."""


@dataclass(frozen=True)
class Member:
    """Somebody in a conversation of Parley's, who may send files there."""

    port: int
    room_id: str
    token: str

    @classmethod
    def of_a_new_room(cls, port: int, username: str = "Ada") -> Member:
        created = _called(port, "POST", "/api/conversations/create", {})
        return cls.joining(port, str(created["room_id"]), username)

    @classmethod
    def joining(cls, port: int, room_id: str, username: str) -> Member:
        """Raises `Failed`."""
        path = f"/api/conversations/{room_id}/join"
        return cls(port, room_id, str(_called(port, "POST", path, {"username": username})["token"]))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def upload(self, data: Iterator[bytes], size: int, name: str = "noise.bin") -> dict[str, Any]:
        """The file as the body of one request; what the server says of it."""
        path = f"/api/conversations/{self.room_id}/files?name={name}"
        reply: dict[str, Any] = _sent(self.port, "POST", path, self.headers, data, size)["file"]
        return reply

    def send(self, file: dict[str, Any], message: str = "") -> dict[str, Any]:
        """A message with it; for its file's address will only be read from then on."""
        return self.says(message, attachments=[file["id"]])

    def says(self, message: str, **more: Any) -> dict[str, Any]:
        path = f"/api/conversations/{self.room_id}/messages"
        return _called(self.port, "POST", path, {"message": message, **more}, self.headers)


def upload_as_form(port: int, data: Iterator[bytes], size: int) -> None:
    """The file in the one field of a form, as a browser would send it."""

    def form() -> Iterator[bytes]:
        yield _FORM_HEAD
        yield from data
        yield _FORM_END

    type = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    _sent(port, "POST", "/", type, form(), len(_FORM_HEAD) + size + len(_FORM_END))


def put(port: int, path: str, data: Iterator[bytes], size: int) -> None:
    """The file at its place, as WebDAV does it."""
    _sent(port, "PUT", path, {}, data, size)


def noise(size: int) -> Iterator[bytes]:
    """So many bytes that cannot shrink, a mebibyte at a time, and always the same mebibyte."""
    piece = secrets.token_bytes(min(size, PIECE_BYTES))
    for left in range(size, 0, -PIECE_BYTES):
        yield piece[:left]


def download(port: int, path: str, headers: dict[str, str]) -> int:
    """How many bytes came. Raises `Failed`."""
    buffer = bytearray(PIECE_BYTES)
    count = 0
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise Failed(f"{answer.status} {answer.read(200)!r}")
        while some := answer.readinto(buffer):
            count += some
    return count


def _called(
    port: int,
    method: str,
    path: str,
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)) as connection:
        sent = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, json.dumps(body), sent)
        return _read(connection.getresponse())


def _sent(
    port: int,
    method: str,
    path: str,
    headers: dict[str, str],
    body: Iterator[bytes],
    length: int,
) -> dict[str, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)) as connection:
        connection.putrequest(method, path)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        plug: socket.socket = connection.sock
        for piece in body:
            plug.sendall(piece)
        return _read(connection.getresponse())


def _read(answer: http.client.HTTPResponse) -> dict[str, Any]:
    said = answer.read()
    if answer.status not in (200, 201, 204):
        raise Failed(f"{answer.status} {said[:200]!r}")
    reply: dict[str, Any] = json.loads(said or b"{}")
    return reply
