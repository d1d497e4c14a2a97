"""What bots may call and send, and what they have to be allowed for it: nothing else.

What answers without looking who asks, such as `health`, is open to them as to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parley.contract.terms import BotRightName

BOTS_RIGHTS: tuple[BotRightName, ...] = ("read", "write", "react", "moderate")
_READ: tuple[BotRightName, ...] = ("read",)
_WRITE: tuple[BotRightName, ...] = ("write",)
_REACT: tuple[BotRightName, ...] = ("react",)
_MODERATE: tuple[BotRightName, ...] = ("moderate",)

BOTS_CALLS: Mapping[str, tuple[BotRightName, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("read", "messages", "events", "search", "participants", "files", "pins"),
                "export",
                *("mark_read", "commands", "declare_commands", "answer_ask"),
            ),
            _READ,
        ),
        **dict.fromkeys(("send", "upload", "set_still", "edit_message"), _WRITE),
        "delete_message": ("write", "moderate"),
        **dict.fromkeys(("react", "unreact"), _REACT),
        **dict.fromkeys(("pin_message", "unpin_message", "remove", "let_back"), _MODERATE),
    }
)
"""REST calls by name, and the rights of which one is enough."""

BOTS_EVENTS: Mapping[str, tuple[BotRightName, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("join_room", "sync", "mark_read", "answer_ask"), _READ),
        "leave_room": BOTS_RIGHTS,
        **dict.fromkeys(("send_message", "edit_message", "typing"), _WRITE),
        "delete_message": ("write", "moderate"),
        "react": _REACT,
        **dict.fromkeys(("pin_message", "remove_participant", "let_back"), _MODERATE),
    }
)
"""The same for events."""

BOTS_UPLOADS: tuple[BotRightName, ...] = _WRITE
BOTS_FILES: tuple[BotRightName, ...] = _READ
