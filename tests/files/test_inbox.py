"""Uploads on their way to the disk, and the threads that take them there."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest

from parley.errors import Unavailable
from parley.files.inbox import SYNC_EVERY_BYTES, Inbox
from parley.files.threads import STEP_BACK, in_thread


async def test_what_the_disk_lost_on_the_way_is_told_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox(tmp_path)
    await inbox.begin("upload", 2 * SYNC_EVERY_BYTES)
    sync, asked = os.fsync, list[int]()

    def lost_once(file: int) -> None:
        # As Linux does it: whoever asks again is told that all is well.
        asked.append(file)
        if len(asked) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(file)

    async with inbox.opened("upload", 0) as opened:
        monkeypatch.setattr(os, "fsync", lost_once)
        await opened.add(bytes(SYNC_EVERY_BYTES))
        with pytest.raises(Unavailable):
            await opened.sync()
        with pytest.raises(Unavailable):
            await opened.sync()
    assert len(asked) == 1
    assert inbox.length("upload") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has its own")
async def test_what_works_on_files_steps_back_for_the_rest_of_the_server() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await in_thread(priority) == min(priority() + STEP_BACK, 19)


async def test_what_comes_goes_to_the_disk_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox(tmp_path)
    await inbox.begin("upload", 64 * SYNC_EVERY_BYTES)
    monkeypatch.setattr("parley.files.inbox.UNSYNCED_MAX_BYTES", SYNC_EVERY_BYTES)
    monkeypatch.setattr("parley.files.inbox.SYNC_EVERY_S", 0.0)
    async with inbox.opened("upload", 0) as opened:
        for _ in range(8):
            await opened.add(bytes(SYNC_EVERY_BYTES))
            assert opened.offset - opened.synced < SYNC_EVERY_BYTES
    assert inbox.length("upload") == 8 * SYNC_EVERY_BYTES
