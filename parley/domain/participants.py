"""Participants: joining as somebody, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from parley.domain import (
    access,
    conversations,
    door,
    looks,
    names,
    naming,
    proof,
    reading,
    sessions,
    text,
)
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.newcomers import Joined as Joined
from parley.domain.newcomers import Joining as Joining
from parley.domain.newcomers import Newcomer
from parley.errors import IdentityMismatch, IdentityTaken, NotJoined, ParleyError, Unavailable
from parley.records import (
    Conversation,
    PartChanged,
    Participant,
    ParticipantArrived,
    ParticipantLeft,
    Reading,
    Role,
    Session,
    Standing,
)
from parley.storage import conversations as stored_conversations
from parley.storage import forgetting as stored_forgetting
from parley.storage import participants as stored
from parley.storage import readings
from parley.storage import sessions as stored_sessions

T = TypeVar("T")

LOOKED_AT_ONCE = 200
"""People in one reading, when it is looked for who is away: less than a millisecond."""
REST_S = 0.01
"""After each."""

_leaving: set[asyncio.Task[object]] = set()
"""Keeps the tasks that mark people as gone alive until they are done."""


async def join(context: Context, room_id: str, joining: Joining) -> Joined:
    """Become a participant, or come back as the one this session is.

    Raises `ConversationNotFound`, `ConversationIsOver`, `IdentityTaken` for a
    user_id of somebody else, `IdentityMismatch` for one that is not the
    session's own here, `NameTaken` or `BadRequest` for a new name they may not have.
    """
    wanted_id = text.user_id(joining.user_id)
    is_bot = joining.session is not None and joining.session.is_bot
    # What a bot is called, owners say.
    name = "" if is_bot else text.claimed_name(joining.username)
    at = context.clock()

    def work(connection: sa.Connection) -> Joined:
        found = door.find(connection, room_id, joining.session)
        conversation = found.conversation
        access.require_joining(conversation, found.standing)
        before = _already(found.person, wanted_id)
        if before is None and wanted_id is not None:
            before = _taken_up(context, connection, conversation, joining, wanted_id)
        session, token = _session(connection, joining, found.id, before, at=at)
        user_id = wanted_id or _fresh_id(connection, found) if before is None else before.user_id
        username = name or (
            text.username(None, user_id=user_id) if before is None else before.username
        )
        is_owner = found.standing is Standing.OWNER
        claim = naming.claim(
            connection, found.id, username, before=before, is_owner=is_owner, at=at
        )
        standing, on_socket = found.standing, joining.socket is not None
        unproven_from = None
        if not session.token_used:
            unproven_from = _unproven_from(context, found.id, joining, before)
        if before is None:
            person = stored.insert(
                connection,
                conversation_id=found.id,
                user_id=user_id,
                username=username,
                session_id=session.id,
                role=access.role(standing),
                at=at,
                visits=int(on_socket),
                name_key=claim.key,
                named_at=claim.since,
                unproven_from=unproven_from,
            )
        else:
            if before.session_id != session.id:
                readings.forget(connection, found.id, user_id)  # what another has read
            # What they said, they said under another.
            afresh = {"has_spoken": claim.has_spoken} if claim.is_another else {}
            naming.give_up(connection, before, claim, at=at)
            person = stored.change(
                connection,
                before,
                **afresh,
                session_id=session.id,
                username=username,
                role=before.role if is_bot else access.role(standing),
                left_at=None,
                left_for_good=False,
                called_at=at,
                visits=before.visits_next(on_socket=on_socket),
                name_key=claim.key,
                named_at=claim.since,
                is_alike=claim.is_alike,
                unproven_from=unproven_from,
                first_session_id=_first_session(before, session),
            )
        marked = [] if claim.is_alone else naming.mark(connection, found.id, claim.key)
        if before is not None and claim.is_another:
            marked += naming.mark(connection, found.id, names.skeleton(before.username))
        person = next((each for each in marked if each.user_id == user_id), person)
        came_in = before is None or before.left_at is not None
        count = conversation.participant_count
        if came_in:
            count = stored_conversations.change_participant_count(connection, conversation.id, 1)
        was_elsewhere = False
        if context.cluster is not None:
            comes = context.cluster.comes if on_socket else context.cluster.comes_without_socket
            was_elsewhere = comes(context, connection, person)
        if person.is_unproven and joining.socket is not None:
            context.presence.expect(person, joining.socket)
        had_read = _had_read(connection, before)
        return Joined(
            person,
            session,
            token,
            count,
            came_in,
            renamed=before is not None and _looks_new(before, person),
            marked=tuple(each for each in marked if each.user_id != user_id),
            seq=conversation.seq,
            read_seq=0 if had_read is None else had_read.seq,
            shown_reading=reading.shown_by(conversation, person, had_read, among=count),
            was_elsewhere=was_elsewhere,
            became_theirs=came_in or (before is not None and before.session_id != session.id),
            look=looks.show(connection, conversation, person, session) if came_in else None,
        )

    def tell(joined: Joined) -> None:
        context.counts.joins += joined.came_in
        if joining.socket is None:
            # Within the grace too: the others see them, and their socket brings no news of it.
            is_here = context.presence.stay(joined.participant) or joined.was_elsewhere
            arrived = joining.announced and joined.came_in
            is_news = arrived or (joined.renamed and (is_here or joining.announced))
        else:
            arrived = context.presence.enter(joined.participant, joining.socket)
            arrived = arrived and not joined.was_elsewhere
            is_news = (arrived and not is_bot) or joined.renamed
        if is_news:
            context.bus.publish(ParticipantArrived(joined.participant, joined.participant_count))
            if arrived and joined.shown_reading is not None:
                context.bus.publish(joined.shown_reading)
        elif joined.became_theirs:
            context.bus.publish(PartChanged(joined.participant.conversation_id, joined.session.id))
        naming.tell(context, joined.marked, joined.participant_count)
        if joined.look is not None:
            context.bus.publish(joined.look)

    # Else their session is changed, too: by others who join elsewhere as well.
    is_within = joining.session is None or joining.session.token_used
    within = room_id if is_within else None
    run: Callable[[sa.Connection], Joined] = work
    if joining.session is None and wanted_id is None and context.cluster is None:
        run = Newcomer(context, room_id, name, joining, at, work)
    try:
        return await context.database.write(run, tell, conversation=within)
    except BaseException:
        context.presence.expect_no_more(joining.socket)
        raise


class Away(ParleyError):
    """Somebody does something who had left: they come in first, and then do it."""


async def coming_back(
    context: Context, room_id: str, session: Session | None, act: Callable[[bool], Awaitable[T]]
) -> T:
    """What somebody does over REST or by a form: who had left, or was counted as gone, is back by
    it, and the others are told.

    `act` is given whether they are back; where they are not, it stores nothing and raises `Away`.
    """
    try:
        return await act(False)
    except Away:
        await join(context, room_id, Joining(session, announced=True))
    return await act(True)


async def may_come_back(context: Context, room_id: str, joining: Joining) -> bool:
    """Whether joining so would take up somebody who has been here.

    Raises what keeps them from reading, `ConversationIsOver`, `BadRequest` for what is no user_id,
    or `IdentityMismatch` for a name that is not that person's.
    """
    wanted_id, name = text.user_id(joining.user_id), text.claimed_name(joining.username)

    def look(connection: sa.Connection) -> bool:
        found = door.readable(connection, room_id, joining.session)
        access.require_open(found.conversation)
        holder = None if wanted_id is None else stored.by_user(connection, found.id, wanted_id)
        if holder is None or not _is_free(context, connection, found.conversation, joining, holder):
            return False
        access.require_same_person(holder, user_id=None, username=name)
        return True

    return await context.database.read(look)


async def leave(context: Context, person: Participant, socket: str) -> None:
    """Leave by one's own wish: gone at once, unless another socket of theirs is still here."""
    gone: list[Participant] = []
    context.presence.exit(person, socket, grace_s=0, gone=gone.append)
    for each in gone:
        await _mark_gone_in_time(context, each)


