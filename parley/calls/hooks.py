"""Hooks, for owners: addresses where other programs post, and addresses that are told."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from parley import contract, present, web
from parley.calls.hooked import SEAL
from parley.domain import hooks, webhooks
from parley.errors import BadRequest
from parley.hooks import signing


async def list_hooks(room_id: str) -> contract.HooksReply:
    found = await hooks.of(web.site().context, room_id, await web.current_session())
    return contract.HooksReply(hooks=[present.hook(each) for each in found])


async def make_hook(body: contract.HookBody, room_id: str) -> contract.NewHookReply:
    seal = partial(web.secret().seal, SEAL)
    made = await hooks.make(
        web.site().context, room_id, await web.current_session(), name=body.name, seal=seal
    )
    url = present.hook_url(made.code, public_url=web.public_url())
    return contract.NewHookReply(hook=present.hook(made.hook), url=url)


async def remove_hook(room_id: str, hook_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await hooks.remove(web.site().context, room_id, session, web.number(hook_id))
    return contract.DoneReply()


async def list_webhooks(room_id: str) -> contract.WebhooksReply:
    found = await webhooks.of(web.site().context, room_id, await web.current_session())
    return contract.WebhooksReply(webhooks=[present.webhook(each) for each in found])


async def make_webhook(body: contract.WebhookBody, room_id: str) -> contract.NewWebhookReply:
    session = await web.current_session()
    _require_elsewhere(body.url)
    made = await webhooks.make(
        web.site().context,
        room_id,
        session,
        url=body.url,
        events=body.events,
        networks=web.site().config.hook_networks,
    )
    secret = signing.told(signing.secret_of(web.secret(), made.salt))
    return contract.NewWebhookReply(webhook=present.webhook(made), secret=secret)


async def change_webhook(
    body: contract.WebhookChangeBody, room_id: str, webhook_id: str
) -> contract.WebhookReply:
    session = await web.current_session()
    if isinstance(body.url, str):
        _require_elsewhere(body.url)
    now = await webhooks.change(
        web.site().context,
        room_id,
        session,
        web.number(webhook_id),
        url=body.url,
        events=body.events,
        paused=body.paused,
        networks=web.site().config.hook_networks,
    )
    return contract.WebhookReply(webhook=present.webhook(now))


async def remove_webhook(room_id: str, webhook_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await webhooks.remove(web.site().context, room_id, session, web.number(webhook_id))
    return contract.DoneReply()


async def deliveries(room_id: str, webhook_id: str) -> contract.DeliveriesReply:
    session = await web.current_session()
    found = await webhooks.deliveries(web.site().context, room_id, session, web.number(webhook_id))
    return contract.DeliveriesReply(deliveries=[present.delivery(each) for each in found])


async def replay_delivery(
    body: contract.Nothing, room_id: str, webhook_id: str, delivery_id: str
) -> contract.DoneReply:
    session = await web.current_session()
    await webhooks.replay(
        web.site().context,
        room_id,
        session,
        web.number(webhook_id),
        web.number(delivery_id),
    )
    return contract.DoneReply()


def _require_elsewhere(url: str) -> None:
    """Raises `BadRequest` for a hook of this very server, as far as its name tells."""
    own, there = urlsplit(web.public_url()), urlsplit(url.strip())
    if there.netloc == own.netloc and there.path.startswith(f"{web.root()}/hooks/"):
        raise BadRequest("url is a hook of this server. It would go round in circles.")
