"""Every sample, through the process that reads and into a conversation: nothing is lost."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from parley.domain import messages
from parley.domain.context import Context
from parley.domain.importing import storing
from parley.domain.importing.reading import Reading
from parley.importing.archive import Archive
from parley.importing.chats import Entry, Problem
from parley.importing.recognising import open_chat
from tests.effort import some
from tests.importing.reading import EXPECTED, SAMPLES

ZONE = "America/Sao_Paulo"
LIMIT = 200


def read(path: Path, choose: str) -> tuple[list[Entry], int]:
    """What the reader gives, and how many problems."""
    with Archive(path) as archive:
        found = [*open_chat(archive, choose=choose or None).entries()]
    entries = [each for each in found if isinstance(each, Entry)]
    return entries, sum(isinstance(each, Problem) for each in found)


@pytest.mark.parametrize("name", some(sorted(EXPECTED), every=3, why="a third tells most"))
async def test_a_sample_is_stored_as_it_is_read(
    context: Context, tmp_path: Path, name: str
) -> None:
    path, choose = SAMPLES / name, ""
    async with AsyncExitStack() as stack:
        reading = await stack.enter_async_context(Reading(tmp_path))
        staged = await reading.stage(path, max_file=0, zone=ZONE)
        if staged.choices:
            choose = staged.choices[0]
            reading = await stack.enter_async_context(Reading(tmp_path))
            staged = await reading.stage(path, max_file=0, zone=ZONE, choose=choose)
        imported = await storing.store(context, reading, staged, None)
    entries, _ = read(path, choose)
    room_id = imported.conversation.room_id
    found, _ = await messages.history(context, room_id, imported.owner, limit=LIMIT)
    wordless = [e for e in entries if not (e.text.strip() or e.attachments or e.is_deleted)]
    assert len(found) == len(entries) - len(wordless) == staged.rows
    assert [each.sent_at for each in found] == sorted(each.sent_at for each in found)
    services = [e for e in entries if e.is_service and e not in wordless]
    assert sum(each.type == "system" for each in found) == len(services) == staged.service_lines
    keys = {e.key for e in entries}
    assert sum(each.answered is not None for each in found) == sum(
        e.reply_to in keys for e in entries
    )
    assert sum(each.deleted_at is not None for each in found) == sum(e.is_deleted for e in entries)
    assert sum(each.edited_at is not None for each in found) == sum(
        e.edited_at is not None and not e.is_deleted for e in entries
    )
