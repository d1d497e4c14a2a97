"""REST: which call is answered by what, and what it counts as.

Paths and shapes are the contract's; what the handlers do is in `parley/calls/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from quart import Blueprint, Response, request
from quart_cors import cors

from parley import contract, web
from parley.calls import conversations, door, links, messages, people, service
from parley.contract import decode, openapi
from parley.errors import NotFound, TooLarge
from parley.limits.limiter import Kind

Handler = Callable[..., Awaitable[Any]]
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]

HANDLERS: dict[str, Handler] = {
    "create": conversations.create,
    "join": people.join,
    "leave": people.leave,
    "read": conversations.read,
    "list": conversations.list_conversations,
    "end": conversations.end,
    "messages": messages.history,
    "participants": people.list_participants,
    "send": messages.send,
    "delete_message": messages.delete_message,
    "enter": door.enter,
    "use_link": door.use_link,
    "knock": door.knock,
    "knock_state": door.knock_state,
    "manage": conversations.manage,
    "change": conversations.change,
    "delete": conversations.delete,
    "remove": people.remove,
    "let_back": people.let_back,
    "answer_knock": door.answer_knock,
    "answer_knocks": door.answer_knocks,
    "replace_link": conversations.replace_link,
    "make_link": links.make_link,
    "revoke_link": links.revoke_link,
    "acts": conversations.acts,
    "health": service.health,
    "ready": service.ready,
}
"""Each is given the decoded body, where its call has one, and the parts of its path by name."""

_LIMITED = {
    "create": Kind.CREATIONS,
    "join": Kind.JOINS,
    "leave": Kind.JOINS,
    "enter": Kind.JOINS,
    "knock": Kind.JOINS,
    "use_link": Kind.JOINS,
    "send": Kind.MESSAGES,
    **dict.fromkeys(
        (
            "delete_message",
            "end",
            "change",
            "delete",
            "remove",
            "let_back",
            "answer_knock",
            "answer_knocks",
            "replace_link",
            "make_link",
            "revoke_link",
        ),
        Kind.ACTS,
    ),
}


def rest(*, allowed_origins: tuple[str, ...]) -> Blueprint:
    """Every call of the contract, readable by scripts of `allowed_origins`."""
    blueprint = Blueprint("rest", __name__)
    for name, handler in HANDLERS.items():
        call = contract.CALLS[name]
        rule = call.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, name, _serving(name, handler), methods=[call.method])
    blueprint.add_url_rule("/openapi.json", "description", _description)
    blueprint.add_url_rule("/api/", "root", _unknown, methods=EVERY_METHOD, strict_slashes=False)
    blueprint.add_url_rule("/api/<path:_path>", "unknown", _unknown, methods=EVERY_METHOD)
    blueprint.before_request(web.admit)
    return cors(
        blueprint,
        allow_origin=list(allowed_origins),
        allow_headers=["Authorization", "Content-Type"],
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_credentials=False,
    )


def _serving(name: str, handler: Handler) -> Handler:
    """Decode the body, ask the limits, and answer with what the handler gives."""
    call = contract.CALLS[name]

    async def serve(**path: str) -> Response:
        arguments: list[Any] = [] if call.body is None else [await _body(call.body)]
        async with web.limited(_limit(name), path.get("room_id", "")) as outcome:
            reply = await handler(*arguments, **path)
            outcome.is_news = not getattr(reply, "duplicate", False)
        return reply if isinstance(reply, Response) else web.json(reply, call.status)

    return serve


def _limit(name: str) -> Kind | None:
    """What a call counts as, if it is limited."""
    if name == "list":
        return Kind.SEARCHES if request.args.get("q") else None
    return _LIMITED.get(name)


async def _body(type: type[Struct]) -> Struct:
    """The JSON body; none at all is an empty object."""
    raw: Any = await request.get_data(as_text=False)  # bytes, though its type allows for text
    if type is contract.Nothing:
        return type()
    if len(raw) > contract.FRAME_MAX_BYTES:
        raise TooLarge(f"The body is too large: at most {contract.FRAME_MAX_BYTES // 1024} KiB.")
    return decode.from_json(raw.strip() or b"{}", type)


async def _description() -> Response:
    return web.json(openapi.document())


async def _unknown(_path: str = "") -> Response:
    raise NotFound("Unknown endpoint. GET /openapi.json lists them all.")
