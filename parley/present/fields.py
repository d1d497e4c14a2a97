"""Single fields: moments, roles, and what may be missing."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from parley import contract, records

T = TypeVar("T")


# A message and its acknowledgement tell the same moment, and every state the same joinings.
@functools.lru_cache(maxsize=4096)
def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with the offset written out, to the millisecond."""
    return moment.isoformat(timespec="milliseconds")


def role_name(role: records.Role) -> contract.RoleName:
    if role is records.Role.OWNER:
        return "owner"
    return "bot" if role is records.Role.BOT else "member"


def marked_role(role: records.Role) -> contract.MarkedRoleName | UnsetType:
    """The same where members go without saying."""
    name = role_name(role)
    return UNSET if name == "member" else name


def moment_or_unset(moment: datetime | None) -> str | UnsetType:
    return UNSET if moment is None else timestamp(moment)


def or_unset(value: T | None) -> T | UnsetType:
    return value or UNSET
