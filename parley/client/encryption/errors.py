"""Why something could not be read."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "malformed",
    "unknown_version",
    "unknown_epoch",
    "not_authentic",
    "not_signed",
    "wrong_room",
    "not_for_us",
    "not_by_an_owner",
    "cut_off",
]


class Unreadable(Exception):
    """It is not what the format says, or not by who it says, or not for this place.

    `reason` is for programs; what may be shown to people is that it could not be read.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
