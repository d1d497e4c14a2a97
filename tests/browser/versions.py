"""Other versions of Parley, as an update brings them: copies that serve other scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import parley
from tests.generous import ENVIRON
from tests.servers import STOP_WITHIN_S

BUILT = Path("static/built")


class Version:
    """`parley serve` of a copy whose scripts each end in a comment that names it."""

    def __init__(self, folder: Path, name: str, data: Path, port: int) -> None:
        self.name = name
        self.mark = f"// of version {name}"
        self._place = folder / name
        self._command = [sys.executable, "-m", "parley", "serve"]
        self._command += ["--data", str(data), "--port", str(port)]
        self._running: subprocess.Popen[bytes] | None = None
        self.url = ""
        copy = self._place / "parley"
        shutil.copytree(Path(parley.__file__).parent, copy)
        for script in (copy / BUILT / "js").glob("*.js"):
            with script.open("a") as file:
                file.write(f"\n{self.mark}\n")

    def start(self) -> None:
        self._running = subprocess.Popen(
            self._command, cwd=self._place, env={**os.environ, **ENVIRON}, stdout=subprocess.PIPE
        )
        assert self._running.stdout is not None
        line = self._running.stdout.readline().decode()
        self.url = line.split(" at ")[1].split()[0]

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.communicate(timeout=STOP_WITHIN_S)
            self._running = None
