"""What of a request is read without a bound elsewhere: the fields of a form, and of a query."""

from __future__ import annotations

from typing import Any

import quart
from quart.formparser import FormDataParser
from werkzeug.exceptions import RequestEntityTooLarge

from parley import contract
from parley.errors import BadRequest

_PLAIN = ("application/x-www-form-urlencoded", "application/x-url-encoded")


class Fields(FormDataParser):
    """Takes a form apart, unless it has too many fields for one of ours."""

    async def parse(
        self, body: Any, mimetype: str, content_length: int | None, options: Any = None
    ) -> Any:
        # The other kind, multipart, counts its parts itself: `MAX_FORM_PARTS`.
        if mimetype in _PLAIN and _has_too_many(await body):
            raise RequestEntityTooLarge
        return await super().parse(body, mimetype, content_length, options)


class Request(quart.Request):
    form_data_parser_class = Fields


async def refuse_long_queries() -> None:
    """Raise `BadRequest` for more parameters than any call of ours has."""
    if _has_too_many(quart.request.query_string):
        raise BadRequest(f"Too many query parameters: at most {contract.FIELDS_MAX}.")


def _has_too_many(fields: bytes) -> bool:
    return fields.count(b"&") >= contract.FIELDS_MAX
