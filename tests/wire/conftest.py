"""What several tests of the wire begin with."""

from __future__ import annotations

import pytest

from parley.wire import line

FEW = 600


@pytest.fixture
def few_frames(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many a client may send, of servers that start after this: a tenth, to be soon over."""
    monkeypatch.setattr(line, "FRAMES_MAX", FEW)
    return FEW
