"""The examples of docs/embedding.md run; those in HTML do in tests/browser/test_embedding.py."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.servers import process

PAGE = (Path(__file__).parent.parent / "docs" / "embedding.md").read_text(encoding="utf-8")
PATIENCE_S = 30


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_a_program_makes_a_desk_and_writes_there(tmp_path: Path) -> None:
    (example,) = [text for text in blocks("bash") if "curl" in text]
    with process(tmp_path / "data") as server:
        done = subprocess.run(
            ["bash", "-euc", example.replace("http://localhost:8081", server.url)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
    made, started = map(json.loads, done.stdout.splitlines())
    assert made["token"]
    assert started["desk"] == made["desk"]["id"]
    assert started["conversation"]["title"] == "The shop: Ben"
