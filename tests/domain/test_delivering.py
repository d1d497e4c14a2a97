"""The queues of webhooks: nothing in them is held up, whatever goes meanwhile."""

from __future__ import annotations

from datetime import timedelta

from parley.domain import conversations, delivering, webhooks
from parley.domain.context import Context
from parley.domain.delivering import Batch, Happened
from parley.domain.settling import Outcome
from tests.domain.conftest import Clock

URL = "https://example.org/told"


async def test_what_is_forgotten_while_it_is_sent_holds_up_nothing_after_it(
    context: Context, clock: Clock
) -> None:
    made = await conversations.create(context, None)
    room_id, ada = made.conversation.room_id, made.owner
    webhook = await webhooks.make(context, room_id, ada, url=URL, events=["user_joined"])

    async def happens(*data: str) -> None:
        more = [Happened("user_joined", each, None, clock()) for each in data]
        await delivering.store(context, {}, {webhook.conversation_id: more})

    async def next_batch() -> Batch:
        [batch] = await delivering.batches(context, await delivering.ready(context))
        return batch

    async def waiting() -> int:
        [now] = await webhooks.of(context, room_id, ada)
        return now.waiting

    await happens("1", "2")
    batch = await next_batch()
    clock.goes_on(delivering.KEPT + timedelta(seconds=1))
    await happens("3")
    await delivering.forget_old(context)
    assert await waiting() == 1
    sent = [Outcome(delivery, 200, "", clock()) for delivery, _ in batch.waiting]
    await delivering.store(context, {webhook.id: sent}, {})
    assert await waiting() == 1
    assert [delivery.data for delivery, _ in (await next_batch()).waiting] == ["3"]
