"""Somebody on a page of ours, with an authenticator at hand."""

from __future__ import annotations

from typing import Any

from parley.app import Parley
from parley.credentials import COOKIE
from tests.authenticators import Authenticator
from tests.calls import HERE, Caller, Json, Reply

CHALLENGE = "/api/account/passkeys/challenge"
PASSKEYS = "/api/account/passkeys"
SIGN_IN = "/api/account/passkeys/sign-in"


class Browser(Caller):
    """Somebody on a page of ours, with an authenticator at hand."""

    def __init__(self, app: Parley, authenticator: Authenticator | None = None) -> None:
        super().__init__(app, "Ana", cookies=True)
        self.authenticator = authenticator or Authenticator()

    async def call(self, method: str, path: str, body: object = None, **more: Any) -> Reply:
        headers = {"Origin": HERE, **(more.pop("headers", None) or {})}
        return await super().call(method, path, body, headers=headers, **more)

    async def is_asked(self, purpose: str, **more: Any) -> Json:
        reply = await self.call("POST", CHALLENGE, {"purpose": purpose, **more})
        assert reply.status == 200, reply
        options: Json = reply.body["options"]
        return options

    async def adds(self, **lies: Any) -> Reply:
        made = self.authenticator.makes(await self.is_asked("add"), **lies)
        return await self.call("POST", PASSKEYS, {"credential": made, "name": "Key"})

    async def signs_in(self, *, bring: bool = False, **lies: Any) -> Reply:
        shown = self.authenticator.shows(await self.is_asked("sign_in"), **lies)
        return await self.call("POST", SIGN_IN, {"credential": shown, "bring": bring})

    @property
    def held(self) -> str:
        """The secret in its cookie."""
        jar: Any = self.http.cookie_jar
        [secret] = [each.value for each in jar if each.name == COOKIE]
        return str(secret)

    async def account(self) -> Json | None:
        reply = await self.call("GET", "/api/account", headers={"Origin": ""})
        account: Json | None = reply.body.get("account")
        return account
