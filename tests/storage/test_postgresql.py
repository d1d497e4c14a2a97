"""PostgreSQL: connections that break, commits whose answer is lost, others who write."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from parley.errors import DatabaseTooNew, DatabaseUnusable, SecretDiffers, Unavailable
from parley.storage import cluster, conversations, messages
from parley.storage.migrate import NEWEST, current_revision
from parley.storage.postgresql import planning, tables
from parley.storage.postgresql.connections import begin_reading, commit
from parley.storage.postgresql.database import PostgresqlDatabase
from parley.storage.prepared import execute
from parley.storage.schema import metadata
from tests.databases import Server, asking
from tests.effort import some
from tests.eventually import until
from tests.faults.cutting import Cut, Cutter

PATIENCE_S = 60.0
ADD = "INSERT INTO names VALUES (%s)"


@pytest.fixture
def cutter(server: Server) -> Iterator[Cutter]:
    between = Cutter(server.folder)
    yield between
    between.close()


@contextlib.asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[PostgresqlDatabase]:
    """With a table of its own, to write down names in."""
    database = PostgresqlDatabase(url, folder)
    await database.open()
    try:
        await database.write(_make_names)
        yield database
    finally:
        await database.close()


def _make_names(connection: sa.Connection) -> None:
    execute(connection, "CREATE TABLE IF NOT EXISTS names (name TEXT)")


@pytest.fixture
async def database(server: Server, name: str, tmp_path: Path) -> AsyncIterator[PostgresqlDatabase]:
    async with opened(server.url(name), tmp_path) as database:
        yield database


def adding(name: str) -> Callable[[sa.Connection], str]:
    def work(connection: sa.Connection) -> str:
        execute(connection, ADD, [name])
        return name

    return work


def names(server: Server, name: str) -> list[str]:
    with asking(server, name) as own:
        return [row[0] for row in own.execute("SELECT name FROM names ORDER BY name")]


async def read_names(database: PostgresqlDatabase) -> list[str]:
    def query(connection: sa.Connection) -> list[str]:
        return [row[0] for row in execute(connection, "SELECT name FROM names ORDER BY name")]

    return await database.read(query)


async def test_an_empty_database_gets_the_newest_tables(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    with asking(server, name) as own:
        made = {
            row[0]
            for row in own.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
        }
        unordered = own.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text' AND table_name <> 'names'"
            " AND collation_name IS DISTINCT FROM 'C'"
        ).fetchall()
    assert made == {
        *metadata.tables,
        *cluster.metadata.tables,
        "writers",
        "alembic_version",
        "names",
    }
    assert unordered == []
    assert await database.read(current_revision) == NEWEST


@pytest.mark.long("that tables are made is told every time")
async def test_of_two_that_start_at_once_one_makes_the_tables(
    server: Server, name: str, tmp_path: Path
) -> None:
    several = [PostgresqlDatabase(server.url(name), tmp_path) for _ in range(4)]
    await asyncio.gather(*(each.open() for each in several))
    for each in several:
        await each.write(_make_names)
        await each.close()


@pytest.mark.long("tests/storage/test_migrations.py brings one up to date")
async def test_an_older_database_is_brought_up_to_date(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with opened(server.url(name), tmp_path):
        pass
    with asking(server, name) as own:
        own.execute("DROP TABLE admins, admin_links, host_acts")
        own.execute("DROP TABLE account_pictures, chests, drafts, looks, pinned_conversations")
        own.execute("ALTER TABLE conversations DROP COLUMN has_looks")
        own.execute("DROP TABLE webhook_deliveries, webhooks, hooks")
        own.execute("DROP TABLE asks, bots")
        own.execute("ALTER TABLE sessions DROP COLUMN may")
        own.execute("ALTER TABLE messages DROP COLUMN buttons")
        own.execute("DROP TABLE call_peers, calls")
        own.execute("DROP TABLE desk_conversations, desks")
        own.execute("DROP TRIGGER conversations_counted_0 ON conversations")
        own.execute("ALTER TABLE conversations DROP COLUMN has_calls")
        own.execute(
            "CREATE TRIGGER conversations_counted_0 AFTER UPDATE OF title, description, "
            "is_read_only, shows_title, keep_days ON conversations "
            "FOR EACH ROW EXECUTE FUNCTION conversations_counted_0()"
        )
        own.execute("DROP TABLE complaints, reports, blocks, invited, invitations")
        own.execute("ALTER TABLE links DROP COLUMN is_founding")
        own.execute("DROP TABLE contact_links, contact_invites, contact_blocks")
        own.execute("ALTER TABLE grants DROP COLUMN is_founder")
        own.execute("ALTER TABLE conversations DROP COLUMN is_accounts_only CASCADE")
        own.execute("DROP TABLE epochs")
        own.execute("ALTER TABLE conversations DROP COLUMN epoch")
        own.execute("ALTER TABLE conversations DROP COLUMN read_proof_hash")
        own.execute("ALTER TABLE conversations DROP COLUMN active_slot")
        own.execute(
            "CREATE INDEX ix_conversations_activity ON conversations (last_activity_at, id)"
            " WHERE ended_at IS NULL AND visibility = 'listed'"
        )
        own.execute("ALTER TABLE claims DROP COLUMN declined_at")
        own.execute("DROP TABLE external_identities, authorizations")
        for table in ("account_devices", "passkeys", "recovery_codes", "challenges", "accounts"):
            own.execute(f"DROP TABLE {table}")
        own.execute("ALTER TABLE sessions DROP COLUMN principal_id")
        own.execute("ALTER TABLE push_devices DROP COLUMN added_by")
        own.execute("DROP INDEX ix_knocks_session_id")
        own.execute("ALTER TABLE participants DROP COLUMN called_at")
        own.execute('ALTER TABLE facts ALTER COLUMN value TYPE TEXT COLLATE "en-x-icu"')
        own.execute("UPDATE alembic_version SET version_num = '0024'")
    both = [PostgresqlDatabase(server.url(name), tmp_path) for _ in range(2)]
    await asyncio.gather(*(each.open() for each in both))
    assert await both[0].read(current_revision) == NEWEST
    with asking(server, name) as own:
        [collation] = own.execute(
            "SELECT collation_name FROM information_schema.columns"
            " WHERE table_name = 'facts' AND column_name = 'value'"
        )
        [[fires]] = own.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'conversations_counted_0'"
        ).fetchall()
    assert collation == ("C",)
    assert "has_calls" in fires
    for each in both:
        await each.close()


@pytest.mark.long("tests/storage/test_migrations.py refuses one every time")
async def test_a_database_of_a_newer_version_is_refused(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with opened(server.url(name), tmp_path):
        pass
    with asking(server, name) as own:
        own.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="9999"):
        await PostgresqlDatabase(server.url(name), tmp_path).open()


async def test_texts_are_in_the_order_of_their_bytes(
    database: PostgresqlDatabase,
) -> None:
    def work(connection: sa.Connection) -> list[str]:
        for fact in ("b", "a", "B", "ä", "z"):
            execute(connection, "INSERT INTO facts VALUES (%s, '')", [fact])
        rows = execute(connection, "SELECT name FROM facts WHERE value = '' ORDER BY name")
        return [row[0] for row in rows]

    assert await database.write(work) == ["B", "a", "b", "z", "ä"]


@pytest.mark.long("it is about settings that are seldom met")
async def test_what_is_set_for_the_database_changes_nothing(
    server: Server, name: str, tmp_path: Path
) -> None:
    with asking(server, name) as own:
        for setting in (
            "client_encoding = 'LATIN1'",
            "standard_conforming_strings = off",
            "DateStyle = 'SQL, DMY'",
            "TimeZone = 'Asia/Kolkata'",
            "bytea_output = 'escape'",
            "default_transaction_isolation = 'serializable'",
            "statement_timeout = '300ms'",
        ):
            own.execute(f'ALTER DATABASE "{name}" SET {setting}')
    async with opened(server.url(name), tmp_path) as database:

        def read(connection: sa.Connection) -> list[Any]:
            rows = execute(connection, r"SELECT name, '\000\\t'::bytea FROM names, pg_sleep(0.6)")
            return [tuple(row) for row in rows]

        assert await database.write(adding("Ada 👋")) == "Ada 👋"
        assert await database.read(read) == [("Ada 👋", b"\0\\t")]


async def test_what_no_text_has_is_found_nowhere(database: PostgresqlDatabase) -> None:
    await database.write(adding("Ada"))

    def query(connection: sa.Connection) -> list[Any]:
        found = execute(connection, "SELECT 1 FROM names WHERE name = %s", ["A\0da"])
        some = execute(connection, "SELECT name FROM names WHERE name = ANY(%s)", [["\0", "Ada"]])
        same = connection.execute(sa.select(sa.text("1")).where(sa.literal("a\0") == "a"))
        return [*found, *some, *same]

    assert await database.read(query) == [("Ada",)]


@pytest.mark.long("a connection that ends in a transaction tells most")
async def test_nobody_notices_that_idle_connections_were_ended(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    await asyncio.gather(*(read_names(database) for _ in range(8)))
    for at in range(3):
        with asking(server, name) as own:
            ended = own.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            ).fetchone()
        assert (ended or (0,))[0] > 0
        assert await database.write(adding(str(at))) == str(at)
        assert await read_names(database) == [str(each) for each in range(at + 1)]
    assert database.problem is None


async def test_a_connection_that_ends_in_a_transaction_has_it_run_again(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    runs = 0

    def work(connection: sa.Connection) -> int:
        nonlocal runs
        runs += 1
        execute(connection, ADD, [f"run {runs}"])
        if runs == 1:
            [(pid,)] = execute(connection, "SELECT pg_backend_pid()")
            with asking(server, name) as own:
                own.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        execute(connection, "SELECT 1")
        return runs

    assert await database.write(work) == 2
    assert names(server, name) == ["run 2"]


@pytest.mark.long("PostgreSQL is stopped and started")
async def test_a_server_that_is_away_is_told_of_and_found_again(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    await database.write(adding("before"))
    server.stop()
    try:
        for ask in (database.write(adding("meanwhile")), read_names(database), database.probe()):
            with pytest.raises(Unavailable):
                await ask
        assert database.problem == "The database server can't be reached."
        assert not database.is_in_place()
    finally:
        server.start()
    await until(lambda: database.problem is None, within_s=PATIENCE_S)
    await database.write(adding("then"))
    assert await read_names(database) == ["before", "then"]


@pytest.mark.parametrize("how", some(list(Cut), every=3, why="one tells most of it"))
async def test_a_commit_whose_answer_is_lost_is_looked_up(
    how: Cut, cutter: Cutter, server: Server, name: str, tmp_path: Path
) -> None:
    told: list[str] = []
    async with opened(cutter.url(name), tmp_path) as database:
        await database.write(adding("first"), told.append)
        for at in range(5):
            cutter.next = how
            asked = [database.write(adding(f"{at} {each}"), told.append) for each in "ab"]
            assert await asyncio.gather(*asked) == [f"{at} a", f"{at} b"]
        cutter.release()
        await database.write(adding("last"), told.append)
    assert cutter.cuts == 5
    expected = ["first", *(f"{at} {each}" for at in range(5) for each in "ab"), "last"]
    assert told == expected
    assert names(server, name) == sorted(expected)


@pytest.mark.long("it waits until it is too late")
@pytest.mark.parametrize("was_stored", [True, False])
async def test_what_cannot_be_looked_up_in_time_is_told_of_once_it_can(
    was_stored: bool, cutter: Cutter, server: Server, name: str, tmp_path: Path
) -> None:
    told: list[str] = []
    async with opened(cutter.url(name), tmp_path) as database:
        cutter.next = Cut.UNANSWERED if was_stored else Cut.UNSENT
        cutter.refuses_after = True  # else it may be looked up before anybody says no
        asked = database.write(adding("unknown"), told.append)
        await until(lambda: cutter.cuts == 1, within_s=PATIENCE_S)
        cutter.refuse()
        with pytest.raises(Unavailable):
            await asked
        assert told == []
        cutter.accept()
        await database.write(adding("next"), told.append)
        assert told == (["unknown", "next"] if was_stored else ["next"])
    assert names(server, name) == sorted(told)


async def test_those_in_one_conversation_lose_nothing_of_each_other(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with several(server, name, tmp_path, 3) as (first, *others):
        await first.write(_make_conversations)
        counts = await asyncio.gather(
            *(
                each.write(counting(at % 2 + 1), conversation=at % 2 + 1)
                for each in (first, *others)
                for at in range(40)
            )
        )
        assert sorted(counts) == sorted([*range(1, 61), *range(1, 61)])


@pytest.mark.long("those in one tell most of it")
async def test_those_in_different_conversations_do_not_wait_for_each_other(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with several(server, name, tmp_path, 2) as (one, other):
        await one.write(_make_conversations)
        has_begun, may_go_on = threading.Event(), threading.Event()

        def waits(connection: sa.Connection) -> int:
            has_begun.set()
            assert may_go_on.wait(PATIENCE_S)
            return counting(1)(connection)

        waiting = one.write(waits, conversation=1)
        await until(has_begun.is_set, within_s=PATIENCE_S)
        assert await other.write(counting(2), conversation="room-2") == 1
        alone = other.write(counting(2))
        done, _ = await asyncio.wait([alone], timeout=0.3)
        assert not done  # it waits for the first
        may_go_on.set()
        assert (await waiting, await alone) == (1, 2)


@pytest.mark.long("`make postgresql` tells most of it")
async def test_an_old_link_locks_what_it_leads_to(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with several(server, name, tmp_path, 2) as (one, other):
        await one.write(_make_conversations)
        await one.write(
            lambda connection: execute(connection, "INSERT INTO old_links VALUES ('old', 1, 0)")
        )
        has_begun, may_go_on = threading.Event(), threading.Event()

        def waits(connection: sa.Connection) -> int:
            has_begun.set()
            assert may_go_on.wait(PATIENCE_S)
            return counting(1)(connection)

        waiting = one.write(waits, conversation="old")
        await until(has_begun.is_set, within_s=PATIENCE_S)
        second = other.write(counting(1), conversation=1)
        done, _ = await asyncio.wait([second], timeout=0.3)
        assert not done
        may_go_on.set()
        assert (await waiting, await second) == (1, 2)


@pytest.mark.long("a connection that ends tells most of it")
async def test_whoever_has_to_give_way_is_run_again(
    server: Server, name: str, tmp_path: Path
) -> None:
    """Two works that lock each other's rows: none are declared so, but it would hold."""
    both = threading.Barrier(2)

    def crosswise(first: int, second: int) -> Callable[[sa.Connection], None]:
        runs = 0

        def work(connection: sa.Connection) -> None:
            nonlocal runs
            runs += 1
            one_more(connection, first)
            if runs == 1:
                both.wait(PATIENCE_S)
            one_more(connection, second)

        return work

    async with several(server, name, tmp_path, 2) as (one, other):
        await one.write(_make_conversations)
        await asyncio.gather(
            one.write(crosswise(1, 2), conversation=3),
            other.write(crosswise(2, 1), conversation=4),
        )
        assert await one.write(counting(1)) == 3
        assert await one.write(counting(2)) == 3


