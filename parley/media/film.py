"""An animation that is read and saved a frame at a time."""

from __future__ import annotations

from PIL import Image, ImageOps

from parley.media.colour import in_srgb


class Film(Image.Image):
    """The frames of another picture, upright and in sRGB, as `Image.save` asks for them: in turn.

    Pillow would want all of them in memory.
    """

    def __init__(self, source: Image.Image, profile: bytes | None) -> None:
        """`source` is open at its first frame."""
        super().__init__()
        self._source = source
        self._profile = profile
        self._exif = source.info.get("exif")
        self._at = -1
        self.n_frames: int = getattr(source, "n_frames", 1)
        self.durations_ms: list[int] = []
        """Of the frames that were read up to now: a saver asks for one after each."""
        self.seek(0)

    def seek(self, frame: int) -> None:
        if frame != self._at + 1:
            return  # The saver goes back to where it began, once it is done.
        self._source.seek(frame)
        self._source.load()
        self.durations_ms.append(self._source.info.get("duration", 0))
        shown = self._source.copy()
        shown.info = {"exif": self._exif} if self._exif else {}
        shown = ImageOps.exif_transpose(in_srgb(shown, self._profile))
        self.im, self._mode, self._size = shown.im, shown.mode, shown.size
        self._at = frame

    def tell(self) -> int:
        return max(self._at, 0)
