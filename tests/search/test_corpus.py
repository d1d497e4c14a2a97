"""Many messages in more than five hundred languages, in one conversation: what the search finds is
what reading them all would find.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import corpus
from bench.filling import fill
from parley.bus.local import LocalBus
from parley.domain import messages, searching
from parley.domain.context import Context
from parley.domain.indexing import Indexing
from parley.domain.presence import Presence
from parley.search import words
from parley.search.queries import Query, parse
from parley.storage import search as stored
from tests.databases import beside, database_in
from tests.domain.test_erasing import Room, opened
from tests.effort import times

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(not corpus.is_there(), reason="npm has not fetched the corpus."),
]
SEARCHES = 20
EVERY = times(5, full=1)
"""Of a hundred thousand messages. More than in one segment of the index, and in all languages."""


@pytest.fixture(scope="module")
def said() -> list[str]:
    return corpus.messages()[::EVERY]


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    database = database_in(tmp_path)
    await database.open()
    yield Context(database, LocalBus(), Presence(), 10.0)
    await database.close()


def typed_from(text: str, rng: random.Random) -> str:
    """As somebody would look for a text: a word or two of it, the beginning of one, a phrase."""
    pieces = [word for word, _ in words.pieces(words.fold(text))]
    if not pieces:
        return text.replace('"', "")
    at = rng.randrange(len(pieces))
    word = pieces[at]
    match rng.randrange(4):
        case 0:
            return word[: max(1, rng.randrange(len(word) + 1))]
        case 1:
            begin = rng.randrange(len(text))
            return f'"{text[begin : begin + 20].replace(chr(34), "")}"'
        case 2:
            return f"{word} {rng.choice(pieces)}"
        case _:
            return word


def has(text: str, query: Query, *, inside: bool = False) -> bool:
    patterns = [part.inside if inside else part.pattern for part in query.wanted]
    return all(pattern.search(text) for pattern in patterns) and not any(
        part.pattern.search(text) for part in query.unwanted
    )


async def newest_seq(context: Context, room: Room) -> int:
    page, _ = await messages.history(context, room.id, room.owner, limit=1)
    return page[-1].seq


async def found(context: Context, room: Room, typed: str) -> list[int]:
    seqs: list[int] = []
    cursor: str | None = None
    while True:
        page = await searching.in_conversation(
            context, room.id, room.owner, typed, limit=5_000, cursor=cursor
        )
        seqs.extend(hit.message.seq for hit in page.found)
        cursor = page.next_cursor
        if cursor is None:
            return seqs


# Twenty seconds of one core, which may have ten other things to do.
@pytest.mark.long("a whole corpus")
@pytest.mark.timeout(900)
async def test_all_that_is_there_is_found_and_nothing_else(
    context: Context, said: list[str], tmp_path: Path
) -> None:
    assert len(said) > 100_000 // EVERY
    assert len(corpus.paragraphs()) > 500
    room = await opened(context)
    with beside(tmp_path) as own, own.transaction():
        fill(own, room.id, said, last_at=datetime(2026, 11, 29, tzinfo=UTC))
    first = (await newest_seq(context, room)) - len(said) + 1
    await Indexing(context).index(room.conversation.id)
    sizes = await context.database.read(stored.sizes, room.conversation.id)
    assert sum(docs for _, docs in sizes) > len(said) - 256
    folded = [words.fold(text) for text in said]
    rng = random.Random(19)
    looked = 0
    while looked < SEARCHES:
        typed = typed_from(rng.choice(said), rng)
        query = parse(typed)
        if query.is_empty or re.search(r"\b(from|has|before|after|on):", typed):
            continue
        looked += 1
        begins = [at for at in range(len(said) - 1, -1, -1) if has(folded[at], query)]
        inside: list[int] = []
        if any(part.can_be_inside for part in query.wanted):
            known = set(begins)
            inside = [
                at
                for at in range(len(said) - 1, -1, -1)
                if at not in known and has(folded[at], query, inside=True)
            ]
        expected = [first + at for at in (*begins, *inside)]
        assert await found(context, room, typed) == expected, typed
