"""Socket.IO: which event is answered by what, and the connection's coming and going.

What the handlers do is in `parley/events/`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import structlog

from parley import contract, credentials, present, records
from parley.addresses import place_of
from parley.causes import acting, current
from parley.config import Config
from parley.contract.decode import from_value
from parley.credentials import Asking, Origins
from parley.domain import access, conversations, messages, participants, sessions
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.errors import BadRequest, Forbidden, ParleyError, RateLimited, TooLarge, Unavailable
from parley.events import bots, calling, coming, owning, reading, talking
from parley.events.site import Outcome, Site
from parley.limits.limiter import SPOKEN, Kind, Limits, Use
from parley.limits.windows import Key
from parley.live.asking import AskedOfBots
from parley.live.audience import Audience, Client, Credential
from parley.live.calls import Calling
from parley.live.following import Following
from parley.live.seating import Seating
from parley.live.streaming import Streams
from parley.wire.direct import Later
from parley.wire.handshake import Handshake
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.server import Server
from parley.wire.socket_io import ConnectionRefused

log = structlog.get_logger(__name__)

HANDLERS: dict[str, Callable[[Site, Client, Any], Outcome]] = {
    "join_room": coming.join_room,
    "watch_room": coming.watch_room,
    "leave_room": coming.leave_room,
    "send_message": talking.send_message,
    "edit_message": talking.edit_message,
    "delete_message": talking.delete_message,
    "react": talking.react,
    "sync": talking.sync,
    "typing": talking.typing,
    "call_join": calling.call_join,
    "call_leave": calling.call_leave,
    "call_signal": calling.call_signal,
    "call_moderate": calling.call_moderate,
    "use_command": bots.use_command,
    "press_button": bots.press_button,
    "answer_ask": bots.answer_ask,
    "pin_message": owning.pin_message,
    "mark_read": reading.mark_read,
    "follow_mine": reading.follow_mine,
    "knock": coming.knock,
    "answer_knock": owning.answer_knock,
    "change_conversation": owning.change_conversation,
    "remove_participant": owning.remove_participant,
    "let_back": owning.let_back,
    "replace_link": owning.replace_link,
    "end_conversation": owning.end_conversation,
    "delete_conversation": owning.delete_conversation,
}
"""Each is given who sends, and what, decoded."""
HOST_READ_EVERY_S = 15.0
_FOR_READERS = frozenset(
    {"watch_room", "leave_room", "call_leave", "sync", "follow_mine", "mark_read"}
)
"""What those may ask for who are blocked from writing."""
_COMING = frozenset({"join_room", "watch_room", "follow_mine"})
"""What a client begins with, which is then told what is announced."""
_MISSED_BY_NOBODY = ("typing", "mark_read")


class Realtime:
    """What clients do on Socket.IO. `audience` tells them what happens."""

    def __init__(self, context: Context, config: Config, limits: Limits) -> None:
        self._context = context
        self._limits = limits
        self._origins = Origins.of(config)
        self._is_https = config.public_url.startswith("https:")
        self._root = config.root
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
            oversized=present.error_event(
                TooLarge(
                    f"A packet is too large: at most {contract.FRAME_MAX_BYTES // 1024} KiB. "
                    "Don't send it again."
                )
            ),
        )
        self.audience = Audience(self.server, Following(context, self.server))
        self.calling = Calling(context, self.audience, self.server)
        self.audience.calling = self.calling
        self.streams = Streams(context, self.server, self.audience)
        seating = Seating(context, self.server, self.audience)
        self.asking = AskedOfBots(context, self.audience, self.server)
        self.audience.asking = self.asking
        self._site = Site(
            context,
            limits,
            self.server,
            self.audience,
            seating,
            self.calling,
            self.asking,
            config.calls,
        )

    def send_away(self) -> None:
        """Have every client come back, for what is known of them holds no more."""
        self.server.send_away()

    async def load_host(self) -> None:
        """What the host decided changed; everybody is told what is announced now."""
        await self._context.host.load(self._context)
        self.calling.take_out_blocked()
        self._tell_announcement(*self.audience.clients.values())

    async def keep_host(self) -> None:
        """Read it now and then, where the word of another process may be lost."""
        while True:
            await asyncio.sleep(HOST_READ_EVERY_S)
            with contextlib.suppress(Unavailable):
                await self.load_host()

    def _tell_announcement(self, *clients: Client) -> None:
        """What is announced now, to those who were told something else."""
        now = self._context.host.announcement
        id, text = ("", "") if now is None else (now.id, now.text)
        behind = [client for client in clients if client.announced != id]
        for client in behind:
            client.announced = id
        if behind:
            told = contract.Announced(id=id, text=text)
            self.server.send_to([client.sid for client in behind], "announced", told)

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
                raise Forbidden("Unknown token. Connect without it.")
        except ParleyError as error:
            raise ConnectionRefused(error.text, present.error_event(error)) from error
        self._let_in(sid, handshake, Credential(session, proven=session is not None, token=token))

    def _let_in(self, sid: str, handshake: Handshake, credential: Credential) -> None:
        address = place_of(handshake.address)
        self.audience.clients[sid] = Client(
            sid, credential, address=address, request_id=handshake.request_id
        )

    def _cookie(self, handshake: Handshake) -> str | None:
        """The session's secret in a browser, where a page of our own asks."""
        header = handshake.headers.get("cookie", "")
        if not header or not self._origins.is_own(asking(handshake)):
            return None
        is_secure = self._is_https or handshake.scheme == "https"
        cookie = credentials.session_cookie(header, is_secure=is_secure, root=self._root)
        if cookie is None and is_secure and self._origins.is_in_frame(asking(handshake)):
            return credentials.frame_cookie(header, root=self._root)
        return cookie

    def _disconnect(self, sid: str) -> None:
        client = self.audience.clients.pop(sid, None)
        if client is None:
            return
        client.is_open = False
        self.audience.following.stop(sid)
        self.calling.lost(client)
        seats = {seat.conversation_id: seat for seat in client.seats.values()}
        for seat in seats.values():
            self.audience.unseat(client, seat.conversation_id)
            if seat.person is not None:
                participants.lose(self._context, seat.person, sid)

    def _receive(self, sid: str, name: str, arguments: list[Any], wants_ack: bool) -> Any:
        """Answer every event: with its acknowledgement, or with an `error` event."""
        client = self.audience.clients.get(sid)
        if client is not None:
            client.events += 1
        acting.who = client
        try:
            outcome, use = self._act(client, name, arguments)
        except Exception as error:
            return self._refuse(sid, _failure(error, name, client), wants_ack, name)
        finally:
            acting.who = None
        if isinstance(outcome, msgspec.Struct):
            return outcome

        if isinstance(outcome, asyncio.Future):
            future = outcome
        else:
            self.server.takes_longer(sid)
            future = _task_for(client, outcome)

        def finish(future: asyncio.Future[Any]) -> Any:
            try:
                result = future.result()
            except Exception as error:
                if use is not None:
                    self._limits.give_back_at_once(use)
                return self._refuse(sid, _failure(error, name, client), wants_ack, name)
            if isinstance(result, messages.Sent):
                if result.duplicate and use is not None:
                    self._limits.give_back_at_once(use)
                return present.sent(result.message, duplicate=result.duplicate)
            if isinstance(result, Changed):
                if not result.is_news and use is not None:
                    self._limits.give_back_at_once(use)
                return contract.ChangedAck(seq=result.message.changed_seq)
            return result

        return Later(future, finish)

    def _refuse_unreadable(self, sid: str, wants_ack: bool) -> Any:
        failure = BadRequest(
            "An event must be JSON that begins with its name, "
            f"nested at most {contract.JSON_MAX_DEPTH} levels deep and without lone surrogates."
        )
        return self._refuse(sid, failure, wants_ack)

    def _refuse(self, sid: str, failure: ParleyError, wants_ack: bool, name: str = "") -> Any:
        """The acknowledgement of what was refused; an `error` event where none was asked for.

        None for typing or reading too often: nobody misses it, and clients that tell of every key
        would show an error for every second one.
        """
        if wants_ack:
            return present.error_ack(failure)
        if name in _MISSED_BY_NOBODY and isinstance(failure, RateLimited):
            return None
        self.server.send_to((sid,), "error", present.error_event(failure))
        return None

    def _act(
        self, client: Client | None, name: str, arguments: list[Any]
    ) -> tuple[Outcome, Use | None]:
        event = contract.CLIENT_EVENTS.get(name)
        if event is None or client is None:
            known = ", ".join(contract.CLIENT_EVENTS)
            raise BadRequest(f"Unknown event. The events are: {known}.")
        fields: Any = arguments[0] if arguments else None
        if not isinstance(fields, event.data):
            if not isinstance(fields, dict):
                raise BadRequest(f"{name} needs an object with its fields.")
            fields = from_value(fields, event.data)
        if name not in _FOR_READERS:
            self._context.host.require_writing(client.address)
        room_id = _room_id(fields)
        session = client.session_in(room_id)
        if session is not None and session.may is not None:
            access.require_allowed(session, contract.BOTS_EVENTS.get(name))
        if self._context.host.announcement is not None and name in _COMING:
            self._tell_announcement(client)
        keys, place = client.counted_in(room_id)
        asked = _Asked(self._site, HANDLERS[name], client, fields)
        return self._limits.on_event(name, keys, place, asked)