async def leave_as(context: Context, room_id: str, session: Session | None) -> None:
    """Leave as whoever the session is there, on every device: gone at once. They may come back.

    Raises `NotJoined`, and what keeps them from reading. Leaving twice changes nothing.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> ParticipantLeft | PartChanged | None:
        found = door.readable(connection, room_id, session)
        person = found.person
        if person is None:
            raise NotJoined
        if person.left_for_good:
            return None
        gone = stored.change(connection, person, left_at=person.left_at or at, left_for_good=True)
        if person.left_at is not None:
            return PartChanged(found.id, person.session_id)
        count = stored_conversations.change_participant_count(connection, found.id, -1)
        return ParticipantLeft(gone, count, is_everywhere=True)

    def tell(left: ParticipantLeft | PartChanged | None) -> None:
        if isinstance(left, ParticipantLeft):
            context.presence.forget(left.participant)
        if left is not None:
            context.bus.publish(left)

    await context.database.write(work, tell, conversation=room_id)


def lose(context: Context, person: Participant, socket: str) -> None:
    """A connection broke: gone only if they do not come back within the grace."""

    def gone(person: Participant) -> None:
        _start(_mark_gone_in_time(context, person))

    context.presence.exit(person, socket, grace_s=context.leave_grace_s, gone=gone)


async def _mark_gone_in_time(context: Context, person: Participant) -> None:
    """Later, where nothing can be stored now: else who is on no socket would stay on one of this
    process, for all the others know.
    """
    try:
        await _mark_gone(context, person)
    except Unavailable:
        if context.cluster is None:
            raise
        context.cluster.owes.append(person)


async def settle_owed(context: Context) -> None:
    """Store what could not be stored when people left."""
    if context.cluster is None:
        return
    owed, context.cluster.owes = context.cluster.owes, []
    for person in owed:
        if not context.presence.is_waited_for(person):
            await _mark_gone_in_time(context, person)


async def forget_sockets(context: Context) -> bool:
    """At the start: nobody is on a socket, whatever was noted before the stop; unless other
    processes run. Whether none does.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> bool:
        is_first = context.cluster is None or context.cluster.begin(connection)
        if is_first:
            stored.forget_sockets(connection, at=at)
        return is_first

    return await context.database.write(work)


