"""What a message costs in syncs of the disk: counted, not timed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.databases import ON_POSTGRESQL, beside
from tests.eventually import until
from tests.faults.measure import (
    ONE_SAYS,
    SENDERS,
    SENDERS_SAY,
    commits_of_many_senders,
    cost_of_one_sender,
)
from tests.faults.talk import says, talk_at

MESSAGES_A_COMMIT = 5
"""At the least: how many speak again in the same moment is up to the clients, who share a core."""
TRIES = 3
"""Where the clients hardly get their turn, fewer of them speak at once: that only lessens it."""


async def test_somebody_who_waits_for_each_answer_costs_a_sync_a_message(tmp_path: Path) -> None:
    commits, syncs = await cost_of_one_sender(tmp_path / "data")
    # Beside PostgreSQL it renews its lease every two seconds, whoever says something.
    assert ONE_SAYS <= commits <= (ONE_SAYS * 3 // 2 if ON_POSTGRESQL else ONE_SAYS)
    # PostgreSQL's are its own.
    assert syncs in (0, None) if ON_POSTGRESQL else syncs in (ONE_SAYS, None)


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite's rows stay in their place.")
async def test_a_message_changes_no_index_of_conversations(tmp_path: Path) -> None:
    """PostgreSQL writes to all of them, and a third more to its log, where one changes."""

    def updates() -> tuple[int, int]:
        """How many rows were written anew, and how many of them without the indexes."""
        with beside(folder) as connection:
            rows, apart = connection.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
                " WHERE relname = 'conversations'"
            ).fetchone()
        return rows, apart

    folder = tmp_path / "data"
    async with talk_at(folder) as talk:
        await talk.opens("Ada")
        await talk.all_in()
        await says(talk.clients[0], ONE_SAYS, window=1)
        # It is counted within ten seconds.
        await until(lambda: updates()[0] >= ONE_SAYS, within_s=60)
        rows, apart = updates()
    assert apart > rows * 0.8


@pytest.mark.long("tests/powercut has them share one every time")
@pytest.mark.sqlite("The PostgreSQL of tests syncs nothing, so nobody waits to share it.")
async def test_fifty_who_speak_at_once_share_their_syncs() -> None:
    shared = 0.0
    for _ in range(TRIES):
        # Where a sync takes the time it takes: in memory nobody has to wait for one, or share it.
        with tempfile.TemporaryDirectory() as on_disk:
            commits = await commits_of_many_senders(Path(on_disk, "data"))
        shared = max(shared, SENDERS * SENDERS_SAY / commits)
        if shared >= MESSAGES_A_COMMIT:
            return
    assert shared >= MESSAGES_A_COMMIT
