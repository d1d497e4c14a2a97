#!/bin/sh
# Pillow 13.0.0: encoding a picture anew drops what EXIF and XMP say, and keeps comments.
#
# Whoever opens a picture and saves it as another counts on its metadata being gone, since EXIF, with the place a
# photo was taken, has to be handed on by hand. A comment (a JPEG's COM segment, a GIF's comment extension) is handed
# on unasked: the savers take it from the opened picture's `info` where they are given none
# (PIL/JpegImagePlugin.py and PIL/GifImagePlugin.py, `im.info.get("comment")`), which resizing, turning and
# converting copy along. Cameras, editors and image generators write names, places and whole prompts there.
#
# Seen: EXIF and XMP gone and the comment there in 3 of 3 ways. Parley saves pictures whose `info` it has emptied
# (parley/media/pictures.py, _bare; GIFs are put together by parley/media/gif.py);
# tests/media/test_pictures.py and test_animations.py look for comments in what comes of both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "pillow==13.0.0"
"$folder/venv/bin/python" - <<'PY'
from io import BytesIO

import PIL
from PIL import Image, ImageOps


def saved(picture, kind, **how):
    file = BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


exif = Image.Exif()
exif[0x010F] = "said by EXIF"
photo = saved(
    Image.new("RGB", (64, 48), "teal"),
    "JPEG",
    exif=exif,
    xmp=b"<x:xmpmeta>said by XMP</x:xmpmeta>",
    comment=b"said by a comment",
)
opened = Image.open(BytesIO(photo))
ways = {
    "JPEG as JPEG": saved(opened, "JPEG"),
    "turned and made small": saved(ImageOps.exif_transpose(opened).resize((8, 6)), "JPEG"),
    "JPEG as GIF": saved(opened.convert("P"), "GIF"),
}
print(f"Pillow {PIL.__version__}")
kept = 0
for way, content in ways.items():
    says = [name for name in ("EXIF", "XMP", "a comment") if f"said by {name}".encode() in content]
    print(f"{way}: what is left was said by {', '.join(says) or 'nothing'}.")
    kept += says == ["a comment"]
if kept != len(ways):
    raise SystemExit("This has changed.")
print("As described.")
PY