async def count_gone(context: Context, *, since: datetime) -> int:
    """Count those as gone who are here without a socket and have not called about it since; how
    many are told of. Whoever looks at its page or calls anything about it with their token stays;
    what else their session does keeps them nowhere.
    """
    count, last = 0, None
    while page := await context.database.read(
        stored_forgetting.present_after, last, limit=LOOKED_AT_ONCE
    ):
        last = page[-1].person
        away = [each for each in page if each.called_at < since and not _stays(each.person)]
        if context.cluster is not None and away:
            away = await context.database.read(context.cluster.without_socket, away)
        for each in away:
            if not _is_about(context, each.person):
                count += await _mark_gone(context, each.person, if_away=True)
        await asyncio.sleep(REST_S)
    return count


def _is_about(context: Context, person: Participant) -> bool:
    """For the writer's thread too."""
    return context.presence.is_waited_for(person) or context.seen.lately(person.session_id)


def _stays(person: Participant) -> bool:
    """A bot is where an owner put it, on a socket or not, until one revokes it."""
    return person.role is Role.BOT


async def _mark_gone(context: Context, person: Participant, *, if_away: bool = False) -> bool:
    """Whether they were here. `if_away` leaves those who came back meanwhile."""
    at = context.clock()

    def work(connection: sa.Connection) -> int | None:
        if stored_conversations.by_id(connection, person.conversation_id) is None:
            return None  # deleted, and only not erased yet
        now = stored.by_user(connection, person.conversation_id, person.user_id)
        # A newer visit, or a leave told already: there is nothing to tell.
        if now is None or now.left_at is not None:
            return None
        if context.cluster is None or if_away:
            if now.visits != person.visits:
                return None
        elif not context.cluster.goes(connection, person, now):
            return None
        if _stays(now):
            return None
        if if_away and (
            now.session_id != person.session_id
            or _is_about(context, person)
            or (context.cluster is not None and context.cluster.is_about(connection, person))
        ):
            return None
        stored.change(connection, now, left_at=at)
        return stored_conversations.change_participant_count(connection, person.conversation_id, -1)

    def tell(count: int | None) -> None:
        if count is not None:
            if if_away:
                context.presence.forget(person)
            context.bus.publish(ParticipantLeft(person, count))

    within = person.conversation_id
    return await context.database.write(work, tell, conversation=within) is not None


