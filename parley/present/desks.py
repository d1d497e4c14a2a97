"""Desks as they go over the wire."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def desk_link(id: str, *, public_url: str) -> str:
    return f"{public_url}/desk/{id}"


def desk(record: records.Desk, *, public_url: str) -> contract.Desk:
    return contract.Desk(
        id=record.id,
        link=desk_link(record.id, public_url=public_url),
        title=record.title,
        username=record.username,
        greeting=record.greeting,
        open=record.is_open,
        created_at=timestamp(record.made_at),
    )


def open_desk(record: records.Desk) -> contract.OpenDesk:
    """Nothing of it says who owns it, or what others wrote there."""
    return contract.OpenDesk(
        id=record.id,
        username=record.username,
        greeting=record.greeting,
        open=record.is_open,
    )
