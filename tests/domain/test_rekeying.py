"""Whoever was there before an update has their name compared by the rules of today."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config as Alembic

from parley import chores
from parley.app import create_app, web_site
from parley.config import Config
from parley.domain import conversations, messages, names, naming, participants, rekeying, removal
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.domain.rekeying import Rekeying
from parley.errors import NameTaken
from parley.records import ParticipantArrived
from parley.storage import folder, migrate, schema
from parley.storage import naming as stored
from tests.domain.conftest import Clock, Told

pytestmark = pytest.mark.sqlite("It begins with databases from before, of which there are none.")

OLD = ("Anna", "A\ufffcnna", "\u0410nna")
"""Names that look alike; the rules of old told the first two apart, and those before had none."""
OLD_KEYS = ("anna", "a\ufffcnna", "")


@pytest.fixture
async def room_id(context: Context) -> str:
    return (await conversations.create(context, None)).conversation.room_id


async def were_there(context: Context, room_id: str, *, key: str, marked: bool = False) -> None:
    """As an older version stored them all."""
    for name in OLD:
        await participants.join(context, room_id, Joining(None, name, name))
    await sets(context, "name_key = ?, is_alike = ?", key, marked)


async def sets(context: Context, columns: str, *values: object, of: str = "%") -> None:
    def work(connection: sa.Connection) -> None:
        sql = f"UPDATE participants SET {columns} WHERE user_id LIKE ?"
        connection.exec_driver_sql(sql, (*values, of)).close()

    await context.database.write(work)


async def selects(context: Context, sql: str) -> list[Any]:
    return await context.database.read(
        lambda connection: [row[0] for row in connection.exec_driver_sql(sql)]
    )


@pytest.fixture
async def context(context: Context) -> Context:
    """Nothing is known of by which version names were compared."""
    await context.database.write(lambda connection: connection.execute(schema.facts.delete()))
    return context


async def marked(context: Context) -> list[str]:
    return await selects(
        context, "SELECT user_id FROM participants WHERE is_alike ORDER BY joined_at, user_id"
    )


async def all_is_done(rekeying: Rekeying) -> int:
    """In how many steps."""
    steps = 1
    while await rekeying.step():
        steps += 1
    return steps


def made_by_an_older_version(data: Path) -> None:
    """A database with a conversation in which all who look alike are here."""
    data.mkdir()
    engine = sa.create_engine(folder.database_url(data, "rwc"), isolation_level="AUTOCOMMIT")
    config = Alembic()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        run = connection.exec_driver_sql
        run("INSERT INTO sessions VALUES (1, x'00', 0, NULL)")
        run(
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, seq, message_count, participant_count,"
            " last_activity_at) VALUES (1, 'old', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 3, 0)"
        )
        for at, (name, key) in enumerate(zip(OLD, OLD_KEYS, strict=True), start=2):
            run("INSERT INTO sessions VALUES (?, ?, 0, NULL)", (at, bytes([at])))
            run(
                "INSERT INTO participants (conversation_id, user_id, username, session_id, role,"
                " joined_at, visits, name_key, named_at) VALUES (1, ?, ?, ?, 'member', ?, 0, ?, ?)",
                (name, name, at, at, key, at),
            )
    engine.dispose()


async def test_look_alikes_from_before_an_update_are_marked_after_it(tmp_path: Path) -> None:
    made_by_an_older_version(tmp_path / "data")
    app = create_app(Config(data=tmp_path / "data"))
    async with app.test_app():
        seen = await conversations.snapshot(web_site(app).context, "old", None)
    assert [(each.user_id, each.is_alike) for each in seen.participants] == [
        (OLD[0], False),
        (OLD[1], True),
        (OLD[2], True),
    ]


async def test_it_is_done_once_for_each_version(
    context: Context, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await were_there(context, room_id, key="")
    assert await all_is_done(Rekeying(context)) > 1
    assert set(await selects(context, "SELECT name_key FROM participants")) == {"anna"}
    assert await marked(context) == list(OLD[1:])
    assert await all_is_done(Rekeying(context)) == 1
    monkeypatch.setattr(names, "VERSION", "another")
    assert await all_is_done(Rekeying(context)) > 1


async def test_many_are_done_in_slices_and_a_stop_between_them_loses_nothing(
    context: Context, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await were_there(context, room_id, key="")
    monkeypatch.setattr(rekeying, "SLICE", 1)
    stopped = Rekeying(context)
    for _ in range(4):
        assert await stopped.step()
    assert set(await selects(context, "SELECT name_key FROM participants")) == {"", "anna"}
    assert await all_is_done(Rekeying(context)) > 5
    assert await marked(context) == list(OLD[1:])


async def test_nobody_sheds_a_mark_before_every_key_is_made(
    context: Context, clock: Clock, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "READ_SLICE", 1)
    await participants.join(context, room_id, Joining(None, "the first", "Anna"))
    clock.goes_on(timedelta(seconds=1))
    double = await participants.join(context, room_id, Joining(None, "her double", "Anna"))
    assert await marked(context) == ["her double"]
    await sets(context, "name_key = '', left_at = 1", of="the first")
    half = Rekeying(context)
    for _ in range(2):
        await half.step()
    # Her double comes earlier in the alphabet, and alone has the key of today.
    await participants.join(context, room_id, Joining(double.session))
    assert await marked(context) == ["her double"]
    await all_is_done(half)
    assert await marked(context) == ["her double"]


async def test_who_is_alone_with_their_name_by_the_rules_of_today_sheds_the_mark(
    context: Context, room_id: str
) -> None:
    await participants.join(context, room_id, Joining(None, "ben", "Ben"))
    await sets(context, "is_alike = 1, name_key = 'anna'")
    await all_is_done(Rekeying(context))
    assert await marked(context) == []


async def test_whoever_is_here_is_told_of_with_their_mark(
    context: Context, room_id: str, told: Told
) -> None:
    for name in OLD:
        await participants.join(context, room_id, Joining(None, name, name, socket=name))
    await sets(context, "name_key = '', is_alike = 0")
    told.events.clear()
    await all_is_done(Rekeying(context))
    heard = [each for each in told.events if isinstance(each, ParticipantArrived)]
    assert [(each.participant.user_id, each.participant_count) for each in heard] == [
        (name, 3) for name in OLD[1:]
    ]
    assert all(each.participant.is_alike for each in heard)


async def test_who_renames_meanwhile_keeps_the_key_of_their_new_name(
    context: Context, room_id: str
) -> None:
    await were_there(context, room_id, key="")
    people = await context.database.read(stored.after, 0, "", limit=9)
    await sets(context, "username = 'Cleo', name_key = 'cleo'", of="Anna")

    def work(connection: sa.Connection) -> None:
        for person in people:
            stored.rekey(connection, person, "anna")

    await context.database.write(work)
    keys = await selects(context, "SELECT name_key FROM participants ORDER BY name_key")
    assert keys == ["anna", "anna", "cleo"]


async def test_the_names_of_who_was_removed_are_kept_before_anybody_can_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by_an_older_version(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / folder.NAME)) as connection, connection:
        connection.execute(
            "UPDATE participants SET name_key = '', removed_at = 9, left_at = 9 WHERE user_id = ?",
            (OLD[2],),
        )
        connection.execute("DELETE FROM participants WHERE user_id != ?", (OLD[2],))
    monkeypatch.setattr(chores, "REKEY_AT_START_S", 0)
    monkeypatch.setattr(rekeying, "SLICE", 1)
    app = create_app(Config(data=tmp_path / "data"))
    await app.open()
    try:
        joining = Joining(None, "new", "Anna")
        with pytest.raises(NameTaken):
            await participants.join(web_site(app).context, "old", joining)
    finally:
        await app.close()


async def test_who_is_removed_while_keys_are_being_made_keeps_their_name(context: Context) -> None:
    created = await conversations.create(context, None)
    room_id = created.conversation.room_id
    await participants.join(context, room_id, Joining(None, "ben", "Ben"))
    await sets(context, "name_key = ''")
    await removal.remove(context, room_id, created.owner, "ben")
    with pytest.raises(NameTaken):
        await participants.join(context, room_id, Joining(None, "mallory", "Ben"))


async def test_a_new_database_is_noted_as_done(context: Context) -> None:
    await all_is_done(Rekeying(context))
    facts = await selects(context, "SELECT value FROM facts")
    assert facts == [names.VERSION, names.VERSION]
    assert naming.BEING_MADE not in facts


async def test_names_that_were_given_up_are_compared_by_the_rules_of_today(
    context: Context, clock: Clock, room_id: str
) -> None:
    """As an update leaves them that found them in the messages."""
    anna = await participants.join(context, room_id, Joining(None, "her", OLD[1]))
    await messages.send(context, anna.participant, Draft("Hello"))
    await participants.join(context, room_id, Joining(anna.session, username="Cleo"))
    clock.goes_on(timedelta(seconds=1))
    await context.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE former_names SET name_key = ''")
    )
    await participants.join(context, room_id, Joining(None, "her double", "Anna"))
    assert await marked(context) == []
    await all_is_done(Rekeying(context))
    assert await selects(context, "SELECT name_key FROM former_names") == ["anna"]
    assert await marked(context) == ["her double"]
    # Her own former name marks nobody herself, though no rule told it apart when she took another.
    await sets(context, "username = 'Anna', name_key = 'anna'", of="her")
    await participants.join(context, room_id, Joining(anna.session))
    assert await marked(context) == ["her double"]
