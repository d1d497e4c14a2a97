"""What a running server does for the commands of its host."""

from __future__ import annotations

from typing import Any

from parley.control.wire import Handler
from parley.domain import conversations, owning
from parley.domain.context import Context


def handlers(context: Context) -> dict[str, Handler]:
    """By the name of what is to be done; each is given the fields of the request."""

    async def end(asked: dict[str, Any]) -> dict[str, str]:
        ended = await conversations.end_as_host(context, str(asked.get("room_id")))
        return {"room_id": ended.room_id}

    async def delete(asked: dict[str, Any]) -> owning.Erased:
        return await owning.delete_as_host(context, str(asked.get("room_id")))

    async def online(asked: dict[str, Any]) -> list[int]:
        """How many people are there on a socket, in each of these conversations."""
        return [context.presence.online_count(int(id)) for id in asked.get("ids", [])]

    async def hello(_asked: dict[str, Any]) -> dict[str, str | None]:
        return {"problem": context.database.problem}

    return {"end": end, "delete": delete, "online": online, "hello": hello}