async def test_a_work_that_fails_takes_no_other_along(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    def fails(connection: sa.Connection) -> None:
        execute(connection, ADD, ["undone"])
        execute(connection, "SELECT 1 FROM nowhere")

    asked: list[Awaitable[Any]] = [
        database.write(adding("a")),
        database.write(fails),
        database.write(adding("b")),
    ]
    one, failed, other = await asyncio.gather(*asked, return_exceptions=True)
    assert (one, other) == ("a", "b")
    assert isinstance(failed, sa.exc.ProgrammingError)
    assert names(server, name) == ["a", "b"]


async def test_a_reading_sees_one_moment_and_writes_nothing(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    def query(connection: sa.Connection) -> tuple[int, int]:
        counted = "SELECT count(*) FROM names"
        [(before,)] = execute(connection, counted)
        with asking(server, name) as own:
            own.execute(ADD, ["meanwhile"])
        [(after,)] = execute(connection, counted)
        return before, after

    assert await database.read(query) == (0, 0)
    with pytest.raises(Unavailable):
        await database.read(lambda connection: execute(connection, ADD, ["read"]))
    assert names(server, name) == ["meanwhile"]


@pytest.mark.long("PostgreSQL is stopped and started")
async def test_another_database_under_the_same_name_is_noticed(
    server: Server, name: str, tmp_path: Path
) -> None:
    replaced = asyncio.Event()
    async with opened(server.url(name), tmp_path) as database:
        database.when_replaced = replaced.set
        with asking(server, "postgres") as own:
            own.execute(f"DROP DATABASE {name} WITH (FORCE)")
            own.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        with capture_logs() as log, pytest.raises(Unavailable):
            await database.write(adding("nowhere"))
        [failed] = [line for line in log if line["event"] == "commit_failed"]
        assert failed["error"] == "the tables are not those of this version of Parley"
        assert database.problem == "The database is of another version of Parley."
        again = PostgresqlDatabase(server.url(name), tmp_path)
        await again.open()
        await again.write(_make_names)
        await again.close()
        await asyncio.wait_for(replaced.wait(), PATIENCE_S)
        await until(lambda: database.problem is None, within_s=PATIENCE_S)
        await database.write(adding("here"))
    assert names(server, name) == ["here"]


async def test_servers_with_another_secret_are_refused(
    server: Server, name: str, tmp_path: Path
) -> None:
    async with several(server, name, tmp_path, 2) as (one, other):
        await one.hold("theirs")
        await other.hold("theirs")
        with pytest.raises(SecretDiffers, match="--secret-file"):
            await other.hold("another's")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://parley:a-password@127.0.0.1:1/nowhere",
        "postgresql://parley:a-password@/nowhere?host=/nowhere",
        "postgresql://parley:a-password@[broken/nowhere?sslmode=maybe",
        "postgresql:///nowhere?password=a-password&nothing=known",
    ],
)
async def test_what_cannot_be_reached_is_one_sentence_without_the_password(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        await PostgresqlDatabase(url, tmp_path).open()
    assert "PostgreSQL" in str(refused.value)
    assert "a-password" not in str(refused.value)
    assert "\n" not in str(refused.value)


@contextlib.asynccontextmanager
async def several(
    server: Server, name: str, folder: Path, count: int
) -> AsyncIterator[list[PostgresqlDatabase]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(server.url(name), folder)) for _ in range(count)
        ]