def _already(person: Participant | None, wanted_id: str | None) -> Participant | None:
    if person is not None and wanted_id not in (None, person.user_id):
        raise IdentityMismatch(
            "You have already joined this conversation: join again without a user_id, "
            "or with your own."
        )
    return person


def _looks_new(before: Participant, now: Participant) -> bool:
    return (before.username, before.is_alike) != (now.username, now.is_alike)


def _taken_up(
    context: Context,
    connection: sa.Connection,
    conversation: Conversation,
    joining: Joining,
    wanted_id: str,
) -> Participant | None:
    """The participant of that id, where it may be taken up again; None where there is none."""
    holder = stored.by_user(connection, conversation.id, wanted_id)
    if holder is None:
        return None
    if not _is_free(context, connection, conversation, joining, holder):
        raise IdentityTaken
    return holder


def _is_free(
    context: Context,
    connection: sa.Connection,
    conversation: Conversation,
    joining: Joining,
    holder: Participant,
) -> bool:
    return not joining.has_token and access.may_take_up(
        holder,
        stored_sessions.by_id(connection, holder.session_id),
        place=proof.place_key(context, conversation.id, joining.address),
        is_on_socket=context.presence.is_taken(holder, but=joining.socket)
        or (context.cluster is not None and context.cluster.is_taken(connection, holder)),
        needs_proof=context.require_proof or conversation.needs_proof,
    )


def _session(
    connection: sa.Connection,
    joining: Joining,
    conversation_id: int,
    before: Participant | None,
    *,
    at: datetime,
) -> tuple[Session, str | None]:
    """As whom they join, and the token of a session made for it."""
    if joining.session is None:
        in_use = joining.keeps_cookie
        return sessions.begin(connection, at=at, in_use=in_use, joins=conversation_id)
    if joining.session.token_used:
        return joining.session, None
    # What a socket holds is of some time ago: its token may have been used since, elsewhere.
    session = stored_sessions.by_id(connection, joining.session.id)
    if not session.token_used and (before is None or before.session_id != session.id):
        stored_sessions.note_unproven(connection, session.id, conversation_id)
    return session, None


def _unproven_from(
    context: Context, conversation_id: int, joining: Joining, before: Participant | None
) -> str:
    """Where somebody came from who is not proven, when they came first."""
    if before is not None and before.unproven_from is not None:
        return before.unproven_from
    return proof.place_key(context, conversation_id, joining.address)


def _first_session(before: Participant, now: Session) -> int | None:
    """Whose token wins this participant back from whoever it is now."""
    if before.session_id == now.id:
        return before.first_session_id
    first = before.first_session_id or before.session_id
    return None if first == now.id else first


def _had_read(connection: sa.Connection, before: Participant | None) -> Reading | None:
    if before is None:
        return None
    return readings.find(connection, before.conversation_id, before.user_id)


def _fresh_id(connection: sa.Connection, found: Found) -> str:
    """A random id; for the owner the one the conversation was created by, if still free."""
    created_by = found.conversation.created_by
    if found.standing is Standing.OWNER and not stored.by_user(connection, found.id, created_by):
        return created_by
    return conversations.new_user_id()


def _start(work: Coroutine[Any, Any, object]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
