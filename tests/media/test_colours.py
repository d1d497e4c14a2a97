"""What a picture says of its colours is kept by turning them into sRGB."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from parley.media.colour import P3_PRIMARIES, profile_from
from tests.media.conftest import Look
from tests.media.drawn import alpha, near, opened, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")

# The red of sRGB, as a phone's camera writes it: in Display P3.
RED_IN_P3, RED = (234, 51, 35), (255, 0, 0)
P3 = profile_from(P3_PRIMARIES)


def red(mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (1000, 20), RED_IN_P3).convert(mode)


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG that says one thing more, before its pixels."""
    crc = struct.pack(">I", zlib.crc32(name + body))
    return png[:33] + struct.pack(">I", len(body)) + name + body + crc + png[33:]


async def assert_red(look: Look, upload: bytes) -> None:
    looked = await look(upload)
    for path in (looked.clean, looked.preview):
        picture = opened(path)
        assert "icc_profile" not in picture.info
        assert near(picture.convert("RGB").getpixel((500, 10)), RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_a_phones_red_stays_red(look: Look, kind: str) -> None:
    await assert_red(look, saved(red(), kind, icc_profile=P3))


async def test_a_palette_is_turned_colour_by_colour(look: Look) -> None:
    picture = Image.new("P", (1000, 20), 1)
    picture.putpalette(bytes((0, 0, 0, *RED_IN_P3)))
    upload = saved(picture, "PNG", icc_profile=P3, transparency=0)
    await assert_red(look, upload)
    assert opened((await look(upload)).clean).mode == "P"


async def test_colours_told_by_numbers_count_too(look: Look) -> None:
    """Pillow looks at neither: CICP in PNG and AVIF, 12 for the primaries of Display P3."""
    await assert_red(look, with_chunk(saved(red(), "PNG"), b"cICP", bytes((12, 13, 0, 1))))
    avif = saved(red(), "AVIF")
    numbers = avif.index(b"colrnclx") + 8
    await assert_red(look, avif[:numbers] + b"\0\x0c" + avif[numbers + 2 :])


async def test_what_was_made_for_bright_screens_is_not_dull(look: Look) -> None:
    """White on paper has 203 nits: 58 and 75 % of the range in PQ and HLG."""
    for transfer, white in ((16, 148), (18, 191)):
        png = saved(Image.new("RGB", (9, 9), (white, white, white)), "PNG")
        looked = await look(with_chunk(png, b"cICP", bytes((9, transfer, 0, 1))))
        assert near(opened(looked.clean).getpixel((4, 4)), (255, 255, 255))


async def test_the_gamma_of_an_old_png_is_applied(look: Look) -> None:
    """Light itself, as renderers write it: half of it looks like 188 of 255."""
    upload = with_chunk(
        saved(Image.new("RGB", (9, 9), (128, 128, 128)), "PNG"), b"gAMA", struct.pack(">I", 100_000)
    )
    assert near(opened((await look(upload)).clean).getpixel((4, 4)), (188, 188, 188))
    usual = with_chunk(saved(red(), "PNG"), b"gAMA", struct.pack(">I", 45_455))
    assert opened((await look(usual)).clean).getpixel((4, 4)) == RED_IN_P3


async def test_a_profile_for_srgb_changes_no_pixel(look: Look) -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    looked = await look(
        saved(
            picture,
            "PNG",
            icc_profile=profile_from((0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)),
        )
    )
    assert opened(looked.clean).tobytes() == picture.tobytes()


@pytest.mark.parametrize("profile", [b"no profile", P3[:200], P3.replace(b"RGB ", b"CMYK")])
async def test_a_profile_that_makes_no_sense_says_nothing(look: Look, profile: bytes) -> None:
    looked = await look(saved(red(), "PNG", icc_profile=profile))
    assert opened(looked.clean).getpixel((4, 4)) == RED_IN_P3


async def test_print_colours_become_those_of_a_screen(look: Look) -> None:
    looked = await look(saved(Image.new("CMYK", (900, 90), (0, 255, 255, 0)), "JPEG"))
    for path in (looked.clean, looked.preview):
        picture = opened(path)
        assert picture.mode == "RGB"
        assert near(picture.getpixel((450, 45)), RED)


async def test_what_shows_through_still_does(look: Look) -> None:
    clear = Image.new("RGBA", (900, 90), (*RED_IN_P3, 100))
    for kind in ("PNG", "WEBP", "AVIF"):
        looked = await look(saved(clear, kind, icc_profile=P3))
        for path in (looked.clean, looked.preview):
            assert near(opened(path).getpixel((450, 45)), (*RED, 100))
    grey = Image.new("L", (900, 90), 200)
    looked = await look(saved(grey, "PNG", transparency=200))
    for path in (looked.clean, looked.preview):
        assert alpha(opened(path), (450, 45)) == 0


async def test_fine_steps_of_grey_are_kept_and_seen(look: Look) -> None:
    """Pillow's own conversion of 16 bits shows nearly everything as white."""
    looked = await look(saved(Image.new("I;16", (900, 90), 0x4000), "PNG"))
    assert opened(looked.clean).getpixel((0, 0)) == 0x4000
    assert near(opened(looked.preview).getpixel((450, 45)), (64, 64, 64))
