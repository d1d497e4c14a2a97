"""Failures, as REST replies, acknowledgements and events."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from parley import contract
from parley.errors import ParleyError, RateLimited


def error_reply(error: ParleyError) -> contract.ErrorReply:
    return contract.ErrorReply(
        error=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def error_ack(error: ParleyError) -> contract.ErrorAck:
    return contract.ErrorAck(
        error=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def error_event(error: ParleyError) -> contract.ErrorEvent:
    return contract.ErrorEvent(
        message=error.text, code=contract.Code(error.code), retry_after=_retry_after(error)
    )


def crowded(retry_after: float) -> bytes:
    """What whoever opens too many connections is told, encoded: it is told in a rush."""
    text = "Too many connections from your address. Close some or wait a moment."
    return msgspec.json.encode(error_reply(RateLimited(text, retry_after=retry_after)))


def _retry_after(error: ParleyError) -> float | UnsetType:
    return UNSET if error.retry_after is None else error.retry_after
