"""The picture of an account: made small and new, worn everywhere, and linked to nothing."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from parley import contract
from parley.app import Parley, web_site
from tests import lasting
from tests.calls import Caller
from tests.media.drawn import exif, flag, saved
from tests.transport.test_belongings import signed_up

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

PATH = "/api/account/picture"


def photo(size: tuple[int, int] = (600, 400)) -> bytes:
    """With words in it about where it was taken."""
    return saved(flag(size), "JPEG", exif=exif(), comment=b"Taken at home", quality=80)


async def chooses(who: Caller, picture: bytes) -> None:
    reply = await who.call("PUT", PATH, raw=picture)
    assert reply.status == 200, reply


async def worn(who: Caller, room_id: str) -> dict[str, str]:
    """What pictures are called there, by user_id."""
    looks = (await who.reads(room_id)).get("looks", [])
    return {each["user_id"]: each["picture"] for each in looks if "picture" in each}


async def test_it_is_a_small_square_without_words(ada: Caller, ben: Caller) -> None:
    await signed_up(ada)
    tea = await ada.starts("Tea")
    await ada.joins(tea)
    await ben.joins(tea)
    await chooses(ada, photo())
    [picture] = (await worn(ben, tea)).values()
    reply = await ben.call("GET", f"/conversation/{tea}/faces/{picture}")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/webp"
    assert "immutable" in reply.headers["Cache-Control"]
    shown = Image.open(BytesIO(reply.raw))
    assert shown.size == (144, 144)
    assert not shown.getexif()
    assert b"Taken at home" not in reply.raw


async def test_its_address_tells_nobody_that_two_people_are_one(ada: Caller, ben: Caller) -> None:
    await signed_up(ada)
    rooms = [await ada.starts(title) for title in ("Tea", "Hut")]
    for room in rooms:
        await ada.joins(room)
    await chooses(ada, photo())
    [in_tea], [in_hut] = [list((await worn(ben, room)).values()) for room in rooms]
    assert in_tea != in_hut
    # Nor does one lead to it in the other.
    tea, hut = rooms
    assert (await ben.call("GET", f"/conversation/{hut}/faces/{in_tea}")).status == 404
    assert (await ben.call("GET", f"/conversation/{tea}/faces/{in_hut}")).status == 404
    # Another colour leaves its address; another picture has another.
    await ada.call("PATCH", "/api/account", {"hue": 3})
    assert list((await worn(ben, tea)).values()) == [in_tea]
    await chooses(ada, photo((400, 400)))
    [now] = (await worn(ben, tea)).values()
    assert now != in_tea
    assert (await ben.call("GET", f"/conversation/{tea}/faces/{in_tea}")).status == 404


async def test_who_may_not_read_sees_no_face(ada: Caller, ben: Caller) -> None:
    await signed_up(ada)
    tea = await ada.starts("Tea")
    await ada.joins(tea)
    await chooses(ada, photo())
    [picture] = (await worn(ada, tea)).values()
    await ada.call("PATCH", f"/api/conversations/{tea}", {"knock": True})
    assert (await ben.call("GET", f"/conversation/{tea}/faces/{picture}")).status == 403
    assert (await ada.call("GET", f"/conversation/{tea}/faces/{picture}")).status == 200


async def test_it_goes_with_the_wish_and_with_the_account(ada: Caller, ben: Caller) -> None:
    await signed_up(ada)
    tea = await ada.starts("Tea")
    await ada.joins(tea)
    await chooses(ada, photo())
    assert (await ada.call("GET", "/api/account")).body["account"]["picture"] is True
    assert (await ada.call("DELETE", PATH)).status == 200
    assert await worn(ben, tea) == {}
    assert (await ada.call("GET", "/api/account")).body["account"]["picture"] is False
    await chooses(ada, photo())
    [picture] = (await worn(ben, tea)).values()
    await ada.call("DELETE", "/api/account", {"messages": "keep"})
    assert await worn(ben, tea) == {}
    assert (await ben.call("GET", f"/conversation/{tea}/faces/{picture}")).status == 404


@pytest.mark.parametrize(
    ("picture", "status"),
    [
        (b"", 400),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400),
        (photo()[:200], 400),
        (b"\xff\xd8\xff" + bytes(contract.PICTURE_MAX_BYTES), 413),
    ],
    ids=["nothing", "svg", "cut off", "too large"],
)
async def test_what_is_no_picture_is_refused_and_changes_nothing(
    ada: Caller, picture: bytes, status: int
) -> None:
    await signed_up(ada)
    tea = await ada.starts("Tea")
    await ada.joins(tea)
    assert (await ada.call("PUT", PATH, raw=picture)).status == status
    assert await worn(ada, tea) == {}


async def test_nothing_of_it_stays_on_the_disk_beside(app: Parley, ada: Caller) -> None:
    await signed_up(ada)
    await chooses(ada, photo())
    await ada.call("PUT", PATH, raw=b"\xff\xd8\xffno")
    filing = web_site(app).context.filing
    assert filing is not None
    assert [*filing.inbox.path("x").parent.iterdir()] == []


async def test_guests_wear_none(ada: Caller) -> None:
    await ada.starts("Tea")
    reply = await ada.call("PUT", PATH, raw=photo())
    assert (reply.status, reply.body["code"]) == (403, "account_required")
