"""What several processes on one database know of each other: which run, whose sockets each holds,
who does what there is to do once, and which conversations changed.

These tables are in PostgreSQL alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from parley.records import Participant, Position
from parley.storage import participants as stored_participants
from parley.storage.prepared import Prepared, execute, p
from parley.storage.schema import conversations, participants

metadata = sa.MetaData()

# The processes that run, each until its lease is over. By the database's own clock.
processes = sa.Table(
    "processes",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)
# Who is on a socket of which process.
presences = sa.Table(
    "presences",
    metadata,
    sa.Column("conversation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("process", sa.BigInteger, primary_key=True, autoincrement=False),
    # Which of their comings it was; and the last one that ended elsewhere meanwhile.
    sa.Column("visits", sa.Integer, nullable=False),
    sa.Column("last_visits", sa.Integer, nullable=False, server_default="0"),
)
sa.Index("ix_presences_process", presences.c.process)
# Who does what one process does for all.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)
# How often what has no seq changed in a conversation, and who may do what. Counted by triggers, in
# the transaction that changes it: nobody can forget to.
versions = sa.Table(
    "conversation_versions",
    metadata,
    sa.Column("conversation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("rights", sa.BigInteger, nullable=False),
)

COUNTED = {
    # table: what fires, its conversation, whether rights may be others by it
    "participants": (
        ("INSERT", "NEW.conversation_id", False),
        ("UPDATE OF username, left_at, is_alike, unproven_from", "NEW.conversation_id", False),
        (
            "UPDATE OF session_id, role, removed_at, left_for_good, is_imported",
            "NEW.conversation_id",
            True,
        ),
        ("DELETE", "OLD.conversation_id", True),
    ),
    "grants": (("DELETE", "OLD.conversation_id", True),),
    "conversations": (
        (
            "UPDATE OF title, description, is_read_only, shows_title, keep_days, has_calls",
            "NEW.id",
            False,
        ),
        (
            "UPDATE OF room_id, is_locked, is_knock, needs_proof, passphrase_hash, deleted_at",
            "NEW.id",
            True,
        ),
    ),
}


def triggers() -> Iterable[str]:
    """The statements that make the counting of versions."""
    for table, each in COUNTED.items():
        for number, (fires, conversation, has_rights) in enumerate(each):
            name = f"{table}_counted_{number}"
            rights = int(has_rights)
            yield (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
                "INSERT INTO conversation_versions AS now VALUES "
                f"({conversation}, 1, {rights}) ON CONFLICT (conversation_id) DO UPDATE "
                f"SET version = now.version + 1, rights = now.rights + {rights}; "
                "RETURN NULL; END $$"
            )
            yield (
                f"CREATE TRIGGER {name} AFTER {fires} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
    # Whoever is put out, or is another session's now, is on no socket that counts.
    yield (
        "CREATE FUNCTION participants_put_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "DELETE FROM presences WHERE conversation_id = OLD.conversation_id "
        "AND user_id = OLD.user_id; RETURN NULL; END $$"
    )
    yield (
        "CREATE TRIGGER participants_put_out AFTER UPDATE OF removed_at, left_for_good, session_id "
        "ON participants FOR EACH ROW WHEN (NEW.removed_at IS NOT NULL OR NEW.left_for_good "
        "OR NEW.session_id <> OLD.session_id) EXECUTE FUNCTION participants_put_out()"
    )
    yield (
        "CREATE TRIGGER participants_erased AFTER DELETE ON participants "
        "FOR EACH ROW EXECUTE FUNCTION participants_put_out()"
    )
    yield (
        "CREATE FUNCTION conversations_erased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "DELETE FROM conversation_versions WHERE conversation_id = OLD.id; "
        "DELETE FROM presences WHERE conversation_id = OLD.id; RETURN NULL; END $$"
    )
    yield (
        "CREATE TRIGGER conversations_erased AFTER DELETE ON conversations "
        "FOR EACH ROW EXECUTE FUNCTION conversations_erased()"
    )


def make(connection: sa.Connection) -> None:
    """Make the tables and what counts. The transaction is the caller's."""
    metadata.create_all(connection)
    for statement in triggers():
        connection.exec_driver_sql(statement)


# --- what changed ---


def positions(connection: sa.Connection, ids: Collection[int]) -> dict[int, Position]:
    """Of those of these conversations that are there."""
    found = connection.execute(
        sa.select(
            conversations.c.id,
            conversations.c.seq,
            sa.func.coalesce(versions.c.version, 0),
            sa.func.coalesce(versions.c.rights, 0),
            conversations.c.participant_count,
        )
        .join_from(
            conversations, versions, versions.c.conversation_id == conversations.c.id, isouter=True
        )
        .where(conversations.c.id.in_(ids), conversations.c.deleted_at.is_(None))
    )
    return {id: Position(*position) for id, *position in found}


