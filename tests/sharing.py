"""Who runs which tests: whole files; those in browsers share as few processes as there are cores.

A browser with its driver and its server is three seconds of a core, and each process that has any
such test starts them.
"""

from __future__ import annotations

import os
import zlib

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

GROUPS = {
    "tests/browser/": max(2, os.cpu_count() or 1),
    "tests/security/browser/": 1,
}
"""How many processes share the tests of a folder."""


def group_of(file: str) -> str:
    """What a file is run together with, in one process: itself, or a part of its folder."""
    for folder, count in GROUPS.items():
        if file.startswith(folder):
            return f"{folder}{zlib.crc32(file.encode()) % count}"
    return file


class BrowsersShared(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group_of(super()._split_scope(nodeid))
