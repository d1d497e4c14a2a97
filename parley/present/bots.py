"""Bots, their commands, and what people ask of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from msgspec import UNSET

from parley import contract, records
from parley.present.fields import moment_or_unset, or_unset, timestamp

_RIGHTS: dict[contract.BotRightName, records.May] = {
    name: records.May[name.upper()] for name in get_args(contract.BotRightName)
}


def rights(names: Iterable[contract.BotRightName]) -> records.May:
    """The rights that are called so."""
    may = records.May(0)
    for name in names:
        may |= _RIGHTS[name]
    return may


def bot(record: records.Bot) -> contract.Bot:
    return contract.Bot(
        user_id=record.user_id,
        username=record.username,
        may=[name for name, right in _RIGHTS.items() if right in record.may],
        created_at=timestamp(record.created_at),
        last_acted_at=moment_or_unset(record.acted_at),
        commands=[command(each) for each in record.commands],
    )


def command(record: records.Command) -> contract.Command:
    return contract.Command(
        name=record.name, description=record.description, hint=or_unset(record.hint)
    )


def offered(bots: Iterable[records.Bot]) -> list[contract.OfferedCommand]:
    return [
        contract.OfferedCommand(
            bot=each.user_id,
            username=each.username,
            name=offer.name,
            description=offer.description,
            hint=or_unset(offer.hint),
        )
        for each in bots
        for offer in each.commands
    ]


def asked(room_id: str, record: records.Ask) -> contract.Asked:
    ask = contract.AskedOfBot(
        id=record.id, kind=record.kind, user_id=record.user_id, username=record.username
    )
    if record.kind == "button":
        ask.button, ask.message_id = record.name, record.message_id
    else:
        ask.name, ask.text = record.name, record.text
    return contract.Asked(room_id=room_id, ask=ask)


def ask_answered(room_id: str, id: str, text: str) -> contract.AskAnswered:
    return contract.AskAnswered(room_id=room_id, id=id, text=text or UNSET)
