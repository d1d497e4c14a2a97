"""Storing what was read: in slices, where nobody finds it until its last one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import Struct

from parley.domain import conversations, files, owning, sessions, text
from parley.domain.context import Context
from parley.domain.importing import staging
from parley.domain.importing.reading import Reading
from parley.domain.importing.scratch import Scratch, Staged
from parley.errors import BadFile, ImportFails, TooLarge, Unavailable
from parley.importing.chats import ImportRefused
from parley.records import Conversation, ConversationImported, File, Session, Upload, Visibility
from parley.storage import conversations as stored_conversations
from parley.storage import file_sums
from parley.storage import files as stored_files
from parley.storage import importing as stored

log = structlog.get_logger(__name__)

READ_ROWS = 2_000
"""Of the scratch file at once: some hundred kilobytes, as messages are."""
STEP_ROWS = 100
"""Stored by one statement; then the time is looked at."""
ERASE_AGAIN_S = 30.0
"""Where the database could not be written as an import was given up."""
SERVICE_TYPE = "system"
"""What the service wrote: nobody's words, with nobody's user_id."""


class Imported(Struct, frozen=True):
    conversation: Conversation
    owner: Session
    token: str | None
    """The secret of the session that was made for it; None where the asker had one."""
    files_refused: tuple[str, ...]
    """Names of files that turned out to be what the server doesn't take."""


async def store(
    context: Context,
    reading: Reading,
    staged: Staged,
    session: Session | None,
    *,
    title: str = "",
    tell: Callable[[int], None] = lambda count: None,
) -> Imported:
    """Make a conversation of what was read; whoever asks owns it. All of it, or nothing.

    `tell` is called with how many messages are stored. Raises `ImportFails` where a time zone has
    to be given first; `TooLarge` where its files are more than may be; `Unavailable`.
    """
    try:
        staging.require_told(staged)
    except ImportRefused as error:
        raise ImportFails(str(error)) from None
    storing = _Storing(context, reading, staged, tell)
    await storing.begin(session, title)
    try:
        await storing.people()
        await storing.files()
        await storing.messages()
        return await storing.show()
    except BaseException:
        await asyncio.shield(storing.give_up())
        raise
    finally:
        storing.scratch.close()


