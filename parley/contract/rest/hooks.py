"""Hooks: addresses where other programs post, and addresses that are told what happens."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.rest.call import Call, DoneReply, Nothing
from parley.contract.terms import SeenName, Timestamp

HOOK_BODY_MAX_BYTES = 1024 * 1024
"""What GitHub sends of a large push is a few hundred KiB."""
WEBHOOK_URL_MAX_CHARS = 2_048
DELIVERIES_SHOWN = 50
WebhookEvent = Literal[
    "new_message",
    "message_changed",
    "user_joined",
    "user_left",
    "role_changed",
    "conversation_changed",
    "conversation_ended",
    "messages_erased",
    "link_replaced",
    "knocked",
    "knock_answered",
]
WEBHOOK_EVENTS: tuple[WebhookEvent, ...] = get_args(WebhookEvent)
PauseReason = Literal["owner", "failing", "gone", "address"]
DeliveryStateName = Literal["waiting", "sent", "given_up", "erased"]
_Events = Annotated[list[WebhookEvent], Meta(min_length=1, max_length=len(WEBHOOK_EVENTS))]
_Url = Annotated[str, Meta(min_length=1, max_length=WEBHOOK_URL_MAX_CHARS)]


class HookBody(Struct, kw_only=True):
    """`name` stands beside what is posted."""

    name: SeenName


class Hook(Struct, kw_only=True):
    """Where programs post, without what stands in its address. `user_id` is whom its messages are
    of; they have the `role` `bot`.
    """

    id: int
    user_id: str
    name: str
    created_at: Timestamp
    uses: int
    last_used_at: Timestamp | UnsetType = UNSET


class NewHookReply(Struct, kw_only=True):
    """`url` is told only here: keep it, or make another."""

    success: Literal[True] = True
    hook: Hook
    url: str


class HooksReply(Struct, kw_only=True):
    """The newest first."""

    success: Literal[True] = True
    hooks: list[Hook]


class WebhookBody(Struct, kw_only=True):
    """Without `events`, new messages alone are told."""

    url: _Url
    events: _Events | None = None


class WebhookChangeBody(Struct, kw_only=True):
    """What is left out stays as it is. `paused: false` goes on with what waits."""

    url: _Url | UnsetType = UNSET
    events: _Events | UnsetType = UNSET
    paused: bool | UnsetType = UNSET


class Webhook(Struct, kw_only=True):
    """An address that is told. `waiting` is how much is on its way to it. `paused`, where nothing
    is sent, says why: an owner said so; it took nothing for a day (`failing`); it answered 410
    (`gone`); or it leads where this server may send nothing (`address`). `failures` are those in
    a row, and `retry_at` is when it is tried again.
    """

    id: int
    url: str
    events: list[WebhookEvent]
    created_at: Timestamp
    waiting: int
    failures: int
    paused: PauseReason | UnsetType = UNSET
    paused_at: Timestamp | UnsetType = UNSET
    failing_since: Timestamp | UnsetType = UNSET
    retry_at: Timestamp | UnsetType = UNSET
    last_taken_at: Timestamp | UnsetType = UNSET


class NewWebhookReply(Struct, kw_only=True):
    """`secret` checks signatures, as Standard Webhooks says, and is told only here."""

    success: Literal[True] = True
    webhook: Webhook
    secret: str


class WebhookReply(Struct, kw_only=True):
    success: Literal[True] = True
    webhook: Webhook


class WebhooksReply(Struct, kw_only=True):
    """The oldest first."""

    success: Literal[True] = True
    webhooks: list[Webhook]


class Delivery(Struct, kw_only=True):
    """One event for one webhook. `event_id` is its `webhook-id`, the same each time it is sent.
    `status` is the HTTP status of the last try, 0 where nothing was answered, and `answer` how the
    answer begins, or what went wrong. `state` is `waiting`, `sent`, `given_up` (it was refused
    again and again), or `erased` (the message is gone).
    """

    id: int
    event_id: str
    event: WebhookEvent
    happened_at: Timestamp
    state: DeliveryStateName
    tries: int
    tried_at: Timestamp | UnsetType = UNSET
    status: int | UnsetType = UNSET
    answer: str | UnsetType = UNSET


class DeliveriesReply(Struct, kw_only=True):
    """The newest 50, the newest first."""

    success: Literal[True] = True
    deliveries: list[Delivery]


_ROOM = "/api/conversations/{room_id}"
HOOK_CALLS = (
    Call(
        "hooks",
        "GET",
        f"{_ROOM}/hooks",
        "The addresses where other programs post.",
        HooksReply,
        credential="owner",
    ),
    Call(
        "make_hook",
        "POST",
        f"{_ROOM}/hooks",
        "Make an address where another program can post. Whoever has it can. Not in encrypted "
        "conversations.",
        NewHookReply,
        HookBody,
        201,
        credential="owner",
    ),
    Call(
        "remove_hook",
        "DELETE",
        f"{_ROOM}/hooks/{{hook_id}}",
        "Remove such an address. Its messages stay.",
        DoneReply,
        credential="owner",
    ),
    Call(
        "webhooks",
        "GET",
        f"{_ROOM}/webhooks",
        "The addresses that are told what happens.",
        WebhooksReply,
        credential="owner",
    ),
    Call(
        "make_webhook",
        "POST",
        f"{_ROOM}/webhooks",
        "Have an address told what happens from now on.",
        NewWebhookReply,
        WebhookBody,
        201,
        credential="owner",
    ),
    Call(
        "change_webhook",
        "PATCH",
        f"{_ROOM}/webhooks/{{webhook_id}}",
        "Change where it goes or what it tells, pause it, or go on.",
        WebhookReply,
        WebhookChangeBody,
        credential="owner",
    ),
    Call(
        "remove_webhook",
        "DELETE",
        f"{_ROOM}/webhooks/{{webhook_id}}",
        "Tell it no more. What waits for it is forgotten.",
        DoneReply,
        credential="owner",
    ),
    Call(
        "deliveries",
        "GET",
        f"{_ROOM}/webhooks/{{webhook_id}}/deliveries",
        "What was sent to it lately, and what waits.",
        DeliveriesReply,
        credential="owner",
    ),
    Call(
        "replay_delivery",
        "POST",
        f"{_ROOM}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay",
        "Send something once more, behind what waits. It has the same `webhook-id`, and a message "
        "is sent as it is now.",
        DoneReply,
        Nothing,
        credential="owner",
    ),
)
