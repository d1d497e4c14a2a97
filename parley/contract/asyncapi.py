"""The AsyncAPI description of the Socket.IO events, generated from the contract."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from parley import __version__, contract
from parley.contract.schemas import described

CHANNEL = "socket"
"""Everything goes over one connection; AsyncAPI calls it a channel."""
_FRAMING = (
    "Socket.IO 5 over Engine.IO 4, in the default namespace, over a WebSocket or long-polling: "
    "take a Socket.IO client. A message is an event: its name, and one JSON value, whose schema is "
    "given here. Every event a client sends may ask for an acknowledgement, and gets one: that of "
    "the event, or `ErrorAck`. `GET /openapi.json` describes the REST calls."
)


@cache
def document(*, root: str = "") -> dict[str, Any]:
    """The AsyncAPI 3.0 document, as plain values. `root` is the path of the server's public URL.

    What a client sends, the server receives: AsyncAPI names operations as the server sees them.
    """
    sent, told = contract.CLIENT_EVENTS.values(), contract.SERVER_EVENTS.values()
    acks = {event.ack.__name__: event.ack for event in sent} | {"ErrorAck": contract.ErrorAck}
    structs = {struct.__name__: struct for struct in acks.values()}
    structs |= {event.data.__name__: event.data for event in sent}
    structs |= {event.data.__name__: event.data for event in told}
    refs, components = described(
        list(structs.values()), sent_by_clients={event.data.__name__ for event in sent}
    )
    messages = (
        {f"client.{e.name}": _message(e.name, e.summary, refs[e.data]) for e in sent}
        | {f"server.{e.name}": _message(e.name, f"To {e.to}.", refs[e.data]) for e in told}
        | {f"ack.{name}": _message(name, _meaning(ack), refs[ack]) for name, ack in acks.items()}
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "description": _FRAMING,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "{host}",
                "pathname": root or "/",
                "protocol": "socket.io",
                "description": "The server that this description comes from.",
                "variables": {"host": {"default": "localhost:8081"}},
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {
            CHANNEL: {
                "address": "/socket.io/",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {f"client.{event.name}": _received(event) for event in sent}
        | {f"server.{event.name}": _sent(event) for event in told},
        "components": {
            "messages": messages,
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "userPassword",
                    "description": "`auth.token` when the socket connects, or `token` in "
                    "`join_room`. Whoever has none gets one by joining.",
                }
            },
        },
    }


def _message(name: str, summary: str, payload: Any) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": payload}


def _received(event: contract.ClientEvent) -> dict[str, Any]:
    acks = (_of_channel(f"ack.{event.ack.__name__}"), _of_channel("ack.ErrorAck"))
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "summary": event.summary,
        "messages": [_of_channel(f"client.{event.name}")],
        "reply": {"channel": {"$ref": f"#/channels/{CHANNEL}"}, "messages": list(acks)},
    }


def _sent(event: contract.ServerEvent) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "summary": f"To {event.to}.",
        "messages": [_of_channel(f"server.{event.name}")],
    }


def _of_channel(message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{CHANNEL}/messages/{message}"}


def _meaning(struct: type) -> str:
    return inspect.getdoc(struct) or "All went well."
