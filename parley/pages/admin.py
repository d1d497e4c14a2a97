"""The pages of admins and moderators: plain forms, whole without a script.

For everybody else there is nothing here, whatever they ask and however: the answer is that to any
unknown address.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from quart import Blueprint, Response, g, render_template, request
from werkzeug.wrappers import Response as Redirection

from parley import contract, credentials, web
from parley.calls import admin as calls
from parley.config import INVITED
from parley.contract import decode
from parley.domain import administering, admins, sessions
from parley.domain.administering import Here
from parley.errors import (
    AccountRequired,
    BadRequest,
    ConfirmationRequired,
    ConversationNotFound,
    NotAdmin,
    NotFound,
    ParleyError,
    TooLarge,
)
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.attached import in_words
from parley.pages.door import Refused, refused
from parley.pages.rendering import render_long
from parley.pages.reporting import REASONS
from parley.records import HostRole

ADDRESS = "/admin"
LINK = "/admin-link"
NOWHERE = "There's no page at this address."
CONFIRMING_CHARS = 6
"""So much of an id is typed to delete its conversation."""
INVITATIONS_SHOWN = 200
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Answer = str | Response | Redirection | Refused
Handler = Callable[..., Awaitable[Answer]]
Form = Mapping[str, str]

ACTS: dict[contract.HostActName, str] = {
    "became_admin": "accepted the role of",
    "removed_admin": "took the role from",
    "ended": "ended the conversation",
    "deleted": "deleted the conversation",
    "made_owner_link": "made an owner link for",
    "deleted_message": "deleted a reported message in",
    "resolved_report": "resolved report",
    "blocked": "blocked",
    "unblocked": "unblocked",
    "announced": "announced",
    "invited": "made invitation",
    "revoked_invitation": "revoked invitation",
}
SAID = {
    "resolved": "The report was resolved.",
    "deleted-message": "The message was deleted.",
    "ended": "The conversation was ended.",
    "deleted": "The conversation was deleted.",
    "blocked": "Blocked.",
    "unblocked": "Not blocked any more.",
    "announced": "Everyone can see it now.",
    "cleared": "No announcement is shown any more.",
    "revoked": "The invitation was revoked.",
}


async def _guard() -> None:
    """Before all else: there is nothing here for who is no admin. By their cookie alone, so that
    even what is refused for another reason tells nobody else that there is something.
    """
    secret = credentials.session_cookie(web.cookies(), is_secure=web.is_https(), root=web.root())
    session = await sessions.look(web.site().context, secret)
    if await admins.known(web.site().context, session) is None:
        await web.count_read()
        raise NotFound(NOWHERE)
    await forms.look_at_seal()
    await web.admit()


# --- the pages ---


async def overview() -> str:
    return await _overview()


async def _overview(error: ParleyError | None = None, text: str | None = None) -> str:
    seen = await calls.overview()
    announced = web.site().context.host.announcement
    return await _render(
        "overview",
        error=error,
        seen=seen,
        is_announced=announced is not None,
        filled=text if text is not None else announced.text if announced is not None else "",
    )


async def announce() -> Answer:
    form = await forms.fields()
    text = "" if "clear" in form else form.get("text", "")

    async def act() -> Answer:
        if not text.strip() and "clear" not in form:
            raise BadRequest("Write what everyone is to see.")
        await calls.announce(decode.from_value({"text": text}, contract.AnnounceBody))
        return _done("cleared" if "clear" in form else "announced", "#announcement")

    return await _acting(act, functools.partial(_overview, text=text))


async def conversations() -> Answer:
    sought = request.args.get("find", "").strip()
    if sought:
        return web.go_on(f"{ADDRESS}/conversations/{quote(_id_in(sought), safe='')}")
    return await _render(
        "conversations",
        found=await calls.list_conversations(),
        state=request.args.get("state", "all"),
        is_first="cursor" not in request.args,
    )


async def conversation(id: str) -> Answer:
    return await _conversation(id)


async def _conversation(id: str, error: ParleyError | None = None) -> str:
    try:
        found = (await calls.conversation(id)).conversation
    except ConversationNotFound:
        # Under its own address, so that nobody is taken for one who guesses.
        raise NotFound("No conversation has, or had, this id.") from None
    people = await calls.people(id)
    return await _render(
        "conversation", error=error, conversation=found, people=people, asked_id=id
    )


async def end(id: str) -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        if "sure" not in form:
            return await _asking(
                "End this conversation?",
                "People with the link can still read it, but no one can post. Owners see that the "
                "host did it. This can't be undone.",
                "End conversation",
                f"/conversations/{quote(id, safe='')}",
                "/end",
            )
        await calls.end(contract.Nothing(), id)
        return _done("ended", at=f"/conversations/{quote(id, safe='')}")

    return await _acting(act, functools.partial(_conversation, id))


async def delete(id: str) -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        if "typed" not in form:
            return await _deleting(id)
        if form["typed"].strip() != id[:CONFIRMING_CHARS]:
            wrong = BadRequest("That is not how its id begins. Nothing was deleted.")
            return refused(await _deleting(id, error=wrong), wrong)
        await calls.delete(id)
        return _done("deleted", at="/conversations")

    return await _acting(act, functools.partial(_conversation, id))


async def _deleting(id: str, error: ParleyError | None = None) -> str:
    found = (await calls.conversation(id)).conversation
    return await _render(
        "delete",
        error=error,
        conversation=found,
        typed=found.room_id[:CONFIRMING_CHARS],
    )


async def owner_link(id: str) -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        body = contract.HostOwnerLinkBody(founder="founder" in form)
        made = await calls.owner_link(body, id)
        return await _shown_once(
            "Owner link",
            "Whoever opens it becomes an owner. It works once, within ten minutes, and you'll only "
            "see it now.",
            made.link,
            f"/conversations/{quote(id, safe='')}",
        )

    return await _acting(act, functools.partial(_conversation, id))


async def block_person(id: str) -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        await calls.block_person(contract.HostBlockPersonBody(), id, form.get("user_id", ""))
        return _done("blocked", at="/blocks")

    return await _acting(act, functools.partial(_conversation, id))


async def reports() -> Answer:
    return await _reports()


async def _reports(error: ParleyError | None = None) -> str:
    found = await calls.list_reports()
    return await _render(
        "reports",
        error=error,
        found=found,
        state=request.args.get("state", "open"),
        is_first="before" not in request.args,
        reason_words=REASONS,
    )


async def resolve(report_id: str) -> Answer:
    async def act() -> Answer:
        await calls.resolve_report(contract.Nothing(), report_id)
        return _done("resolved", at="/reports")

    return await _acting(act, _reports)


async def delete_reported(report_id: str) -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        if "sure" not in form:
            return await _asking(
                "Delete this message?",
                "It will be deleted for everyone; a “Deleted” note remains. Owners see that the "
                "host did it. This can't be undone.",
                "Delete message",
                "/reports",
                f"/{quote(report_id, safe='')}/delete-message",
            )
        await calls.delete_reported(report_id)
        return _done("deleted-message", at="/reports")

    return await _acting(act, _reports)


async def blocks() -> Answer:
    return await _blocks()


async def _blocks(error: ParleyError | None = None, filled: Form | None = None) -> str:
    found = await calls.list_blocks()
    return await _render(
        "blocks", error=error, blocks=found.blocks, count=found.count, filled=filled or {}
    )


async def block() -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        given = {name: form.get(name, "") for name in ("network", "note")}
        await calls.block(decode.from_value(given, contract.HostBlockBody))
        return _done("blocked", at="/blocks")

    return await _acting(act, functools.partial(_blocks, filled=form))


async def unblock() -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        given = {"network": form.get("network", "")}
        await calls.unblock(decode.from_value(given, contract.HostUnblockBody))
        return _done("unblocked", at="/blocks")

    return await _acting(act, _blocks)


async def invitations() -> Answer:
    return await _invitations()


async def _invitations(error: ParleyError | None = None, filled: Form | None = None) -> str:
    return await _render(
        "invitations",
        error=error,
        invitations=(await calls.list_invitations()).invitations[:INVITATIONS_SHOWN],
        only_invited=web.site().context.who_may_start == INVITED,
        filled=filled or {},
    )


async def invite() -> Answer:
    form = await forms.fields()

    async def act() -> Answer:
        given: dict[str, Any] = {
            "uses": _number(form, "uses"),
            "days": _number(form, "days"),
            "note": form.get("note", ""),
        }
        made = await calls.invite(decode.from_value(given, contract.HostInviteBody))
        return await _shown_once(
            "Invitation",
            "Whoever uses it can start conversations. You'll only see this link now.",
            made.link,
            "/invitations",
        )

    return await _acting(act, functools.partial(_invitations, filled=form))


async def revoke(invitation_id: str) -> Answer:
    async def act() -> Answer:
        await calls.revoke_invitation(invitation_id)
        return _done("revoked", at="/invitations")

    return await _acting(act, _invitations)


async def limits() -> Answer:
    return await _render("limits", limits=(await calls.limits()).limits)


async def activity() -> Answer:
    return await _render(
        "activity",
        found=await calls.acts(),
        admins=(await calls.list_admins()).admins,
        act_words=ACTS,
        is_first="before" not in request.args,
    )


async def nowhere(**_path: str) -> Answer:
    raise NotFound(NOWHERE)


PAGES: dict[str, dict[str, Handler]] = {
    "": {"GET": overview},
    "/announcement": {"POST": announce},
    "/conversations": {"GET": conversations},
    "/conversations/<id>": {"GET": conversation},
    "/conversations/<id>/end": {"POST": end},
    "/conversations/<id>/delete": {"POST": delete},
    "/conversations/<id>/owner-link": {"POST": owner_link},
    "/conversations/<id>/block": {"POST": block_person},
    "/reports": {"GET": reports},
    "/reports/<report_id>/resolve": {"POST": resolve},
    "/reports/<report_id>/delete-message": {"POST": delete_reported},
    "/blocks": {"GET": blocks, "POST": block},
    "/unblock": {"POST": unblock},
    "/invitations": {"GET": invitations, "POST": invite},
    "/invitations/<invitation_id>/revoke": {"POST": revoke},
    "/limits": {"GET": limits},
    "/activity": {"GET": activity},
    "/": {},
    "/<path:_rest>": {},
}
"""By path and method. Every other method leads nowhere, as an unknown address does."""


def _blueprint() -> Blueprint:
    blueprint = Blueprint("admin_pages", __name__)
    blueprint.before_request(_guard)
    for path, by_method in PAGES.items():
        for method, handler in by_method.items():
            blueprint.add_url_rule(
                ADDRESS + path,
                handler.__name__,
                _told(handler),
                methods=[method],
                provide_automatic_options=False,
            )
        taken = {*by_method, "HEAD"} if "GET" in by_method else set(by_method)
        blueprint.add_url_rule(
            ADDRESS + path,
            "nowhere",
            nowhere,
            methods=[each for each in METHODS if each not in taken],
            strict_slashes=False if path == "/" else None,
            provide_automatic_options=False,
        )
    return blueprint


def _told(handler: Handler) -> Handler:
    """Whose role was taken meanwhile is told what everybody else is; who has to show who they are,
    where they can.
    """

    @functools.wraps(handler)
    async def serve(**path: str) -> Answer:
        try:
            return await handler(**path)
        except (AccountRequired, NotAdmin):
            if await admins.known(web.site().context, await web.session_if_known()) is None:
                raise NotFound(NOWHERE) from None
            raise
        except ConfirmationRequired as error:
            return refused(await _render("confirm"), error)

    return serve


async def _acting(
    act: Callable[[], Awaitable[Answer]],
    again: Callable[[ParleyError], Awaitable[str]],
) -> Answer:
    """What a form asks for; where it is refused, `again` is the page with the reason."""
    try:
        async with web.limited(Kind.ACTS):
            return await act()
    except (AccountRequired, NotAdmin):
        raise
    except ConversationNotFound:
        raise NotFound("No conversation has this id.") from None
    except ParleyError as error:
        return refused(await again(error), error)


async def _here() -> Here:
    if "admin_here" not in g:
        g.admin_here = await administering.here(web.site().context, await web.current_session())
    found: Here = g.admin_here
    return found


async def _render(template: str, *, error: ParleyError | None = None, **shown: Any) -> str:
    here = await _here()
    return await render_long(
        f"admin/{template}.html",
        here=here,
        is_admin=here.admin.role is HostRole.ADMIN,
        section=template,
        error=None if error is None else error.text,
        needs_proof=isinstance(error, ConfirmationRequired) or not here.is_confirmed,
        said=None if error else SAID.get(request.args.get("done", "")),
        in_words=in_words,
        lasting=_lasting,
        **shown,
    )


def _lasting(seconds: int) -> str:
    """How long something has gone on, in words."""
    for unit, unit_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= unit_s:
            count = seconds // unit_s
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _done(what: str, fragment: str = "", *, at: str = "") -> Answer:
    return web.go_on(f"{ADDRESS}{at}?done={what}{fragment}")


async def _asking(title: str, text: str, answer: str, back: str, act: str) -> str:
    question = {"title": title, "about": "Admin", "text": text, "answer": answer, "fields": {}}
    return await render_template(
        "pages/ask.html",
        question=question,
        action=web.root() + ADDRESS + back + act,
        back=web.root() + ADDRESS + back,
    )


async def _shown_once(title: str, text: str, link: str, back: str) -> Response:
    page = await render_template(
        "admin/link.html", title=title, text=text, link=link, back=web.root() + ADDRESS + back
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _id_in(sought: str) -> str:
    """The id of a conversation in its link; what is none is one already."""
    parts = sought.partition("?")[0].partition("#")[0].split("/")
    return parts[parts.index("conversation") + 1] if "conversation" in parts[:-1] else sought


def _number(form: Form, name: str) -> int | str | None:
    """None for an empty field, which sets no bound; what is no number is told as that."""
    text = form.get(name, "").strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


admin_pages = _blueprint()


# --- the link that makes an admin ---

admin_link_pages = Blueprint("admin_link_pages", __name__)
admin_link_pages.before_request(forms.look_at_seal)
admin_link_pages.before_request(web.admit)


@admin_link_pages.get(f"{LINK}/<code>")
async def look_at_link(code: str) -> str:
    return await _link_page(code)


@admin_link_pages.post(f"{LINK}/<code>")
async def use_link(code: str) -> Answer:
    try:
        async with web.limited(Kind.SIGN_INS):
            accepted = await admins.accept(web.site().context, await web.current_session(), code)
    except (AccountRequired, ConfirmationRequired, TooLarge) as error:
        return refused(await _link_page(code, error), error)
    web.speak_for(accepted.session)
    return web.remember(web.go_on(ADDRESS), accepted.token)


async def _link_page(code: str, error: ParleyError | None = None) -> str:
    context, session = web.site().context, await web.session_if_known()
    offered = await admins.offered(context, code)
    account = await admins.account_of(context, session)
    return await render_template(
        "admin/accept.html",
        code=code,
        role=offered.role.value,
        label=offered.label,
        account=account,
        error=None if error is None else error.text,
    )
