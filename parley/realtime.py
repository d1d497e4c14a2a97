"""Socket.IO: decode what a client sends, call the domain, acknowledge; deliver what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import msgspec
import structlog
from msgspec import UNSET

from parley import contract, credentials, present, records
from parley.addresses import place_of
from parley.config import Config
from parley.contract.decode import from_value
from parley.credentials import Asking, Origins
from parley.domain import (
    access,
    conversations,
    entering,
    knocking,
    messages,
    owning,
    participants,
    removal,
    sessions,
    text,
)
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    Forbidden,
    NotJoined,
    ParleyError,
    PassphraseRequired,
)
from parley.limits.limiter import SPOKEN, Kind, Limits, Use, Who
from parley.limits.windows import Key
from parley.live.audience import Audience, Client, Credential
from parley.live.seating import Seating, check_room_for_more
from parley.wire.direct import Later
from parley.wire.handshake import Handshake
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.server import ConnectionRefused, Server

log = structlog.get_logger(__name__)

Outcome = msgspec.Struct | Awaitable[msgspec.Struct]
"""What an event's acknowledgement holds, or will; a message sent stands for its own."""


class Realtime:
    """What clients do on Socket.IO. `audience` tells them what happens."""

    def __init__(self, context: Context, config: Config, limits: Limits) -> None:
        self._context = context
        self._limits = limits
        self._origins = Origins.of(config)
        self._is_https = config.public_url.startswith("https:")
        self._events: dict[str, Callable[[Client, Any], Outcome]] = {
            "join_room": self.join_room,
            "watch_room": self.watch_room,
            "leave_room": self.leave_room,
            "send_message": self.send_message,
            "delete_message": self.delete_message,
            "sync": self.sync,
            "typing": self.typing,
            "knock": self.knock,
            "answer_knock": self.answer_knock,
            "change_conversation": self.change_conversation,
            "remove_participant": self.remove_participant,
            "let_back": self.let_back,
            "replace_link": self.replace_link,
            "end_conversation": self.end_conversation,
            "delete_conversation": self.delete_conversation,
        }
        self.server = Server(
            on_connect=self._connect,
            on_event=self._receive,
            events={name: event.data for name, event in contract.CLIENT_EVENTS.items()},
            on_unreadable=self._refuse_unreadable,
            on_disconnect=self._disconnect,
            ping_interval_s=config.ping_interval_s,
            ping_timeout_s=config.ping_timeout_s,
            max_frame_bytes=contract.FRAME_MAX_BYTES,
            join_within_s=contract.JOIN_WITHIN_S,
            places=Places(config.most_connections),
            crowded=present.crowded(RETRY_AFTER_S),
        )
        self.audience = Audience(self.server)
        self._seating = Seating(context, self.server, self.audience)

    # --- what clients send ---

    async def join_room(self, client: Client, data: contract.JoinRoom) -> contract.JoinAck:
        if data.token:
            session = await sessions.resolve(self._context, data.token)
            if session is None:
                raise Forbidden("This token is not known here. Join without it.")
            client.credential = Credential(session, proven=True, token=data.token)
            credential = client.credential
        else:
            credential = client.credential_in(data.room_id)
        credential = await self._enter_if_needed(client, credential, data)
        check_room_for_more(client, data.room_id)
        watched = client.seats.get(data.room_id)
        if watched is not None and watched.person is None:  # or it would be told of its own coming
            self.audience.unseat(client, watched.conversation_id)
        joining = participants.Joining(
            session=credential.session,
            user_id=data.user_id,
            username=data.username,
            socket=client.sid,
            proven=credential.proven,
            address=client.address,
        )
        try:
            joined = await participants.join(self._context, data.room_id, joining)
        except ParleyError:
            if watched is not None and watched.person is None and client.is_open:
                await self._seating.seat(client, watched.credential, data.room_id, None, None)
            raise
        person = joined.participant
        before = client.seat_in(person.conversation_id)
        was = None if before is None else before.person
        if was is not None and was.user_id != person.user_id:
            # Another token made somebody else of this socket: who it was is not here any more.
            await participants.leave(self._context, was, client.sid)
        if not client.is_open:
            participants.lose(self._context, person, client.sid)
            raise NotJoined
        if joined.token is not None:
            credential = Credential(joined.session, proven=False, token=joined.token)
            client.credential = credential
        state = await self._seating.seat(client, credential, data.room_id, person, data.since)
        return contract.JoinAck(
            token=UNSET if credential.token is None else credential.token,
            user_id=person.user_id,
            username=person.username,
            role="owner" if person.role is records.Role.OWNER else "member",
            seq=state.seq,
        )

    async def watch_room(self, client: Client, data: contract.WatchRoom) -> contract.WatchAck:
        seat = client.seats.get(data.room_id)
        if seat is not None and seat.person is not None:
            raise BadRequest("You are in this conversation already.")
        state = await self._seating.seat(client, client.credential, data.room_id, None, data.since)
        return contract.WatchAck(seq=state.seq)

    async def leave_room(self, client: Client, data: contract.LeaveRoom) -> contract.OkAck:
        seat = client.seats.get(data.room_id)
        if seat is None:
            await self._find(client, data.room_id)
            raise NotJoined
        self.audience.unseat(client, seat.conversation_id)
        if seat.person is not None:
            await participants.leave(self._context, seat.person, client.sid)
        return contract.OkAck()

    def send_message(self, client: Client, data: contract.SendMessage) -> Outcome:
        draft = messages.Draft(data.message, data.type, data.client_id)
        seat = client.seats.get(data.room_id)
        if seat is None or seat.person is None:
            return self._send_unseated(client, data.room_id, draft)
        _check_claims(seat.person, data)
        return messages.send(self._context, seat.person, draft)

    async def _send_unseated(
        self, client: Client, room_id: str, draft: messages.Draft
    ) -> messages.Sent:
        """Nobody can come back into what is over, but may ask again for an answer they missed."""
        try:
            await self._refuse_unseated(client, room_id)
        except ConversationIsOver:
            sent = await messages.sent_before(
                self._context, room_id, client.session_in(room_id), draft
            )
            if sent is None:
                raise
            return sent

    async def delete_message(
        self, client: Client, data: contract.DeleteMessage
    ) -> contract.ChangedAck:
        message = await messages.delete(
            self._context, data.room_id, client.session_in(data.room_id), data.id
        )
        return contract.ChangedAck(seq=message.changed_seq)

    async def sync(self, client: Client, data: contract.Sync) -> contract.SyncAck:
        if data.room_id not in client.seats:
            await self._find(client, data.room_id)
            raise NotJoined
        limit = data.limit or contract.SYNC_PAGE_MAX
        found = await conversations.changes(
            self._context,
            data.room_id,
            client.session_in(data.room_id),
            since=data.since,
            limit=limit,
        )
        return present.changes(found)

    def typing(self, client: Client, data: contract.Typing) -> Outcome:
        seat = client.seats.get(data.room_id)
        if seat is None or seat.person is None:
            return self._refuse_unseated(client, data.room_id)
        _check_claims(seat.person, data)
        if self.audience.rooms[seat.conversation_id].is_over:
            raise ConversationIsOver
        messages.type_(self._context, seat.person, is_typing=data.is_typing)
        return contract.OkAck()

    async def _refuse_unseated(self, client: Client, room_id: str) -> NoReturn:
        access.require_open((await self._find(client, room_id)).conversation)
        raise NotJoined

    async def _find(self, client: Client, room_id: str) -> Found:
        session = client.session_in(room_id)
        return await conversations.find(self._context, room_id, session)

    # --- coming in where the door is not open ---

    async def _enter_if_needed(
        self, client: Client, credential: Credential, data: contract.JoinRoom
    ) -> Credential:
        if data.passphrase is None:
            return credential
        session = credential.session
        try:
            await conversations.find(self._context, data.room_id, session)
        except PassphraseRequired:
            if session is not None and credential.token is None:
                raise BadRequest(
                    "A browser's cookie cannot be renewed on a socket: "
                    "give the passphrase on the page, or over REST."
                ) from None
            who, address, _ = client.keys_in(data.room_id)
            room = await conversations.id_at(self._context, data.room_id, session)
            async with self._limits.guessing(Who(who, address), room):
                entered = await entering.enter(
                    self._context, data.room_id, session, data.passphrase, socket=client.sid
                )
            if entered.token is not None:
                credential = Credential(entered.session, proven=True, token=entered.token)
                self.audience.renew(client, credential)
        return credential

    async def knock(self, client: Client, data: contract.Knock) -> contract.KnockAck:
        credential = client.credential
        asked = await knocking.knock(
            self._context, data.room_id, credential.session, data.username, client.address
        )
        if asked.token is not None:
            credential = Credential(asked.session, proven=True, token=asked.token)
            client.credential = credential
        if asked.knock is None:
            return contract.KnockAck(state="not_needed")
        if client.is_open:
            client.knocks[asked.conversation.id] = asked.knock.session_id
            self.server.seated(client.sid)
        return contract.KnockAck(
            state="waiting",
            id=asked.knock.id,
            token=UNSET if credential.token is None else credential.token,
        )

    # --- what owners do ---

    async def answer_knock(self, client: Client, data: contract.AnswerKnock) -> contract.OkAck:
        await knocking.answer(
            self._context, data.room_id, client.session_in(data.room_id), data.id, admit=data.admit
        )
        return contract.OkAck()

    async def change_conversation(
        self, client: Client, data: contract.ChangeConversation
    ) -> contract.OkAck:
        wishes = owning.wishes(data)
        await owning.change(self._context, data.room_id, client.session_in(data.room_id), wishes)
        return contract.OkAck()

    async def remove_participant(
        self, client: Client, data: contract.PersonOfRoom
    ) -> contract.OkAck:
        await removal.remove(
            self._context, data.room_id, client.session_in(data.room_id), data.user_id
        )
        return contract.OkAck()

    async def let_back(self, client: Client, data: contract.PersonOfRoom) -> contract.OkAck:
        await removal.let_back(
            self._context, data.room_id, client.session_in(data.room_id), data.user_id
        )
        return contract.OkAck()

    async def replace_link(self, client: Client, data: contract.OfRoom) -> contract.LinkAck:
        found = await owning.replace_link(
            self._context, data.room_id, client.session_in(data.room_id)
        )
        return contract.LinkAck(room_id=found.room_id)

    async def end_conversation(self, client: Client, data: contract.OfRoom) -> contract.OkAck:
        await conversations.end(self._context, data.room_id, client.session_in(data.room_id))
        return contract.OkAck()

    async def delete_conversation(self, client: Client, data: contract.OfRoom) -> contract.OkAck:
        await owning.delete(self._context, data.room_id, client.session_in(data.room_id))
        return contract.OkAck()

    def send_away(self) -> None:
        """Have every client come back, for what is known of them holds no more."""
        self.server.send_away()

    # --- the connection ---

    def _connect(self, sid: str, handshake: Handshake) -> Awaitable[None] | None:
        token = handshake.auth.get("token")
        cookie = None if token is not None else self._cookie(handshake)
        if token is None and cookie is None:  # as most do who come for the first time
            self._let_in(sid, handshake, Credential())
            return None
        return self._connect_as(sid, handshake, token, cookie)

    async def _connect_as(
        self, sid: str, handshake: Handshake, token: Any, cookie: str | None
    ) -> None:
        try:
            if token is not None:
                token = from_value(token, contract.Token)
            session = await sessions.resolve(self._context, token or cookie)
            if token is not None and session is None:
                raise Forbidden("This token is not known here. Connect without it.")
        except ParleyError as error:
            raise ConnectionRefused(error.text, present.error_event(error)) from error
        self._let_in(sid, handshake, Credential(session, proven=session is not None, token=token))

    def _let_in(self, sid: str, handshake: Handshake, credential: Credential) -> None:
        address = place_of(handshake.address)
        self.audience.clients[sid] = Client(sid, credential, address=address)

    def _cookie(self, handshake: Handshake) -> str | None:
        """The session's secret in a browser, where a page of our own asks."""
        if not self._origins.is_own(asking(handshake)):
            return None
        is_secure = self._is_https or handshake.scheme == "https"
        header = handshake.headers.get("cookie", "")
        return credentials.session_cookie(header, is_secure=is_secure)

    def _disconnect(self, sid: str) -> None:
        client = self.audience.clients.pop(sid, None)
        if client is None:
            return
        client.is_open = False
        seats = {seat.conversation_id: seat for seat in client.seats.values()}
        for seat in seats.values():
            self.audience.unseat(client, seat.conversation_id)
            if seat.person is not None:
                participants.lose(self._context, seat.person, sid)

    def _receive(self, sid: str, name: str, arguments: list[Any], wants_ack: bool) -> Any:
        """Answer every event: with its acknowledgement, or with an `error` event."""
        try:
            outcome, use = self._act(self.audience.clients.get(sid), name, arguments)
        except Exception as error:
            return self._refuse(sid, _failure(error, name), wants_ack)
        if isinstance(outcome, msgspec.Struct):
            return outcome

        if not isinstance(outcome, asyncio.Future):
            self.server.takes_longer(sid)

        def finish(future: asyncio.Future[Any]) -> Any:
            try:
                result = future.result()
            except Exception as error:
                if use is not None:
                    self._limits.give_back_at_once(use)
                return self._refuse(sid, _failure(error, name), wants_ack)
            if isinstance(result, messages.Sent):
                if result.duplicate and use is not None:
                    self._limits.give_back_at_once(use)
                return present.sent(result.message, duplicate=result.duplicate)
            return result

        return Later(asyncio.ensure_future(outcome), finish)

    def _refuse_unreadable(self, sid: str, wants_ack: bool) -> Any:
        failure = BadRequest(
            "An event must be JSON that begins with its name, "
            f"nested at most {contract.JSON_MAX_DEPTH} levels deep and without lone surrogates."
        )
        return self._refuse(sid, failure, wants_ack)

    def _refuse(self, sid: str, failure: ParleyError, wants_ack: bool) -> Any:
        """The acknowledgement of what was refused; an `error` event where none was asked for."""
        if wants_ack:
            return present.error_ack(failure)
        self.server.send_to((sid,), "error", present.error_event(failure))
        return None

    def _act(
        self, client: Client | None, name: str, arguments: list[Any]
    ) -> tuple[Outcome, Use | None]:
        event = contract.CLIENT_EVENTS.get(name)
        if event is None or client is None:
            known = ", ".join(contract.CLIENT_EVENTS)
            raise BadRequest(f"There is no such event. The events are: {known}.")
        fields: Any = arguments[0] if arguments else None
        if not isinstance(fields, event.data):
            if not isinstance(fields, dict):
                raise BadRequest(f"{name} needs an object with its fields.")
            fields = from_value(fields, event.data)
        room_id: str = fields.room_id
        keys, place = client.keys_in(room_id), client.place_in(room_id)
        asked = _Asked(self._context, self._events[name], client, fields)
        return self._limits.on_event(name, keys, place, asked)


