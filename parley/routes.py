"""REST: decode a call, ask the domain, present its answer. Paths and shapes are the contract's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from msgspec import UNSET, Struct
from quart import Blueprint, Response, request
from quart_cors import cors

from parley import contract, present, web
from parley.contract import decode, openapi
from parley.domain import (
    audit,
    conversations,
    entering,
    knocking,
    messages,
    owning,
    participants,
    people,
    removal,
    role_links,
)
from parley.domain.overview import overview
from parley.errors import Locked, NotFound, PassphraseRequired, TooLarge, Unavailable
from parley.limits.limiter import Kind
from parley.records import Role, Session, Visibility

Handler = Callable[..., Awaitable[Any]]
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]

_LIMITED = {
    "create": Kind.CREATIONS,
    "join": Kind.JOINS,
    "enter": Kind.JOINS,
    "knock": Kind.JOINS,
    "use_link": Kind.JOINS,
    "send": Kind.MESSAGES,
    **dict.fromkeys(
        (
            "delete_message",
            "end",
            "change",
            "delete",
            "remove",
            "let_back",
            "answer_knock",
            "answer_knocks",
            "replace_link",
            "make_link",
            "revoke_link",
        ),
        Kind.ACTS,
    ),
}

_handlers: dict[str, Handler] = {}


def rest(*, allowed_origins: tuple[str, ...]) -> Blueprint:
    """Every call of the contract, readable by scripts of `allowed_origins`."""
    blueprint = Blueprint("rest", __name__)
    for name, serve in _handlers.items():
        call = contract.CALLS[name]
        rule = call.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, name, serve, methods=[call.method])
    blueprint.add_url_rule("/openapi.json", "description", _description)
    blueprint.add_url_rule("/api/", "root", _unknown, methods=EVERY_METHOD, strict_slashes=False)
    blueprint.add_url_rule("/api/<path:_path>", "unknown", _unknown, methods=EVERY_METHOD)
    blueprint.before_request(web.admit)
    return cors(
        blueprint,
        allow_origin=list(allowed_origins),
        allow_headers=["Authorization", "Content-Type"],
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_credentials=False,
    )


def answers(name: str) -> Callable[[Handler], Handler]:
    """Serve the call `name` of the contract: its path and method, its body decoded."""
    call = contract.CALLS[name]

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        async def serve(**path: str) -> Response:
            arguments: list[Any] = [] if call.body is None else [await _body(call.body)]
            async with web.limited(_limit(name), path.get("room_id", "")) as outcome:
                reply = await handler(*arguments, **path)
                outcome.is_news = not getattr(reply, "duplicate", False)
            return reply if isinstance(reply, Response) else web.json(reply, call.status)

        _handlers[name] = serve
        return handler

    return register


@answers("create")
async def create(body: contract.CreateBody) -> Response:
    session = await web.current_session()
    created = await conversations.create(
        web.site().context,
        session,
        title=body.title,
        description=body.description,
        user_id=body.user_id,
        visibility=Visibility(body.visibility or Visibility.LISTED),
    )
    reply = await _entry(created.conversation.room_id, created.owner, created.token)
    reply.user_id = created.conversation.created_by
    return web.remember(web.json(reply, 201), created.token)


@answers("join")
async def join(body: contract.JoinBody, room_id: str) -> Response:
    session, token = await web.current_session(), None
    if body.passphrase is not None:
        session, token = await _entered(room_id, session, body.passphrase)
        web.speak_for(session)
    joining = participants.Joining(
        session,
        body.user_id,
        body.username,
        keeps_cookie=web.is_own_page(),
        address=web.address(),
    )
    joined = await participants.join(web.site().context, room_id, joining)
    token = joined.token or token
    reply = await _entry(room_id, joined.session, token)
    reply.user_id = joined.participant.user_id
    reply.username = joined.participant.username
    reply.role = "owner" if joined.participant.role is Role.OWNER else "member"
    return web.remember(web.json(reply), token)


@answers("read")
async def read(room_id: str) -> contract.ConversationReply:
    session = await web.session_if_known()
    snapshot = await conversations.snapshot(web.site().context, room_id, session)
    return contract.ConversationReply(conversation=present.conversation(snapshot))


@answers("list")
async def list_conversations() -> contract.ConversationsReply:
    query = _parameters("list")
    page, cursor = await conversations.listed(
        web.site().context,
        limit=query.get("limit", contract.CONVERSATIONS_PAGE_DEFAULT),
        cursor=query.get("cursor"),
        title_contains=query.get("q", "")[: contract.QUERY_MAX_CHARS],
    )
    public_url = web.public_url()
    return contract.ConversationsReply(
        conversations=[present.summary(found, public_url=public_url) for found in page],
        next_cursor=UNSET if cursor is None else cursor,
    )


@answers("end")
async def end(_body: contract.Nothing, room_id: str) -> contract.EndReply:
    session = await web.current_session()
    await conversations.end(web.site().context, room_id, session)
    return contract.EndReply(message="The conversation has ended.")


@answers("messages")
async def history(room_id: str) -> contract.MessagesReply:
    query = _parameters("messages")
    found, has_more = await messages.history(
        web.site().context,
        room_id,
        await web.session_if_known(),
        limit=query.get("limit", contract.MESSAGES_PAGE_DEFAULT),
        before=query.get("before"),
        after=query.get("after"),
    )
    return contract.MessagesReply(
        messages=[present.message(said) for said in found], has_more=has_more
    )


@answers("participants")
async def list_participants(room_id: str) -> contract.ParticipantsReply:
    query = _parameters("participants")
    found = await people.page(
        web.site().context,
        room_id,
        await web.session_if_known(),
        limit=query.get("limit", contract.PARTICIPANTS_PAGE_DEFAULT),
        cursor=query.get("cursor"),
    )
    return contract.ParticipantsReply(
        participants=present.people(found.shown, found.online),
        next_cursor=UNSET if found.cursor is None else found.cursor,
    )


@answers("send")
async def send(body: contract.SendBody, room_id: str) -> contract.SendReply:
    session = await web.current_session()
    draft = messages.Draft(body.message, body.type, body.client_id)
    sent = await messages.send_as(web.site().context, room_id, session, draft)
    ack = present.sent(sent.message, duplicate=sent.duplicate)
    return contract.SendReply(
        id=ack.id, seq=ack.seq, timestamp=ack.timestamp, duplicate=ack.duplicate
    )


@answers("delete_message")
async def delete_message(room_id: str, message_id: str) -> contract.MessageReply:
    session = await web.current_session()
    message = await messages.delete(web.site().context, room_id, session, message_id)
    return contract.MessageReply(message=present.message(message))


# --- coming in where the door is not open ---


@answers("enter")
async def enter(body: contract.EnterBody, room_id: str) -> Response:
    session = await web.current_session()
    async with web.guessing(room_id):
        entered = await entering.enter(web.site().context, room_id, session, body.passphrase)
    return _let_in(entered)


@answers("use_link")
async def use_link(_body: contract.Nothing, code: str) -> Response:
    session = await web.current_session()
    return _let_in(await role_links.use_link(web.site().context, session, code))


@answers("knock")
async def knock(body: contract.KnockBody, room_id: str) -> Response:
    session = await web.current_session()
    asked = await knocking.knock(web.site().context, room_id, session, body.username, web.address())
    reply = contract.KnockReply(state="not_needed")
    if asked.knock is not None:
        token = UNSET if web.is_own_page() or asked.token is None else asked.token
        reply = contract.KnockReply(state="waiting", id=asked.knock.id, token=token)
    return web.remember(web.json(reply), asked.token)


@answers("knock_state")
async def knock_state(room_id: str) -> contract.KnockReply:
    session = await web.session_if_known()
    stands = await knocking.own_knock(web.site().context, room_id, session)
    reply = contract.KnockReply(state=present.knock_state(stands))
    if reply.state == "waiting" and stands.is_locked:
        raise Locked  # who waits is told; an owner may let them in all the same
    if reply.state not in ("none", "not_needed") and stands.knock is not None:
        reply.id = stands.knock.id
    return reply


def _let_in(entered: entering.Entered) -> Response:
    now = entered.conversation.room_id
    reply = contract.EnteredReply(
        room_id=now,
        join_link=present.join_link(now, public_url=web.public_url()),
        role=present.link_role(entered.standing),
        token=UNSET if web.is_own_page() or entered.token is None else entered.token,
    )
    return web.remember(web.json(reply), entered.token)


# --- what owners do ---


@answers("manage")
async def manage(room_id: str) -> contract.ManageReply:
    seen = await overview(web.site().context, room_id, await web.current_session())
    return present.decided(seen)


@answers("change")
async def change(body: contract.ChangeBody, room_id: str) -> contract.ChangeReply:
    session, context = await web.current_session(), web.site().context
    changed = await owning.change(context, room_id, session, owning.wishes(body))
    snapshot = await conversations.snapshot(context, changed.room_id, session)
    return contract.ChangeReply(conversation=present.conversation(snapshot))


@answers("delete")
async def delete(room_id: str) -> contract.DeletedReply:
    session = await web.current_session()
    erased = await owning.delete(web.site().context, room_id, session)
    return contract.DeletedReply(
        messages=erased.messages,
        participants=erased.participants,
        links=erased.links,
        acts=erased.acts,
    )


@answers("remove")
async def remove(body: contract.PersonBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await removal.remove(web.site().context, room_id, session, body.user_id)
    return contract.DoneReply()


@answers("let_back")
async def let_back(body: contract.PersonBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await removal.let_back(web.site().context, room_id, session, body.user_id)
    return contract.DoneReply()


@answers("answer_knock")
async def answer_knock(
    body: contract.AnswerBody, room_id: str, knock_id: str
) -> contract.DoneReply:
    session = await web.current_session()
    await knocking.answer(web.site().context, room_id, session, knock_id, admit=body.admit)
    return contract.DoneReply()


@answers("answer_knocks")
async def answer_knocks(body: contract.AnswerBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await knocking.answer_all(web.site().context, room_id, session, admit=body.admit)
    return contract.DoneReply()


@answers("replace_link")
async def replace_link(_body: contract.Nothing, room_id: str) -> contract.ReplacedLinkReply:
    session = await web.current_session()
    now = (await owning.replace_link(web.site().context, room_id, session)).room_id
    return contract.ReplacedLinkReply(
        room_id=now, join_link=present.join_link(now, public_url=web.public_url())
    )


@answers("make_link")
async def make_link(body: contract.LinkBody, room_id: str) -> contract.NewLinkReply:
    made = await role_links.make_link(
        web.site().context,
        room_id,
        await web.current_session(),
        role=Role(body.role),
        label=body.label,
        expires_in_s=body.expires_in_s,
        uses_max=body.uses_max,
    )
    url = present.role_link(made.code, public_url=web.public_url())
    return contract.NewLinkReply(link=present.link(made.link), url=url)


@answers("revoke_link")
async def revoke_link(room_id: str, link_id: str) -> contract.DoneReply:
    session = await web.current_session()
    number = int(link_id) if link_id.isascii() and link_id.isdigit() and len(link_id) < 19 else 0
    await role_links.revoke_link(web.site().context, room_id, session, number)
    return contract.DoneReply()


@answers("acts")
async def acts(room_id: str) -> contract.ActsReply:
    query = _parameters("acts")
    found, has_more = await audit.acts(
        web.site().context,
        room_id,
        await web.current_session(),
        limit=query.get("limit", contract.ACTS_PAGE_DEFAULT),
        before=query.get("before"),
    )
    return contract.ActsReply(acts=[present.act(each) for each in found], has_more=has_more)


@answers("health")
async def health() -> contract.HealthReply:
    active, total = await conversations.count(web.site().context)
    return contract.HealthReply(
        active_conversations=active,
        total_conversations=total,
        active_connections=web.site().connection_count(),
    )


@answers("ready")
async def ready() -> contract.ReadyReply:
    if not web.site().is_ready:
        raise Unavailable("The server is starting or stopping.", retry_after=1.0)
    await conversations.require_storage(web.site().context)
    return contract.ReadyReply()


async def _description() -> Response:
    return web.json(openapi.document())


async def _unknown(_path: str = "") -> Response:
    raise NotFound("There is no such call. GET /openapi.json lists them all.")


async def _entered(
    room_id: str, session: Session | None, passphrase: str
) -> tuple[Session | None, str | None]:
    """The session that came in by the passphrase, where one is needed, and its new token."""
    try:
        await conversations.find(web.site().context, room_id, session)
    except PassphraseRequired:
        async with web.guessing(room_id):
            entered = await entering.enter(web.site().context, room_id, session, passphrase)
        return entered.session, entered.token
    return session, None


async def _entry(room_id: str, session: Session, token: str | None) -> contract.JoinReply:
    """What creating and joining have in common: the conversation, and how to get back in."""
    snapshot = await conversations.snapshot(web.site().context, room_id, session)
    now = snapshot.conversation.room_id
    return contract.JoinReply(
        room_id=now,
        join_link=present.join_link(now, public_url=web.public_url()),
        conversation=present.conversation(snapshot),
        role="owner",
        # A page of our own has the cookie, which scripts cannot read: better than a token they can.
        token=UNSET if web.is_own_page() else token or web.presented_token() or UNSET,
    )


def _limit(name: str) -> Kind | None:
    """What a call counts as, if it is limited."""
    if name == "list":
        return Kind.SEARCHES if request.args.get("q") else None
    return _LIMITED.get(name)


async def _body(type: type[Struct]) -> Struct:
    """The JSON body; none at all is an empty object."""
    raw: Any = await request.get_data(as_text=False)  # bytes, though its type allows for text
    if type is contract.Nothing:
        return type()
    if len(raw) > contract.FRAME_MAX_BYTES:
        raise TooLarge(f"The body is too large: at most {contract.FRAME_MAX_BYTES // 1024} KiB.")
    return decode.from_json(raw.strip() or b"{}", type)


def _parameters(name: str) -> dict[str, Any]:
    """The query parameters that the call declares, checked; those not given are left out."""
    return {
        parameter.name: decode.from_query(text, parameter.name, parameter.schema)
        for parameter in contract.CALLS[name].parameters
        if (text := request.args.get(parameter.name)) is not None
    }
