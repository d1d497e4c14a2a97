"""Exports as a server writes them, of a few made-up messages."""

from __future__ import annotations

import hashlib
import json
import zipfile
from contextlib import closing
from pathlib import Path

from parley.proofs.notes import Signer
from parley.proofs.reading import MEMBER
from parley.proofs.sealing import Sealer

SIGNER = Signer("chat.example.org", bytes(range(32)))
OTHER_SIGNER = Signer("chat.example.org", bytes(reversed(range(32))))
ORIGIN = "chat.example.org/conversation/tea-room"
PICTURE = "files/abc/tea.png"


def entry(at: int) -> bytes:
    message = {"id": f"{at}-abc", "seq": at, "username": "Ada", "message": f"Tea número {at}"}
    return json.dumps({**message, "timestamp": "2026-01-31T12:00:00.000+00:00"}).encode()


def sealed(
    count: int, members: tuple[bytes, ...] = (), signer: Signer = SIGNER
) -> tuple[list[bytes], bytes]:
    """The lines of a head and so many messages, and the proof."""
    with closing(Sealer()) as sealer:
        head = b'{"parley_export":1,"server":"https://chat.example.org"}'
        lines = sealer.sealed([head, *(entry(at) for at in range(1, count + 1)), *members])
        return lines, b"".join(sealer.proof(signer, ORIGIN))


def of_one(message: dict[str, object]) -> tuple[list[bytes], bytes]:
    """The lines of a head and of one message with these fields, and the proof."""
    with closing(Sealer()) as sealer:
        line = json.dumps({"id": "1-abc", "seq": 1, "timestamp": "today", **message}).encode()
        lines = sealer.sealed([b'{"parley_export":1}', line])
        return lines, b"".join(sealer.proof(SIGNER, ORIGIN))


def as_lines(lines: list[bytes], proof: bytes) -> bytes:
    return b"\n".join([*lines, proof, b""])


def as_json(lines: list[bytes], proof: bytes) -> bytes:
    head, *messages = lines
    inside = b"\n,".join(messages) + b"\n" if messages else b""
    return b'{"success":true,"export":\n%b\n,"messages":[\n%b],"proof":\n%b\n}\n' % (
        head,
        inside,
        proof,
    )


def as_zip(path: Path, count: int, files: dict[str, bytes]) -> Path:
    members = tuple(
        json.dumps(
            {
                "member": {
                    "path": name,
                    "size": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            },
            separators=(",", ":"),
        ).encode()
        for name, content in files.items()
    )
    return zipped(path, {**files, MEMBER: as_lines(*sealed(count, members))})


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
