"""What draws nothing in the browser tells no names apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from parley.domain.names import skeleton

# Draws each text in a cell of its own; for each a number made of its pixels, 0 where there is
# no ink.
DRAW = """
(texts) => {
  const [across, width, height] = [64, 48, 40];
  const canvas = new OffscreenCanvas(across * width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "16px sans-serif";
  const drawn = [];
  for (let at = 0; at < texts.length; at += across) {
    const row = texts.slice(at, at + across);
    pen.clearRect(0, 0, canvas.width, height);
    row.forEach((text, i) => pen.fillText(text, i * width + 8, 26));
    const pixels = new Uint32Array(pen.getImageData(0, 0, canvas.width, height).data.buffer);
    for (let i = 0; i < row.length; i++) {
      let ink = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const pixel = pixels[y * canvas.width + i * width + x];
          if (pixel) ink = (Math.imul(ink, 31) + pixel + x * 131 + y * 7919) | 0;
        }
      }
      drawn.push(ink);
    }
  }
  return drawn;
}
"""
pytestmark = pytest.mark.long("each of fifty thousand characters is drawn")

NO_CHARACTER = "\U0010ffff"
"""No font has it: what is drawn for it is drawn for whatever the fonts here do not have."""


SHOWN_BY_SOME = {"\u1680"}
"""The space of Ogham: a stroke where a font has its letters, and a space to all else."""


def characters() -> Iterator[str]:
    """All that are assigned, but for the letters from U+3400 on.

    Those are ideographs, syllables and scripts of old: a hundred thousand, each with a shape of
    its own, and no font here has them. What is blank among them is listed in
    tests/domain/test_names_alike.py.
    """
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        if category not in ("Cn", "Co", "Cs") and (category[0] != "L" or point < 0x3400):
            yield chr(point)
    yield from "\u3164\uffa0"  # letters, and blank


@dataclass(frozen=True)
class Drawn:
    """What became of the characters, each alone and between two letters."""

    blank: set[str]
    """No ink, or none between the letters."""
    seen: set[str]
    """Ink, by a font that has it."""


@pytest.fixture(scope="module")
def drawn(browser: Browser) -> Drawn:
    everything = list(characters())
    page = browser.new_page()
    alone = dict(zip(everything, page.evaluate(DRAW, everything), strict=True))
    missing, none_between = page.evaluate(DRAW, [NO_CHARACTER, "An"])
    assert missing  # a box, and so nothing that is taken for blank
    had = [letter for letter, ink in alone.items() if ink != missing]
    between = page.evaluate(DRAW, [f"A{letter}n" for letter in had])
    page.close()
    blank = {letter for letter in had if not alone[letter]}
    blank |= {letter for letter, ink in zip(had, between, strict=True) if ink == none_between}
    return Drawn(blank, set(had) - blank)


def test_what_draws_nothing_is_taken_for_nothing(drawn: Drawn) -> None:
    assert {"\u200b", "\u3000", "\u2800", "\ufffc"} <= drawn.blank
    assert {letter for letter in drawn.blank if skeleton(f"A{letter}n") != skeleton("An")} == set()


@pytest.mark.not_in_firefox("it draws control characters, which no name has, as their numbers")
def test_what_is_drawn_is_a_name(drawn: Drawn) -> None:
    assert {"A", "\u0301", "!", "\U0001f600"} <= drawn.seen
    refused = {letter for letter in drawn.seen if not skeleton(letter)}
    assert {f"U+{ord(letter):04X}" for letter in refused - SHOWN_BY_SOME} == set()
