"""A conversation with everything in it that an export has to keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.calls import Caller

Json = dict[str, Any]
PNG_TEXT = b"Tea, milk, bread\n"


@dataclass
class Talk:
    room_id: str
    ids: dict[str, str] = field(default_factory=dict)
    """Of messages, by what they are here for."""
    file: Json = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"


async def talk(ada: Caller, ben: Caller) -> Talk:
    """Ada owns it; Ben joins, and both say a few things."""
    made = Talk(await ada.starts("Tea & “cake” <b>", description="What we *need*"))
    await ada.joins(made.room_id)
    await ben.joins(made.room_id, user_id="ben-1")

    async def says(who: Caller, name: str, text: str, **more: Any) -> None:
        made.ids[name] = (await who.says(made.room_id, text, **more))["id"]

    await says(ada, "plain", "Who brings tea?")
    await says(
        ben, "rich", "**Me**, and `milk` <script>alert(1)</script>\n\n> really\n- one\n- two"
    )
    await says(ben, "answer", "@Ada שלום 🫖 ok", reply_to=made.ids["plain"])
    await says(ada, "edited", "frist")
    await says(ben, "deleted", "a secret that must not stay")
    upload = await ada.call(
        "POST",
        f"{made.path}/files?name=..%2Fa%20list%3F.txt",
        raw=PNG_TEXT,
    )
    assert upload.status == 201, upload
    made.file = upload.body["file"]
    await says(ada, "file", "", attachments=[made.file["id"]])

    async def does(who: Caller, method: str, path: str, body: Json | None = None) -> None:
        reply = await who.call(method, f"{made.path}/messages/{path}", body)
        assert reply.status < 300, reply

    await does(ada, "PATCH", made.ids["edited"], {"message": "first"})
    await does(ben, "DELETE", made.ids["deleted"])
    await does(ada, "PUT", f"{made.ids['plain']}/pin")
    for who in (ada, ben):
        await does(who, "PUT", f"{made.ids['rich']}/reactions/%F0%9F%91%8D")
    await does(ben, "PUT", f"{made.ids['plain']}/reactions/%E2%9D%A4%EF%B8%8F")
    return made


async def exported(who: Caller, room_id: str, format: str) -> bytes:
    reply = await who.call("GET", f"/api/conversations/{room_id}/export?format={format}")
    assert reply.status == 200, reply
    return reply.raw
