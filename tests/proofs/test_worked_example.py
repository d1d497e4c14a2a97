"""docs/exports.md says what is hashed: its example is worked out here from its words alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from parley.proofs import checking
from parley.proofs.notes import Key

DOC = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
KEY = "chat.example.org+b12cf89f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def example() -> str:
    [found] = re.findall(r"^```jsonl\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    return str(found)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_hashes_of_the_example_are_those_it_says() -> None:
    *entries, last = example().splitlines()
    leaves = []
    for number, line in enumerate(entries, 1):
        content, salt = re.fullmatch(r'(.*),"salt":"(.*)"}', line).groups()  # type: ignore[union-attr]
        commitment = sha256(base64.b64decode(salt), content.encode() + b"}")
        leaves.append(sha256(b"\x00", commitment))
        assert f"| {number} | `{commitment.hex()}` | `{leaves[-1].hex()}` |" in DOC
    node = sha256(b"\x01", leaves[0], leaves[1])
    root = sha256(b"\x01", node, leaves[2])
    assert f"is `{node.hex()}`" in DOC
    assert f"`{root.hex()}`." in DOC
    proof = json.loads(last)
    assert base64.b64decode(proof["leaves"]) == b"".join(leaves)
    text, _, signature = proof["head"].partition("\n\n")
    assert text == (f"chat.example.org/conversation/tea-room\n3\n{base64.b64encode(root).decode()}")
    name, id, public = proof["key"].split("+", 2)
    raw = base64.b64decode(public)
    assert id == sha256(name.encode(), b"\n", raw).hex()[:8]
    signed = base64.b64decode(signature.removeprefix(f"— {name} "))
    assert signed[:4].hex() == id
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signed[4:], f"{text}\n".encode())


def test_the_example_is_in_order(tmp_path: Path) -> None:
    file = tmp_path / "example.jsonl"
    file.write_text(example(), encoding="utf-8")
    assert f"--key {KEY}" in DOC
    assert checking.check(file, Key.read(KEY)).problems == ()
