"""The buttons that a bot put under its message, as they stand on a page."""

from __future__ import annotations

import msgspec

from parley import contract

_BUTTONS = msgspec.json.Decoder(list[contract.Button])


def shown(message: contract.Message) -> list[contract.Button]:
    return _BUTTONS.decode(raw(message))


def raw(message: contract.Message) -> str:
    """As they are stored and sent."""
    return msgspec.json.encode(message.buttons).decode()
