"""Failures, as REST replies, acknowledgements and events."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from parley import contract
from parley.errors import ParleyError, RateLimited

_T = TypeVar("_T")


def error_reply(error: ParleyError) -> contract.ErrorReply:
    return contract.ErrorReply(
        error=error.text,
        code=contract.Code(error.code),
        retry_after=_if_known(error.retry_after),
        epoch=_if_known(error.epoch),
    )


def error_ack(error: ParleyError) -> contract.ErrorAck:
    return contract.ErrorAck(
        error=error.text,
        code=contract.Code(error.code),
        retry_after=_if_known(error.retry_after),
        epoch=_if_known(error.epoch),
    )


def error_event(error: ParleyError) -> contract.ErrorEvent:
    return contract.ErrorEvent(
        message=error.text,
        code=contract.Code(error.code),
        retry_after=_if_known(error.retry_after),
        epoch=_if_known(error.epoch),
    )


def crowded(retry_after: float) -> bytes:
    """What whoever opens too many connections is told, encoded: it is told in a rush."""
    text = "Too many connections from your address. Close some or wait a moment."
    return msgspec.json.encode(error_reply(RateLimited(text, retry_after=retry_after)))


def _if_known(value: _T | None) -> _T | UnsetType:
    return UNSET if value is None else value