# --- processes ---

_NOW_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def renew_process(connection: sa.Connection, process: int, *, for_ms: int) -> bool:
    """Whether its lease was not over meanwhile, or it is new."""
    renewed = execute(
        connection,
        f"INSERT INTO processes AS old VALUES (%s, {_NOW_MS} + %s) "  # noqa: S608
        "ON CONFLICT (id) DO UPDATE SET expires_at = EXCLUDED.expires_at RETURNING xmax = 0",
        [process, for_ms],
    )
    return not renewed[0][0]


def others(connection: sa.Connection, process: int) -> int:
    """How many others run."""
    [(count,)] = execute(
        connection,
        f"SELECT count(*) FROM processes WHERE id <> %s AND expires_at > {_NOW_MS}",  # noqa: S608
        [process],
    )
    return int(count)


def living(connection: sa.Connection) -> list[int]:
    """The processes that run."""
    found = execute(
        connection,
        f"SELECT id FROM processes WHERE expires_at > {_NOW_MS}",  # noqa: S608
    )
    return [id for (id,) in found]


def dead(connection: sa.Connection) -> list[int]:
    """The processes whose lease is over, and those that left somebody behind without one."""
    found = execute(
        connection,
        f"SELECT id FROM processes WHERE expires_at <= {_NOW_MS} UNION "  # noqa: S608
        "SELECT process FROM presences WHERE process NOT IN (SELECT id FROM processes)",
    )
    return [id for (id,) in found]


def forget_process(connection: sa.Connection, process: int) -> None:
    """Unless it was renewed: from then on it knows that others took it for gone."""
    execute(
        connection,
        f"DELETE FROM processes WHERE id = %s AND expires_at <= {_NOW_MS}",  # noqa: S608
        [process],
    )


def is_dead(connection: sa.Connection, process: int) -> bool:
    found = execute(
        connection,
        f"SELECT 1 FROM processes WHERE id = %s AND expires_at > {_NOW_MS}",  # noqa: S608
        [process],
    )
    return not found


def forget_all(connection: sa.Connection) -> None:
    """Nobody is on a socket: no process runs."""
    for table in (presences, processes, leases):
        connection.execute(table.delete())


# --- presence ---

_OF_ONE = sa.and_(
    presences.c.conversation_id == p("conversation_id", sa.BigInteger),
    presences.c.user_id == p("user_id", sa.Text),
)
_OF_THIS = sa.and_(_OF_ONE, presences.c.process == p("process", sa.BigInteger))
_SITS = Prepared(
    sa.select(presences.c.process).where(_OF_ONE).limit(p("limit", sa.Integer)),
    [presences.c.process],
)
_LEAVE = Prepared(
    presences.delete()
    .where(_OF_THIS, presences.c.visits <= p("visits", sa.Integer))
    .returning(presences.c.visits, presences.c.last_visits),
    [presences.c.visits, presences.c.last_visits],
)
_HAND_OVER = Prepared(
    presences.update()
    .where(_OF_ONE)
    .values(
        last_visits=sa.case(
            (
                presences.c.last_visits < p("visits", sa.Integer),
                p("visits", sa.Integer),
            ),
            else_=presences.c.last_visits,
        )
    )
)
_FORGET = Prepared(presences.delete().where(_OF_ONE))
_FORGET_OTHERS = Prepared(
    presences.delete().where(_OF_ONE, presences.c.process != p("process", sa.BigInteger))
)
_FORGET_ROOM = Prepared(
    presences.delete().where(presences.c.conversation_id == p("conversation_id", sa.BigInteger))
)
_NOT_AWAY = "NOT (process = %s AND user_id = ANY(%s))"
"""Who has just gone keeps their row until the grace is over."""


def sits_elsewhere(connection: sa.Connection, person: Participant, process: int) -> bool:
    """Whether they are on a socket of another process."""
    return any(row.process != process for row in _sitting(connection, person))


def sits(connection: sa.Connection, person: Participant) -> bool:
    """Whether they are on a socket of any process."""
    return bool(_sitting(connection, person))


def _sitting(connection: sa.Connection, person: Participant) -> list[Any]:
    return _SITS.run(
        connection, conversation_id=person.conversation_id, user_id=person.user_id, limit=100
    )


def sit(connection: sa.Connection, person: Participant, process: int) -> None:
    """They are on a socket of this process since this visit of theirs."""
    execute(
        connection,
        "INSERT INTO presences VALUES (%s, %s, %s, %s, 0) "
        "ON CONFLICT (conversation_id, user_id, process) DO UPDATE SET visits = EXCLUDED.visits",
        [person.conversation_id, person.user_id, process, person.visits],
    )


