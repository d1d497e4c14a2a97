"""What a running server does for the commands of its host."""

from __future__ import annotations

import sys
from typing import Any

from msgspec import Struct

from parley import __version__
from parley.control.wire import Handler
from parley.domain import announcing, blocking, conversations, owning
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context


class Hello(Struct):
    """How a process is."""

    problem: str | None = None
    """Why nothing can be stored, in words; None while all is well."""
    version: str = ""
    open_files: int = 0
    """How many files, and so connections, it may open at most; 0 where there is no such limit."""


def handlers(context: Context) -> dict[str, Handler]:
    """By the name of what is to be done; each is given the fields of the request."""

    async def end(asked: dict[str, Any]) -> dict[str, str]:
        ended = await conversations.end_as_host(
            context, str(asked.get("room_id")), by=AT_COMMAND_LINE
        )
        return {"room_id": ended.room_id}

    async def delete(asked: dict[str, Any]) -> owning.Erased:
        return await owning.delete_as_host(context, str(asked.get("room_id")), by=AT_COMMAND_LINE)

    async def block(asked: dict[str, Any]) -> dict[str, str]:
        network, note = str(asked.get("network")), str(asked.get("note", ""))
        return {"network": await blocking.block(context, network, note, by=AT_COMMAND_LINE)}

    async def unblock(asked: dict[str, Any]) -> dict[str, str]:
        network = str(asked.get("network"))
        return {"network": await blocking.unblock(context, network, by=AT_COMMAND_LINE)}

    async def announce(asked: dict[str, Any]) -> dict[str, str]:
        return {
            "text": await announcing.announce(
                context, str(asked.get("text", "")), by=AT_COMMAND_LINE
            )
        }

    async def online(asked: dict[str, Any]) -> list[int]:
        """How many people are there on a socket, in each of these conversations."""
        return [context.presence.online_count(int(id)) for id in asked.get("ids", [])]

    async def hello(_asked: dict[str, Any]) -> Hello:
        return Hello(context.database.problem, __version__, _open_files())

    return {
        "end": end,
        "delete": delete,
        "block": block,
        "unblock": unblock,
        "announce": announce,
        "online": online,
        "hello": hello,
    }


def _open_files() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft
