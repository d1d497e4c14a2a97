"""The page where owners let other programs post, and have others told what happens."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.calls import hooks as calls
from parley.contract import decode
from parley.domain import conversations
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    Encrypted,
    Forbidden,
    NameTaken,
    NotFound,
    RateLimited,
)
from parley.limits.limiter import Kind
from parley.pages import forms, titles
from parley.pages.decisions import SURE, Form, Question
from parley.pages.door import Refused, refused

hook_pages = Blueprint("hook_pages", __name__)
hook_pages.before_request(forms.look_at_seal)
hook_pages.before_request(web.admit)

EVENT_WORDS: dict[contract.WebhookEvent, str] = {
    "new_message": "New messages",
    "message_changed": "Messages that are edited, deleted, pinned or reacted to",
    "user_joined": "People who join",
    "user_left": "People who leave",
    "role_changed": "Owners made and unmade",
    "conversation_changed": "Changes of title and settings",
    "conversation_ended": "The end of the conversation",
    "messages_erased": "Old messages that are erased",
    "link_replaced": "A new main link",
    "knocked": "People who knock",
    "knock_answered": "Answers to those who knock",
}
PAUSE_WORDS: dict[contract.PauseReason, str] = {
    "owner": "paused",
    "failing": "paused: it has taken nothing for a day",
    "gone": "paused: it answered that it is gone",
    "address": "paused: this server may not send to where it leads",
}
STATE_WORDS: dict[contract.DeliveryStateName, str] = {
    "waiting": "waiting",
    "sent": "sent",
    "given_up": "given up: it was refused again and again",
    "erased": "not sent: the message is gone",
}
SAID = {
    "remove-hook": "The hook was removed.",
    "pause": "Paused. What happens meanwhile waits, for up to three days.",
    "resume": "Resumed.",
    "events": "Saved.",
    "remove-webhook": "The webhook was removed.",
    "replay": "It will be sent again.",
}
_TOLD_ON_THE_PAGE = (
    BadRequest,
    ConversationIsOver,
    Encrypted,
    Forbidden,
    NameTaken,
    NotFound,
    RateLimited,
)


@hook_pages.get("/conversation/<room_id>/hooks")
async def page(room_id: str) -> str:
    return await _page(room_id, request.args)


@hook_pages.post("/conversation/<room_id>/hooks/<act>")
async def act(room_id: str, act: str) -> AnyResponse | Refused | str:
    form = await request.form
    try:
        async with web.limited(Kind.ACTS, room_id):
            if act == "hook":
                return await _made_hook(room_id, form)
            if act == "webhook":
                return await _made_webhook(room_id, form)
            if act in _QUESTIONS and SURE not in form:
                return await _ask(room_id, act, form)
            await _do(room_id, act, form)
    except _TOLD_ON_THE_PAGE as error:
        # For who is no owner this raises what keeps them out.
        return refused(await _page(room_id, form, refused=act, error=error.text), error)
    query = urlencode({"saved": act})
    return web.go_on(f"/conversation/{room_id}/hooks?{query}#{_section(act)}")


def _section(act: str) -> str:
    return "in" if act in ("hook", "remove-hook") else "out"


async def _do(room_id: str, act: str, form: Form) -> None:
    id = form.get("id", "")
    match act:
        case "remove-hook":
            await calls.remove_hook(room_id, id)
        case "remove-webhook":
            await calls.remove_webhook(room_id, id)
        case "pause" | "resume":
            change = contract.WebhookChangeBody(paused=act == "pause")
            await calls.change_webhook(change, room_id, id)
        case "replay":
            delivery_id = form.get("delivery_id", "")
            await calls.replay_delivery(contract.Nothing(), room_id, id, delivery_id)
        case _:
            raise BadRequest("Unknown form.")


async def _made_hook(room_id: str, form: Form) -> str:
    """Its address is shown in the answer itself: it is kept nowhere else."""
    body = decode.from_value({"name": form.get("name", "")}, contract.HookBody)
    made = await calls.make_hook(body, room_id)
    return await render_template("pages/new_hook.html", room_id=room_id, hook=made)


async def _made_webhook(room_id: str, form: Form) -> str:
    """So is what checks its signatures."""
    chosen = [name for name in contract.WEBHOOK_EVENTS if f"event_{name}" in form]
    if not chosen:
        raise BadRequest("Choose what to tell it.")
    given = {"url": form.get("url", "").strip(), "events": chosen}
    body = decode.from_value(given, contract.WebhookBody)
    made = await calls.make_webhook(body, room_id)
    return await render_template("pages/new_hook.html", room_id=room_id, webhook=made)


_QUESTIONS = {
    "remove-hook": (
        "Remove this hook?",
        "Its address stops working for good. What was posted by it stays.",
        "Remove the hook",
    ),
    "remove-webhook": (
        "Remove this webhook?",
        "It is told nothing any more, and what waits for it is forgotten.",
        "Remove the webhook",
    ),
}


async def _ask(room_id: str, act: str, form: Form) -> str:
    found = await conversations.find_owned(web.site().context, room_id, await web.current_session())
    title, text, answer = _QUESTIONS[act]
    question = Question(
        about=titles.called(found.conversation),
        title=title,
        text=text,
        answer=answer,
        fields={"id": form.get("id", "")},
    )
    back = f"{web.root()}/conversation/{room_id}/hooks"
    return await render_template(
        "pages/ask.html", question=question, action=f"{back}/{act}", back=back
    )


async def _page(room_id: str, asked: Form, *, refused: str = "", error: str | None = None) -> str:
    session = await web.current_session()
    found = await conversations.find_owned(web.site().context, room_id, session)
    shown = asked.get("deliveries", "")
    told = [
        (each, (await calls.deliveries(room_id, shown)).deliveries if str(each.id) == shown else [])
        for each in (await calls.list_webhooks(room_id)).webhooks
    ]
    saved = asked.get("saved", "")
    return await render_template(
        "pages/hooks.html",
        conversation=found.conversation,
        hooks=(await calls.list_hooks(room_id)).hooks,
        webhooks=told,
        shown=shown,
        event_words=EVENT_WORDS,
        pause_words=PAUSE_WORDS,
        state_words=STATE_WORDS,
        chosen=_chosen(asked, refused),
        filled={name: asked.get(name, "") for name in ("name", "url")} if refused else {},
        error=error,
        told_in=_section(refused or saved),
        said=None if error else SAID.get(saved),
        example=msgspec.json.encode({"text": "The backup is done"}).decode(),
    )


def _chosen(asked: Form, refused: str) -> set[str]:
    if refused != "webhook":
        return {"new_message"}
    return {name for name in contract.WEBHOOK_EVENTS if f"event_{name}" in asked}
