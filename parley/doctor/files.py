"""Files: the place for them can be written to, and pictures can be opened."""

from __future__ import annotations

import os
import tempfile
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.errors import ParleyError, StartupError
from parley.files.choice import store_of
from parley.files.store import FILES, UPLOADS
from parley.media import Workshop

CHECK = "files"
_PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one pixel."""


async def look(look: Look) -> AsyncIterator[Finding]:
    config = look.config
    if config.max_file == 0:
        yield skip(CHECK, "This server takes no files (--max-file 0).")
        return
    if config.files_url:
        async for each in _bucket(look):
            yield each
    else:
        for folder in (config.data / FILES, config.data / UPLOADS):
            if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
                yield fail(
                    CHECK,
                    f"{folder} can't be written to, so no file can be sent.",
                    "Make the server's user its owner, and its file system writable.",
                )
    async for each in _pictures():
        yield each


async def _bucket(look: Look) -> AsyncIterator[Finding]:
    """Write, read and delete something there, as a start does."""
    try:
        store = store_of(look.config)
        await store.open()
    except StartupError as error:
        yield fail(CHECK, str(error), "The server doesn't start like this.")
        return
    yield ok(CHECK, f"{look.config.files_url} can be written to, read and deleted from.")
    if store.caution:
        yield warn(CHECK, store.caution, "docs/files.md says more.")


async def _pictures() -> AsyncIterator[Finding]:
    """Have one looked at, in a process as the server's."""
    workshop = Workshop()
    try:
        with tempfile.TemporaryDirectory(prefix="parley-doctor-") as made:
            path = Path(made, "picture.gif")
            path.write_bytes(_PICTURE)  # noqa: ASYNC240  # nobody waits meanwhile
            await workshop.look(path, path.name, Path(made))
    except (ParleyError, OSError) as error:
        yield fail(
            CHECK,
            f"The process that opens pictures doesn't work: {str(error).rstrip(chr(46))}.",
            "See whether Pillow is installed whole, and whether memory or processes are limited.",
        )
    else:
        yield ok(CHECK, "The process that opens pictures works.")
    finally:
        await workshop.close()
