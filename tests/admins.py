"""Admins and moderators at the Quart test client."""

from __future__ import annotations

import re

import sqlalchemy as sa

from parley.app import Parley, web_site
from parley.domain import admins
from parley.domain.context import now
from parley.live.audience import Client, Credential, Seat
from parley.records import HostRole, Participant, Standing
from parley.storage import conversations, participants
from tests.calls import Caller, Reply
from tests.passkeys import Browser

CODE = re.compile(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}")


class Holder(Browser):
    """Somebody signed in to an account, in a browser."""

    codes: list[str]

    async def acts(self, path: str, **fields: str) -> Reply:
        """A form of the admin page."""
        return await self.post_form(f"/admin{path}", fields)

    async def page(self, path: str = "") -> Reply:
        response = await self.http.get(f"/admin{path}")
        return Reply(response.status_code, response.headers, await response.get_data(False))

    async def program(self) -> Caller:
        """A program of theirs, with a token of its own."""
        caller = Caller(self.app, self.name)
        reply = await caller.call("POST", "/api/account/sign-in", {"code": self.codes.pop()})
        assert reply.status == 200, reply
        caller.token = reply.body["token"]
        return caller


async def link(app: Parley, role: str = "admin", label: str = "Ada") -> str:
    """The path of a link that makes an admin, as the command prints it."""
    _, code = await web_site(app).context.database.write(
        lambda connection: admins.make_link(connection, role=HostRole(role), label=label, at=now())
    )
    return f"/admin-link/{code}"


async def signed_in(app: Parley) -> Holder:
    holder = Holder(app)
    reply = await holder.post_form("/account/start", {"name": "Ana's account"})
    assert reply.status == 200, reply
    holder.codes = CODE.findall(reply.text)
    return holder


async def admin(app: Parley, role: str = "admin", label: str = "Ada") -> Holder:
    holder = await signed_in(app)
    reply = await holder.post_form(await link(app, role, label), {})
    assert (reply.status, reply.headers["Location"]) == (303, "/admin"), reply
    return holder


async def sits(app: Parley, room_id: str, user_id: str, address: str) -> None:
    """Somebody is on a socket in a conversation, from there."""

    def query(connection: sa.Connection) -> Participant:
        found = conversations.find(connection, room_id)
        assert found is not None
        person = participants.by_user(connection, found.id, user_id)
        assert person is not None
        return person

    person = await web_site(app).context.database.read(query)
    seat = Seat(person.conversation_id, room_id, Standing.MEMBER, person, Credential())
    client = Client(user_id, Credential(), address, seats={room_id: seat})
    app.realtime.audience.clients[user_id] = client


async def removed(app: Parley, id: int) -> None:
    """As the command removes one."""
    await web_site(app).context.database.write(
        lambda connection: admins.remove(connection, id, at=now())
    )
