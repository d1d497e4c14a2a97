"""The structs of the contract as JSON Schema, for the descriptions that are generated from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from parley import contract

_REF = "#/components/schemas/{name}"
_TYPES = {bool: "boolean", int: "integer", str: "string"}


def described(
    types: Sequence[Any], *, sent_by_clients: Collection[str]
) -> tuple[dict[Any, Any], dict[str, Any]]:
    """A reference to each of the types, and the schemas they lead to, by name."""
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    for name, component in components.items():
        _complete(component)
        if name not in sent_by_clients and "properties" in component:
            component["required"] = _always_there(getattr(contract, name))
    return dict(zip(types, schemas, strict=True)), components


def _always_there(struct: type[msgspec.Struct]) -> list[str]:
    """The fields that every answer has: a value that is the same each time is sent all the same."""
    fields = msgspec.structs.fields(struct)
    return [field.encode_name for field in fields if field.default is not msgspec.UNSET]


def _complete(schema: Any) -> None:
    """Say what msgspec leaves to the reader, and leave out what code generators misread.

    Some of them drop an object with a `const` or an `enum` that names no type, or with an `enum`
    of `true` alone; others take a property with a default for one that is always there.
    """
    if isinstance(schema, list):
        for each in schema:
            _complete(each)
        return
    if not isinstance(schema, dict):
        return
    schema.pop("default", None)
    if (allowed := schema.get("enum")) is not None:
        [schema["type"]] = {_TYPES[type(value)] for value in allowed}
        if len(allowed) == 1:
            [schema["const"]] = schema.pop("enum")
    for each in schema.values():
        _complete(each)
