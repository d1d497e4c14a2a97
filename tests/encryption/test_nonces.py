"""No nonce comes twice under one key, whatever tabs, threads and processes do."""

from __future__ import annotations

import os
import threading
from collections import defaultdict

import pytest

from parley.client.encryption import Epoch, Person, Sealer
from parley.client.encryption import streams as streams_module
from parley.client.encryption.octets import from_base64url
from parley.client.encryption.streams import Stream

MANY = 10_000_000
TABS = 16


def count(streams: list[Stream], each: int) -> int:
    """How many different pairs of stream and count these give."""
    total, ids = 0, set[bytes]()
    for stream in streams:
        given: dict[bytes, set[bytes]] = defaultdict(set)
        for _ in range(each):
            id, nonce = stream.next()
            given[id].add(nonce[4:])
        assert ids.isdisjoint(given)
        ids |= set(given)
        total += sum(len(nonces) for nonces in given.values())
    return total


def test_tabs_count_apart() -> None:
    assert count([Stream() for _ in range(TABS)], 2_000) == TABS * 2_000


@pytest.mark.long("ten million take a minute to count")
def test_ten_million_nonces_are_ten_million() -> None:
    assert count([Stream() for _ in range(TABS)], MANY // TABS) == MANY


def test_a_stream_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_module, "STREAM_MESSAGES_MAX", 10)
    stream = Stream()
    given = [stream.next() for _ in range(35)]
    assert len({(id, nonce[4:]) for id, nonce in given}) == 35
    assert len({id for id, _ in given}) == 4


def test_threads_share_a_stream_without_repeating() -> None:
    stream, given = Stream(), list[tuple[bytes, bytes]]()

    def take() -> None:
        some = [stream.next() for _ in range(5_000)]
        given.extend((id, nonce[4:]) for id, nonce in some)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == len(given) == 40_000


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_process_that_forks_counts_apart_from_its_parent() -> None:
    stream = Stream()
    stream.next()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"".join(stream.next()))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    id, nonce = stream.next()
    assert len(theirs) == 28
    assert theirs[:16] != id
    assert theirs[20:] == bytes(8)
    assert nonce[4:] == bytes(7) + b"\1"


def test_what_is_sealed_has_the_nonces_that_were_counted() -> None:
    """Two tabs of one person, by turns, as the server sees it."""
    epoch, alice = Epoch.derive(bytes(32)), Person.generate()
    tabs = [Sealer(epoch, epoch.room, alice, "alice") for _ in range(2)]
    seen = set()
    for number in range(1_000):
        octets = from_base64url(tabs[number % 2].seal(b"", client_id="c"))
        stream, nonce = octets[70:86], octets[86:98]
        seen.add((stream, nonce[4:]))
    assert len(seen) == 1_000
    assert len({stream for stream, _ in seen}) == 2
