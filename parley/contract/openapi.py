"""The OpenAPI description of the REST calls, generated from the contract."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from parley import __version__, contract
from parley.contract import posting
from parley.contract.schemas import described

_BINARY = {"type": "string", "format": "binary"}
_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}


@cache
def document(*, has_mail: bool = True, root: str = "") -> dict[str, Any]:
    """The OpenAPI 3.1 document, as plain values: of a server that sends mail, or of one that sends
    none. `root` is the path of its public URL.
    """
    calls = [call for call in contract.CALLS.values() if has_mail or not call.is_of_mail]
    types: list[Any] = [contract.ErrorReply, *(call.reply for call in calls if not call.is_stream)]
    bodies = [body for call in calls if (body := _body(call)) is not None]
    bodies.append(posting.HookPost)
    types += bodies
    refs, components = described(types, sent_by_clients={body.__name__ for body in bodies})
    paths: dict[str, Any] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, refs)
    to_hook = posting.POST_TO_HOOK
    given = (refs[each] for each in (posting.HookPost, to_hook.reply, contract.ErrorReply))
    paths[to_hook.path] = {to_hook.method.lower(): posting.operation(*given)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "summary": "The self-hosted place to talk by link.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": root or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(call: contract.Call, refs: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.summary,
        "parameters": [*_path_parameters(call), *_query_parameters(call)],
        "responses": {
            str(call.status): {
                "description": "Done.",
                "content": _STREAM
                if call.is_stream
                else {"application/json": {"schema": refs[call.reply]}},
            },
            "default": {
                "description": "An error; `code` says which.",
                "content": {"application/json": {"schema": refs[contract.ErrorReply]}},
            },
        },
        "security": [{"token": []}] if call.credential else [{}, {"token": []}],
    }
    body = _body(call)
    if body is not None:
        operation["requestBody"] = {
            "required": any(field.required for field in msgspec.structs.fields(body)),
            "content": {"application/json": {"schema": refs[body]}},
        }
    if call.takes_file:
        form = {"type": "object", "required": ["file"], "properties": {"file": _BINARY}}
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": _BINARY},
                "multipart/form-data": {"schema": form},
            },
        }
    if call.takes_picture:
        # By its own type, too; of that, generators of clients know nothing.
        content = {"application/octet-stream": {"schema": _BINARY}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _body(call: contract.Call) -> type[msgspec.Struct] | None:
    """What its body is made of, where there is anything to say in one."""
    return None if call.body is contract.Nothing else call.body


def _path_parameters(call: contract.Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", call.path)
    ]


def _query_parameters(call: contract.Call) -> list[dict[str, Any]]:
    return [
        {
            "name": parameter.name,
            "in": "query",
            "description": parameter.meaning,
            "schema": msgspec.json.schema(parameter.schema),
        }
        for parameter in call.parameters
    ]
