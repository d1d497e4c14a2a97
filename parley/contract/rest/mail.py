"""Mail about new messages, where the server sends any."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.terms import MailAddress


class MailBody(Struct, kw_only=True):
    """Where mail about new messages is to go, in place of any other address of yours. With
    `words: true` it quotes how messages begin.
    """

    address: MailAddress
    words: bool = False


class MailReply(Struct, kw_only=True):
    """What you want of mail: `none`, or mail to `address`, which has yet to be `confirmed` while it
    is `asked`.
    """

    success: Literal[True] = True
    state: Literal["none", "asked", "confirmed"]
    address: str | UnsetType = UNSET
    words: bool | UnsetType = UNSET
