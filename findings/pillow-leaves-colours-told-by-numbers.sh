#!/bin/sh
# Pillow 13.0.0: the colours of a picture that tells them by numbers come out as others, without a word.
#
# What red is meant can be told by an ICC profile, which Pillow hands on in `info["icc_profile"]`, or by four numbers
# (CICP, ITU-T H.273): in the `cICP` chunk of a PNG (third edition, section 11.3.2.6, where they count before a profile)
# and in the `colr` box of an AVIF, where they are the usual way. 12 for the primaries is Display P3, in which phones
# take photos. Pillow gives the levels as they stand and says nothing of the numbers, neither in `info` nor
# elsewhere: a program that turns all that has a profile into sRGB, and takes the rest for sRGB, shows such a picture
# paler than browsers do. The most saturated red of sRGB, (255, 0, 0), is (234, 51, 35) in Display P3.
#
# Seen: 2 of 2 pictures came out pale, with nothing in `info` to know it by. Parley reads the numbers itself and
# makes a profile of them (parley/media/colour.py, _cicp); tests/media/test_colours.py holds it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "pillow==13.0.0"
"$folder/venv/bin/python" - <<'PY'
import struct
import zlib
from io import BytesIO

import PIL
from PIL import Image

RED_IN_P3, DISPLAY_P3, LIKE_SRGB = (234, 51, 35), 12, 13


def saved(kind):
    file = BytesIO()
    Image.new("RGB", (16, 16), RED_IN_P3).save(file, kind)
    return file.getvalue()


def png():
    content, body = saved("PNG"), b"cICP" + bytes((DISPLAY_P3, LIKE_SRGB, 0, 1))
    return content[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + content[33:]


def avif():
    content = saved("AVIF")
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">H", DISPLAY_P3) + content[at + 2 :]


print(f"Pillow {PIL.__version__}")
pale = 0
for name, content in (("PNG", png()), ("AVIF", avif())):
    with Image.open(BytesIO(content)) as picture:
        picture.load()
        colour = picture.getpixel((8, 8))
        print(f"{name}: {colour}, info {picture.info}")
        told = {"icc_profile", "cicp", "nclx", "chromaticity"} & set(picture.info)
        pale += abs(colour[0] - RED_IN_P3[0]) < 8 and not told
if pale != 2:
    raise SystemExit("This has changed.")
print("As described.")
PY