def _make_conversations(connection: sa.Connection) -> None:
    execute(connection, "INSERT INTO sessions (id, token_hash, created_at) VALUES (1, 'x', 0)")
    for id in range(1, 5):
        execute(
            connection,
            "INSERT INTO conversations (id, room_id, title, title_folded, description, visibility,"
            " created_at, created_by, owner_session_id, seq, message_count, participant_count,"
            " last_activity_at) VALUES (%s, %s, '', '', '', 'listed', 0, '', 1, 0, 0, 0, 0)",
            [id, f"room-{id}"],
        )


def one_more(connection: sa.Connection, id: int) -> None:
    """Without reading before: right for those, too, who aren't alone."""
    execute(connection, "UPDATE conversations SET seq = seq + 1 WHERE id = %s", [id])


def counting(id: int) -> Callable[[sa.Connection], int]:
    """Read and then write, as one who is alone may."""

    def work(connection: sa.Connection) -> int:
        [(seq,)] = execute(connection, "SELECT seq FROM conversations WHERE id = %s", [id])
        execute(connection, "UPDATE conversations SET seq = %s WHERE id = %s", [seq + 1, id])
        return int(seq) + 1

    return work


def test_every_table_is_made_with_the_foreign_keys_that_have_an_index() -> None:
    """Else deleting what they refer to would read the whole table."""
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            (column,) = key.column_keys
            if (table.name, column) in tables.UNCHECKED:
                continue
            leading = [next(iter(table.primary_key.columns)).name]
            leading += [
                index.columns[0].name
                for index in table.indexes
                if index.dialect_options["postgresql"]["where"] is None
            ]
            leading += [
                next(iter(each.columns)).name
                for each in table.constraints
                if isinstance(each, sa.UniqueConstraint)
            ]
            assert column in leading, (table.name, column)


