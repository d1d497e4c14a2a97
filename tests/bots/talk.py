"""A conversation with a bot in it, and those who do something there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.people import Json, Person


@dataclass
class Talk:
    """Ada started it, Ben is a member; both are there on a socket."""

    room_id: str
    ada: Person
    ben: Person
    url: str
    others: list[Person]

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"

    async def bot(self, name: str = "Echo", **more: Any) -> tuple[Person, Json]:
        """A program with a bot's token, and the bot as Ada is told of it."""
        status, reply = await self.ada.call("POST", f"{self.path}/bots", {"name": name, **more})
        assert status == 201, reply
        program = Person(name, self.url)
        program.token = reply["token"]
        self.others.append(program)
        return program, reply["bot"]

    async def bot_on_socket(self, name: str = "Echo", **more: Any) -> tuple[Person, Json]:
        """The same, connected, which has joined nothing."""
        program, bot = await self.bot(name, **more)
        await program.connect(auth={"token": program.token})
        return program, bot


async def declares(program: Person, room_id: str, *names: str) -> None:
    commands = [{"name": name, "description": f"Does {name}"} for name in names]
    status, reply = await program.call(
        "PUT", f"/api/conversations/{room_id}/bots/me/commands", {"commands": commands}
    )
    assert status == 200, reply
