"""People at the Quart test client: REST calls and forms without a port."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from quart.testing.connections import TestHTTPConnection
from quart.typing import TestClientProtocol
from werkzeug.datastructures import Headers

from parley.app import Parley

Json = dict[str, Any]
HERE = "http://localhost"
"""The origin of the server itself, as the test client names it."""
FRONTEND = "http://localhost:3000"
"""The origin of the original system's pages, allowed by default."""
FOREIGN = "https://mallory.example"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Headers
    raw: bytes

    @property
    def body(self) -> Json:
        return cast(Json, json.loads(self.raw))

    @property
    def text(self) -> str:
        return self.raw.decode()


class _Connection(TestHTTPConnection):
    """Takes a body that does not say whether more follows, as ASGI allows, also in Quart 0.23."""

    async def _asgi_send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {"more_body": False, **message}
        await super()._asgi_send(message)


class Caller:
    """Somebody with a program that calls the API; with `cookies`, somebody with a browser."""

    def __init__(self, app: Parley, name: str, *, cookies: bool = False) -> None:
        self.app = app
        self.name = name
        self.token: str | None = None
        self.http: TestClientProtocol = app.test_client(use_cookies=cookies)
        self.http.http_connection_class = _Connection

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A call with their token, if they have one. `body` goes as JSON, `raw` as it is."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options: dict[str, Any] = {} if body is None else {"json": body}
        if raw is not None:
            options = {"data": raw}
            sent["Content-Type"] = "application/json"
        response = await self.http.open(
            path, method=method, headers=sent | (headers or {}), **options
        )
        return Reply(response.status_code, response.headers, await response.get_data(False))

    async def post_form(
        self, path: str, fields: dict[str, str], *, origin: str | None = HERE
    ) -> Reply:
        """A form sent from a page of `origin`; None for a browser that says nothing of it."""
        headers = {} if origin is None else {"Origin": origin}
        response = await self.http.post(path, form=fields, headers=headers)
        return Reply(response.status_code, response.headers, await response.get_data(False))

    async def starts(self, title: str | None = "A talk", **more: Any) -> str:
        """Start a conversation, keep the token, and give the room id."""
        body = more if title is None else {"title": title, **more}
        reply = await self.call("POST", "/api/conversations/create", body)
        assert reply.status == 201, reply
        self.token = reply.body.get("token", self.token)
        room_id: str = reply.body["room_id"]
        return room_id

    async def joins(self, room_id: str, **more: Any) -> Json:
        reply = await self.call(
            "POST", f"/api/conversations/{room_id}/join", {"username": self.name, **more}
        )
        assert reply.status == 200, reply
        self.token = reply.body.get("token", self.token)
        return reply.body

    async def says(self, room_id: str, text: str, **more: Any) -> Json:
        reply = await self.call(
            "POST", f"/api/conversations/{room_id}/messages", {"message": text, **more}
        )
        assert reply.status == 201, reply
        return reply.body

    async def reads(self, room_id: str) -> Json:
        """The conversation as the API shows it."""
        reply = await self.call("GET", f"/api/conversations/{room_id}")
        assert reply.status == 200, reply
        conversation: Json = reply.body["conversation"]
        return conversation

    async def ends(self, room_id: str) -> None:
        reply = await self.call("POST", f"/api/conversations/{room_id}/end")
        assert reply.status == 200, reply
