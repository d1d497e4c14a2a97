"""Links that give a role."""

from __future__ import annotations

from typing import cast

from parley import contract, records
from parley.present.fields import moment_or_unset, or_unset, timestamp


def link(record: records.Link) -> contract.RoleLink:
    return contract.RoleLink(
        id=record.id,
        role=cast(contract.LinkRoleName, record.role.value),  # links give no other
        label=record.label,
        created_at=timestamp(record.created_at),
        expires_at=moment_or_unset(record.expires_at),
        revoked_at=moment_or_unset(record.revoked_at),
        uses=record.uses,
        uses_max=or_unset(record.uses_max),
        last_used_at=moment_or_unset(record.last_used_at),
    )


def role_link(code: str, *, public_url: str) -> str:
    return f"{public_url}/link/{code}"


def link_role(standing: records.Standing) -> contract.LinkRoleName:
    match standing:
        case records.Standing.OWNER:
            return "owner"
        case records.Standing.READER:
            return "reader"
        case _:
            return "member"
