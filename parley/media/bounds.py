"""How much of a picture is opened."""

from __future__ import annotations

MAX_PIXELS = 40_000_000
"""In one frame; decoded, each takes four bytes."""
MAX_PIXELS_IN_ALL = 400_000_000
MAX_FRAMES = 5_000
"""More than anybody waits for: three minutes of 25 a second."""


class Broken(Exception):
    bad = "broken"


class TooLarge(Exception):
    bad = "too_large"


class Frames:
    """Counts the frames of an animation. Raises `TooLarge` at the one that is too many."""

    def __init__(self) -> None:
        self._frames = 0
        self._pixels = 0

    def add(self, size: tuple[int, int], times: int = 1) -> None:
        self.check(size)
        self._frames += times
        self._pixels += size[0] * size[1] * times
        if self._frames > MAX_FRAMES or self._pixels > MAX_PIXELS_IN_ALL:
            raise TooLarge

    @staticmethod
    def check(size: tuple[int, int]) -> None:
        """Whether a picture of that size may be opened."""
        if size[0] * size[1] > MAX_PIXELS:
            raise TooLarge
