"""Pictures come back upright, in the colours they had, and say nothing of where they were taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.errors import BadFile
from parley.media import Kind
from tests.media.conftest import Look
from tests.media.drawn import BLUE, RED, exif, flag, names_in, near, opened, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_photo_is_turned_upright_and_says_nothing_of_where_it_was_taken(look: Look) -> None:
    upload = saved(flag((1200, 600)), "JPEG", exif=exif(6), comment=b"at home", xmp=b"<x:xmpmeta/>")
    assert b"Phone & Sons" in upload
    looked = await look(upload, "IMG_0001.HEIC")
    assert (looked.kind, looked.type) == (Kind.PICTURE, "image/jpeg")
    assert (looked.width, looked.height) == (600, 1200)
    for path in (looked.clean, looked.preview):
        picture = opened(path)
        assert not picture.getexif()
        assert not {"exif", "comment", "xmp", "dpi"} & set(picture.info)
        width, height = picture.size
        assert near(picture.getpixel((width // 2, height // 8)), RED)
        assert near(picture.getpixel((width // 2, height * 7 // 8)), BLUE)
    assert opened(looked.preview).size == (400, 800)
    assert opened(looked.preview).format == "WEBP"


async def test_a_screenshot_keeps_every_pixel(look: Look) -> None:
    upload = saved(flag((1600, 900)), "PNG")
    looked = await look(upload)
    assert looked.type == "image/png"
    assert opened(looked.clean).tobytes() == flag((1600, 900)).tobytes()
    assert opened(looked.preview).size == (800, 450)


async def test_what_is_small_needs_no_preview(look: Look) -> None:
    looked = await look(saved(flag(), "PNG"))
    assert looked.preview is None
    assert looked.clean is not None


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_a_damaged_picture_is_refused_in_words_and_leaves_nothing(
    look: Look, into: Path, kind: str
) -> None:
    upload = saved(flag((640, 480)), kind)
    with pytest.raises(BadFile, match="damaged"):
        await look(upload[: len(upload) // 2])
    assert not names_in(into)
    assert (await look(upload)).kind is Kind.PICTURE