class _Storing:
    def __init__(
        self, context: Context, reading: Reading, staged: Staged, tell: Callable[[int], None]
    ) -> None:
        self._context, self._reading, self._staged, self._tell = context, reading, staged, tell
        self.scratch = Scratch(reading.scratch)
        self._session_ids: dict[int, int] = {}
        """By the number of a person."""
        self._token: str | None = None
        self._refused: list[str] = []

    async def begin(self, session: Session | None, title: str) -> None:
        context, staged, at = self._context, self._staged, self._context.clock()
        room_id = conversations.new_room_id(Visibility.UNLISTED)
        clean_title = text.title(title or text.cut_title(staged.title), room_id=room_id)

        def work(connection: sa.Connection) -> None:
            if staged.files:
                owner = 0 if session is None else session.id
                usage = file_sums.usage(connection, 0, owner)
                files.require_room(files.filing(context), usage, staged.files_bytes)
            self._owner, self._token = (
                (session, None) if session else sessions.begin(connection, at=at)
            )
            self._conversation = stored_conversations.insert(
                connection,
                room_id=room_id,
                title=clean_title,
                description=staged.description or f"Imported from {staged.system}",
                visibility=Visibility.UNLISTED,
                created_by=conversations.new_user_id(),
                created_from=None,
                owner_session_id=self._owner.id,
                at=at,
            )
            stored.hide(connection, self._conversation.id, at=at)

        await context.database.write(work)

    async def people(self) -> None:
        at, after = self._context.clock(), 0
        while rows := await self._read(self.scratch.people, after):
            after = rows[-1][0]
            for some in _steps(rows):

                def work(
                    connection: sa.Connection, _: object, some: Sequence[Any] = some
                ) -> dict[int, int]:
                    self._require_open(connection)
                    return stored.add_people(connection, self._conversation.id, some, at=at)

                ids = await self._context.slices.take(self._context.database, work)
                self._session_ids.update(ids)

    async def files(self) -> None:
        """Made of the archive's, each as if it was uploaded."""
        if not self._staged.files:
            return
        for n, seq, member, name, size, user_id in self.scratch.files():
            try:
                file = await self._file(seq, member, name, size, user_id)
            except (BadFile, TooLarge, ImportFails) as error:
                log.info("import_without_file", error=str(error))
                self._refused.append(name)
                continue
            kept = msgspec.json.encode(files.as_sent(file))
            await asyncio.to_thread(self.scratch.keep_file, n, kept)

    async def _file(self, seq: int, member: str, name: str, size: int, user_id: str | None) -> File:
        context, at = self._context, self._context.clock()
        room = files.filing(context)
        upload = Upload(
            conversation_id=self._conversation.id,
            id=secrets.token_hex(files.ID_BYTES),
            session_id=self._owner.id,
            user_id=user_id or "",
            name=name,
            size=size,
            offset=0,
            begun_at=at,
            touched_at=at,
        )

        def begin(connection: sa.Connection) -> None:
            self._require_open(connection)
            usage = file_sums.usage(connection, self._conversation.id, self._owner.id)
            files.require_room(room, usage, size)
            stored_files.begin(connection, upload)

        await context.database.write(begin)
        try:
            await room.inbox.begin(upload.id, size)
            await self._reading.extract(member, room.inbox.path(upload.id))
            room.inbox.changed(upload.id)
            return await files.finish(context, upload, seq=seq)
        except BaseException:
            await asyncio.shield(files.give_up(context, upload))
            raise

    async def messages(self) -> None:
        after = 0
        while rows := await self._read(self.scratch.messages, after):
            first, after = rows[0][0], rows[-1][0]
            attached: dict[int, str] = {}
            if self._staged.files:
                attached = await asyncio.to_thread(self.scratch.attachments, first, after)
            ready = await asyncio.to_thread(self._ready, rows, attached)
            await self._add(stored.add_messages, ready)
            self._tell(after)
        after = 0
        while rows := await self._read(self.scratch.reactions, after):
            after = rows[-1][0]
            await self._add(
                stored.add_reactions, [(self._conversation.id, *row[1:]) for row in rows]
            )

    def _ready(self, rows: list[Any], attached: dict[int, str]) -> list[tuple[Any, ...]]:
        return [self._row(row, attached) for row in rows]

    def _row(self, row: Any, attached: dict[int, str]) -> tuple[Any, ...]:
        seq, id, person, said, sent_at, deleted_at, edited_at, pinned_at, *rest = row
        reply_seq, reply_id, mentions, parts, reactions, is_service, user_id, name, is_alike = rest
        return (
            *(self._conversation.id, seq, id, seq),
            self._owner.id if person is None else self._session_ids[person],
            *(user_id or "", name or ("" if is_service else staging.NAMELESS), said),
            SERVICE_TYPE if is_service else "text",
            *(sent_at, deleted_at, is_alike or 0, edited_at, pinned_at),
            *(reply_seq, reply_id, mentions, parts, reactions, attached.get(seq)),
        )

    async def _add(
        self,
        add: Callable[[sa.Connection, Sequence[tuple[Any, ...]]], None],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """All of these, in as many slices as that takes."""
        begun = 0

        def work(connection: sa.Connection, is_time_left: Callable[[], bool]) -> int:
            self._require_open(connection)
            at = begun
            while at < len(rows):
                add(connection, rows[at : at + STEP_ROWS])
                at += STEP_ROWS
                if not is_time_left():
                    break
            return at

        while begun < len(rows):
            begun = await self._context.slices.take(self._context.database, work)

    async def show(self) -> Imported:
        context, at = self._context, self._context.clock()

        def work(connection: sa.Connection) -> Conversation:
            self._require_open(connection)
            return stored.show(connection, self._conversation.id, seq=self._staged.rows, at=at)

        def tell(shown: Conversation) -> None:
            context.counts.change(active=1, total=1)
            context.bus.publish(ConversationImported(shown.id))

        shown = await context.database.write(work, tell)
        return Imported(shown, self._owner, self._token, tuple(self._refused))

    async def give_up(self) -> None:
        """Leave nothing of it: what is stored is erased like what somebody deleted."""
        try:
            await self._erase()
        except Unavailable:
            # On a full disk it is what keeps others from storing anything.
            log.warning("erasing_put_off")
            self._context.slices.begin(self._erase_later())

    async def _erase_later(self) -> None:
        """Once that is possible again; a start does it, too."""
        while True:
            await asyncio.sleep(ERASE_AGAIN_S)
            with contextlib.suppress(Unavailable):
                await self._erase()
                return

    async def _erase(self) -> None:
        await self._context.database.write(
            lambda connection: stored.give_up(connection, self._conversation.id)
        )
        await owning.erase_deleted(self._context)

    def _require_open(self, connection: sa.Connection) -> None:
        """Another database may lie in the folder now, or a start gave this up."""
        if not stored.is_open(connection, self._conversation.id):
            raise ImportFails("The import was given up. Nothing was stored.")

    async def _read(self, read: Callable[..., list[Any]], after: int) -> list[Any]:
        return await asyncio.to_thread(read, after=after, limit=READ_ROWS)


def _steps(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[start : start + STEP_ROWS] for start in range(0, len(rows), STEP_ROWS)]


async def forget_left(context: Context, *, before: datetime | None = None) -> int:
    """What a server that was ended left half done is to be erased, as deleted; only what began
    before then, if that is given. How many conversations.
    """
    # A clock that was set back must not keep any.
    until = before or context.clock() + timedelta(days=36_500)

    def work(connection: sa.Connection) -> int:
        return stored.give_up_all(connection, before=until)

    count = await context.database.write(work)
    if count:
        log.info("imports_given_up", count=count)
    return count
