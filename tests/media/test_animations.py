"""What moves goes on moving as it did, and says nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageSequence

from tests.media.conftest import Look
from tests.media.drawn import RED, exif, near, opened, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")

DURATIONS = [40, 100, 1_500, 70, 250]
COMMENT = b"\x21\xfe\x09from home\0"


def moving(mode: str = "RGB") -> list[Image.Image]:
    """A white square that walks over red."""
    frames = []
    for step in range(len(DURATIONS)):
        frame = Image.new("RGB", (120, 60), RED)
        frame.paste((255, 255, 255), (step * 20, 10, step * 20 + 15, 50))
        frames.append(frame.convert(mode))
    return frames


def film(kind: str, frames: list[Image.Image] | None = None, **how: Any) -> bytes:
    first, *others = frames or moving()
    how = {"duration": DURATIONS, "loop": 3} | how
    return saved(first, kind, save_all=True, append_images=others, **how)


def shown(content: bytes) -> tuple[list[Image.Image], list[int], Any]:
    """What one sees of it, for how long, and how often."""
    with Image.open(BytesIO(content)) as picture:
        frames, durations = [], []
        for frame in ImageSequence.Iterator(picture):
            frames.append(frame.convert("RGBA"))
            durations.append(round(frame.info["duration"]))
        return frames, durations, picture.info.get("loop")


def furthest(some: list[Image.Image], others: list[Image.Image]) -> int:
    """How much the same place differs by at the most, in any frame."""
    pairs = zip(some, others, strict=True)
    differences = (ImageChops.difference(one, other).tobytes() for one, other in pairs)
    return max(map(max, differences))


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("GIF", {"disposal": 0}),
        ("GIF", {"disposal": 2}),
        ("GIF", {"disposal": 3, "interlace": 1}),
        ("PNG", {"disposal": 1}),
        ("PNG", {"disposal": 2, "blend": 1}),
        ("WEBP", {"lossless": True}),
    ],
)
async def test_every_frame_stays_as_it_was(look: Look, kind: str, how: dict[str, Any]) -> None:
    upload = film(kind, **how)
    looked = await look(upload)
    assert looked.is_animated
    assert looked.clean is not None
    before, after = shown(upload), shown(looked.clean.read_bytes())
    assert furthest(before[0], after[0]) == 0
    assert before[1:] == after[1:] == (DURATIONS, 3)
    assert near(opened(looked.preview).convert("RGB").getpixel((119, 59)), RED)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
async def test_what_was_saved_with_loss_looks_the_same(look: Look, kind: str) -> None:
    upload = film(kind)
    looked = await look(upload)
    assert looked.type == "image/webp"
    assert looked.clean is not None
    frames, durations, _loop = shown(looked.clean.read_bytes())
    assert durations == DURATIONS
    assert near(frames[-1].getpixel((5, 5)), (*RED, 255))
    assert near(frames[-1].getpixel((88, 30)), (255, 255, 255, 255))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
async def test_animated_pngs_may_be_of_any_kind(look: Look, mode: str) -> None:
    frames = moving(mode)
    upload = film("PNG", frames)
    looked = await look(upload)
    assert looked.clean is not None
    assert furthest(shown(upload)[0], shown(looked.clean.read_bytes())[0]) == 0


async def test_a_still_for_old_programs_stays_out_of_an_animation(look: Look) -> None:
    upload = film(
        "PNG",
        [Image.new("RGB", (120, 60), (0, 200, 0)), *moving()[:4]],
        default_image=True,
        duration=DURATIONS[:4],
    )
    looked = await look(upload)
    assert looked.clean is not None
    assert opened(looked.clean).info["default_image"] is True
    assert near(opened(looked.preview).getpixel((119, 59)), RED)


async def test_a_gif_says_nothing_but_what_it_shows(look: Look) -> None:
    upload = film("GIF")
    last = upload.rindex(b"\x3b")
    xmp = b"\x21\xff\x0bXMP DataXMP\x04here\0"
    looked = await look(upload[:last] + COMMENT + xmp + b"\x3balert('GIF')")
    assert looked.clean is not None
    content = looked.clean.read_bytes()
    assert not [said for said in (b"home", b"XMP", b"alert") if said in content]
    assert furthest(shown(upload)[0], shown(content)[0]) == 0


async def test_an_animation_says_nothing_of_its_place(look: Look) -> None:
    for kind in ("WEBP", "PNG"):
        looked = await look(film(kind, exif=exif()))
        assert looked.clean is not None
        assert b"Phone & Sons" not in looked.clean.read_bytes()


async def test_an_animation_is_turned_upright(look: Look) -> None:
    looked = await look(film("WEBP", exif=exif(6)))
    assert (looked.width, looked.height) == (60, 120) == opened(looked.clean).size


async def test_one_frame_does_not_move(look: Look) -> None:
    looked = await look(saved(moving()[0], "GIF"))
    assert not looked.is_animated
    assert looked.preview is None