class _Asked(msgspec.Struct):
    """An event of a client's, as far as the limits want to know of it."""

    site: Site
    serve: Callable[[Site, Client, Any], Outcome]
    client: Client
    fields: Any

    def act(self) -> Outcome:
        return self.serve(self.site, self.client, self.fields)

    async def is_known(self) -> bool:
        session, room_id = await self._session(), _room_id(self.fields)
        if not room_id:  # it asks for what is its own, and tries no link
            return session is not None
        return await conversations.is_inside(self.site.context, room_id, session)

    async def inside(self, kind: Kind) -> Key:
        session = await self._session()
        return await conversations.shares_limits(
            self.site.context, _room_id(self.fields), session, speaks=kind in SPOKEN
        )

    def is_news(self, result: Any) -> bool:
        if isinstance(result, Changed):
            return result.is_news
        return not (isinstance(result, messages.Sent) and result.duplicate)

    async def _session(self) -> records.Session | None:
        """Whom it asks as, once it is done as it asks."""
        token = getattr(self.fields, "token", None)
        if token:
            return await sessions.resolve(self.site.context, token)
        return self.client.session_in(_room_id(self.fields))


def _room_id(fields: Any) -> str:
    """Of the conversation that an event is about; empty where it is about none."""
    return getattr(fields, "room_id", "")


def _task_for(client: Client | None, outcome: Awaitable[Any]) -> asyncio.Future[Any]:
    """What takes several steps goes on as a task, for the event that it began with."""
    before = current.set("" if client is None else client.cause_id)
    try:
        if isinstance(outcome, Coroutine):
            return asyncio.get_running_loop().create_task(outcome)
        return asyncio.ensure_future(outcome)
    finally:
        current.reset(before)


def _failure(error: Exception, event_name: str, client: Client | None) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    id = "" if client is None else client.cause_id
    log.error("event_failed", event_name=event_name, request_id=id, exc_info=error)
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
