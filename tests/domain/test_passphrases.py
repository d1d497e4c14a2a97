"""Passphrases are looked at a few at a time, whoever hangs up meanwhile."""

from __future__ import annotations

import asyncio
import threading

import pytest

from parley.domain.passphrases import AT_ONCE, Passphrases
from tests.people import PATIENCE_S

A_MOMENT_S = 0.1
"""Longer than a thread takes to begin."""


async def test_hanging_up_lets_nobody_have_more_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passphrases = Passphrases()
    begun, may_end = threading.Semaphore(0), threading.Event()

    def looks(_passphrase: str, _hash: str) -> bool:
        begun.release()
        return may_end.wait(PATIENCE_S)

    def begins(within_s: float) -> asyncio.Task[bool]:
        return asyncio.create_task(asyncio.to_thread(begun.acquire, timeout=within_s))

    monkeypatch.setattr(passphrases, "_verify", looks)
    for _ in range(AT_ONCE):
        asker = asyncio.create_task(passphrases.is_right("open barley", ""))
        assert await begins(PATIENCE_S)
        asker.cancel()
        await asyncio.wait([asker])
    last = asyncio.create_task(passphrases.is_right("open sesame", ""))
    assert not await begins(A_MOMENT_S)
    may_end.set()
    assert await last
