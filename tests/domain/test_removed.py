"""Whoever was put out, or is no owner any more, says nothing on the strength of what they were."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from parley.domain import messages, owning, participants, removal, role_links
from parley.domain.context import Context
from parley.domain.conversations import create
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import ConversationNotFound, NotJoined, ReadOnly
from parley.records import Participant, ParticipantRemoved, Role, Session
from tests.domain import lasting
from tests.domain.conftest import Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


class Place:
    """A conversation of Ada's, and Ben in it: what he holds is a socket's, of some time ago."""

    def __init__(self, context: Context, room_id: str, owner: Session, ben: Participant) -> None:
        self.context, self.room_id, self.owner, self.ben = context, room_id, owner, ben

    async def at_once(self, *works: Any) -> list[Any]:
        """All asked for in one turn of the loop: one transaction has them in this order."""
        return await asyncio.gather(*works, return_exceptions=True)

    async def says(self, client_id: str | None = None) -> Any:
        return await messages.send(self.context, self.ben, Draft("Hm", client_id=client_id))

    def removes(self) -> Any:
        return removal.remove(self.context, self.room_id, self.owner, self.ben.user_id)


@pytest_asyncio.fixture(loop_scope="module")
async def here(context: Context) -> Place:
    made = await create(context, None)
    room_id = made.conversation.room_id
    joined = await participants.join(context, room_id, Joining(None, "ben-1", "Ben", "socket"))
    return Place(context, room_id, made.owner, joined.participant)


async def test_the_transaction_that_stores_looks_whether_they_were_removed(
    here: Place, told: Told
) -> None:
    first, _, later = await here.at_once(here.says(), here.removes(), here.says())
    assert first.message.seq == 1
    assert isinstance(later, ConversationNotFound)
    assert isinstance(told.events[-1], ParticipantRemoved)


async def test_no_answer_is_repeated_to_who_was_removed(here: Place) -> None:
    await here.says("c-1")
    await here.removes()
    with pytest.raises(ConversationNotFound):
        await here.says("c-1")


async def test_who_was_let_back_says_nothing_on_what_they_sat_on_before(here: Place) -> None:
    """Their socket was shown out; whoever holds the record of it was put out with it."""
    await here.removes()
    await removal.let_back(here.context, here.room_id, here.owner, here.ben.user_id)
    assert (await here.says()).message.seq == 1  # they are who they were


async def test_an_owner_whose_right_is_taken_back_speaks_as_what_they_are(
    here: Place,
) -> None:
    context, room_id = here.context, here.room_id
    made = await role_links.make_link(context, room_id, here.owner, role=Role.OWNER)
    olga = (await role_links.use_link(context, None, made.code)).session
    joined = await participants.join(context, room_id, Joining(olga, "olga-1", "Olga", "other"))
    here.ben = joined.participant
    as_owner = await here.says()
    await owning.change(context, room_id, here.owner, Wishes(is_read_only=True))
    revoked = role_links.revoke_link(context, room_id, here.owner, made.link.id)
    _, refused = await here.at_once(revoked, here.says())
    assert as_owner.message.role is Role.OWNER
    assert isinstance(refused, ReadOnly)
    await owning.change(context, room_id, here.owner, Wishes(is_read_only=False))
    assert (await here.says()).message.role is Role.MEMBER


async def test_a_message_has_the_name_its_sender_has_then(here: Place) -> None:
    session = Session(here.ben.session_id, here.ben.joined_at, token_used=True)
    renamed = participants.join(here.context, here.room_id, Joining(session, username="Benedict"))
    _, sent = await here.at_once(renamed, here.says())
    assert sent.message.username == "Benedict"


async def test_a_socket_of_another_session_says_nothing_as_them(here: Place) -> None:
    here.ben = replace(here.ben, session_id=here.owner.id)
    with pytest.raises(NotJoined):
        await here.says()
