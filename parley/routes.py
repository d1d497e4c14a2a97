"""REST: which call is answered by what, and what it counts as.

Paths and shapes are the contract's; what the handlers do is in `parley/calls/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from msgspec import Struct
from quart import Blueprint, Response, current_app, request
from quart_cors import cors
from werkzeug import exceptions

from parley import contract, web
from parley.calls import (
    accounts,
    admin,
    bots,
    calling,
    claims,
    contacts,
    conversations,
    desks,
    door,
    epochs,
    export,
    files,
    hooks,
    imports,
    invitations,
    links,
    mail,
    messages,
    people,
    providers,
    push,
    reactions,
    reading,
    reports,
    searching,
    service,
    streaming,
    uploads,
)
from parley.contract import asyncapi, decode, openapi
from parley.errors import (
    AccountRequired,
    BadRequest,
    Forbidden,
    NotFound,
    NotJoined,
    OldLink,
    TokenRequired,
    TooLarge,
)
from parley.limits.limiter import Kind
from parley.paths import Paths

Handler = Callable[..., Awaitable[Any]]
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

HANDLERS: dict[str, Handler] = {
    "create": conversations.create,
    "accept_invitation": invitations.accept,
    "join": people.join,
    "leave": people.leave,
    "read": conversations.read,
    "list": conversations.list_conversations,
    "mine": reading.mine,
    "mail": mail.wish,
    "set_mail": mail.ask,
    "unset_mail": mail.take_back,
    "end": conversations.end,
    "search": searching.search,
    "search_all": searching.search_all,
    "messages": messages.history,
    "events": streaming.events,
    "export": export.export,
    "participants": people.list_participants,
    "mark_read": reading.mark_read,
    "pin_conversation": reading.pin_conversation,
    "draft": reading.draft,
    "keep_draft": reading.keep_draft,
    "unread": reading.unread,
    "call_servers": calling.call_servers,
    "send": messages.send,
    "upload": files.upload,
    "set_still": files.set_still,
    "import": imports.import_file,
    "import_state": imports.import_state,
    "store_import": imports.store_import,
    "files": files.sent,
    "edit_message": messages.edit_message,
    "delete_message": messages.delete_message,
    "pins": messages.pinned,
    "pin_message": messages.pin_message,
    "unpin_message": messages.unpin_message,
    "react": reactions.react,
    "unreact": reactions.unreact,
    "enter": door.enter,
    "use_link": door.use_link,
    "knock": door.knock,
    "knock_state": door.knock_state,
    "manage": conversations.manage,
    "change": conversations.change,
    "delete": conversations.delete,
    "remove": people.remove,
    "hand_over": people.hand_over,
    "set_role": people.set_role,
    "let_back": people.let_back,
    "imported_people": claims.imported_people,
    "claim": claims.claim,
    "answer_claim": claims.answer_claim,
    "answer_knock": door.answer_knock,
    "answer_knocks": door.answer_knocks,
    "replace_link": conversations.replace_link,
    "begin_epoch": epochs.begin_epoch,
    "epochs": epochs.kept,
    "make_link": links.make_link,
    "revoke_link": links.revoke_link,
    "bots": bots.listed,
    "make_bot": bots.make,
    "change_bot": bots.change,
    "renew_bot": bots.renew,
    "revoke_bot": bots.revoke,
    "declare_commands": bots.declare_commands,
    "commands": bots.commands,
    "answer_ask": bots.answer_ask,
    "hooks": hooks.list_hooks,
    "make_hook": hooks.make_hook,
    "remove_hook": hooks.remove_hook,
    "webhooks": hooks.list_webhooks,
    "make_webhook": hooks.make_webhook,
    "change_webhook": hooks.change_webhook,
    "remove_webhook": hooks.remove_webhook,
    "deliveries": hooks.deliveries,
    "replay_delivery": hooks.replay_delivery,
    "report": reports.report,
    "reports": reports.list_reports,
    "resolve_report": reports.resolve,
    "acts": conversations.acts,
    "push": push.push,
    "subscribe": push.subscribe,
    "unsubscribe": push.unsubscribe,
    "notifications": push.notifications,
    "set_notifications": push.set_notifications,
    "account": accounts.account,
    "start_account": accounts.start,
    "change_account": accounts.change,
    "delete_account": accounts.delete,
    "sign_in": accounts.sign_in,
    "sign_out": accounts.sign_out,
    "sign_out_device": accounts.sign_out_device,
    "make_codes": accounts.make_codes,
    "make_contact_link": contacts.make_link,
    "remove_contact_link": contacts.remove_link,
    "unblock": contacts.unblock,
    "invites": contacts.waiting,
    "answer_invite": contacts.answer,
    "invite": contacts.invite,
    "desks": desks.mine,
    "make_desk": desks.make,
    "change_desk": desks.change,
    "remove_desk": desks.remove,
    "desk": desks.look,
    "start_at_desk": desks.start,
    "passkey_challenge": accounts.passkey_challenge,
    "add_passkey": accounts.add_passkey,
    "passkey_sign_in": accounts.passkey_sign_in,
    "set_picture": accounts.set_picture,
    "remove_picture": accounts.remove_picture,
    "chest": accounts.chest,
    "put_chest": accounts.put_chest,
    "rename_passkey": accounts.rename_passkey,
    "remove_passkey": accounts.remove_passkey,
    "ask_provider": providers.ask,
    "provider_sign_in": providers.sign_in,
    "provider_start_account": providers.start_account,
    "remove_identity": providers.remove,
    "admin": admin.overview,
    "admin_waiting": admin.waiting,
    "admin_conversations": admin.list_conversations,
    "admin_conversation": admin.conversation,
    "admin_people": admin.people,
    "admin_block_person": admin.block_person,
    "admin_end": admin.end,
    "admin_delete": admin.delete,
    "admin_owner_link": admin.owner_link,
    "admin_reports": admin.list_reports,
    "admin_report": admin.report,
    "admin_resolve_report": admin.resolve_report,
    "admin_delete_reported": admin.delete_reported,
    "admin_blocks": admin.list_blocks,
    "admin_block": admin.block,
    "admin_unblock": admin.unblock,
    "admin_announce": admin.announce,
    "admin_invitations": admin.list_invitations,
    "admin_invite": admin.invite,
    "admin_revoke_invitation": admin.revoke_invitation,
    "admin_limits": admin.limits,
    "admin_acts": admin.acts,
    "admin_admins": admin.list_admins,
    "health": service.health,
    "ready": service.ready,
}
"""Each is given the decoded body, where its call has one, and the parts of its path by name."""

_LIMITED = {
    "create": Kind.CREATIONS,
    "import": Kind.CREATIONS,
    "store_import": Kind.CREATIONS,
    "join": Kind.JOINS,
    "leave": Kind.JOINS,
    "enter": Kind.JOINS,
    "events": Kind.JOINS,
    "knock": Kind.JOINS,
    "claim": Kind.JOINS,
    "use_link": Kind.JOINS,
    "accept_invitation": Kind.JOINS,
    "start_at_desk": Kind.CREATIONS,
    "answer_ask": Kind.MESSAGES,
    "edit_message": Kind.MESSAGES,
    "export": Kind.SEARCHES,
    "react": Kind.MESSAGES,
    "mark_read": Kind.READINGS,
    "keep_draft": Kind.READINGS,
    "report": Kind.REPORTS,
    "search": Kind.SEARCHES,
    "search_all": Kind.SEARCHES,
    "send": Kind.MESSAGES,
    "unreact": Kind.MESSAGES,
    "upload": Kind.UPLOADS,
    "set_still": Kind.UPLOADS,
    "set_picture": Kind.UPLOADS,
    "start_account": Kind.SIGN_INS,
    "sign_in": Kind.SIGN_INS,
    "passkey_challenge": Kind.SIGN_INS,
    "add_passkey": Kind.SIGN_INS,
    "passkey_sign_in": Kind.SIGN_INS,
    "ask_provider": Kind.SIGN_INS,
    "provider_sign_in": Kind.SIGN_INS,
    "provider_start_account": Kind.SIGN_INS,
    "invite": Kind.INVITES,
    "answer_invite": Kind.JOINS,
    "set_mail": Kind.MAILS,
    "unset_mail": Kind.JOINS,
    **dict.fromkeys(
        (
            "delete_message",
            "pin_message",
            "unpin_message",
            "end",
            "change",
            "delete",
            "remove",
            "let_back",
            "hand_over",
            "set_role",
            "answer_claim",
            "answer_knock",
            "answer_knocks",
            "replace_link",
            "begin_epoch",
            "make_link",
            "revoke_link",
            "make_bot",
            "change_bot",
            "renew_bot",
            "revoke_bot",
            "declare_commands",
            "make_hook",
            "remove_hook",
            "make_webhook",
            "change_webhook",
            "remove_webhook",
            "replay_delivery",
            "resolve_report",
            "subscribe",
            "unsubscribe",
            "set_notifications",
            "pin_conversation",
            "change_account",
            "delete_account",
            "sign_out",
            "sign_out_device",
            "make_codes",
            "make_contact_link",
            "remove_contact_link",
            "unblock",
            "make_desk",
            "change_desk",
            "remove_desk",
            "put_chest",
            "remove_picture",
            "rename_passkey",
            "remove_passkey",
            "remove_identity",
            "admin_block_person",
            "admin_end",
            "admin_delete",
            "admin_owner_link",
            "admin_resolve_report",
            "admin_delete_reported",
            "admin_block",
            "admin_unblock",
            "admin_announce",
            "admin_invite",
            "admin_revoke_invitation",
        ),
        Kind.ACTS,
    ),
}


def _methods() -> dict[str, set[str]]:
    methods: dict[str, set[str]] = {DESCRIPTION: {"GET"}}
    for call in contract.CALLS.values():
        methods.setdefault(_rule(call), set()).add(call.method)
    for taken in methods.values():
        taken |= {"HEAD", "OPTIONS"} if "GET" in taken else {"OPTIONS"}
    for rule, by_method in uploads.HANDLERS.items():
        methods[rule] = {*by_method, "OPTIONS"}
    return methods


def _rule(call: contract.Call) -> str:
    return call.path.replace("{", "<").replace("}", ">")


DESCRIPTION = "/openapi.json"
DESCRIPTION_OF_EVENTS = "/asyncapi.json"
_METHODS = _methods()
"""What each path takes, by its rule."""
_OF_MAIL = {_rule(call) for call in contract.CALLS.values() if call.is_of_mail}


def rest(*, allowed_origins: tuple[str, ...], has_mail: bool = False) -> Blueprint:
    """Every call of the contract, readable by scripts of `allowed_origins`. Those of mail are left
    out unless the server sends any.
    """
    blueprint = Blueprint("rest", __name__)
    missing = set() if has_mail else _OF_MAIL
    for name, handler in HANDLERS.items():
        call = contract.CALLS[name]
        if _rule(call) in missing:
            continue
        blueprint.add_url_rule(
            _rule(call),
            name,
            _serving(name, handler),
            methods=[call.method],
            provide_automatic_options=False,
        )
    blueprint.add_url_rule(
        DESCRIPTION, "description", _description, provide_automatic_options=False
    )
    blueprint.add_url_rule(
        DESCRIPTION_OF_EVENTS,
        "description_of_events",
        _description_of_events,
        provide_automatic_options=False,
    )
    for rule, by_method in uploads.HANDLERS.items():
        for method, upload in by_method.items():
            blueprint.add_url_rule(
                rule,
                f"upload_{upload.__name__}",
                uploads.told(upload),
                methods=[method],
                provide_automatic_options=False,
            )
    for rule, taken in _METHODS.items():
        if rule in missing:
            continue
        # Else these would lead to whatever else matches the path: a conversation called "create".
        own = uploads.HANDLERS.get(rule, {})
        others = [m for m in EVERY_METHOD if m not in own and m not in taken - {"OPTIONS"}]
        blueprint.add_url_rule(
            rule, "not_taken", _not_taken, methods=others, provide_automatic_options=False
        )
    for rule in ("/api/", "/api/<path:_path>"):
        blueprint.add_url_rule(
            rule,
            "unknown",
            _unknown,
            methods=EVERY_METHOD,
            strict_slashes=False,
            provide_automatic_options=False,
        )
    blueprint.before_request(web.admit)
    return cors(
        blueprint,
        allow_origin=list(allowed_origins),
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID", *uploads.ALLOWED_HEADERS],
        expose_headers=list(uploads.EXPOSED_HEADERS),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_credentials=False,
    )


def methods_at(path: str) -> set[str]:
    """The methods that a path of REST takes; none where there is no such endpoint."""
    paths = cast("Paths", current_app.url_map)
    found = paths.find(path, "OPTIONS")
    return set() if found is None else _METHODS.get(found[0].rule, set())


def _serving(name: str, handler: Handler) -> Handler:
    """Decode the body, ask the limits, and answer with what the handler gives."""
    call = contract.CALLS[name]

    async def serve(**path: str) -> Response:
        arguments: list[Any] = [] if call.body is None else [await _body(call)]
        async with web.limited(_limit(name), path.get("room_id", "")) as outcome:
            try:
                reply = await handler(*arguments, **path)
            except (AccountRequired, BadRequest, Forbidden, NotJoined, OldLink):
                if call.credential and await web.lacks_token():
                    raise TokenRequired from None
                raise
            outcome.is_news = not getattr(reply, "duplicate", False)
        return reply if isinstance(reply, Response) else web.json(reply, call.status)

    return serve


def _limit(name: str) -> Kind | None:
    """What a call counts as, if it is limited."""
    if name in ("list", "participants"):
        return Kind.SEARCHES if request.args.get("q") else None
    return _LIMITED.get(name)


async def _body(call: contract.Call) -> Struct:
    """The JSON body; none at all is an empty object."""
    raw: Any = await request.get_data(as_text=False)  # bytes, though its type allows for text
    if len(raw) > call.body_max_bytes:
        raise TooLarge(f"The body is too large: at most {call.body_max_bytes // 1024} KiB.")
    return decode.from_json(raw.strip() or b"{}", call.body or contract.Nothing)


async def _description() -> Response:
    return web.json(openapi.document(has_mail=web.site().context.mail is not None, root=web.root()))


async def _description_of_events() -> Response:
    return web.json(asyncapi.document(root=web.root()))


async def _not_taken(**_path: str) -> Response:
    """Every other method of a path there is."""
    methods = methods_at(request.path)
    if request.method == "OPTIONS":
        return Response("", headers={"Allow": ", ".join(sorted(methods))})
    raise exceptions.MethodNotAllowed(valid_methods=methods)


async def _unknown(_path: str = "") -> Response:
    if request.method == "OPTIONS":
        return Response("")  # so that a script of another origin may read that there is nothing
    raise NotFound("Unknown endpoint. GET /openapi.json lists them all.")