class _Asked(msgspec.Struct):
    """An event of a client's, as far as the limits want to know of it."""

    context: Context
    serve: Callable[[Client, Any], Outcome]
    client: Client
    fields: Any

    def act(self) -> Outcome:
        return self.serve(self.client, self.fields)

    async def is_known(self) -> bool:
        session = await self._session()
        return await conversations.is_inside(self.context, self.fields.room_id, session)

    async def inside(self, kind: Kind) -> Key:
        session = await self._session()
        return await conversations.shares_limits(
            self.context, self.fields.room_id, session, speaks=kind in SPOKEN
        )

    def is_news(self, result: Any) -> bool:
        return not (isinstance(result, messages.Sent) and result.duplicate)

    async def _session(self) -> records.Session | None:
        """Whom it asks as, once it is done as it asks."""
        token = getattr(self.fields, "token", None)
        if token:
            return await sessions.resolve(self.context, token)
        return self.client.session_in(self.fields.room_id)


def _check_claims(
    person: records.Participant, data: contract.SendMessage | contract.Typing
) -> None:
    """Whom a socket is in the room. What the client says of itself is checked, not used."""
    if data.user_id or data.username:
        access.require_same_person(
            person, user_id=data.user_id, username=text.claimed_name(data.username)
        )


def _failure(error: Exception, event_name: str) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    log.error("event_failed", event_name=event_name, exc_info=error)
    return ParleyError()


def asking(handshake: Handshake) -> Asking:
    """Where a Socket.IO handshake comes from."""
    return Asking(
        host=handshake.headers.get("host", ""),
        origin=handshake.headers.get("origin", ""),
        fetch_site=handshake.headers.get("sec-fetch-site", ""),
        fetch_dest=handshake.headers.get("sec-fetch-dest", ""),
        changes=True,  # a poll, too, opens a way to
        is_vouched=credentials.MARK.lower() in handshake.headers,
    )
