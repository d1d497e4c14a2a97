"""The grace: who comes back in time was never gone, not even where both happen at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parley.domain import conversations, participants
from parley.domain.context import Context
from parley.domain.participants import Joining


@pytest.mark.parametrize("socket", [None, "laptop"])
async def test_a_grace_that_ends_while_they_come_back_changes_nothing(
    context: Context, socket: str | None
) -> None:
    context = replace(context, leave_grace_s=0)
    room_id = (await conversations.create(context, None)).conversation.room_id
    ben = await participants.join(context, room_id, Joining(None, "ben-1", socket="phone"))
    participants.lose(context, ben.participant, "phone")  # the leave is stored after the join
    back = await participants.join(context, room_id, Joining(ben.session, socket=socket))
    # The writer takes them in order: once this is stored, so is whatever was asked before.
    await participants.join(context, room_id, Joining(None, "cleo-1"))
    assert not back.came_in
    seen = await conversations.snapshot(context, room_id, None)
    assert [each.user_id for each in seen.participants] == ["ben-1", "cleo-1"]
