"""New keys of encrypted conversations."""

from __future__ import annotations

import base64

from parley import contract, web
from parley.calls.answering import parameters
from parley.domain import epochs


async def begin_epoch(body: contract.EpochBody, room_id: str) -> contract.EpochReply:
    session = await web.current_session()
    new = epochs.NewEpoch.of(body.record, body.read_proof_hash)
    context = web.site().context
    number = await epochs.begin(context, room_id, session, new, remove=body.remove)
    return contract.EpochReply(number=number)


async def kept(room_id: str) -> contract.EpochsReply:
    after = parameters("epochs").get("after", 0)
    session = await web.session_if_known()
    found = await epochs.following(web.site().context, room_id, session, after=after)
    return contract.EpochsReply(
        epoch=found.epoch,
        epochs=[
            contract.KeptEpoch(number=each.number, record=_base64url(each.record))
            for each in found.records
        ],
        has_more=found.has_more,
    )


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