def get_up(connection: sa.Connection, person: Participant, process: int) -> int | None:
    """They have no socket of this process any more, unless they came again since the visit that
    they are known with here. Which of their comings was the last, where no other process has a
    socket of theirs; else None.
    """
    key: dict[str, Any] = {"conversation_id": person.conversation_id, "user_id": person.user_id}
    left = _LEAVE.first(connection, process=process, visits=person.visits, **key)
    if left is None:
        return None
    last: int = max(left.visits, left.last_visits)
    if _HAND_OVER.write(connection, visits=last, **key):
        return None
    return last


def forget(connection: sa.Connection, conversation_id: int, user_id: str) -> None:
    """No socket of theirs counts any more."""
    _FORGET.write(connection, conversation_id=conversation_id, user_id=user_id)


def forget_room(connection: sa.Connection, conversation_id: int) -> None:
    _FORGET_ROOM.write(connection, conversation_id=conversation_id)


class Away(NamedTuple):
    """Those of one process who are on no socket of it any more, and may yet come back on one."""

    process: int
    user_ids: list[str]


def online(
    connection: sa.Connection, conversation_id: int, user_ids: list[str], away: Away
) -> frozenset[str]:
    """Those of these who are on a socket of any process."""
    found = execute(
        connection,
        "SELECT DISTINCT user_id FROM presences WHERE conversation_id = %s "  # noqa: S608
        f"AND user_id = ANY(%s) AND {_NOT_AWAY}",
        [conversation_id, user_ids, *away],
    )
    return frozenset(user_id for (user_id,) in found)


def online_count(connection: sa.Connection, conversation_id: int, away: Away) -> int:
    """How many people are on a socket of any process."""
    [(count,)] = execute(
        connection,
        "SELECT count(DISTINCT user_id) FROM presences "  # noqa: S608
        f"WHERE conversation_id = %s AND {_NOT_AWAY}",
        [conversation_id, *away],
    )
    return int(count)


def sessions_online(connection: sa.Connection, conversation_id: int, away: Away) -> frozenset[int]:
    """The ids of the sessions of all who are on a socket of any process."""
    found = execute(
        connection,
        "SELECT session_id FROM presences "  # noqa: S608
        "JOIN participants USING (conversation_id, user_id) "
        f"WHERE conversation_id = %s AND {_NOT_AWAY}",
        [conversation_id, *away],
    )
    return frozenset(session_id for (session_id,) in found)


def is_owner_online(connection: sa.Connection, conversation_id: int, away: Away) -> bool:
    found = execute(
        connection,
        "SELECT 1 FROM presences JOIN participants USING (conversation_id, user_id) "  # noqa: S608
        f"WHERE conversation_id = %s AND role = 'owner' AND {_NOT_AWAY} LIMIT 1",
        [conversation_id, *away],
    )
    return bool(found)


def left_behind(connection: sa.Connection, process: int, *, limit: int) -> list[Participant]:
    """Some of those who were on a socket of a process that is gone, with the visit it knew."""
    rows = connection.execute(
        sa.select(participants, presences.c.visits.label("came"))
        .join_from(
            presences,
            participants,
            sa.and_(
                participants.c.conversation_id == presences.c.conversation_id,
                participants.c.user_id == presences.c.user_id,
            ),
        )
        .where(presences.c.process == process)
        .limit(limit)
    )
    return [stored_participants.participant(row) for row in rows]


def forget_strays(connection: sa.Connection, process: int) -> None:
    """What a process that is gone left of people that are gone, too."""
    execute(
        connection,
        "DELETE FROM presences WHERE process = %s AND NOT EXISTS (SELECT FROM participants "
        "WHERE participants.conversation_id = presences.conversation_id "
        "AND participants.user_id = presences.user_id)",
        [process],
    )


# --- leases ---


def take_lease(connection: sa.Connection, name: str, holder: int, *, for_ms: int) -> bool:
    """Take or renew it; whether it is the holder's now."""
    found = execute(
        connection,
        f"INSERT INTO leases AS old VALUES (%s, %s, {_NOW_MS} + %s) ON CONFLICT (name) "  # noqa: S608
        "DO UPDATE SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at "
        f"WHERE old.holder = EXCLUDED.holder OR old.expires_at <= {_NOW_MS} RETURNING holder",
        [name, holder, for_ms],
    )
    return bool(found)


def give_up_lease(connection: sa.Connection, name: str, holder: int) -> None:
    execute(connection, "DELETE FROM leases WHERE name = %s AND holder = %s", [name, holder])
