"""Files: uploading them, who may read them, and erasing them with what they belong to."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import UNSET, UnsetType

from parley import contract
from parley.config import in_words as in_words
from parley.domain import access, door, text
from parley.domain.context import Context
from parley.domain.filing import Filing
from parley.domain.giving_way import GivingWay
from parley.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    NotJoined,
    ParleyError,
    RateLimited,
    TooLarge,
    Unavailable,
)
from parley.files.inbox import GONE, Opened
from parley.files.inbox import GaveWay as GaveWay
from parley.files.inbox import Moved as Moved
from parley.files.store import PREVIEW
from parley.files.threads import in_thread, to_its_end
from parley.media import Kind, Looked
from parley.media.types import UNKNOWN
from parley.records import File, SentFile, Session, Upload, Usage
from parley.storage import conversations as stored_conversations
from parley.storage import file_sums
from parley.storage import files as stored

log = structlog.get_logger(__name__)

ID_BYTES = 16
KEEP_EVERY_BYTES = 16 * 1024 * 1024
KEEP_EVERY_S = 60.0
"""About so much of an upload may have to be sent again after a crash."""
WAITS_S = 3600.0
"""How long an upload may stand still, and a file wait for a message that names it."""
WAITING_MAX = 100
"""How many of both one session may have."""
ERASED_AT_ONCE = 100
SEALED_NAME = "file"
"""Of all files in encrypted conversations: what they are called is told within their messages."""
SEALED = Looked(Kind.DOCUMENT, UNKNOWN)
"""What is found out about them: nothing is looked at, as there is nothing to see."""
NO_FILES = "This server takes no files."
NO_SUCH_FILE = "There's no such file. It may have been deleted."
NO_SUCH_ATTACHMENT = "One of the files isn't there any more. Upload it again."


def filing(context: Context) -> Filing:
    """Raises `Forbidden` where there is no place for files."""
    if context.filing is None:
        raise Forbidden(NO_FILES)
    return context.filing


# --- uploading ---


async def begin(
    context: Context, room_id: str, session: Session | None, *, name: str, size: int
) -> Upload:
    """Expect a file of so many bytes; for whoever may post there.

    Raises `NotJoined`, `ConversationIsOver`, `ReadOnly`, `AccountsOnly`; `TooLarge` where it, or
    what there is with it, is more than may be; `RateLimited` where too much was uploaded and not
    sent; `Unavailable` where the disk has no room.
    """
    room = filing(context)
    if not room.quotas.file:
        raise Forbidden(NO_FILES)
    if size > room.quotas.file:
        raise TooLarge(f"This file is too large: at most {in_words(room.quotas.file)}.")
    name, at = text.file_name(name), context.clock()

    def work(connection: sa.Connection) -> Upload:
        found = door.readable(connection, room_id, session)
        if found.person is None or session is None:
            raise NotJoined
        access.require_posting(found.conversation, found.person, session)
        if stored.count_of_session(connection, session.id) >= WAITING_MAX:
            raise RateLimited(
                f"{WAITING_MAX} of your files wait to be sent, which is the most. Send them, or "
                "wait an hour.",
                retry_after=60,
            )
        require_room(room, file_sums.usage(connection, found.id, session.id), size)
        upload = Upload(
            conversation_id=found.id,
            id=secrets.token_hex(ID_BYTES),
            session_id=session.id,
            user_id=found.person.user_id,
            name=SEALED_NAME if found.conversation.is_encrypted else name,
            size=size,
            offset=0,
            begun_at=at,
            touched_at=at,
        )
        stored.begin(connection, upload)
        return upload

    upload = await context.database.write(work)
    try:
        await room.inbox.begin(upload.id, size)
    except BaseException:
        await give_up(context, upload)
        raise
    return upload


async def upload_of(
    context: Context,
    room_id: str,
    session: Session | None,
    upload_id: str,
    *,
    to_add: bool = False,
) -> Upload:
    """An upload of this session's there, with how much of it is on the disk.

    Raises `NotFound`; with `to_add` also what keeps whoever asks from posting there.
    """
    room = filing(context)

    def query(connection: sa.Connection) -> Upload | None:
        found = door.readable(connection, room_id, session)
        upload = stored.upload(connection, upload_id)
        if upload is None or session is None:
            return None
        if (upload.session_id, upload.conversation_id) != (session.id, found.id):
            return None
        if to_add:
            if found.person is None:
                raise NotJoined
            access.require_posting(found.conversation, found.person, session)
        return upload

    upload = await context.database.read(query)
    if upload is None:
        raise NotFound(GONE)
    length = room.inbox.length(upload.id)
    return upload if length is None else msgspec.structs.replace(upload, offset=length)


async def receive(context: Context, upload: Upload, data: AsyncIterator[bytes]) -> Upload:
    """Add what comes, and return once it is on the disk; the upload as it is then.

    Where `data` breaks off with an error, that is raised, and what came stays. Raises `BadRequest`
    for more than was announced; `Moved` where more has come meanwhile; `GaveWay` once somebody else
    adds to it; `NotFound` where it is gone; `Unavailable`.
    """
    asked = upload
    async with filing(context).inbox.opened(upload.id, upload.offset) as opened:
        keeping: asyncio.Task[Upload] | None = None
        kept_to, kept_s = opened.synced, context.elapsed()
        giving_way = GivingWay(context.database)
        try:
            async for piece in data:
                if opened.offset + len(piece) > asked.size:
                    raise BadRequest("More came than was announced.")
                await giving_way.wait(piece)
                await opened.add(piece)
                if keeping is not None:
                    if not keeping.done():
                        continue
                    upload, keeping = keeping.result(), None
                for_s = context.elapsed() - kept_s
                if opened.synced - kept_to >= KEEP_EVERY_BYTES:
                    keeping = asyncio.create_task(_note(context, upload, opened.synced))
                elif for_s >= KEEP_EVERY_S:
                    keeping = asyncio.create_task(_keep(context, upload, opened))
                else:
                    continue
                kept_to, kept_s = opened.synced, context.elapsed()
        finally:
            if keeping is not None:
                upload = await to_its_end(keeping)
            # What is on the disk already may not be known to be.
            if opened.offset > upload.offset:
                upload = await _keep(context, upload, opened)
    return upload


async def _keep(context: Context, upload: Upload, opened: Opened) -> Upload:
    """Have what came on the disk for sure, and known to be."""
    await opened.sync()
    return await _note(context, upload, opened.synced)


async def _note(context: Context, upload: Upload, offset: int) -> Upload:
    """Raises `NotFound`, and `TooLarge` where meanwhile so much else came that it is too much."""
    at, room = context.clock(), filing(context)

    def work(connection: sa.Connection) -> bool:
        is_known = stored.touch(connection, upload.id, offset=offset, at=at)
        if is_known:
            usage = file_sums.usage(connection, upload.conversation_id, upload.session_id)
            require_room(room, usage, 0)
        return is_known

    if not await context.database.write(work):
        raise NotFound(GONE)
    return msgspec.structs.replace(upload, offset=offset, touched_at=at)


async def finish(context: Context, upload: Upload, *, seq: int | None = None) -> File:
    """Make a file of what is all there. It is kept for good once this returns. `seq` is that of a
    message that names it already.

    It goes on where whoever asked for it is gone, and is done once for all who ask meanwhile.
    Raises `BadFile` for what is no picture though it looks like one, and `NotFound` where its
    conversation is gone: then nothing is left of it.
    """
    finishing = filing(context).finishing
    task = finishing.get(upload.id)
    if task is None:
        task = finishing[upload.id] = asyncio.create_task(_finish(context, upload, seq))
        task.add_done_callback(lambda done: _finished(finishing, upload.id, done))
    return await asyncio.shield(task)


async def finish_at_once(context: Context, upload: Upload) -> File:
    """The same for whoever was not told yet what it is called: what fails is given up, as they
    can only send it again.
    """
    try:
        return await finish(context, upload)
    except ParleyError:
        await give_up(context, upload)
        raise


def _finished(finishing: dict[str, asyncio.Task[File]], id: str, task: asyncio.Task[File]) -> None:
    del finishing[id]
    if not task.cancelled():
        task.exception()  # nobody may be left to hear of it


async def _finish(context: Context, upload: Upload, seq: int | None) -> File:
    room = filing(context)
    path = room.inbox.path(upload.id)
    made: list[Path] = []
    try:
        looked = await _look(context, upload, path)
        if looked.is_changed:
            room.inbox.changed(upload.id)
        made.extend(each for each in (looked.clean, looked.preview) if each is not None)
        served = looked.clean or path
        size, sha256 = await room.inbox.digest(upload.id, served)
        if looked.preview is not None:
            await room.store.put(upload.id + PREVIEW, looked.preview)
        await room.store.put(upload.id, served)
    except Exception as error:
        # Also where something of ours fails at what it holds: it would fail again.
        if not isinstance(error, Unavailable):
            await give_up(context, upload)
        if isinstance(error, FileNotFoundError):
            raise NotFound(GONE) from None
        raise
    finally:
        for each in made:
            await in_thread(_erase, each)
    file = File(
        conversation_id=upload.conversation_id,
        id=upload.id,
        session_id=upload.session_id,
        user_id=upload.user_id,
        name=upload.name,
        type=looked.type,
        kind=looked.kind,
        size=size,
        sha256=sha256,
        created_at=context.clock(),
        seq=seq,
        width=looked.width,
        height=looked.height,
        duration_ms=None if looked.duration_s is None else round(looked.duration_s * 1000),
        has_preview=looked.preview is not None,
    )

    def work(connection: sa.Connection) -> bool:
        is_kept = stored.finish(connection, file)
        if not is_kept:
            stored.give_up(connection, file.id)
        elif file.size > upload.size:  # a picture may be larger once it is made new
            usage = file_sums.usage(connection, file.conversation_id, file.session_id)
            require_room(room, usage, 0)
        return is_kept

    try:
        is_kept = await context.database.write(work)
    except TooLarge:
        await give_up(context, upload)
        raise
    if not is_kept:
        room.erasing.set()
        raise NotFound(GONE)
    await room.inbox.forget(upload.id)
    return file


async def _look(context: Context, upload: Upload, path: Path) -> Looked:
    found = await context.database.read(stored_conversations.by_id, upload.conversation_id)
    if found is not None and found.is_encrypted:
        return SEALED
    look = filing(context).workshop.look
    return await look(path, upload.name, path.parent, whose=upload.session_id)


def _erase(path: Path) -> None:
    path.unlink(missing_ok=True)


async def give_up(context: Context, upload: Upload) -> None:
    """Let go of an upload, and of what came of it."""
    room = filing(context)
    await context.database.write(lambda connection: stored.give_up(connection, upload.id))
    room.erasing.set()


def require_room(room: Filing, usage: Usage, size: int) -> None:
    """Raise `TooLarge` where so many bytes more are more than there may be."""
    quotas = room.quotas
    if usage.session + size > quotas.session:
        raise TooLarge(
            f"Your files can take up {in_words(quotas.session)}, and with this one they would take "
            "up more. Delete messages with files you no longer need."
        )
    if usage.conversation + size > quotas.conversation:
        raise TooLarge(
            f"The files of a conversation can take up {in_words(quotas.conversation)}, and with "
            "this one they would take up more. Delete messages with files no one needs any more."
        )
    if usage.server + size > quotas.server:
        raise TooLarge("The server has no room for more files. Whoever runs it can make some.")


# --- reading ---


async def readable(context: Context, file_id: str, session: Session | None) -> File:
    """A file, for whoever may read its conversation, or uploaded it as long as no message names it.

    Raises `NotFound`, in the same words for one that never was.
    """

    def query(connection: sa.Connection) -> File:
        found = stored.by_id(connection, file_id)
        if found is None:
            raise NotFound(NO_SUCH_FILE)
        file, room_id = found
        try:
            door.readable(connection, room_id, session)
        except ParleyError:
            raise NotFound(NO_SUCH_FILE) from None
        if file.seq is None and (session is None or session.id != file.session_id):
            raise NotFound(NO_SUCH_FILE)
        return file

    return await context.database.read(query)


async def read(
    context: Context, file_id: str, key: str, start: int, end: int
) -> AsyncIterator[bytes]:
    """The bytes of a file, or of its preview, from `start` up to `end`.

    Raises `NotFound` where they are gone, also once they are erased while they are being read.
    """
    room = filing(context)
    room.being_read[file_id] += 1
    giving_way = GivingWay(context.database)
    try:
        async for piece in room.store.read(key, start, end):
            if file_id in room.gone:
                raise NotFound(NO_SUCH_FILE)
            await giving_way.wait(piece)
            yield piece
    except FileNotFoundError:
        log.warning("file_missing")
        raise NotFound(NO_SUCH_FILE) from None
    finally:
        room.being_read[file_id] -= 1
        if not room.being_read[file_id]:
            del room.being_read[file_id]
            room.gone.discard(file_id)


async def preview_size(context: Context, file: File) -> int:
    """In bytes. Raises `NotFound` where it is gone."""
    try:
        return await filing(context).store.size(file.id + PREVIEW)
    except FileNotFoundError:
        log.warning("file_missing")
        raise NotFound(NO_SUCH_FILE) from None


async def own(context: Context, room_id: str, session: Session | None, file_id: str) -> File:
    """A file that this session uploaded there. Raises `NotFound`."""

    def query(connection: sa.Connection) -> File:
        conversation_id = door.readable(connection, room_id, session).id
        found = stored.by_id(connection, file_id)
        if found is None or session is None:
            raise NotFound(GONE)
        file, _ = found
        if (file.session_id, file.conversation_id) != (session.id, conversation_id):
            raise NotFound(GONE)
        return file

    return await context.database.read(query)


async def sent(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    kinds: Sequence[str] = (),
    before: int | None = None,
    limit: int,
) -> tuple[tuple[SentFile, ...], bool]:
    """The files of a conversation, the latest first, and whether there are more."""

    def query(connection: sa.Connection) -> tuple[tuple[SentFile, ...], bool]:
        found = door.readable(connection, room_id, session)
        # All of one message, so that the next page can begin before it.
        rows = stored.sent(
            connection,
            found.id,
            kinds=kinds,
            before=before,
            limit=limit + contract.SEALED_ATTACHMENTS_MAX,
        )
        last = rows[limit - 1].seq if len(rows) > limit else None
        page = [row for at, row in enumerate(rows) if at < limit or row.seq == last]
        return tuple(page), len(rows) > len(page)

    return await context.database.read(query)


# --- sending: inside the transaction that stores the message ---


def attachable(
    connection: sa.Connection, conversation_id: int, session_id: int, ids: Sequence[str]
) -> tuple[File, ...]:
    """The files that a message is to name. Raises `NotFound` where one of them cannot be."""
    if not ids:
        return ()
    found = stored.unsent(connection, conversation_id, session_id, ids)
    if len(found) != len(ids):
        raise NotFound(NO_SUCH_ATTACHMENT)
    return found


def together(files: Sequence[File]) -> str | None:
    """The files of a message in JSON, as they are kept with it and sent; None for none."""
    if not files:
        return None
    return msgspec.json.encode([as_sent(file) for file in files]).decode()


def names(files: Sequence[File]) -> str:
    """What a message says that has files and no words, for whoever does not see them."""
    return ", ".join(file.name for file in files)


def as_sent(file: File) -> contract.File:
    """A file as clients are told of it, on its own or with its message, where it is kept so."""
    duration_ms, url = file.duration_ms, f"/files/{file.id}/{quote(file.name, safe='')}"
    return contract.File(
        id=file.id,
        name=file.name,
        type=file.type,
        size=file.size,
        url=url,
        width=_or_unset(file.width),
        height=_or_unset(file.height),
        duration_s=UNSET if duration_ms is None else duration_ms / 1000,
        thumbnail_url=f"{url}?preview" if file.has_preview else UNSET,
    )


def _or_unset(number: int | None) -> int | UnsetType:
    return UNSET if number is None else number


# --- erasing ---


async def erase(context: Context) -> None:
    """Erase what nobody sent within an hour, and the bytes of all that is gone."""
    before = context.clock() - timedelta(seconds=WAITS_S)

    def work(connection: sa.Connection) -> None:
        stored.erase_old(connection, before=before)

    await context.database.write(work)
    await erase_bytes(context)


async def erase_strays(context: Context) -> None:
    """Erase what lies among the uploads and belongs to none, as after the server was killed."""
    inbox = filing(context).inbox
    for name in await inbox.left(WAITS_S):
        id = name.partition(".")[0]
        if await context.database.read(stored.upload, id) is None:
            await inbox.forget(name)


def erase_soon(context: Context) -> None:
    """Something with files is gone: have their bytes erased."""
    if context.filing is not None:
        context.filing.erasing.set()


async def erase_bytes(context: Context) -> None:
    """Erase the bytes of all that is gone."""
    room = filing(context)
    room.erasing.clear()
    while ids := await context.database.read(stored.erased, limit=ERASED_AT_ONCE):
        room.gone.update(room.being_read.keys() & set(ids))
        for id in ids:
            await room.inbox.forget(id)  # first: it needs no store
        await room.store.erase([key for id in ids for key in (id, id + PREVIEW)])
        # Also for whoever was told that they may read it, and opened it just before.
        room.gone.update(room.being_read.keys() & set(ids))
        # What is being put meanwhile comes after that, and nobody would know of it after a kill.
        if late := {id: room.finishing[id] for id in ids if id in room.finishing}:
            await asyncio.wait(late.values())
            await room.store.erase([key for id in late for key in (id, id + PREVIEW)])
        await context.database.write(functools.partial(_forget, ids=ids))
        log.info("files_erased", count=len(ids))


def _forget(connection: sa.Connection, *, ids: Sequence[str]) -> None:
    stored.forget_erased(connection, ids)
