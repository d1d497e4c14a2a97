"""What other programs post to hooks: `POST /hooks/{code}`, in whatever form they have it."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec.structs import replace
from quart import Blueprint, Response, request

from parley import contract, present, web
from parley.contract.posting import IDEMPOTENCY_KEY
from parley.domain import hooks
from parley.domain.saying import Draft
from parley.errors import NotFound, TooLarge
from parley.hooks import reading, signing, values
from parley.hooks.reading import Read
from parley.limits.limiter import Kind, Who
from parley.limits.windows import Key
from parley.records import Hook

SEAL = "hook"
"""What a code is hashed for."""
_LOOP = "This comes from a webhook of Parley. It would go round in circles, so hooks don't take it."
GONE = 410
"""Whoever sends webhooks takes it for a word to stop."""


def hooked() -> Blueprint:
    """Whoever posts has neither a cookie nor a page of ours: the code says all."""
    blueprint = Blueprint("hooked", __name__)
    blueprint.before_request(_refuse_guesses)
    blueprint.add_url_rule("/hooks/<code>", view_func=take, methods=["POST"])
    return blueprint


async def _refuse_guesses() -> None:
    code = (request.view_args or {}).get("code", "")

    async def is_known() -> bool:
        try:
            await _behind(code)
        except NotFound:
            return False
        return True

    await web.site().limits.require_no_guesses(Who("", web.address()), is_known)


async def take(code: str) -> Response:
    hook = await _behind(code)
    if signing.MARK in request.headers:
        return web.plain(_LOOP, GONE)
    room: Key = hook.conversation_id

    async def inside() -> Key:
        return room

    who = Who(f"hook {hook.id}", web.address())
    async with web.site().limits.using(Kind.HOOKS, who, inside) as outcome:
        read = await _read()
        draft = Draft(_text(hook, read), "text", _client_id(read))
        sent = await hooks.say(web.site().context, hook, draft)
        outcome.is_news = not sent.duplicate
    if not web.wants_json():
        return web.plain("ok", 200)
    ack = present.sent(sent.message, duplicate=sent.duplicate)
    return web.json(
        contract.SendReply(id=ack.id, seq=ack.seq, timestamp=ack.timestamp, duplicate=ack.duplicate)
    )


async def _behind(code: str) -> Hook:
    return await hooks.behind(web.site().context, web.secret().seal(SEAL, code))


async def _read() -> Read:
    if (request.content_length or 0) > contract.HOOK_BODY_MAX_BYTES:
        most = contract.HOOK_BODY_MAX_BYTES // 1024
        raise TooLarge(f"The body is too large: at most {most} KiB.")
    kind, form = request.mimetype, None
    body: Any = b""
    if kind == reading.MULTIPART:
        request.max_form_memory_size = contract.HOOK_BODY_MAX_BYTES  # more than forms of pages have
        form = await request.form
    else:
        body = await request.get_data(as_text=False)
    read = reading.read(body, kind=kind, header=request.headers.get, form=form)
    key = request.headers.get(IDEMPOTENCY_KEY, "").strip() or read.key
    return replace(read, key=key)


def _text(hook: Hook, read: Read) -> str:
    """With whom the program says it is, unless the hook is called so."""
    if not read.username or read.username.casefold() == hook.name.casefold():
        return read.text
    between = "\n" if "\n" in read.text else " "
    return reading.cut(
        f"{values.written([values.strong(f'{read.username}:')])}{between}{read.text}"
    )


def _client_id(read: Read) -> str | None:
    if not read.key:
        return None
    return f"hook-{hashlib.sha256(read.key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
