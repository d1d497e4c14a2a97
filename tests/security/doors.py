"""The four ways in, each asked with the headers of a test: what did the cookie do there?"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import aiohttp

from parley.credentials import COOKIE, HOST_PREFIX
from tests.people import PATIENCE_S
from tests.raw import RECORD_SEPARATOR, event

Outcome = Literal["own", "stranger", "refused", "elsewhere"]
"""The cookie counted; it did not; the origin may not ask; the host is not this server's."""
Headers = Mapping[str, str]
_OF_ERRORS: dict[tuple[int, str], Outcome] = {
    (401, "token_required"): "stranger",
    (403, "forbidden"): "stranger",
    (403, "origin_refused"): "refused",
    (400, "bad_request"): "elsewhere",
}
_ON_PAGES: dict[str, Outcome] = {
    "Not allowed": "stranger",
    "Request blocked": "refused",
    "Go to the right address": "elsewhere",
    "does not know the host name": "elsewhere",
}


class Knocking:
    """Somebody at the doors of one server, with the cookie of a conversation's owner.

    `host` is what their requests call the server, unless a test says otherwise.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, host: str = "") -> None:
        self._http = http
        self._url = url
        self._usual = {"Host": host} if host else {}
        self._own: tuple[str, str] | None = None

    async def starts(self) -> tuple[str, str]:
        """A conversation of their own: its room id and the session's token."""
        async with self._http.post(
            f"{self._url}/api/conversations/create", headers=self._usual
        ) as reply:
            assert reply.status == 201, await reply.text()
            created = await reply.json()
            return created["room_id"], created["token"]

    async def owns(self) -> tuple[str, str]:
        """The same, which may be the one of before while that has not ended."""
        if self._own is None:
            self._own = await self.starts()
        return self._own

    async def rest(self, headers: Headers) -> Outcome:
        """A script's call that only the owner may make."""
        room_id, token = await self.owns()
        async with self._http.post(
            f"{self._url}/api/conversations/{room_id}/end", headers=self._with(headers, token)
        ) as reply:
            if reply.status == 200:
                self._own = None
                return "own"
            return _OF_ERRORS[reply.status, (await reply.json())["code"]]

    async def form(self, headers: Headers) -> Outcome:
        """A form that only the owner may send."""
        room_id, token = await self.owns()
        async with self._http.post(
            f"{self._url}/conversation/{room_id}/end",
            headers=self._with(headers, token),
            data={"page": ""},
            allow_redirects=False,
        ) as reply:
            if reply.status == 303:
                self._own = None
                return "own"
            page = await reply.text()
            (found,) = [outcome for words, outcome in _ON_PAGES.items() if words in page]
            assert reply.status == (400 if found == "elsewhere" else 403)
            return found

    async def polling(self, headers: Headers) -> Outcome:
        """A Socket.IO connection by polling, and as whom it joins."""
        room_id, token = await self.owns()
        sent = self._with(headers, token)
        address = f"{self._url}/socket.io/?EIO=4&transport=polling"
        async with self._http.get(address, headers=sent) as reply:
            if reply.status != 200:
                return _OF_ERRORS[reply.status, (await reply.json())["code"]]
            address += "&sid=" + json.loads((await reply.text())[1:])["sid"]
        joins = RECORD_SEPARATOR.join(["40", event("join_room", {"room_id": room_id}, id=1)])
        async with self._http.post(address, headers=sent, data=joins) as reply:
            assert reply.status == 200
        heard = ""
        while "431[" not in heard:
            async with self._http.get(address, headers=sent) as reply:
                assert reply.status == 200
                heard = await reply.text()
        return _role(heard)

    async def websocket(self, headers: Headers) -> Outcome:
        """A Socket.IO connection on a WebSocket, and as whom it joins."""
        room_id, token = await self.owns()
        sent = self._with(headers, token)
        address = f"{self._url}/socket.io/?EIO=4&transport=websocket"
        # As a plain request first: aiohttp keeps the body of a refusal to itself.
        opening = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        async with (
            aiohttp.ClientSession() as plain,
            plain.get(address, headers={**sent, **opening}) as reply,
        ):
            if reply.status != 101:
                return _OF_ERRORS[reply.status, (await reply.json())["code"]]
        async with self._http.ws_connect(address, headers=sent) as socket:
            await socket.send_str("40")
            await socket.send_str(event("join_room", {"room_id": room_id}, id=1))
            heard = ""
            while not heard.startswith("431["):
                heard = await socket.receive_str(timeout=PATIENCE_S)
            return _role(heard)

    def _with(self, headers: Headers, token: str) -> dict[str, str]:
        # By the name it has over HTTP and by that over HTTPS, whichever this is.
        cookie = f"{COOKIE}={token}; {HOST_PREFIX}{COOKIE}={token}"
        return {**self._usual, "Cookie": cookie, **headers}


def _role(heard: str) -> Outcome:
    return "own" if '"role":"owner"' in heard[heard.index("431[") :] else "stranger"


Door = Callable[[Knocking, Headers], Awaitable[Outcome]]
DOORS: dict[str, Door] = {
    "REST": Knocking.rest,
    "a form": Knocking.form,
    "polling": Knocking.polling,
    "a WebSocket": Knocking.websocket,
}
