"""The browser's code, asked from Python: a program in Node.js that answers a line for each line."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Other = Callable[..., Any]
"""Called with an act and what belongs to it; gives what the program answers."""
needs_node = pytest.mark.skipif(
    shutil.which("node") is None and os.environ.get("CI") != "true",
    reason="Node.js 20 or newer was not found",
)


@contextlib.contextmanager
def asking(program: Path) -> Iterator[Other]:
    """Asks a program that answers as `answering.mjs` does, until the block ends."""
    with subprocess.Popen(
        ["node", program.name],
        cwd=program.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as node:
        to, back = node.stdin, node.stdout
        assert to is not None
        assert back is not None

        def ask(act: str, **asked: Any) -> Any:
            to.write(json.dumps({"act": act, **asked}) + "\n")
            to.flush()
            return json.loads(back.readline())

        yield ask
        to.close()
        node.wait(timeout=60)
