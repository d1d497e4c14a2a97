"""A hook of schemathesis. JSON Schema takes 5.0 for an integer; no generated client writes it so,
and the server refuses it: what is asked here has its integers as integers, too.
"""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    return whole(body)


def whole(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [whole(each) for each in value]
        case dict():
            return {name: whole(each) for name, each in value.items()}
    return value
