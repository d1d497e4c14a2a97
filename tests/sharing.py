"""Who runs which tests: whole files; those in browsers share few processes.

A browser with its driver and its server is three seconds of a core, and each process that has any
such test starts them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

IN_BROWSERS = ("tests/browser/", "tests/security/browser/")
PROCESSES = max(1, (os.cpu_count() or 1) // 2)
"""So many share the tests of these folders."""


def group_of(file: str) -> str:
    """What a file is run together with: itself, or some of all that need a browser."""
    if file.startswith(IN_BROWSERS):
        return f"in a browser {zlib.crc32(file.encode()) % PROCESSES}"
    return file


class Indexed(list[str]):
    """The ids of tests. Where one of thousands stands is asked for each of them."""

    def __init__(self, ids: Iterable[str]) -> None:
        super().__init__(ids)
        self._places = {each: at for at, each in enumerate(self)}

    def index(self, value: str, *_: Any) -> int:
        return self._places[value]


class BrowsersShared(LoadFileScheduling):
    def add_node_collection(self, node: Any, collection: Iterable[str]) -> None:
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = Indexed(self.registered_collections[node])

    def _split_scope(self, nodeid: str) -> str:
        return group_of(super()._split_scope(nodeid))
