"""A server of this or of another checkout, for measuring one beside the other."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.browser.seeding import Seeding
from tests.generous import ENVIRON

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def served(checkout: Path, port: int, *flags: str) -> Iterator[Seeding]:
    """`parley serve` of that checkout at http://127.0.0.1:`port`, ready to be filled."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        command = [sys.executable, str(checkout / "tests" / "lean.py"), "serve"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--data", str(data), *flags]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRON}
        ) as server:
            assert server.stdout is not None
            try:
                assert any(" at http" in line for line in server.stdout), "it did not start"
                with contextlib.closing(Seeding(f"http://127.0.0.1:{port}", data)) as seeding:
                    yield seeding
            finally:
                server.terminate()
