"""A workshop that looks at real files, and a folder for what it makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from parley.media import Looked, Workshop

Look = Callable[..., Awaitable[Looked]]
PATIENCE_S = 120.0
"""Its processes stand behind all others, and a machine that runs tests is busy."""


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def workshop() -> AsyncIterator[Workshop]:
    """One for all tests: its process takes longer to start than a picture takes."""
    workshop = Workshop(within_s=PATIENCE_S)
    yield workshop
    await workshop.close()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where a workshop puts what it makes."""
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


@pytest.fixture
def look(workshop: Workshop, tmp_path: Path, into: Path) -> Look:
    """What the workshop says of these bytes, uploaded by that name."""

    async def look(content: bytes, name: str = "upload") -> Looked:
        upload = tmp_path / "upload"
        upload.write_bytes(content)
        return await workshop.look(upload, name, into)

    return look
