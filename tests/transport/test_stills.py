"""Stills of films: what a browser drew becomes a preview, once it was opened as any picture is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from parley.contract import STILL_MAX_BYTES, STILL_MAX_PX
from parley.domain import files
from tests.media.drawn import exif, flag, saved
from tests.media.recorded import webm
from tests.people import Answer, Json, Person
from tests.servers import Running
from tests.uploading import files_of, sends, uploads

People = Callable[..., Person]
FILM = webm(5, size=(640, 480))


@pytest.fixture
async def ada(person: People) -> Person:
    return person("Ada")


@pytest.fixture
async def room_id(ada: Person) -> str:
    room_id = await ada.starts()
    await ada.joins_over_rest(room_id)
    return room_id


def lying(server: Running) -> list[str]:
    data: Path = server.app.extensions["parley"].config.data
    found = [*(data / "uploads").glob("*"), *(data / "files").glob("*/*")]
    return sorted(path.name for path in found)


async def gives(who: Person, room_id: str, file: Json, picture: bytes) -> Answer:
    return await who.send("PUT", f"{files_of(room_id)}/{file['id']}/still", picture)


async def test_a_film_has_the_still_that_came_with_it_encoded_anew(
    server: Running, ada: Person, room_id: str
) -> None:
    film = await uploads(ada, room_id, FILM, "walk.webm")
    assert "thumbnail_url" not in film
    drawn = saved(flag((1200, 600)), "JPEG", exif=exif(), comment=b"harm()")
    answer = await gives(ada, room_id, film, drawn)
    assert answer.status == 200, answer
    assert answer.json["file"] == {**film, "thumbnail_url": f"{film['url']}?preview"}
    sent = await sends(ada, room_id, film)
    shown = await ada.send("GET", f"{film['url']}?preview")
    assert shown.headers["content-type"] == "image/webp"
    still = Image.open(BytesIO(shown.body))
    assert still.size == (800, 400)
    assert not still.getexif()
    assert b"harm" not in shown.body
    assert (await ada.send("GET", film["url"])).body == FILM
    _, page = await ada.call("GET", files_of(room_id))
    assert page["files"][0]["file"]["thumbnail_url"] == f"{film['url']}?preview"
    assert lying(server) == [film["id"], f"{film['id']}.preview"]
    # And it goes with its film.
    path = f"/api/conversations/{room_id}/messages/{sent['id']}"
    assert (await ada.call("DELETE", path))[0] == 200
    assert (await ada.send("GET", f"{film['url']}?preview")).status == 404


async def test_a_film_keeps_its_first_still(
    server: Running, ada: Person, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = await uploads(ada, room_id, FILM, "walk.webm")
    kept: list[str] = []
    store = files.filing(server.app.extensions["parley"].context).store
    put = store.put

    async def noted(key: str, path: Path) -> None:
        kept.append(key)
        await put(key, path)

    monkeypatch.setattr(store, "put", noted)
    pictures = [saved(flag((size, 20)), "PNG") for size in (30, 40, 50)]
    answers = await asyncio.gather(*(gives(ada, room_id, film, each) for each in pictures))
    assert [answer.status for answer in answers] == [200] * 3
    assert all("thumbnail_url" in answer.json["file"] for answer in answers)
    assert kept == [f"{film['id']}.preview"]
    before = (await ada.send("GET", f"{film['url']}?preview")).body
    later = await gives(ada, room_id, film, saved(flag((60, 20)), "PNG"))
    assert later.status == 200
    assert (await ada.send("GET", f"{film['url']}?preview")).body == before


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 400, "bad_file"),
        (b"<svg onload='harm()'/>", 400, "bad_file"),
        (saved(flag(), "PNG")[:40], 400, "bad_file"),
        (saved(flag(), "GIF"), 400, "bad_file"),
        (saved(flag((STILL_MAX_PX + 1, 2)), "PNG"), 400, "bad_file"),
        (bytes(STILL_MAX_BYTES + 1), 413, "too_large"),
    ],
)
async def test_what_is_no_still_is_refused_and_leaves_nothing(
    server: Running, ada: Person, room_id: str, picture: bytes, status: int, code: str
) -> None:
    film = await uploads(ada, room_id, FILM, "walk.webm")
    answer = await gives(ada, room_id, film, picture)
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert lying(server) == [film["id"]]
    # The film is there all the same.
    await sends(ada, room_id, film)
    assert (await ada.send("GET", film["url"])).body == FILM


async def test_only_ones_own_film_is_given_a_still_and_only_before_it_is_sent(
    ada: Person, room_id: str, person: People
) -> None:
    ben = person("Ben")
    await ben.joins_over_rest(room_id)
    picture = saved(flag(), "PNG")
    film = await uploads(ada, room_id, FILM, "walk.webm")
    assert (await gives(ben, room_id, film, picture)).status == 404
    assert (await gives(ada, room_id, {"id": "0" * 32}, picture)).status == 404
    notes = await uploads(ada, room_id)
    for each in (notes, film):
        if each is film:
            await sends(ada, room_id, film)
        answer = await gives(ada, room_id, each, picture)
        assert (answer.status, answer.json["code"]) == (400, "bad_request")
    assert (await ada.send("GET", f"{film['url']}?preview")).body == FILM
