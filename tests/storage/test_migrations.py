"""Every way to a database ends in the same tables: those of the schema."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from parley.domain import naming
from parley.errors import DatabaseTooNew
from parley.storage import migrate, schema
from tests.effort import some


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database as all migrations left it."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    engine = sa.create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    migrate.migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def newest(engine: sa.Engine, migrated: Path, tmp_path: Path) -> sa.Engine:
    shutil.copy(migrated, tmp_path / "test.db")
    return engine


def alembic(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def revisions() -> list[str]:
    """Every revision, oldest first."""
    scripts = ScriptDirectory.from_config(alembic())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def tables(engine: sa.Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        )
        return [(row.name, row.sql) for row in rows]


def test_a_fresh_database_has_the_tables_of_the_schema(newest: sa.Engine) -> None:
    with newest.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_indexes_are_those_of_the_schema(newest: sa.Engine, tmp_path: Path) -> None:
    # What comparing leaves out: the conditions of partial indexes.
    declared = sa.create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    schema.metadata.create_all(declared)
    expected = {row for row in tables(declared) if row[1].startswith("CREATE")}
    names = {name for name, sql in expected if "INDEX" in sql}
    declared.dispose()
    assert names
    assert {row for row in tables(newest) if row[0] in names} == {
        row for row in expected if row[0] in names
    }


def test_one_step_after_the_other_ends_in_the_same_tables(
    newest: sa.Engine, tmp_path: Path
) -> None:
    stepwise = sa.create_engine(f"sqlite:///{tmp_path / 'step.db'}", isolation_level="AUTOCOMMIT")
    for revision in revisions():
        with stepwise.connect() as connection:
            command.upgrade(alembic(connection), revision)
    found = tables(stepwise)
    stepwise.dispose()
    assert found == tables(newest)


def test_the_newest_revision_is_the_last_migration() -> None:
    assert revisions()[-1] == migrate.NEWEST


def test_migrating_again_changes_nothing(newest: sa.Engine) -> None:
    first = tables(newest)
    migrate.migrate(newest)
    assert tables(newest) == first


@pytest.mark.parametrize(
    "revision", some(["9999", "../../x", "", "*"], every=4, why="one tells most")
)
def test_a_newer_database_is_refused_and_left_as_it_is(newest: sa.Engine, revision: str) -> None:
    with newest.connect() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :new").bindparams(new=revision)
        )
    with pytest.raises(DatabaseTooNew):
        migrate.migrate(newest)
    with newest.connect() as connection:
        kept = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert kept == revision


def test_a_migration_that_fails_leaves_nothing_behind(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE messages (in_the_way TEXT)")
    before = tables(engine)
    with pytest.raises(sa.exc.OperationalError):
        migrate.migrate(engine)
    assert tables(engine) == before


def test_what_was_said_before_stays_said(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic(connection), "0002")
        for statement in (
            "INSERT INTO sessions VALUES (1, x'00', 0, NULL)",
            "INSERT INTO conversations VALUES"
            " (1, 'room', 't', 't', '', 'listed', 0, 'ada', 1, NULL, 2, 2, 1, 0)",
            "INSERT INTO messages VALUES (1, 1, 'x', 1, 1, 'ada', 'Ada', 'One', 'text', 5, NULL)",
            "INSERT INTO messages VALUES (1, 2, 'y', 2, 1, 'ada', 'Ada', 'Two', 'text', 6, 'c')",
        ):
            connection.exec_driver_sql(statement)
    migrate.migrate(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, text, client_id FROM messages ORDER BY seq")
        assert [tuple(row) for row in rows] == [("1-x", "One", None), ("2-y", "Two", "c")]


def test_what_is_untitled_goes_by_the_link_there_is_now(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic(connection), "0013")
        columns = (
            "id, room_id, title, title_folded, description, visibility, created_at, created_by, "
            "owner_session_id, last_activity_at, participant_count, message_count, seq"
        )
        connection.exec_driver_sql(
            "INSERT INTO sessions (id, token_hash, created_at) VALUES (1, x'00', 0)"
        )
        for id, room_id, title in (
            (1, "Now1", "Conversation Old1"),
            (2, "Now2", "Conversation starters"),
            (3, "Now3", "Conversation Old1"),  # another's
        ):
            connection.exec_driver_sql(
                f"INSERT INTO conversations ({columns}) VALUES ({id}, '{room_id}', '{title}', "
                f"'{title.lower()}', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0)"
            )
            connection.exec_driver_sql(
                "INSERT INTO audit (conversation_id, at, who, act, about) "
                f"VALUES ({id}, 0, 'Ada', 'changed_title', '{title}')"
            )
        connection.exec_driver_sql("INSERT INTO old_links VALUES ('Old1', 1, 0)")
    migrate.migrate(engine)
    with engine.connect() as connection:
        titles = connection.exec_driver_sql("SELECT title, title_folded FROM conversations")
        assert [tuple(row) for row in titles] == [
            ("Conversation Now1", "conversation now1"),
            ("Conversation starters", "conversation starters"),
            ("Conversation Old1", "conversation old1"),
        ]
        told = connection.exec_driver_sql("SELECT about FROM audit ORDER BY id").scalars()
        assert list(told) == ["", "Conversation starters", "Conversation Old1"]


def test_who_spoke_under_the_name_they_hold_is_known(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic(connection), "0013")
        for statement in (
            "INSERT INTO sessions (id, token_hash, created_at) VALUES"
            " (1, x'01', 0), (2, x'02', 0), (3, x'03', 0), (4, x'04', 0)",
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, last_activity_at, participant_count,"
            " message_count, seq) VALUES"
            " (1, 'room', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0)",
            "INSERT INTO participants (conversation_id, user_id, username, session_id, role,"
            " joined_at, visits, named_at) VALUES (1, 'ada', 'Ada', 1, 'owner', 0, 0, 0),"
            " (1, 'ben', 'Benedict', 2, 'member', 0, 0, 1),"
            " (1, 'cleo', 'Cleo', 3, 'member', 0, 0, 0),"
            # To write it otherwise was not to take another.
            " (1, 'dora', 'DORA', 4, 'member', 0, 0, 0)",
            "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
            " username, text, type, sent_at) VALUES"
            " (1, 1, '1-a', 1, 1, 'ada', 'Ada', 'Hello', 'text', 0),"
            " (1, 2, '2-b', 2, 2, 'ben', 'Ben', 'Hello', 'text', 0),"
            " (1, 3, '3-c', 3, 4, 'dora', 'Dora', 'Hello', 'text', 0)",
        ):
            connection.exec_driver_sql(statement)
    migrate.migrate(engine)
    with engine.connect() as connection:
        spoken = connection.exec_driver_sql("SELECT user_id FROM participants WHERE has_spoken")
        assert list(spoken.scalars()) == ["ada", "dora"]


def test_under_which_names_somebody_spoke_before_is_known(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic(connection), "0015")
        run = connection.exec_driver_sql
        run("INSERT INTO sessions (id, token_hash, created_at) VALUES (1, x'01', 0), (2, x'02', 0)")
        run(
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, last_activity_at, participant_count,"
            " message_count, seq) VALUES"
            " (1, 'room', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0)"
        )
        run(
            "INSERT INTO participants (conversation_id, user_id, username, session_id, role,"
            " joined_at, visits, named_at) VALUES (1, 'ada', 'Queen', 1, 'owner', 0, 0, 0),"
            " (1, 'ben', 'Benedict', 2, 'member', 0, 0, 1)"
        )
        said = [("ada", "Ada", "owner"), ("ben", "Ben", "member"), ("ben", "Benedict", "member")]
        said += [("ben", "Ben", "member"), *(("ben", f"Ben {at}", "member") for at in range(30))]
        for seq, (user_id, name, role) in enumerate(said, 1):
            run(
                "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
                " username, text, type, sent_at, role) VALUES (1, ?, ?, ?, 1, ?, ?, '', 'text',"
                " ?, ?)",
                (seq, f"{seq}-x", seq, user_id, name, seq, role),
            )
        run("INSERT INTO facts VALUES ('name_keys', 'x'), ('name_marks', 'x'), ('another', 'x')")
    migrate.migrate(engine)
    with engine.connect() as connection:
        former = connection.exec_driver_sql(
            "SELECT username, role, named_at, given_up_at FROM former_names ORDER BY id"
        ).all()
        # Keys are made at the next start, by the rules of then.
        facts = connection.exec_driver_sql("SELECT name FROM facts").scalars().all()
    assert [tuple(each) for each in former[:3]] == [
        ("Ada", "owner", 1, 1),
        ("Ben", "member", 2, 4),
        ("Ben 0", "member", 5, 5),
    ]
    assert len(former) == 1 + naming.FORMER_MAX
    assert facts == ["another"]


def test_what_did_not_come_yet_takes_no_room(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.upgrade(alembic(connection), "0018")
        run = connection.exec_driver_sql
        run("INSERT INTO sessions (id, token_hash, created_at) VALUES (1, x'01', 0)")
        run(
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, last_activity_at, participant_count,"
            " message_count, seq) VALUES"
            " (1, 'one', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0),"
            " (2, 'two', '', '', '', 'listed', 0, 'ada', 1, 0, 0, 0, 0)"
        )
        run(
            "INSERT INTO uploads (file_id, conversation_id, session_id, user_id, name, size,"
            ' "offset", begun_at, touched_at) VALUES'
            " ('a', 1, 1, 'ada', 'a', 100, 30, 0, 0), ('b', 2, 1, 'ada', 'b', 50, 50, 0, 0)"
        )
        run(
            "INSERT INTO file_sums VALUES ('server', 0, 1150, 3), ('conversation', 1, 1100, 2),"
            " ('conversation', 2, 50, 1), ('session', 1, 1150, 3)"
        )
    migrate.migrate(engine)
    with engine.connect() as connection:
        sums = connection.exec_driver_sql('SELECT "of", id, size FROM file_sums ORDER BY 1, 2')
        assert [tuple(each) for each in sums] == [
            ("conversation", 1, 1030),
            ("conversation", 2, 50),
            ("server", 0, 1080),
            ("session", 1, 1150),
        ]
