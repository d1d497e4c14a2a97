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
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)


class FileGone(Exception):
    """The database file is no longer where it was opened."""


def is_of_storage(error: BaseException) -> bool:
    """Whether it is the disk's or the file's fault, and so everybody's, not one statement's."""
    return isinstance(error, sa.exc.DatabaseError) and not isinstance(error, _OURS)


def in_words(error: BaseException) -> str:
    """A sentence; it tells nothing that a stranger may not know."""
    if isinstance(error, FileGone | FileNotFoundError):
        return "The database file is gone."
    if isinstance(error, DataFolderInUse):
        return "Another server has taken the data folder."
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", "") or ""
    return next(
        (words for start, words in _WORDS.items() if name.startswith(start)),
        "The database isn't responding.",
    )
