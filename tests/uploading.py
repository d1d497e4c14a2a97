"""Uploading as programs do: all at once, or bit by bit by tus."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from tests.people import Answer, Json, Person

TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_TYPE = "application/offset+octet-stream"


def files_of(room_id: str) -> str:
    return f"/api/conversations/{room_id}/files"


def uploads_of(room_id: str) -> str:
    return f"/api/conversations/{room_id}/uploads"


async def uploads(who: Person, room_id: str, data: Any = b"Hello", name: str = "a.txt") -> Json:
    """A file that is there and not sent yet."""
    answer = await who.send("POST", f"{files_of(room_id)}?name={quote(name)}", data)
    assert answer.status == 201, answer
    file: Json = answer.json["file"]
    return file


async def sends(who: Person, room_id: str, *files: Json, message: str = "") -> Json:
    """A message with these."""
    body = {"message": message, "attachments": [file["id"] for file in files]}
    status, reply = await who.call("POST", f"/api/conversations/{room_id}/messages", body)
    assert status == 201, reply
    return reply


def metadata(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()}"


async def begins(who: Person, room_id: str, size: int, name: str = "a.bin") -> str:
    """An upload by tus of which nothing has come; its path."""
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(name)}
    answer = await who.send("POST", uploads_of(room_id), headers=headers)
    assert answer.status == 201, answer
    return answer.headers["location"]


async def adds(who: Person, path: str, data: Any, offset: int, **headers: str) -> Answer:
    given = {**TUS, "Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE, **headers}
    return await who.send("PATCH", path, data, given)


async def asks(who: Person, path: str) -> int | None:
    """How much of an upload is there; None where there is none."""
    answer = await who.send("HEAD", path, headers=TUS)
    return int(answer.headers["upload-offset"]) if answer.status == 200 else None
