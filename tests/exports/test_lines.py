"""JSON Lines and JSON: all that was said, as it is sent, and nothing that is gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from pathlib import Path

import pytest

from parley.app import Parley
from parley.domain import exporting
from parley.domain.export_turns import MOST_AT_ONCE, MOST_OF_AN_ADDRESS, Exports, Turn
from parley.proofs import checking
from tests import lasting
from tests.calls import Caller
from tests.exports.talk import PNG_TEXT, Talk, exported
from tests.people import Json

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


def entries(raw: bytes) -> tuple[Json, list[Json], Json]:
    head, *messages, proof = map(json.loads, raw.splitlines())
    return head, messages, proof


@pytest.fixture(params=["usual", "one a page"])
def page_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "usual":
        monkeypatch.setattr(exporting, "PAGE_MESSAGES", 1)


@pytest.mark.usefixtures("page_size")
async def test_each_message_stands_there_as_it_is_sent(ada: Caller, said: Talk) -> None:
    _, found, _ = entries(await exported(ada, said.room_id, "jsonl"))
    sent = (await ada.call("GET", f"{said.path}/messages")).body["messages"]
    assert len(sent) == 6
    for message, one in zip(found, sent, strict=True):
        assert len(message.pop("salt")) == 44
        for file in message.get("attachments", []):
            del file["path"], file["sha256"]
        assert message == one


async def test_the_head_says_what_it_is(ada: Caller, said: Talk) -> None:
    head, _, _ = entries(await exported(ada, said.room_id, "jsonl"))
    state = await ada.reads(said.room_id)
    assert head["parley_export"] == 1
    assert head["server"].startswith("http://localhost")
    assert {
        key: head["conversation"][key] for key in ("title", "description", "seq", "room_id")
    } == {key: state[key] for key in ("title", "description", "seq", "room_id")}
    people = {each["username"]: (each["user_id"], each["role"]) for each in head["people"]}
    assert people["Ben"] == ("ben-1", "member")
    assert people["Ada"][1] == "owner"


async def test_files_are_named_safely_and_by_their_hash(ada: Caller, said: Talk) -> None:
    _, found, _ = entries(await exported(ada, said.room_id, "jsonl"))
    [file] = found[-1]["attachments"]
    assert file["sha256"] == hashlib.sha256(PNG_TEXT).hexdigest()
    assert file["path"].startswith(f"files/{said.file['id']}/")
    assert not set('<>:"\\|?*').intersection(file["path"])
    assert ".." not in file["path"].split("/")


async def test_json_holds_the_same_entries(ada: Caller, said: Talk) -> None:
    head, found, _ = entries(await exported(ada, said.room_id, "jsonl"))
    whole = json.loads(await exported(ada, said.room_id, "json"))
    for entry in (head, whole["export"], *found, *whole["messages"]):
        assert entry.pop("salt")
    del head["exported_at"], whole["export"]["exported_at"]
    assert whole["success"] is True
    assert (whole["export"], whole["messages"]) == (head, found)


@pytest.mark.parametrize("format", ["json", "jsonl"])
async def test_nothing_deleted_is_in_it(ada: Caller, said: Talk, format: str) -> None:
    raw = await exported(ada, said.room_id, format)
    assert b"must not stay" not in raw
    assert b"frist" not in raw


@pytest.mark.parametrize("format", ["json", "jsonl"])
async def test_an_empty_conversation_is_exported_and_proven(
    ada: Caller, tmp_path: Path, format: str
) -> None:
    room_id = await ada.starts("Nothing yet")
    (tmp_path / "export").write_bytes(await exported(ada, room_id, format))
    verdict = checking.check(tmp_path / "export")
    assert verdict.problems == ()
    assert verdict.checkpoint is not None
    assert verdict.checkpoint.size == 1


async def test_whoever_reacted_is_named_however_many_they_are(
    app: Parley, ada: Caller, said: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fans = [Caller(app, f"Fan {number}") for number in range(52)]
    for at, fan in enumerate(fans):
        await fan.joins(said.room_id, user_id=f"fan-{at}")
        path = f"{said.path}/messages/{said.ids['answer']}/reactions/%F0%9F%91%8D"
        assert (await fan.call("PUT", path)).status == 200
    _, found, _ = entries(await exported(ada, said.room_id, "jsonl"))
    [reaction] = next(each for each in found if each["id"] == said.ids["answer"])["reactions"]
    assert reaction["user_ids"] == [f"fan-{at}" for at in range(52)]
    assert reaction["count"] == 52


async def test_what_is_said_after_it_began_is_not_in_it(
    ada: Caller, ben: Caller, said: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = exporting.begin

    async def and_more(*args: object) -> exporting.Begun:
        begun = await begin(*args)  # type: ignore[arg-type]
        await ben.says(said.room_id, "Too late")
        reply = await ben.call("DELETE", f"{said.path}/messages/{said.ids['rich']}")
        assert reply.status == 200
        return begun

    monkeypatch.setattr(exporting, "begin", and_more)
    head, found, _ = entries(await exported(ada, said.room_id, "jsonl"))
    assert [each["message"] for each in found[:2]] == ["Who brings tea?", ""]
    assert found[1]["changed_seq"] > head["conversation"]["seq"]
    assert max(each["seq"] for each in found) <= head["conversation"]["seq"]


@pytest.mark.parametrize(
    ("most", "is_elsewhere"), [(MOST_OF_AN_ADDRESS, False), (MOST_AT_ONCE, True)]
)
async def test_a_few_are_made_at_once_and_no_more(
    app: Parley, ada: Caller, said: Talk, most: int, is_elsewhere: bool
) -> None:
    [here] = await addresses_of(app, ada, said)
    exports = app.extensions["parley"].context.exports
    others = [
        exports.begin(f"somebody {number}", f"address {number}" if is_elsewhere else here)
        for number in range(most)
    ]
    refused = await ada.call("GET", f"{said.path}/export")
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert "Retry-After" in refused.headers
    others.pop().end()
    for _ in range(2):  # one that is done has given its turn back
        assert (await ada.call("GET", f"{said.path}/export")).status == 200


async def addresses_of(app: Parley, who: Caller, said: Talk) -> list[str]:
    """Where an export of theirs comes from, as the limits see it."""
    exports, found = app.extensions["parley"].context.exports, []

    def begin(_who: Hashable, address: str) -> Turn:
        found.append(address)
        return Exports.begin(exports, _who, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exports, "begin", begin, raising=False)
        assert (await who.call("GET", f"{said.path}/export")).status == 200
    return found


async def test_a_format_there_is_not_is_refused(ada: Caller, said: Talk) -> None:
    reply = await ada.call("GET", f"{said.path}/export?format=pdf")
    assert (reply.status, reply.body["code"]) == (400, "bad_request")


async def test_head_asks_for_nothing_but_the_name(ada: Caller, said: Talk) -> None:
    reply = await ada.call("HEAD", f"{said.path}/export?format=jsonl")
    assert (reply.status, reply.raw) == (200, b"")
    assert "attachment" in reply.headers["Content-Disposition"]
    assert "Tea" in reply.headers["Content-Disposition"]
