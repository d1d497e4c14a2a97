"""Any event whatever: it is acknowledged once, in turn, and a refused one stores nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley import contract
from tests.fuzz.effort import examples
from tests.fuzz.values import JSON, TEXT, deep, nearly
from tests.fuzz.world import Pair, what_is_stored
from tests.raw import Socket, raw_socket
from tests.servers import Running

ROOM = "room0000"
"""Stands for the id of the conversation that Mallory knows of."""
LAST_ID = 10**9


@dataclass(frozen=True)
class Sent:
    packet: str
    """What follows the id in an event's packet."""
    wants_ack: bool
    name: str = ""
    """The event of the contract that it resembles."""


def of_event(event: contract.ClientEvent) -> st.SearchStrategy[Sent]:
    data = nearly(
        event.data,
        room_id=st.just(ROOM),
        message=st.one_of(st.text(max_size=20), st.sampled_from(["@Ada", "`@Ada` @", "@" * 500])),
        mentions=st.lists(st.sampled_from(["ada", "mallory", "\ud800", ""]), max_size=3),
        reply_to=st.sampled_from(["1-guessed", "1", "-1-x", "9" * 64, "", None]),
        username=st.sampled_from(["Mallory", "Ada", "", None]),
        emoji=st.sampled_from(["👍", "❤", "❤\ufe0f", "👍🏽", "👍👍", "1", "\ufe0f"]),
        on=st.booleans(),
        is_typing=st.one_of(st.none(), st.booleans()),
    )
    packet = st.one_of(data, data, data, JSON).map(lambda found: json.dumps([event.name, found]))
    return st.builds(Sent, packet, st.booleans(), st.just(event.name))


EVENTS = st.one_of(
    st.sampled_from(sorted(contract.CLIENT_EVENTS)).flatmap(
        lambda name: of_event(contract.CLIENT_EVENTS[name])
    ),
    st.builds(
        lambda name, data, wants_ack: Sent(json.dumps([name, *data]), wants_ack),
        st.one_of(
            TEXT,
            st.sampled_from(["connect", "disconnect", "connect_error", "error", "message", "*"]),
            st.sampled_from(sorted(contract.CLIENT_EVENTS)),
            st.sampled_from(sorted(contract.SERVER_EVENTS)),
        ),
        st.lists(JSON, max_size=3),
        st.booleans(),
    ),
    st.builds(Sent, st.lists(JSON).map(json.dumps), st.booleans()),
    st.builds(
        Sent,
        st.sampled_from(
            [
                "[",
                "[]",
                "[1]",
                "{}",
                '["typing",',
                f'["typing",{deep(9).decode()}]',
                "[" * 9 + "]" * 9,
            ]
        ),
        st.booleans(),
    ),
)


@pytest.mark.usefixtures("log")
@examples(60)
@given(events=st.lists(EVENTS, min_size=1, max_size=8))
@example(events=[Sent('["join_room",{"room_id":"room0000"}]', True, "join_room")] * 3)
@example(events=[Sent('["send_message",{"room_id":"room0000","message":"\\ud83d"}]', True)])
async def test_any_event_is_acknowledged_once_and_harms_nobody(
    server: Running, pair: Pair, events: list[Sent]
) -> None:
    room_id = await pair.ada.starts("Open to Mallory")
    before = await what_is_stored(server.app, room_id)
    async with raw_socket(server.url) as mallory:
        await mallory.send(
            *(
                f"42{id if sent.wants_ack else ''}{sent.packet.replace(ROOM, room_id)}"
                for id, sent in enumerate(events)
            )
        )
        await mallory.ask("nothing of ours", id=LAST_ID)
        assert_answered(mallory, events)
        if all(sent.wants_ack for sent in events) and not any(
            ack["ok"] for _, ack in mallory.acks()
        ):
            assert await what_is_stored(server.app, room_id) == before
    await pair.still_talk()


def assert_answered(mallory: Socket, events: list[Sent]) -> None:
    acks = mallory.acks()
    assert [id for id, _ in acks] == [
        *(id for id, sent in enumerate(events) if sent.wants_ack),
        LAST_ID,
    ]
    for id, ack in acks:
        name = events[id].name if id < LAST_ID else ""
        assert_ack(ack, contract.CLIENT_EVENTS[name].ack if name else contract.OkAck)
    for error in mallory.events("error"):
        assert msgspec.convert(error, contract.ErrorEvent).code is not contract.Code.INTERNAL


def assert_ack(ack: dict[str, Any], expected: type[msgspec.Struct]) -> None:
    if ack["ok"]:
        msgspec.convert(ack, expected)
    else:
        assert msgspec.convert(ack, contract.ErrorAck).code is not contract.Code.INTERNAL
