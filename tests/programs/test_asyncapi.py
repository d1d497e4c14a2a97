"""`/asyncapi.json` is valid by the schema that AsyncAPI itself publishes."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from jsonschema import Draft7Validator

from parley.contract import asyncapi

SCHEMAS = Path(__file__).parent / "node_modules" / "@asyncapi" / "specs" / "schemas"


def test_the_description_of_events_is_valid_asyncapi() -> None:
    described = json.loads(msgspec.json.encode(asyncapi.document(root="/talk")))
    schema = json.loads((SCHEMAS / f"{described['asyncapi']}.json").read_text())
    errors = Draft7Validator(schema).iter_errors(described)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    # So that a schema which takes anything can't pass for one that was met.
    assert not Draft7Validator(schema).is_valid(described | {"operations": []})
