"""A server that leaves out, repeats or reorders is noticed by all who are shown what follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.client.encryption import Chain, Claim, Link
from parley.client.encryption.chain import NOTHING_SEEN
from tests.effort import examples

SEEN_LATE = st.lists(st.integers(0, 3), min_size=3, max_size=30)
"""Of each message: how many of those before it whoever wrote it had not seen yet."""


def honest_log(late: list[int]) -> list[Link]:
    """Seqs have gaps, as changes are counted too."""
    claims, log = [NOTHING_SEEN], []
    chain = Chain(from_beginning=True)
    for at, missed in enumerate(late):
        link = Link(3 * at + 1, bytes((at,)) * 32, claims[max(0, at - missed)])
        log.append(link)
        assert not chain.take(link)
        claims.append(chain.claim())
    return log


def shown(log: list[Link], *, from_beginning: bool = True) -> set[str]:
    faults = Chain(from_beginning=from_beginning).take_all(log)
    return {fault.what for fault in faults}


@pytest.mark.longer
@examples()
@given(SEEN_LATE)
def test_an_honest_log_is_faultless_from_wherever_it_is_read(late: list[int]) -> None:
    log = honest_log(late)
    for begin in range(len(log)):
        assert not shown(log[begin:], from_beginning=begin == 0)


@pytest.mark.longer
@examples()
@given(SEEN_LATE, st.data())
def test_what_is_left_out_is_missed_by_who_saw_it(late: list[int], data: st.DataObject) -> None:
    log = honest_log(late)
    at = data.draw(st.integers(0, len(log) - 2))
    is_seen = any(link.claim is not None and link.claim.seq >= log[at].seq for link in log)
    found = shown(log[:at] + log[at + 1 :])
    assert found == ({"disagrees"} if is_seen else set())


@pytest.mark.longer
@examples()
@given(SEEN_LATE, st.data())
def test_what_is_swapped_is_noticed(late: list[int], data: st.DataObject) -> None:
    """The server numbers them as it likes."""
    log = honest_log([min(each, 1) for each in late] + [0, 0])
    at = data.draw(st.integers(0, len(log) - 3))
    one, two = log[at], log[at + 1]
    swapped = [
        *log[:at],
        Link(one.seq, two.digest, two.claim),
        Link(two.seq, one.digest, one.claim),
        *log[at + 2 :],
    ]
    assert shown(swapped) & {"disagrees", "from_the_future"}


@pytest.mark.longer
@examples()
@given(SEEN_LATE, st.data())
def test_what_is_repeated_is_noticed(late: list[int], data: st.DataObject) -> None:
    log = honest_log(late)
    old = log[data.draw(st.integers(0, len(log) - 1))]
    again = Link(log[-1].seq + 1, old.digest, old.claim)
    assert "repeated" in shown([*log, again])


@pytest.mark.longer
@examples()
@given(SEEN_LATE)
def test_what_is_added_is_noticed_by_what_follows(late: list[int]) -> None:
    log = honest_log([*late, 0, 0])
    added = Link(log[-3].seq + 1, b"\xee" * 32, NOTHING_SEEN)
    assert shown([*log[:-2], added, *log[-2:]]) == {"disagrees"}


def test_seqs_that_do_not_rise_are_named() -> None:
    log = honest_log([0, 0, 0])
    faults = Chain(from_beginning=True).take_all([*log, log[1]])
    assert [(fault.what, fault.seq) for fault in faults] == [("disordered", log[1].seq)]


def test_a_member_who_claims_what_is_false_accuses_nobody_else() -> None:
    log = honest_log([0] * 6)
    lied = Link(log[3].seq, log[3].digest, Claim(log[2].seq, b"\xff" * 32))
    chain = Chain(from_beginning=True)
    honest = Chain(from_beginning=True)
    honest.take_all([*log[:3], lied])
    # Who goes on honestly has its digest, as everybody has, and agrees.
    after = Link(log[4].seq, log[4].digest, honest.claim())
    faults = chain.take_all([*log[:3], lied, after])
    assert [(fault.what, fault.seq) for fault in faults] == [("disagrees", lied.seq)]


def test_a_false_claim_that_a_newcomer_begins_by_is_shown_up_by_the_next() -> None:
    log = honest_log([0] * 6)
    lied = Link(log[3].seq, log[3].digest, Claim(log[2].seq, b"\xff" * 32))
    faults = Chain(from_beginning=False).take_all([log[2], lied, *log[4:]])
    assert faults[0].what == "disagrees"


def test_who_has_seen_nothing_claims_nothing() -> None:
    assert Chain(from_beginning=True).claim() == NOTHING_SEEN
    chain = Chain(from_beginning=False)
    chain.take(Link(5, bytes(32), None))
    assert chain.claim() == NOTHING_SEEN
