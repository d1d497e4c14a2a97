"""What every test of several processes begins with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter, too."""
    folder = Path(tempfile.mkdtemp(prefix="parley-cluster-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


BY_POSTGRESQL = pytest.param(
    "postgresql", marks=pytest.mark.long("tests/workers has its hints by PostgreSQL every time")
)


@pytest.fixture(params=["redis", BY_POSTGRESQL])
def with_redis(request: pytest.FixtureRequest) -> bool:
    """Whether hints go by Redis, or by PostgreSQL."""
    return bool(request.param == "redis")
