"""The page for exports: what it offers is what comes, for whoever may read."""

from __future__ import annotations

import pytest

from parley.app import Parley
from parley.domain.export_turns import MOST_AT_ONCE
from parley.pages.export import FORMATS
from tests import lasting
from tests.calls import Caller
from tests.exports.talk import Talk

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.mark.parametrize("format", [each.name for each in FORMATS])
async def test_each_format_that_is_offered_comes_as_a_file(
    ada: Caller, said: Talk, format: str
) -> None:
    page = await ada.call("GET", f"/conversation/{said.room_id}/export")
    assert page.status == 200
    assert f'name="format" value="{format}"' in page.text
    file = await ada.call("GET", f"/conversation/{said.room_id}/export/file?format={format}")
    assert file.status == 200
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert len(file.raw) > 100


async def test_the_page_tells_the_key(ada: Caller, said: Talk) -> None:
    page = (await ada.call("GET", f"/conversation/{said.room_id}/export")).text
    raw = (await ada.call("GET", f"{said.path}/export?format=jsonl")).text
    key = raw.rpartition('"key":"')[2].partition('"')[0]
    assert f"--key {key}</code>" in page.replace("&#43;", "+")


async def test_whoever_may_not_read_stands_at_the_door(
    app: Parley, ada: Caller, said: Talk
) -> None:
    assert (await ada.call("PATCH", said.path, {"locked": True})).status == 200
    cleo = Caller(app, "Cleo")
    for path in ("/export", "/export/file?format=md"):
        reply = await cleo.call("GET", f"/conversation/{said.room_id}{path}")
        assert reply.status == 403
        assert "Who brings tea?" not in reply.text
        assert reply.headers["Content-Type"].startswith("text/html")
        gone = await cleo.call("GET", f"/conversation/nothing{path}")
        assert gone.status == 404


async def test_too_many_at_once_are_told_on_a_page(app: Parley, ada: Caller, said: Talk) -> None:
    exports = app.extensions["parley"].context.exports
    turns = [exports.begin(f"somebody {number}", str(number)) for number in range(MOST_AT_ONCE)]
    reply = await ada.call("GET", f"/conversation/{said.room_id}/export/file")
    assert reply.status == 429
    assert "Try again in a moment" in reply.text
    assert len(turns) == MOST_AT_ONCE


async def test_a_format_there_is_not_is_told_on_a_page(ada: Caller, said: Talk) -> None:
    reply = await ada.call("GET", f"/conversation/{said.room_id}/export/file?format=pdf")
    assert reply.status == 400
    assert reply.headers["Content-Type"].startswith("text/html")