async def test_only_a_process_whose_lease_is_over_is_dead(database: PostgresqlDatabase) -> None:
    await database.write(lambda connection: cluster.renew_process(connection, 5, for_ms=600_000))
    await database.write(lambda connection: cluster.renew_process(connection, 6, for_ms=-1))
    assert not await database.read(cluster.is_dead, 5)
    assert await database.read(cluster.is_dead, 6)


async def test_what_was_planned_while_it_was_empty_is_planned_anew(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    """Else catching up reads the whole conversation once for each message."""
    fetched = "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'messages'"
    with database._engine.connect() as connection:

        def catches_up() -> int:
            """How many rows that reads."""
            begin_reading(connection)
            [(before,)] = execute(connection, fetched)
            messages.changed(connection, 1, since=4_900, limit=200)
            [(after,)] = execute(connection, fetched)
            commit(connection)
            return int(after) - int(before)

        for _ in range(20):  # from the eleventh on by one plan
            assert catches_up() == 0
        with asking(server, name) as own:
            own.execute("SET session_replication_role = replica")
            own.execute(
                "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
                " username, text, type, sent_at, role, is_alike, is_unproven, reply_seq)"
                " SELECT 1, seq, seq || '-x', seq, 1, 'ada-1', 'Ada', 'Hello', 'text', 0, 'member',"
                " FALSE, FALSE, seq - 1 FROM generate_series(1, 5000) AS seq"
            )
        assert catches_up() > 100 * 4_000
        await database.plan_anew()
        assert catches_up() <= 2 * 100
    # Nothing more is to be learnt.
    assert planning.plan_anew(database._engine) == []


async def test_who_speaks_where_is_found_by_keys_however_it_was_planned(
    database: PostgresqlDatabase, server: Server, name: str
) -> None:
    """It is read before each message, of all conversations that a transaction writes to."""
    read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'conversations'"
    asked = [(id, "ada-1") for id in range(1, 41)]
    with database._engine.connect() as connection:

        def finds() -> tuple[int, int]:
            """How many, and how many conversations were read for that one after another."""
            begin_reading(connection)
            [(before,)] = execute(connection, read)
            found = conversations.heads(connection, asked)
            [(after,)] = execute(connection, read)
            commit(connection)
            return len(found), int(after) - int(before)

        for _ in range(20):  # from the eleventh on by one plan
            assert finds() == (0, 0)
        with asking(server, name) as own:
            own.execute("SET session_replication_role = replica")
            own.execute(
                "INSERT INTO conversations (id, room_id, title, title_folded, description,"
                " visibility, created_at, created_by, owner_session_id, seq, message_count,"
                " participant_count, last_activity_at) SELECT id, id || '-room', '', '', '',"
                " 'unlisted', 0, '', 1, 0, 0, 0, 0 FROM generate_series(1, 5000) AS id"
            )
        assert finds() == (40, 0)
