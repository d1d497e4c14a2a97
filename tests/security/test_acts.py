"""What owners did stays to be read, however much is done after it."""

from __future__ import annotations

import aiohttp
import pytest

from parley.domain import audit
from tests import effort
from tests.people import Json
from tests.security.conftest import Guest, Open
from tests.security.room import done

LIGHT_KEPT = effort.times(10, full=audit.LIGHT_KEPT)
CHANGES = 2 * LIGHT_KEPT


async def room_with_a_past(house_guest: Guest, mallory: Guest) -> str:
    """Where Mallory was removed, and then the title was changed again and again: its path."""
    room_id = await house_guest.starts()
    path = f"/api/conversations/{room_id}"
    mine = await mallory.joins_over_rest(room_id)
    await done(house_guest, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    for number in range(CHANGES):
        await done(house_guest, "PATCH", path, {"title": f"Title {number}"})
    return path


async def pages(owner: Guest, path: str, limit: int) -> list[list[Json]]:
    """Every page of the list."""
    found, query = [], f"limit={limit}"
    while True:
        reply = await done(owner, "GET", f"{path}/acts?{query}")
        found.append(reply["acts"])
        if not reply["has_more"]:
            return found
        query = f"limit={limit}&before={reply['acts'][-1]['id']}"


@pytest.mark.longer
async def test_a_removal_is_not_washed_out_by_title_changes(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "LIGHT_KEPT", LIGHT_KEPT)
    async with opened(rate_limits="off") as house:
        ada = house.guest("Ada")
        path = await room_with_a_past(ada, house.guest("Mallory"))
        [acts] = await pages(ada, path, 200)
        titles = [act["about"] for act in acts if act["act"] == "changed_title"]
        newest = range(CHANGES - 1, CHANGES - 1 - LIGHT_KEPT, -1)
        assert titles == [f"Title {number}" for number in newest]
        assert (acts[-1]["act"], acts[-1]["about"]) == ("removed", "Mallory")


@pytest.mark.long("hundreds of acts")
async def test_the_list_is_read_page_by_page(opened: Open) -> None:
    async with opened(rate_limits="off") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        path = f"/api/conversations/{room_id}"
        for number in range(210):
            await done(ada, "PATCH", path, {"locked": number % 2 == 0})
        found = await pages(ada, path, 50)
        assert [len(page) for page in found] == [50, 50, 50, 50, 10]
        ids = [act["id"] for page in found for act in page]
        assert ids == sorted(set(ids), reverse=True)
        for wrong in ("limit=0", "limit=201", "before=x"):
            assert (await ada.call("GET", f"{path}/acts?{wrong}"))[0] == 400
        headers = {"Cookie": f"parley_session={ada.token}"}
        page = f"{house.url}/conversation/{room_id}/manage"
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.get(page) as newest:
                text = await newest.text()
                assert ">Older</a>" in text
                assert ">Newest</a>" not in text
            async with http.get(f"{page}?acts_before={ids[199]}") as older:
                text = await older.text()
                assert text.count("locked the conversation") == 10  # and unlocked it
                assert ">Older</a>" not in text
                assert ">Newest</a>" in text
