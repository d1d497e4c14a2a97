"""Contact links and invitations as they go over the wire."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def contact_link(code: str, *, public_url: str) -> str:
    return f"{public_url}/contact/{code}"


def invite(record: records.Invited) -> contract.WaitingInvite:
    """Nothing in it is the way in, which only whoever accepts is told."""
    return contract.WaitingInvite(
        id=record.invite.id,
        title=invite_title(record.conversation),
        description=record.conversation.description,
        by=record.invite.by_name,
        at=timestamp(record.invite.made_at),
    )


def invite_title(record: records.Conversation) -> str:
    """Empty where nobody gave one: what stands there then has the link in it."""
    return "" if record.title == contract.default_title(record.room_id) else record.title


def blocked(record: records.Blocked) -> contract.BlockedPerson:
    return contract.BlockedPerson(id=record.id, name=record.name, at=timestamp(record.made_at))
