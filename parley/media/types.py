"""What a file is, by how it begins. Its name counts only for what is downloaded anyway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

from parley.media.looked import Kind

HEAD_BYTES = 65_536
"""How much of a file's beginning is looked at: more than the largest header that matters."""
UNKNOWN = "application/octet-stream"


class Claim(NamedTuple):
    """What a file begins like."""

    kind: Kind
    type: str


_DOCUMENT = Claim(Kind.DOCUMENT, UNKNOWN)

# The brands of ISO base media files (ISO/IEC 14496-12, and the registry at mp4ra.org).
_AVIF = {b"avif", b"avis"}
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_PLAIN_TEXT: Mapping[str, str] = {
    "": "text/plain",
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "ics": "text/calendar",
    "json": "application/json",
    "log": "text/plain",
    "md": "text/markdown",
    "srt": "text/plain",
    "text": "text/plain",
    "toml": "text/plain",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "vcf": "text/vcard",
    "vtt": "text/vtt",
    "yaml": "text/plain",
    "yml": "text/plain",
}
_IN_ZIP: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_IN_OLE: Mapping[str, str] = {
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "xls": "application/vnd.ms-excel",
}
_NAMED: tuple[tuple[bytes, str, Mapping[str, str]], ...] = (
    (b"%PDF-", "application/pdf", {}),
    (b"PK\x03\x04", "application/zip", _IN_ZIP),
    (b"PK\x05\x06", "application/zip", {}),
    (b"\x1f\x8b\x08", "application/gzip", {}),
    (b"BZh", "application/x-bzip2", {}),
    (b"\xfd7zXZ\0", "application/x-xz", {}),
    (b"\x28\xb5\x2f\xfd", "application/zstd", {}),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", {}),
    (b"Rar!\x1a\x07", "application/vnd.rar", {}),
    (b"{\\rtf", "application/rtf", {}),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", UNKNOWN, _IN_OLE),
)
# What a browser, or a shell, takes for more than text.
_MARKUP = re.compile(rb"[\s\xef\xbb\xbf]*(<[a-zA-Z!?/]|#!)")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def claim(head: bytes, name: str) -> Claim:
    """What a file that begins with `head` claims to be.

    `name` may hold anything; its extension refines what a document is called, from a short list.
    """
    return _picture(head) or _sound_or_film(head) or Claim(Kind.DOCUMENT, _document(head, name))


def _picture(head: bytes) -> Claim | None:
    if head.startswith(b"\xff\xd8\xff"):
        return Claim(Kind.PICTURE, "image/jpeg")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Claim(Kind.PICTURE, "image/png")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Claim(Kind.PICTURE, "image/gif")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Claim(Kind.PICTURE, "image/webp")
    brands = brands_of(head)
    if _AVIF.intersection(brands):
        return Claim(Kind.PICTURE, "image/avif")
    if _HEIF.intersection(brands):
        # Its decoders had a year of holes: it is handed on as it came.
        return Claim(Kind.DOCUMENT, "image/heic")
    return None


def _sound_or_film(head: bytes) -> Claim | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Claim(Kind.AUDIO, "audio/wav")
    if head.startswith(b"fLaC"):
        return Claim(Kind.AUDIO, "audio/flac")
    if head.startswith(b"OggS"):
        return Claim(Kind.AUDIO, "audio/ogg")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Claim(Kind.VIDEO, "video/webm")
    if brands := brands_of(head):
        return Claim(Kind.VIDEO, "video/quicktime" if brands[0] == b"qt  " else "video/mp4")
    if head[4:8] in {b"moov", b"mdat", b"wide"}:
        return Claim(Kind.VIDEO, "video/quicktime")  # From before there were brands.
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return Claim(Kind.AUDIO, "audio/mpeg")
    return None


def brands_of(head: bytes) -> list[bytes]:
    """The brands of an ISO base media file, the major one first; none where it is no such file."""
    size = int.from_bytes(head[:4])
    if head[4:8] != b"ftyp" or size < 16:
        return []
    compatible = head[16 : min(size, 1024)]
    return [head[8:12], *(compatible[at : at + 4] for at in range(0, len(compatible), 4))]


def _document(head: bytes, name: str) -> str:
    extension = PurePath(name.replace("\\", "/").replace("\0", "")).suffix.lower().lstrip(".")
    for magic, media_type, refined in _NAMED:
        if head.startswith(magic):
            return refined.get(extension, media_type)
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if _is_text(head):
        return _PLAIN_TEXT.get(extension, UNKNOWN)
    return UNKNOWN


def _is_text(head: bytes) -> bool:
    if not head or _NO_TEXT.search(head) or _MARKUP.match(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last letter may have been cut in two.
        return len(head) == HEAD_BYTES and error.start >= HEAD_BYTES - 3
    return True
