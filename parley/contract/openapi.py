"""The OpenAPI description of the REST calls, generated from the contract."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

from parley import __version__, contract

_REF = "#/components/schemas/{name}"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, as plain values."""
    calls = contract.CALLS.values()
    types: list[Any] = [contract.ErrorReply, *(call.reply for call in calls)]
    types += [call.body for call in calls if call.body is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    refs = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "summary": "The self-hosted place to talk by link.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
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
                "content": {"application/json": {"schema": refs[call.reply]}},
            },
            "default": {
                "description": "An error; `code` says which.",
                "content": {"application/json": {"schema": refs[contract.ErrorReply]}},
            },
        },
        "security": [{"token": []}] if call.credential else [{}, {"token": []}],
    }
    if call.body is not None:
        operation["requestBody"] = {
            "required": False,
            "content": {"application/json": {"schema": refs[call.body]}},
        }
    return operation


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
