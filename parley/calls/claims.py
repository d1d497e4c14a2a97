"""Who is who: people whose words were imported, and members who claim to be them."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, present, web
from parley.domain import claiming


async def imported_people(room_id: str) -> contract.WhoIsWhoReply:
    found = await claiming.who_is_who(web.site().context, room_id, await web.session_if_known())
    return contract.WhoIsWhoReply(
        people=[
            contract.ImportedPerson(user_id=each.user_id, username=each.username)
            for each in found.imported
        ],
        claimed_id=UNSET if found.own is None else found.own.claimed_id,
        declined=UNSET if found.own is None else found.own.is_declined or UNSET,
        claims=[present.claim(each) for each in found.waiting] if found.is_owner else UNSET,
    )


async def claim(_body: contract.Nothing, room_id: str, user_id: str) -> contract.ClaimReply:
    session = await web.current_session()
    answer = await claiming.claim(web.site().context, room_id, session, user_id)
    return contract.ClaimReply(state="agreed" if answer.is_agreed else "waiting")


async def answer_claim(body: contract.AnswerBody, room_id: str, user_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await claiming.answer(web.site().context, room_id, session, user_id, admit=body.admit)
    return contract.DoneReply()
