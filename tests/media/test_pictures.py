"""Pictures come back upright, in the colours they had, and say nothing of where they were taken."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

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


async def test_a_photo_that_was_saved_small_stays_small(look: Look) -> None:
    noise = Image.effect_noise((600, 400), 90).convert("RGB")
    for quality in (30, 75):
        upload = saved(noise, "JPEG", quality=quality)
        looked = await look(upload)
        again = opened(looked.clean)
        assert looked.clean is not None
        assert looked.clean.stat().st_size <= len(upload) * 1.02
        change = ImageChops.difference(again, Image.open(BytesIO(upload)))
        assert max(ImageStat.Stat(change).mean) < 4  # of noise, the hardest there is


async def test_a_photo_with_another_inside_is_one_photo(look: Look) -> None:
    """Phones put a second picture, of depth or of brightness, behind the first."""
    upload = saved(flag((320, 160)), "MPO", save_all=True, append_images=[flag((80, 40))])
    looked = await look(upload)
    assert (looked.type, looked.is_animated) == ("image/jpeg", False)
    picture = opened(looked.clean)
    assert (picture.format, picture.size) == ("JPEG", (320, 160))


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_however_it_was_held_it_lies_as_programs_show_it(
    look: Look, orientation: int
) -> None:
    picture = flag((60, 30))
    picture.paste((30, 200, 30), (0, 0, 30, 15))  # So that a mirrored one looks different.
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        upload = saved(
            picture, kind, exif=exif(orientation), **({"quality": 95} if kind != "PNG" else {})
        )
        shown = ImageOps.exif_transpose(Image.open(BytesIO(upload)))
        looked = await look(upload)
        again = opened(looked.clean)
        assert again.size == shown.size == (looked.width, looked.height)
        assert max(ImageStat.Stat(ImageChops.difference(again, shown)).mean) < 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
async def test_a_damaged_picture_is_refused_in_words_and_leaves_nothing(
    look: Look, into: Path, kind: str
) -> None:
    upload = saved(flag((640, 480)), kind)
    with pytest.raises(BadFile, match="damaged"):
        await look(upload[: len(upload) // 2])
    assert not names_in(into)
    assert (await look(upload)).kind is Kind.PICTURE
