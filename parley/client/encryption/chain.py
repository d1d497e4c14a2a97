"""Whether the server shows the log whole, once, and in one order to all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from parley.client.encryption.octets import sha256, u64

START = bytes(32)
"""The hash of a log in which nothing was said."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody had seen when they wrote: the log up to `seq`."""

    seq: int
    hash: bytes


NOTHING_SEEN = Claim(0, START)


@dataclass(frozen=True, slots=True)
class Fault:
    """`repeated`: what was said once is shown twice. `disagrees`: whoever wrote what is at `seq`
    had seen another log than we are shown. `disordered`: the seqs do not rise. `from_the_future`:
    it claims to follow what comes after it. `outdated`: it was said under an older key than
    something before it, as only somebody can who was left behind, with the server's help.
    """

    what: Literal["repeated", "disagrees", "disordered", "from_the_future", "outdated"]
    seq: int


@dataclass(frozen=True, slots=True)
class Link:
    """A message in the log: `digest` of its first envelope, whatever it was edited to since.

    `claim` is None where it could not be read, or was deleted; and `epoch`, the number of its key,
    where it was edited, too.
    """

    seq: int
    digest: bytes
    claim: Claim | None
    epoch: int | None = None


class Chain:
    """Takes the log in its order, from its beginning or from somewhere in it.

    From the middle, it begins to know the hash where the first claim about a message within says
    it. If that claim was false, the next true one disagrees. Older messages that are loaded later
    make a new chain, of all.
    """

    def __init__(self, *, from_beginning: bool) -> None:
        self._seq = 0
        self._hashes: dict[int, bytes] = {0: START} if from_beginning else {}
        """By seq, from where it is known."""
        self._waiting: list[Link] = []
        """What stands before that."""
        self._seen: set[bytes] = set()
        self._epoch = 0

    def claim(self) -> Claim:
        """What to say of it in the next message."""
        return Claim(self._seq, self._hashes[self._seq]) if self._hashes else NOTHING_SEEN

    def take_all(self, links: Iterable[Link]) -> list[Fault]:
        return [fault for link in links for fault in self.take(link)]

    def take(self, link: Link) -> list[Fault]:
        """The next one. It stands in the log from then on, whatever is wrong with it, but where its
        seq does not rise.
        """
        if link.seq <= self._seq:
            return [Fault("disordered", link.seq)]
        faults = [Fault("repeated", link.seq)] if link.digest in self._seen else []
        self._seen.add(link.digest)
        if link.claim is not None and link.claim.seq >= link.seq:
            faults.append(Fault("from_the_future", link.seq))
        elif link.claim is not None and link.claim != NOTHING_SEEN:
            if not self._hashes:
                faults += self._begin_by(link.claim)
            if self._disagrees(link.claim):
                faults.append(Fault("disagrees", link.seq))
        if link.epoch is not None and link.epoch < self._epoch:
            faults.append(Fault("outdated", link.seq))
        self._epoch = max(self._epoch, link.epoch or 0)
        self._add(link)
        return faults

    def _begin_by(self, claim: Claim) -> list[Fault]:
        """Where it is about a message that we have; what follows on that can be checked then."""
        if all(link.seq != claim.seq for link in self._waiting):
            return []
        rest = [link for link in self._waiting if link.seq > claim.seq]
        self._waiting, self._seq, self._hashes = [], claim.seq, {claim.seq: claim.hash}
        faults: list[Fault] = []
        for link in rest:
            if link.claim is not None and link.claim.seq < link.seq and self._disagrees(link.claim):
                faults.append(Fault("disagrees", link.seq))
            self._add(link)
        return faults

    def _disagrees(self, claim: Claim) -> bool:
        """A message that it is about, and that we should have been shown, counts too."""
        known_from = next(iter(self._hashes), None)
        if known_from is None:
            return any(link.seq < claim.seq for link in self._waiting)
        if claim.seq < known_from or claim == NOTHING_SEEN:
            return False
        return self._hashes.get(claim.seq) != claim.hash

    def _add(self, link: Link) -> None:
        if self._hashes:
            before = self._hashes[self._seq]
            self._hashes[link.seq] = sha256("chain", before, u64(link.seq), link.digest)
        else:
            self._waiting.append(link)
        self._seq = link.seq
