"""What strangers send: any JSON, JSON that is nearly right, and what only looks like JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import strategies as st

from parley import contract

# Lone surrogates too: JSON can write them, and browsers do.
ODD_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
TEXT = st.one_of(
    ODD_TEXT,
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "a\0b",
            "\ud800",
            "\u202e",
            "\u0301",
            "e\u0301",
            "null",
            "__proto__",
            "connect",
            "'; DROP TABLE messages; --",
            "😀" * 3,
            "x" * 64,
            "x" * 65,
            "x" * 201,
            "x" * 8_001,
        ]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53, 2**63, -(2**63), 2**64, 10**30]),
    st.floats(),
    TEXT,
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ODD_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)


def nearly(struct: type[msgspec.Struct], **right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with the fields of `struct`, some of them wrong; `right` says what fits where."""
    fields = {
        field.name: st.one_of(right.get(field.name, TEXT), right.get(field.name, TEXT), JSON)
        for field in msgspec.structs.fields(struct)
    }
    return st.fixed_dictionaries({}, optional=fields)


def deep(levels: int) -> bytes:
    return b'{"x":' * levels + b"1" + b"}" * levels


def as_json(value: Any) -> bytes:
    """As JavaScript would write it, NaN and lone surrogates included."""
    return json.dumps(value).encode()


NOT_JSON = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda value, cut: as_json(value)[:cut], JSON, st.integers(0, 30)),
    st.builds(lambda text: text.encode("utf-16"), st.text(max_size=10)),
    st.sampled_from(
        [
            deep(contract.JSON_MAX_DEPTH + 1),
            b"[" * 30_000,
            # Strings that never end, after as many brackets as make us count them.
            b"[]" * 20 + b'"' + b'\\"' * 30_000,
            b'{"message":"\xff\xfe"}',
            b'{"message":"\\ud800"}',
            b"\xef\xbb\xbf{}",
            b"1e999",
            b"9" * 5_000,
            b'{"a":1,"a":2}',
            b" " * 70_000,
            b'{"message":"' + b"x" * 70_000 + b'"}',
        ]
    ),
)
