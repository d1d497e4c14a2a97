"""Whether a database has the form that this version of Parley works with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parley.doctor.findings import Finding, fail, warn
from parley.storage.migrate import NEWEST, is_known
from parley.storage.moved import why_not

CHECK = "database"


def of_revision(revision: str | None) -> Iterator[Finding]:
    """Nothing where all is well."""
    if revision == NEWEST:
        return
    if revision is None:
        yield fail(
            CHECK,
            "There is a database, but it has no tables of Parley's.",
            "Give the right one with --data or --database-url.",
        )
    elif is_known(revision):
        yield warn(
            CHECK,
            f"The database has an older form ({revision}; this version's is {NEWEST}).",
            "Make a backup. The next start upgrades it, as does parley migrate.",
        )
    else:
        yield fail(
            CHECK,
            f"The database was made by a newer version of Parley (its form is {revision}, this "
            f"version knows up to {NEWEST}).",
            "Install that version.",
        )


def of_moves(facts: Iterable[str]) -> Iterator[Finding]:
    """Whether servers refuse this one, as its conversations are or will be elsewhere."""
    what, stop, advice = why_not(set(facts)).partition(". ")
    if what:
        yield fail(CHECK, what + stop.strip(), advice)
