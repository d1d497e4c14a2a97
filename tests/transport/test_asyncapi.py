"""`GET /asyncapi.json` describes every event, and what goes over a socket is what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from openapi_schema_validator import OAS31Validator

from parley import contract
from parley.contract import asyncapi
from tests.calls import Caller
from tests.people import Json, Person

People = Callable[..., Person]


@pytest.fixture
def document() -> Json:
    described: Json = json.loads(msgspec.json.encode(asyncapi.document(root="/talk")))
    return described


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def found(document: Json, reference: str) -> Any:
    place: Any = document
    for step in reference.removeprefix("#/").split("/"):
        place = place[step]
    return place


def test_whatever_it_refers_to_is_there(document: Json) -> None:
    for reference in set(references(document)):
        assert found(document, reference), reference


def test_every_event_is_described(document: Json) -> None:
    assert set(document["operations"]) == {
        *(f"client.{name}" for name in contract.CLIENT_EVENTS),
        *(f"server.{name}" for name in contract.SERVER_EVENTS),
    }


def test_an_operation_names_its_message_and_its_acknowledgements(document: Json) -> None:
    send = document["operations"]["client.send_message"]
    [asked] = [found(document, found(document, each["$ref"])["$ref"]) for each in send["messages"]]
    assert asked["name"] == "send_message"
    assert asked["payload"] == {"$ref": "#/components/schemas/SendMessage"}
    acks = [found(document, found(document, m["$ref"])["$ref"]) for m in send["reply"]["messages"]]
    assert [ack["name"] for ack in acks] == ["SendAck", "ErrorAck"]


async def test_the_server_serves_it(ada: Caller) -> None:
    reply = await ada.call("GET", "/asyncapi.json")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.body["servers"]["here"]["pathname"] == "/"
    assert reply.body["operations"]


def test_it_names_the_path_of_the_public_url(document: Json) -> None:
    assert document["servers"]["here"]["pathname"] == "/talk"


async def test_what_is_told_and_acknowledged_is_what_it_says(
    document: Json, person: People
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts("Tea")
    acks = [("JoinAck", await ada.join(room_id, token=ada.token))]
    acks.append(("JoinAck", await ben.join(room_id)))
    asked = {"room_id": room_id, "message": "Milk?", "client_id": "c-1"}
    acks.append(("SendAck", await ben.ask("send_message", asked)))
    acks.append(("SyncAck", await ada.ask("sync", {"room_id": room_id, "since": 0})))
    call = {"room_id": room_id, "audio": True, "video": False}
    acks.append(("CallAck", await ada.ask("call_join", call)))
    acks.append(("OkAck", await ada.ask("end_conversation", {"room_id": room_id})))
    acks.append(("ErrorAck", await ben.ask("send_message", asked | {"client_id": "c-2"})))
    await ben.hears("conversation_ended")
    schemas = {"components": document["components"]}
    for name, ack in acks:
        validate({"$ref": f"#/components/schemas/{name}"} | schemas, ack)
    told = [*ada.heard, *ben.heard]
    assert {"conversation_state", "user_joined", "new_message", "call_state"} <= {
        n for n, _ in told
    }
    for name, data in told:
        validate(document["components"]["messages"][f"server.{name}"]["payload"] | schemas, data)


def validate(schema: Json, value: object) -> None:
    assert [error.message for error in OAS31Validator(schema).iter_errors(value)] == []
