"""`/openapi.json` says what a hook takes and answers, and it is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest_asyncio
from openapi_schema_validator import OAS31Validator

from parley.contract import posting
from tests import lasting
from tests.cases import together
from tests.hooks.conftest import Talk
from tests.people import Json, Person

pytestmark = lasting.in_one_loop

CALL = posting.POST_TO_HOOK
JSON = {"Accept": "application/json"}
BODIES = [
    ("application/json", b'{"text": "posted"}'),
    ("application/x-www-form-urlencoded", b"text=posted"),
    (
        "multipart/form-data",
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nposted\r\n--b--',
    ),
    ("text/plain", b"posted"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def described(person: Callable[..., Person]) -> Json:
    """The whole document."""
    _, document = await person("Cron").call("GET", "/openapi.json")
    return dict(document)


def operation(document: Json) -> Any:
    return document["paths"][CALL.path][CALL.method.lower()]


def is_as(document: Json, schema: Json, value: object) -> bool:
    whole = {**schema, "components": document["components"]}
    return bool(OAS31Validator(whole).is_valid(value))


async def test_every_kind_of_body_that_is_described_is_taken(
    talk: Talk, person: Callable[..., Person], described: Json
) -> None:
    hook, cron = await talk.hook(), person("Cron")
    assert [kind for kind, _ in BODIES] == list(operation(described)["requestBody"]["content"])
    for kind, body in BODIES:
        given = {"Content-Type": kind + ("; boundary=b" if "multipart" in kind else "")}
        answer = await cron.send("POST", hook, body, given)
        assert (answer.status, answer.body) == (200, b"ok\n"), kind
    _, read = await talk.ada.call("GET", f"{talk.path}/messages")
    assert [each["message"] for each in read["messages"]] == ["posted"] * len(BODIES)


async def test_both_answers_are_as_described(
    talk: Talk, person: Callable[..., Person], described: Json
) -> None:
    [key] = [each for each in operation(described)["parameters"] if each["in"] == "header"]
    hook, cron = await talk.hook(), person("Cron")
    headers = {key["name"]: "once", **JSON}
    content = operation(described)["responses"]["200"]["content"]
    first, again = [await cron.send("POST", hook, b"posted", headers) for _ in range(2)]
    assert first.headers["content-type"].partition(";")[0] in content
    assert is_as(described, content["application/json"]["schema"], first.json)
    assert (first.json["duplicate"], again.json["duplicate"]) == (False, True)
    line = await cron.send("POST", hook, b"posted")
    assert line.headers["content-type"].partition(";")[0] in content


@together(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"x" * (CALL.body_max_bytes + 1), {}, 413),
        (b"said", {"Parley-Webhook": "1"}, 410),
    ],
)
async def test_what_is_refused_is_described(
    talk: Talk,
    person: Callable[..., Person],
    described: Json,
    body: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    answer = await person("Cron").send("POST", await talk.hook(), body, headers)
    assert answer.status == status
    assert str(status) in operation(described)["responses"]


async def test_an_error_in_json_is_as_described(
    person: Callable[..., Person], described: Json
) -> None:
    answer = await person("Cron").send("POST", "/hooks/nothing", b"said", JSON)
    content = operation(described)["responses"][str(answer.status)]["content"]
    assert is_as(described, content["application/json"]["schema"], answer.json)
