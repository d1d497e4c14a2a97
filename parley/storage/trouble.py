"""What keeps a database from storing, in words for whoever runs the server."""

from __future__ import annotations

import sqlalchemy as sa

from parley.errors import DataFolderInUse

_WORDS = {
    "SQLITE_FULL": "The disk is full.",
    "SQLITE_BUSY": "Another program has locked the database.",
    "SQLITE_LOCKED": "Another program has locked the database.",
    "SQLITE_READONLY": "The database cannot be written to.",
    "SQLITE_CANTOPEN": "The database file cannot be opened.",
    "SQLITE_IOERR": "The disk reports errors.",
    "SQLITE_CORRUPT": "The database file is damaged.",
    "SQLITE_NOTADB": "The database file is damaged.",
}
_STATES = {
    "53100": "The database server's disk is full.",
    "53": "The database server has no room for us.",
    "57014": "The database server doesn't answer in time.",
    "57": "The database server is stopping or starting.",
    "55P03": "The database is locked for too long.",
    "25006": "The database server takes no writes.",
    "28": "The database server refuses our name or password.",
    "3D000": "The database server has no such database.",
    "42501": "The database server doesn't let us do what we must.",
}
"""By how the states of PostgreSQL begin, the longer before the shorter:
https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)


class FileGone(Exception):
    """The database file is no longer where it was opened."""


class AnotherDatabase(FileGone):
    """The server has another database than before under the same name."""

    def __init__(self) -> None:
        super().__init__("the database was replaced")


class AnotherVersion(FileGone):
    """Its tables are those of another version of Parley."""

    def __init__(self) -> None:
        super().__init__("the tables are not those of this version of Parley")


def is_of_storage(error: BaseException) -> bool:
    """Whether it is the disk's or the file's fault, and so everybody's, not one statement's."""
    return isinstance(error, sa.exc.DatabaseError) and not isinstance(error, _OURS)


def in_words(error: BaseException) -> str:
    """A sentence; it tells nothing that a stranger may not know."""
    if isinstance(error, AnotherVersion):
        return "The database is of another version of Parley."
    if isinstance(error, AnotherDatabase):
        return "The database was replaced."
    if isinstance(error, FileGone | FileNotFoundError):
        return "The database file is gone."
    if isinstance(error, DataFolderInUse):
        return "Another server has taken the data folder."
    orig = getattr(error, "orig", None)
    if hasattr(orig, "sqlstate"):
        return _of_postgresql(getattr(orig, "sqlstate", None))
    name = getattr(orig, "sqlite_errorname", "") or ""
    return next(
        (words for start, words in _WORDS.items() if name.startswith(start)),
        "The database isn't responding.",
    )


def _of_postgresql(state: str | None) -> str:
    if state is None or state.startswith("08"):
        return "The database server can't be reached."
    return next(
        (words for start, words in _STATES.items() if state.startswith(start)),
        "The database server reports errors.",
    )
