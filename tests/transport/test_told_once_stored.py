"""Nothing is told before it is on disk: of what fails at the end of its commit, nobody hears."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley.config import Config
from parley.storage.schema import metadata
from tests.databases import ON_POSTGRESQL, beside
from tests.effort import some
from tests.people import Json, Person
from tests.security.room import done, takes_link

People = Callable[..., Person]

# What a transaction writes there refers to nothing, of which SQLite complains as it commits.
SET_UP = """
CREATE TABLE nobody (id INTEGER PRIMARY KEY);
CREATE TABLE tripwire (id INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED);
"""
TRIGGER = """
CREATE TRIGGER trip_{table}_{act} AFTER {act} ON {table}
BEGIN INSERT INTO tripwire (id) VALUES (1); END
"""
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
IN_POSTGRESQL = """
CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN INSERT INTO tripwire (id) VALUES (1); RETURN NULL; END'
"""


@contextlib.contextmanager
def no_commit_succeeds(data: Path) -> Iterator[None]:
    """Whatever is written, in any table, is only found not to be possible at the commit."""
    trigger, tables = TRIGGER, list(metadata.tables)
    if ON_POSTGRESQL:
        body = "FOR EACH ROW EXECUTE FUNCTION trip()"
        trigger = TRIGGER.partition("\nBEGIN")[0] + " " + body
    with beside(data) as database:
        if not ON_POSTGRESQL:
            tables = [name for (name,) in database.execute(TABLES)]
        triggers = [(table, act) for table in tables for act in ("INSERT", "UPDATE", "DELETE")]
        for statement in (*SET_UP.split(";")[:-1], *([IN_POSTGRESQL] if ON_POSTGRESQL else [])):
            database.execute(statement)
        for table, act in triggers:
            database.execute(trigger.format(table=table, act=act))
        try:
            yield
        finally:
            for table, act in triggers:
                on = f" ON {table}" if ON_POSTGRESQL else ""
                database.execute(f"DROP TRIGGER trip_{table}_{act}{on}")
            for table in ("tripwire", "nobody"):
                database.execute(f"DROP TABLE {table}")


@dataclass
class Room:
    """Ada owns it, Ben owns it by a link, Cleo takes part: all three are seated. Dan joined, but is
    on no socket there. Kim has knocked, Sam has not.
    """

    room_id: str
    ada: Person
    ben: Person
    cleo: Person
    dan: Person
    sam: Person
    message: str
    """The id of one that Ada said."""
    link: str
    """The id of the link that made Ben an owner."""
    knock: str

    def path(self, rest: str = "") -> str:
        return f"/api/conversations/{self.room_id}{rest}"

    async def asks(self, who: Person, event: str, **fields: object) -> Json:
        return await who.ask(event, {"room_id": self.room_id, **fields})

    async def calls(self, who: Person, method: str, rest: str = "", **body: object) -> Json:
        return (await who.call(method, self.path(rest), body))[1]


async def room_with(person: People) -> Room:
    names = ("Ada", "Ben", "Cleo", "Dan", "Sam", "Kim")
    ada, ben, cleo, dan, sam, kim = (person(name) for name in names)
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    link = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    await takes_link(ben, link["url"])
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id, token=ben.token, user_id="ben-1")
    await cleo.join(room_id, user_id="cleo-1")
    await dan.joins_over_rest(room_id)
    await done(dan, "GET", path)  # their token is used now, which is stored and told apart
    await dan.connect()
    said = await ada.say(room_id, "Tea at four?")
    await done(ada, "PATCH", path, {"knock": True})
    knock = await done(kim, "POST", f"{path}/knock", {"username": "Kim"})
    return Room(room_id, ada, ben, cleo, dan, sam, said["id"], link["link"]["id"], knock["id"])


Act = Callable[[Room], Awaitable[Json]]
# By which event Ben hears of it, and what is done.
ACTS: dict[str, tuple[str, Act]] = {
    "a message": ("new_message", lambda room: room.ada.say(room.room_id, "Hello")),
    "a message over REST": (
        "new_message",
        lambda room: room.calls(room.ada, "POST", "/messages", message="Hello"),
    ),
    "an edit": (
        "message_changed",
        lambda room: room.asks(room.ada, "edit_message", id=room.message, message="At five?"),
    ),
    "a deletion": (
        "message_changed",
        lambda room: room.asks(room.ada, "delete_message", id=room.message),
    ),
    "a pin": (
        "message_changed",
        lambda room: room.asks(room.ada, "pin_message", id=room.message, on=True),
    ),
    "a reaction": (
        "message_changed",
        lambda room: room.asks(room.cleo, "react", id=room.message, emoji="🎂", on=True),
    ),
    "reading": ("read", lambda room: room.asks(room.cleo, "mark_read", seq=1)),
    "an arrival": (
        "user_joined",
        lambda room: room.asks(room.dan, "join_room", token=room.dan.token),
    ),
    "a name": ("user_joined", lambda room: room.asks(room.cleo, "join_room", username="Cleopatra")),
    "a token's first use": ("proven", lambda room: room.calls(room.cleo, "GET")),
    "leaving": ("user_left", lambda room: room.calls(room.cleo, "POST", "/leave")),
    "a removal": (
        "user_left",
        lambda room: room.asks(room.ada, "remove_participant", user_id="cleo-1"),
    ),
    "a title": (
        "conversation_changed",
        lambda room: room.asks(room.ada, "change_conversation", title="Cake"),
    ),
    "a knock": ("knocked", lambda room: room.calls(room.sam, "POST", "/knock", username="Sam")),
    "a knock's answer": (
        "knock_answered",
        lambda room: room.asks(room.ada, "answer_knock", id=room.knock, admit=False),
    ),
    "a link that is revoked": (
        "role_changed",
        lambda room: room.calls(room.ada, "DELETE", f"/links/{room.link}"),
    ),
    "another link": ("link_replaced", lambda room: room.asks(room.ada, "replace_link")),
    "the end": ("conversation_ended", lambda room: room.asks(room.ada, "end_conversation")),
    "no conversation any more": (
        "conversation_deleted",
        lambda room: room.asks(room.ada, "delete_conversation"),
    ),
}


@pytest.mark.parametrize(
    ("event", "act"),
    some(list(ACTS.values()), every=2, why="half of them tell most"),
    ids=ACTS.keys(),
)
async def test_of_what_could_not_be_committed_nobody_is_told(
    person: People, config: Config, event: str, act: Act
) -> None:
    room = await room_with(person)
    ben = room.ben
    await room.asks(ben, "sync", since=0)
    before = len(ben.heard)
    with no_commit_succeeds(config.data):
        refusal = await act(room)
        assert refusal["code"] == "unavailable", refusal
        await room.asks(ben, "sync", since=0)  # its answer comes after all that was told
        assert ben.heard[before:] == []
    # The same is told once it is stored.
    answer = await act(room)
    assert answer.get("ok") or answer.get("success"), answer
    await ben.hears(event, lambda data: (event, data) in ben.heard[before:])
