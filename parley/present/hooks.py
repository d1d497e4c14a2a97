"""Hooks, as their owners see them."""

from __future__ import annotations

from typing import cast

from msgspec import UNSET

from parley import contract, records
from parley.present.fields import moment_or_unset, or_unset, timestamp


def hook(record: records.Hook) -> contract.Hook:
    return contract.Hook(
        id=record.id,
        user_id=record.user_id,
        name=record.name,
        created_at=timestamp(record.created_at),
        uses=record.uses,
        last_used_at=moment_or_unset(record.last_used_at),
    )


def hook_url(code: str, *, public_url: str) -> str:
    return f"{public_url}/hooks/{code}"


def webhook(record: records.Webhook) -> contract.Webhook:
    paused = record.paused_for
    return contract.Webhook(
        id=record.id,
        url=record.url,
        events=cast("list[contract.WebhookEvent]", list(record.events)),
        created_at=timestamp(record.created_at),
        waiting=record.waiting,
        failures=record.failures,
        paused=UNSET if paused is None else paused.value,
        paused_at=moment_or_unset(record.paused_at),
        failing_since=moment_or_unset(record.failing_since),
        retry_at=moment_or_unset(None if paused else record.retry_at),
        last_taken_at=moment_or_unset(record.took_at),
    )


def delivery(record: records.Delivery) -> contract.Delivery:
    return contract.Delivery(
        id=record.id,
        event_id=record.event_id,
        event=cast("contract.WebhookEvent", record.event),
        happened_at=timestamp(record.happened_at),
        state=record.state.value,
        tries=record.tries,
        tried_at=moment_or_unset(record.tried_at),
        status=record.status if record.tries else UNSET,
        answer=or_unset(record.why),
    )
